"""What scrapy.cfg points at, so that Scrapy's own commands crawl as ours do: the settings of the configuration file."""

from __future__ import annotations

import sys

from scraper.settings import scrapy_settings
from storage.config import load_config
from storage.errors import ConfigError

try:
    globals().update(scrapy_settings(load_config().scraper))
except ConfigError as error:
    sys.exit(f"presswatch: {error}")
