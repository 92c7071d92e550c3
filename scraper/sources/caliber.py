"""Declare Caliber.az, an Azerbaijani news site in Russian (at the root), English, Azerbaijani and Armenian."""

from __future__ import annotations

from scraper.source import Feed, ListingPage, PageSelectors, Source, TeaserSelectors

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
        card="div.float_block",
        title="h2.float_block_title",
        section_label=".float_block_category",
        section_link="a.float_block_category, a:has(.float_block_category)",
        published=".float_block_time",
    ),
    # Slugs since late 2024, numbers in 2022, slugs ending in a number in 2021: all under /post/, all still linked.
    article_path=r"/(?:(?P<language>az|en|ru|arm)/)?post/[^/]+/?",
    languages=("en",),
    default_language="ru",
    section_names={"politics": frozenset({"politics", "политика", "siyasət", "politika", "siyaset"})},
    sections=("politics",),
    per_day=30,  # of the political section in one language: a third of the 70 to 120 of all sections
    # Templates since late 2024, and of 2022 (other date and byline elements).
    page=PageSelectors(
        article=(".post",),
        title=("h1.post_title",),
        subtitle=(".post_subtitle",),
        sections=(".post_categoty, .post_category",),  # the site itself misspells the first
        published=(".post_time",),
        body=(".post_body",),
        author=(".post_author",),  # template of 2022; `.post_signature` holds the site's name
        views=(".post_hits",),
        cover=(".post_cover",),
        no_image=r"/standart\.jpe?g(?:$|\?)",
        drop=(
            *(".banner", ".ads", ".share", ".related", ".float_block"),
            *(".post_cover", ".post_time", ".post_hits", ".post_signature", ".post_author"),
        ),
        drop_lines=r"(?:просмотр(?:ов|ы)\s*:[\s\d]*|реклама)",
    ),
)
