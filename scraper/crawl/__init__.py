"""Run one crawl without Scrapy: poll channels, select links, record outcomes."""
