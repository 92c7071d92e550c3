"""Provide the settings module of scrapy.cfg, so that Scrapy's commands use the configuration file of Presswatch."""

from __future__ import annotations

import sys

from scraper.engine.scrapy_settings import scrapy_settings
from storage.config.config_file import load_config
from storage.model.errors import ConfigError

try:
    globals().update(scrapy_settings(load_config().scraper) | {"SPIDER_MODULES": ["scraper.engine.project_spiders"]})
except ConfigError as error:
    sys.exit(f"presswatch: {error}")
