"""Test the reading of pages by the selectors of a source, on made-up pages."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.source import PageSelectors
from scraper.sources import get_source
from storage.model.records import ParsedPage

SOURCE = get_source("caliber")
URL = "https://caliber.az/en/post/x"
NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
SELECTORS = PageSelectors(
    title=("h1",),
    body=(".text",),
    published=("time@datetime", (".day", ".clock"), ".date"),
    cover=("img.cover@src", ".photo"),
)


def make_page(markup: str, **selectors: Any) -> ArticlePage:
    source = replace(SOURCE, page=replace(SELECTORS, **selectors))
    return ArticlePage(
        f"<html><body><h1>Title</h1>{markup}</body></html>".encode(),
        url=URL,
        source=source,
        urls=SourceUrls(source),
        fetched_at=NOW,
    )


def read(markup: str, **selectors: Any) -> ParsedPage:
    return make_page(markup, **selectors).parse()


@pytest.mark.parametrize(
    ("markup", "hour", "provenance"),
    [
        ("<time datetime='2026-11-03T09:00:00Z'>yesterday</time>", 9, "time@datetime"),
        ("<time datetime>x</time><i class=day>3.11.2026</i><b class=clock>14:00</b>", 10, ".day + .clock"),
        ("<i class=date>3.11.2026 15:00</i>", 11, ".date"),
        ("<time datetime=soon></time><i class=date>3.11.2026 15:00</i>", 11, ".date"),
    ],
)
def test_the_first_selector_with_a_date_counts(markup: str, hour: int, provenance: str) -> None:
    page = read(markup)
    assert page.article.published_at == datetime(2026, 11, 3, hour, tzinfo=UTC)
    assert page.provenance["published_at"] == provenance


@pytest.mark.parametrize(
    ("markup", "image"),
    [
        ("<img class=cover src='/a.jpg'>", "https://caliber.az/a.jpg"),
        ("<img class=cover src='a.jpg'>", "https://caliber.az/en/post/a.jpg"),
        ("<base href='//cdn.example/m/'><img class=cover src='a.jpg'>", "https://cdn.example/m/a.jpg"),
        ("<base href='/m/'><div class=photo style='background:url(a.jpg)'></div>", "https://caliber.az/m/a.jpg"),
        (r"<img class=cover src='\img\a.jpg'>", "https://caliber.az/img/a.jpg"),
        (
            "<img class=cover src='data:image/gif;base64,R0'><i class=photo><img src=/b.jpg></i>",
            "https://caliber.az/b.jpg",
        ),
        (
            "<img class=cover src='data:image/gif;base64,R0'><meta property=og:image content=/c.jpg>",
            "https://caliber.az/c.jpg",
        ),
        ("<img class=cover src='blob:x'>", None),
    ],
)
def test_images(markup: str, image: str | None) -> None:
    assert read(markup).article.image_url == image


@pytest.mark.parametrize(
    ("markup", "body", "problem"),
    [
        ("<div class=text>one</div><div class=text>two</div>", "one\n\ntwo", None),
        ("<div class=text>one</div><p>ad</p><div class=text></div><div class=text>two</div>", "one\n\ntwo", None),
        ("<div class=text>one<div class=text>two</div></div>", "one\n\ntwo", None),
        ("<div class=text>one</div><aside><div class=text>one</div></aside>", "one", None),
        (
            "<main><div class=text>one</div></main><aside><div class=text>other</div></aside>",
            "one",
            "not read: 1 more with another text",
        ),
    ],
)
def test_a_second_body_is_read_or_named(markup: str, body: str, problem: str | None) -> None:
    article = read(markup).article
    assert article.body == body
    assert next((found.reason for found in article.problems if found.field == "body"), None) == problem


def test_a_page_is_freed_with_its_last_reference() -> None:
    page = make_page("<div class=text>one</div><i class=date>3.11.2026</i>")
    page.parse()
    assert page.evidence()
    tree = weakref.ref(page.tree)
    gc.disable()
    try:
        del page
        assert tree() is None
    finally:
        gc.enable()


def test_a_title_in_an_attribute() -> None:
    page = read("<div class=head data-title=' The\n title '></div>", title=(".head@data-title", "h1"))
    assert (page.article.title, page.provenance["title"]) == ("The title", ".head@data-title")


def test_sections_of_the_first_selector_that_has_any() -> None:
    page = read("<i class=a> </i><i class=b>Politics</i><i class=c>World</i>", sections=(".a", ".b", ".c"))
    assert (page.article.sections, page.provenance["sections"]) == (("politics",), ".b")


def test_views_and_author_in_attributes() -> None:
    page = read(
        "<b data-views='1 234'></b><a rel=author title='By Ann Bee'></a>", views=("b@data-views",), author=("a@title",)
    )
    assert (page.article.view_count, page.article.author) == (1234, "Ann Bee")
