"""Pages and feeds written to cost the square of their size: reading runs in the crawl's loop, which they must not stop.

What took seconds to minutes each, of a few hundred kilobytes; two seconds are far above what it takes now.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from scraper.errors import ChannelError
from scraper.feeds import parse_feed
from scraper.links import Addresses
from scraper.listing import parse_list
from scraper.page import ArticlePage
from scraper.sources import get_source
from storage.addresses import canonical
from storage.wording import content_hash, normalise

CALIBER = get_source("caliber")
ADDRESSES = Addresses(CALIBER)
URL = "https://caliber.az/en/post/x"
PAGE = "<html><body><div class='post'><h1 class='post_title'>T</h1>{}</div></body></html>"
WORDS = "word " * 68_000
PILE = "\u0300\u0316"  # marks in the order that Unicode's normal forms must turn round
CARD = "<div class='float_block'>"


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Fail if more CPU time than this is spent."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def page(html: str) -> ArticlePage:
    now = datetime(2026, 11, 4, tzinfo=UTC)
    return CALIBER.page(html.encode(), url=URL, source=CALIBER, addresses=ADDRESSES, fetched_at=now)


PARTS = {
    "a style of blanks": "<div class='post_cover' style='url(" + " " * 5_000 + "x'></div>",
    "a style of starts": "<div class='post_cover' style='" + "url(" * 20_000 + "'></div>",
    "nested dates": "<div class='post_time'>" * 1_500 + WORDS,
    "nested counts of blanks": "<div class='post_hits'>" * 1_500 + " " * 400_000,
    "nested counts of nothing": "<div class='post_hits'>" * 1_500 + "<b></b>" * 60_000,
    "nested bylines": "<div class='post_author'>" * 1_500 + "<p></p>" * 60_000,
    "nested labels": "<div class='post_category'>" * 1_500 + "<a href='/x/y'></a>" * 20_000,
    "deep labels": "<div>" * 1_900 + "<b class='post_category'></b>" * 20_000,
    "nested covers": "<div class='post_cover'>" * 1_500 + "<img>" * 60_000,
    "nested bodies": "<div class='post_body'>" * 1_500 + "<i></i>" * 50_000,
    "nested headlines": "<div><h1 class='post_title'>" * 700 + "<p></p>" * 60_000,
    "many counts": "<div class='post_hits'>x</div>" * 50_000,
    "many banners": "<div class='post_body'>" + "<div class='banner'>x</div>y" * 50_000,
    "many bodies": "<div class='post_body'></div>" * 5_000 + "<div class='banner'>x</div>" * 5_000,
    "a label of accents": f"<div class='post_category'><b>{PILE * 150_000}</b></div>",
    "a date of accents": f"<div class='post_time'>{PILE * 4_900}</div>" * 20,
}


@pytest.mark.parametrize("name", PARTS)
def test_a_page_is_read_in_no_more_than_its_length(name: str) -> None:
    with at_most(2):
        assert page(PAGE.format(PARTS[name])).read().article.title == "T"


def test_a_headline_of_blanks_and_spans() -> None:
    parts = "<b> </b>" * 30_000 + "<span></span> x" * 30_000
    with at_most(2):
        page(PAGE.replace(">T<", f">T{parts}<")).read()


def test_a_wording_of_accents_is_hashed_in_no_time() -> None:
    body = PILE * 150_000
    with at_most(2):
        assert content_hash("T", None, body) != content_hash("T", None, body[:-2])
    assert normalise(f"e\u0301  {body}") == f"é {body}"


LISTS = {
    "nested cards": CARD * 1_500 + "<a href='/en/post/x'>" + "<b></b>" * 20_000,
    "nested cards of links": CARD * 1_500 + "".join(f"<a href='/en/post/x{n}'>x</a>" for n in range(1_000)),
    "nested labels": f"{CARD}<a href='/en/post/x'>x</a>" + "<i class='float_block_category'>" * 1_500 + WORDS,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_in_no_more_than_its_length(name: str) -> None:
    body = f"<html><body>{LISTS[name]}</body></html>".encode()
    with at_most(2):
        found = parse_list(
            body, url=URL, source=CALIBER, addresses=ADDRESSES, language="en", content_type="text/html; charset=utf-8"
        )
    assert found[0].url.startswith(URL)


def feed(items: str) -> Callable[[], object]:
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()
    return lambda: parse_feed(body, url=URL, addresses=ADDRESSES, language=None, content_type=None)


FEEDS = {
    "titles of comments": feed(f"<item><title>{'&lt;!--' * 480}</title><link>{URL}</link></item>" * 700),
    "dates of accents": feed(f"<item><link>{URL}</link><pubDate>{PILE * 4_900}</pubDate></item>" * 40),
    "only starts of tags": lambda: parse_feed(
        b"<" * 100_000, url=URL, addresses=ADDRESSES, language=None, content_type=None
    ),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_is_read_in_no_more_than_its_length(name: str) -> None:
    with at_most(2):
        try:
            FEEDS[name]()
        except ChannelError as error:
            assert name == "only starts of tags", error  # noqa: PT017


def test_an_address_of_blanks() -> None:
    with at_most(2):
        assert canonical(f"{URL}{chr(160) * 200_000}x") is None


def test_a_link_named_often_is_in_no_more_sections_than_a_story_is_in() -> None:
    items = "".join(f"<item><link>{URL}</link><category>c{n}</category></item>" for n in range(100))
    found = parse_feed(
        f'<rss version="2.0"><channel>{items}</channel></rss>'.encode(),
        url=URL,
        addresses=ADDRESSES,
        language=None,
        content_type=None,
    )
    assert found[0].sections == tuple(f"c{n}" for n in range(50))
