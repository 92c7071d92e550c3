"""Run a crawl on Scrapy: spider, pipelines, middlewares, settings."""
