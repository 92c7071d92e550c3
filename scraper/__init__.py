"""Crawl news sources: poll their channels, fetch article pages and parse them."""
