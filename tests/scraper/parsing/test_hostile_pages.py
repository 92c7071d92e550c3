"""Read pages and feeds written to cost the square of their size in time that grows with their size alone.

Reading runs in the crawl's event loop, which they must not stop. Each took seconds to minutes of a few hundred
kilobytes once; at half that size and at the whole size the costs are compared.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.sources import get_source
from storage.model.urls import canonicalize
from storage.saving.edit_classifier import content_hash, normalise
from tests.support.growth import assert_linear

pytestmark = pytest.mark.long

CALIBER = get_source("caliber")
SOURCE_URLS = SourceUrls(CALIBER)
URL = "https://caliber.az/en/post/x"
PAGE = "<html><body><div class='post'><h1 class='post_title'>T</h1>{}</div></body></html>"
WORDS = "word " * 34_000
PILE = "\u0300\u0316"  # marks in the order that Unicode's normal forms must turn round
CARD = "<div class='float_block'>"
Make = Callable[[int], str]
"""A hostile text of half its size (1) or of its whole size (2)."""


def page(html: str) -> ArticlePage:
    now = datetime(2026, 11, 4, tzinfo=UTC)
    return ArticlePage(html.encode(), url=URL, source=CALIBER, urls=SOURCE_URLS, fetched_at=now)


def assert_reads(make: Make, read: Callable[[str], object]) -> None:
    """Fail if reading costs the square of the size."""
    texts = {size: make(size) for size in (1, 2)}
    assert_linear(lambda size: read(texts[size]), 1)


PARTS: dict[str, Make] = {
    "a style of blanks": lambda n: "<div class='post_cover' style='url(" + " " * (2_500 * n) + "x'></div>",
    "a style of starts": lambda n: "<div class='post_cover' style='" + "url(" * (10_000 * n) + "'></div>",
    "nested dates": lambda n: "<div class='post_time'>" * (750 * n) + WORDS * n,
    "nested counts of blanks": lambda n: "<div class='post_hits'>" * (750 * n) + " " * (200_000 * n),
    "nested counts of nothing": lambda n: "<div class='post_hits'>" * (750 * n) + "<b></b>" * (30_000 * n),
    "nested bylines": lambda n: "<div class='post_author'>" * (750 * n) + "<p></p>" * (30_000 * n),
    "nested labels": lambda n: "<div class='post_category'>" * (750 * n) + "<a href='/x/y'></a>" * (10_000 * n),
    "deep labels": lambda n: "<div>" * 1_900 + "<b class='post_category'></b>" * (10_000 * n),
    "nested covers": lambda n: "<div class='post_cover'>" * (750 * n) + "<img>" * (30_000 * n),
    "nested bodies": lambda n: "<div class='post_body'>" * (750 * n) + "<i></i>" * (25_000 * n),
    "nested headlines": lambda n: "<div><h1 class='post_title'>" * (350 * n) + "<p></p>" * (30_000 * n),
    "many counts": lambda n: "<div class='post_hits'>x</div>" * (25_000 * n),
    "many banners": lambda n: "<div class='post_body'>" + "<div class='banner'>x</div>y" * (25_000 * n),
    "many bodies": lambda n: (
        "<div class='post_body'></div>" * (2_500 * n) + "<div class='banner'>x</div>" * (2_500 * n)
    ),
    "a label of accents": lambda n: f"<div class='post_category'><b>{PILE * (75_000 * n)}</b></div>",
    "a date of accents": lambda n: f"<div class='post_time'>{PILE * (2_450 * n)}</div>" * 20,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_page_is_read_in_no_more_than_its_length(name: str) -> None:
    assert page(PAGE.format(PARTS[name](2))).parse().article.title == "T"
    assert_reads(lambda size: PAGE.format(PARTS[name](size)), lambda html: page(html).parse())


def test_a_headline_of_blanks_and_spans() -> None:
    def make(size: int) -> str:
        parts = "<b> </b>" * (15_000 * size) + "<span></span> x" * (15_000 * size)
        return PAGE.replace(">T<", f">T{parts}<")

    assert_reads(make, lambda html: page(html).parse())


def test_a_text_of_accents_is_hashed_in_no_time() -> None:
    body = PILE * 150_000
    assert content_hash("T", None, body) != content_hash("T", None, body[:-2])
    assert normalise(f"e\u0301  {body}") == f"é {body}"
    assert_reads(lambda size: PILE * (75_000 * size), lambda text: content_hash("T", None, text))
    assert_reads(lambda size: PILE * (75_000 * size), normalise)


# Depth costs more than its length and has a maximum, MAX_DEPTH: the length grows here at a depth near it.
LISTS: dict[str, Make] = {
    "nested cards": lambda n: CARD * 1_500 + "<a href='/en/post/x'>" + "<b></b>" * (10_000 * n),
    "nested cards of links": lambda n: (
        CARD * 1_500 + "".join(f"<a href='/en/post/x{number}'>x</a>" for number in range(500 * n))
    ),
    "nested labels": lambda n: (
        f"{CARD}<a href='/en/post/x'>x</a>" + "<i class='float_block_category'>" * 1_500 + WORDS * (2 * n)
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_in_no_more_than_its_length(name: str) -> None:
    def read(html: str) -> str:
        kind = "text/html; charset=utf-8"
        body = html.encode()
        found = parse_listing_page(body, url=URL, source=CALIBER, urls=SOURCE_URLS, language="en", content_type=kind)
        return found[0].url

    def make(size: int) -> str:
        return f"<html><body>{LISTS[name](size)}</body></html>"

    assert read(make(2)).startswith(URL)
    assert_reads(make, read)


def feed(items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'


ITEM = f"<item><link>{URL}</link></item>"
JSON_FEED = f'{{"version": "https://jsonfeed.org/version/1", "a": 1.1, "items": [{{"url": "{URL}"}}]}}'
FEEDS: dict[str, Make] = {
    "titles of comments": lambda n: feed(
        f"<item><title>{'&lt;!--' * (240 * n)}</title><link>{URL}</link></item>" * 700
    ),
    "dates of accents": lambda n: feed(f"<item><link>{URL}</link><pubDate>{PILE * (2_450 * n)}</pubDate></item>" * 40),
    "only starts of tags": lambda n: "<" * (50_000 * n),
    "authors": lambda n: feed(ITEM.replace("<link>", "<author>" + "a." * (100_000 * n) + "@</author><link>")),
    "nested bases": lambda n: feed(ITEM + "<a xml:base='x/'>" * (20_000 * n)),
    "line ends after the declaration": lambda n: feed(ITEM).replace("?>", "?>" + "\n" * (30_000 * n)),
    "attributes": lambda n: feed(
        ITEM.replace("<item", "<item " + " ".join(f"a{number}='b'" for number in range(20_000 * n)))
    ),
    "entries": lambda n: feed(ITEM * (20_000 * n)),
    "namespaces": lambda n: feed(ITEM + "".join(f"<a{i}:b xmlns:a{i}='u{i}'/>" for i in range(10_000 * n))),
    "document types": lambda n: feed(ITEM + "<!DOCTYPE a [ " * (50_000 * n)),
    "unclosed sections": lambda n: feed(ITEM + "<![CDATA[" * (50_000 * n)),
    "unclosed comments": lambda n: feed(ITEM + "<!--" * (100_000 * n)),
    "unclosed quotes": lambda n: feed(ITEM + "<a b='\"" * (50_000 * n)),
    "blanks in a tag": lambda n: feed(ITEM + "<a" + " " * (500_000 * n) + ">"),
    "end tags of nothing": lambda n: feed(ITEM + "<a>" * 90 + "</b>" * (50_000 * n)),
    "ampersands": lambda n: feed(ITEM.replace("<link>", "<title>" + "&a" * (500_000 * n) + "</title><link>")),
    "links of one entry": lambda n: feed(ITEM.replace("<link>", f"<link>{URL}</link>" * (10_000 * n) + "<link>")),
    "tags in titles": lambda n: feed(ITEM.replace("<link>", f"<title>{'&lt;a ' * (400 * n)}</title><link>") * 200),
    "digits of JSON": lambda n: JSON_FEED.replace("1.1", "1.1" + "9" * (500_000 * n)),
    "items of JSON": lambda n: JSON_FEED.replace("[", "[" + "[], " * (100_000 * n)),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_read_in_no_more_than_its_length(name: str) -> None:
    def read(text: str) -> None:
        try:
            parse_feed(text.encode(), url=URL, urls=SOURCE_URLS, language=None, content_type=None)
        except ChannelError as error:
            assert name == "only starts of tags", error  # noqa: PT017

    assert_reads(FEEDS[name], read)


def test_an_address_of_blanks() -> None:
    def make(size: int) -> str:
        return f"{URL}{chr(160) * (100_000 * size)}x"

    assert canonicalize(make(2)) is None
    assert_reads(make, canonicalize)


def test_a_link_named_often_is_in_no_more_sections_than_an_article_is_in() -> None:
    items = "".join(f"<item><link>{URL}</link><category>c{n}</category></item>" for n in range(100))
    found = parse_feed(
        f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
        url=URL,
        urls=SOURCE_URLS,
        language=None,
        content_type=None,
    )
    assert found.links[0].sections == tuple(f"c{n}" for n in range(50))
