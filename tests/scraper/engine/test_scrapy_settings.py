"""Test that every removed component is among the defaults of Scrapy."""

from __future__ import annotations

import pytest
from scrapy.settings import default_settings

from scraper.engine import scrapy_settings


@pytest.mark.parametrize("kind", ["DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS"])
def test_every_component_that_is_switched_off_is_one_that_scrapy_would_run(kind: str) -> None:
    theirs = set(getattr(default_settings, f"{kind}_BASE"))
    unused = set(getattr(scrapy_settings, f"UNUSED_{kind}"))
    assert unused <= theirs  # under another name it would run
    assert set(scrapy_settings.BASE_SETTINGS[f"{kind}_BASE"]) == theirs - unused
