"""Declare a source for tests: URLs and teaser selectors of the bundled site, without a page parser."""

from __future__ import annotations

from typing import Any, cast

from scraper.parsing.source_urls import SourceUrls
from scraper.source import Source, TeaserSelectors

HOME = "https://caliber.az"

SOURCE = Source(
    per_day=20,
    name="caliber",
    title="Caliber.Az",
    base_url=HOME,
    terms="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
    timezone="Asia/Baku",
    channels=(),
    teasers=TeaserSelectors(
        card="//div[contains(concat(' ', normalize-space(@class), ' '), ' float_block ')]",
        link=".//a/@href",
        title=".//*[contains(concat(' ', normalize-space(@class), ' '), ' float_block_title ')]",
        section_label=".//*[contains(concat(' ', normalize-space(@class), ' '), ' float_block_category ')]",
        section_link=".//a[.//*[contains(concat(' ', normalize-space(@class), ' '), ' float_block_category ')]]/@href",
        published=".//*[contains(concat(' ', normalize-space(@class), ' '), ' float_block_time ')]",
    ),
    article_path=r"/(?:(?P<language>en|arm)/)?post/[^/]+",
    languages=("en",),
    default_language="ru",
    page=cast("Any", object),
)

SOURCE_URLS = SourceUrls(SOURCE)
