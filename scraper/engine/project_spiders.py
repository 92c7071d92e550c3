"""Define the spider classes of all sources for the project of scrapy.cfg, where Scrapy's commands find them by name."""

from __future__ import annotations

import sys

from scraper.engine.spiders import spider_class
from scraper.sources import load_crawl_config, load_sources
from storage.model.errors import ConfigError

try:
    SOURCES = load_sources(load_crawl_config())
except ConfigError as error:
    sys.exit(f"presswatch: {error}")

globals().update({f"{name}_spider": spider_class(source, module=__name__) for name, source in SOURCES.items()})
