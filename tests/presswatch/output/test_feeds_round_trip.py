"""Test that written feeds say what was stored: read back by an XML parser, by feedparser and by our own reader."""

from __future__ import annotations

import html
from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from presswatch.output.feeds import FeedMetadata, iter_atom, iter_rss
from scraper.parsing.feeds import parse_feed
from storage.articles.results import ArticleSummary, Highlight
from storage.model.records import DatePrecision, Link
from storage.text.sanitize import clean_text
from tests.support.declared import HOME, SOURCE_URLS
from tests.support.rows import NOON, TERMS

WRITERS = {"rss": iter_rss, "atom": iter_atom}
HEAD = FeedMetadata(title="Gas & oil <b>", query="gas & oil", home=HOME, generated_at=NOON)
DESCRIPTION = {"rss": "description", "atom": "{http://www.w3.org/2005/Atom}summary"}
TITLE = {"rss": "title", "atom": "{http://www.w3.org/2005/Atom}title"}
ENTRY = {"rss": "item", "atom": "{http://www.w3.org/2005/Atom}entry"}

MARKUP = [
    "&",
    "&amp;",
    "&lt;",
    "&lang=",
    "S&P;",
    "<b>",
    "</b>",
    "<",
    ">",
    "<!--",
    "]]>",
    "<![CDATA[",
    "&#38;",
    '"',
    "'",
]
# Text as pages have it: on one line, without the characters that XML forbids.
PARTS = st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), max_size=8)
TEXTS = PARTS.map(lambda parts: clean_text(" ".join(parts))).filter(bool)


def article(title: str, *, published_at: datetime | None = NOON, precision: DatePrecision | None) -> ArticleSummary:
    return ArticleSummary(
        id=1,
        source="caliber",
        source_title="Caliber.Az",
        url=f"{HOME}/en/post/a",
        title=title,
        language="en",
        section="gas & oil",
        sections=("gas & oil", "a<b"),
        published_at=published_at,
        published_precision=precision,
        view_count=1,
        first_seen_at=NOON,
        stored_at=NOON,
        fetched_at=NOON,
        revised_at=None,
        gone_at=None,
        duplicate_of_id=None,
        terms=TERMS,
    )


def write(form: str, row: Highlight) -> bytes:
    return "".join(WRITERS[form]([row], HEAD, lambda: None)).encode()


def read(written: bytes) -> Link:
    feed = parse_feed(written, url=f"{HOME}/x", urls=SOURCE_URLS, language=None, content_type="text/xml")
    (link,) = feed.links
    return link


@pytest.mark.parametrize("form", WRITERS)
@given(title=TEXTS, description=TEXTS)
def test_title_and_description_are_those_that_are_stored(form: str, title: str, description: str) -> None:
    written = write(form, Highlight(article(title, precision=DatePrecision.SECOND), description=description))
    entry = etree.fromstring(written).find(f".//{ENTRY[form]}")
    assert entry is not None
    assert entry.findtext(TITLE[form]) == title
    described = entry.findtext(DESCRIPTION[form]) or ""
    # A description of RSS is HTML: it reads as the stored text.
    assert (html.unescape(described) if form == "rss" else described) == description
    assert form == "atom" or described == description or "&" in description or "<" in description
    feed = feedparser.parse(written)
    assert not feed.bozo
    if form == "atom":
        assert (feed.entries[0].title, feed.entries[0].summary) == (title, description)
        assert read(written).title == title
    assert [tag.term for tag in feed.entries[0].tags] == ["gas & oil", "a<b"]


@pytest.mark.parametrize("form", WRITERS)
@given(published_at=st.none() | st.integers(0, 4 * 10**9).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_a_time_is_that_which_is_stored(form: str, published_at: datetime | None) -> None:
    stored = article("A title", published_at=published_at, precision=published_at and DatePrecision.SECOND)
    link = read(write(form, Highlight(stored)))
    assert (link.published_at, link.sections) == (published_at, ("gas & oil", "a<b"))
    assert link.title == "A title"


@pytest.mark.parametrize("form", WRITERS)
def test_the_summary_is_the_matching_sentence_and_the_description_or_else_the_credit(form: str) -> None:
    def summary(**texts: str) -> str:
        row = Highlight(article("A", precision=DatePrecision.SECOND), **texts)
        return etree.fromstring(write(form, row)).findtext(f".//{ENTRY[form]}/{DESCRIPTION[form]}") or ""

    credit = f"Caliber.Az (caliber), fetched 2026-11-04 12:00 UTC. {TERMS}"
    assert summary() == credit
    assert summary(description="About gas & oil.") == "About gas & oil."
    assert summary(snippet="The [gas].", description="About gas.") == "The [gas].\nAbout gas."
    assert summary(snippet="The [gas].") == f"The [gas].\n{credit}"
