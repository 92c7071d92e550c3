"""Declare a source for tests: URLs and teaser selectors of the bundled site, without a page parser."""

from __future__ import annotations

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
        card="div.float_block",
        title=".float_block_title",
        section_label=".float_block_category",
        section_link="a:has(.float_block_category)",
        published=".float_block_time",
    ),
    article_path=r"/(?:(?P<language>en|arm)/)?post/[^/]+",
    languages=("en",),
    default_language="ru",
)

SOURCE_URLS = SourceUrls(SOURCE)
