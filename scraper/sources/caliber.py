"""Declare Caliber.az, an Azerbaijani news site in Russian (at the root), English, Azerbaijani and Armenian."""

from __future__ import annotations

import re

from scraper.reading.article_page import ArticlePage
from scraper.reading.selectors import by_class
from scraper.source import Feed, ListingPage, Source, TeaserSelectors


class CaliberPage(ArticlePage):
    """Parser of article pages in the templates since late 2024, and of 2022 (other date and byline elements)."""

    own_version = 1

    article = by_class(".post")
    title = by_class("h1.post_title")
    subtitle = by_class(".post_subtitle")
    sections = by_class(".post_categoty", ".post_category")  # the site itself misspells the first
    published = by_class(".post_time")
    body = by_class(".post_body")
    author = by_class(".post_author")  # template of 2022; `.post_signature` holds the site's name
    views = by_class(".post_hits")
    cover = by_class(".post_cover")
    no_image = re.compile(r"/standart\.jpe?g(?:$|\?)")
    body_excluded_tags = by_class(
        *(".banner", ".ads", ".share", ".related", ".float_block"),
        *(".post_cover", ".post_time", ".post_hits", ".post_signature", ".post_author"),
    )
    body_excluded_selectors = re.compile(r"(?:просмотр(?:ов|ы)\s*:[\s\d]*|реклама)", re.IGNORECASE)


def _of_class(tag: str, name: str) -> str:
    return f"//{tag}[contains(concat(' ',normalize-space(@class),' '),' {name} ')]"


SOURCE = Source(
    name="caliber",
    title="Caliber.Az",
    base_url="https://caliber.az",
    terms="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
    timezone="Asia/Baku",
    channels=(
        Feed(path="/rss.xml"),
        # Assumed: the slug of the political section has not been verified.
        ListingPage(path="/en/category/politics", language="en"),
    ),
    teasers=TeaserSelectors(
        card=_of_class("div", "float_block"),
        title="." + _of_class("h2", "float_block_title"),
        section_label="." + _of_class("*", "float_block_category"),
        section_link="." + _of_class("*", "float_block_category") + "/ancestor-or-self::a/@href",
        published="." + _of_class("*", "float_block_time"),
    ),
    # Slugs since late 2024, numbers in 2022, slugs ending in a number in 2021: all under /post/, all still linked.
    article_path=r"/(?:(?P<language>az|en|ru|arm)/)?post/[^/]+/?",
    languages=("en",),
    default_language="ru",
    section_names={"politics": frozenset({"politics", "политика", "siyasət", "politika", "siyaset"})},
    sections=("politics",),
    per_day=30,  # of the political section in one language: a third of the 70 to 120 of all sections
    page=CaliberPage,
)
