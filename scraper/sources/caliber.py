"""Caliber.az, an Azerbaijani news site in Russian (at the root), English, Azerbaijani and Armenian."""

from __future__ import annotations

import re

from scraper.page import ArticlePage
from scraper.selectors import select
from scraper.source import Cards, Feed, ListPage, Source


class CaliberPage(ArticlePage):
    """An article page in the templates of late 2024 and after; those of 2022 differ in the date and the byline."""

    own_version = 1

    article = select(".post")
    title = select("h1.post_title")
    subtitle = select(".post_subtitle")
    sections = select(".post_categoty", ".post_category")  # the first is how the site spells it
    published = select(".post_time")
    body = select(".post_body")
    author = select(".post_author")  # 2022; `.post_signature` is the site's name
    views = select(".post_hits")
    cover = select(".post_cover")
    no_image = re.compile(r"/standart\.jpe?g(?:$|\?)")
    body_without = select(
        *(".banner", ".ads", ".share", ".related", ".float_block"),
        *(".post_cover", ".post_time", ".post_hits", ".post_signature", ".post_author"),
    )
    body_stray = re.compile(r"(?:просмотр(?:ов|ы)\s*:[\s\d]*|реклама)", re.IGNORECASE)


def _of_class(tag: str, name: str) -> str:
    return f"//{tag}[contains(concat(' ',normalize-space(@class),' '),' {name} ')]"


SOURCE = Source(
    name="caliber",
    title="Caliber.Az",
    home="https://caliber.az",
    terms="Any use of materials is allowed only if there is a hyperlink to Caliber.az",
    timezone="Asia/Baku",
    channels=(
        Feed(path="/rss.xml"),
        # A working guess: the slug of the political section was never seen.
        ListPage(path="/en/category/politics", language="en"),
    ),
    cards=Cards(
        card=_of_class("div", "float_block"),
        title="." + _of_class("h2", "float_block_title"),
        section_label="." + _of_class("*", "float_block_category"),
        section_link="." + _of_class("*", "float_block_category") + "/ancestor-or-self::a/@href",
        published="." + _of_class("*", "float_block_time"),
    ),
    # Slugs since late 2024, numbers in 2022, slugs that end in a number in 2021: all at /post/, all still linked.
    article_path=r"/(?:(?P<language>az|en|ru|arm)/)?post/[^/]+/?",
    languages=("en",),
    default_language="ru",
    section_names={"politics": frozenset({"politics", "политика", "siyasət", "politika", "siyaset"})},
    sections=("politics",),
    per_day=30,  # of the political section in one language: a third of the 70 to 120 of all sections
    page=CaliberPage,
)
