"""Test the limits of a feed: what is beyond them is not read, and said."""

from __future__ import annotations

import pytest

from scraper.errors import ChannelError
from scraper.parsing.feed_cleaning import MAX_DEPTH, MAX_ENTRIES, MAX_FIELD_LENGTH, MAX_FIELD_VALUES
from scraper.parsing.feed_entries import read_entries
from scraper.parsing.feed_tokens import MAX_ATTRIBUTES, MAX_TOKENS, FeedTokens, StartTag, Text
from scraper.parsing.feeds import ParsedFeed, parse_feed
from storage.model.records import FailureStage
from tests.support.declared import HOME, SOURCE_URLS

URL = f"{HOME}/rss.xml"
JSON = '{"version": "https://jsonfeed.org/version/1.1", "items": ['


def item(number: int = 0, fields: str = "") -> str:
    return f"<item><link>{HOME}/en/post/a{number}</link>{fields}</item>"


def rss(items: str) -> str:
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


def read(text: str) -> ParsedFeed:
    return parse_feed(text.encode(), url=URL, urls=SOURCE_URLS, language=None, content_type=None)


@pytest.mark.parametrize("surplus", [0, 1, 1000])
@pytest.mark.parametrize("form", ["rss", "json"])
@pytest.mark.long_after(3)
def test_entries_beyond_the_limit_are_dropped_with_one_notice(form: str, surplus: int) -> None:
    numbers = range(MAX_ENTRIES + surplus)
    if form == "rss":
        found = read(rss("".join(map(item, numbers))))
    else:
        found = read(JSON + ",".join(f'{{"url": "{HOME}/en/post/a{number}"}}' for number in numbers) + "]}")
    assert [link.url for link in found.links] == [f"{HOME}/en/post/a{number}" for number in range(MAX_ENTRIES)]
    assert found.notices == ((f"only the first {MAX_ENTRIES:,} entries are read",) if surplus else ())


def test_an_entry_nested_too_deep_is_not_read_and_that_is_the_reason_of_an_empty_feed() -> None:
    nested = "<a>" * MAX_DEPTH + item() + "</a>" * MAX_DEPTH
    with pytest.raises(ChannelError) as refused:
        read(rss(nested))
    assert refused.value.stage is FailureStage.EMPTY_LIST
    assert f"elements nested deeper than {MAX_DEPTH} are not read" in refused.value.reason
    assert len(read(rss(nested + item(1))).links) == 1


@pytest.mark.long
def test_tags_and_texts_beyond_the_limit_are_not_read() -> None:
    found = read(rss(item() + "<" * MAX_TOKENS + item(1)))
    assert [link.url for link in found.links] == [f"{HOME}/en/post/a0"]
    assert found.notices == (f"only the first {MAX_TOKENS:,} tags and texts are read",)


def test_a_field_is_cut_and_its_entry_is_read() -> None:
    (entry,) = read_entries(rss(item(0, f"<title>{'a' * 10 * MAX_FIELD_LENGTH}</title>")), URL).entries
    assert len(entry.title) == MAX_FIELD_LENGTH
    assert entry.hrefs[0] == f"{HOME}/en/post/a0"


@pytest.mark.parametrize(
    ("repeated", "name"),
    [("<link>x</link>", "hrefs"), ("<category>{}</category>", "categories")],
)
def test_an_entry_has_so_many_values_of_a_field_at_most(repeated: str, name: str) -> None:
    fields = "".join(repeated.format(number) for number in range(10 * MAX_FIELD_VALUES))
    (entry,) = read_entries(rss(f"<item>{fields}</item>"), URL).entries
    assert len(getattr(entry, name)) == MAX_FIELD_VALUES


def test_attributes_beyond_the_limit_are_not_read() -> None:
    many = " ".join(f'a{number}="{number}"' for number in range(10 * MAX_ATTRIBUTES))
    tag, text = FeedTokens(f"<item {many}>x")
    assert isinstance(tag, StartTag)
    assert len(tag.attributes) == MAX_ATTRIBUTES
    assert text == Text("x", is_literal=False)


@pytest.mark.parametrize("length", [2_001, 1_000_000])
def test_a_link_longer_than_any_article_has_is_none(length: int) -> None:
    found = read(rss(f"<item><link>{HOME}/en/post/{'a' * length}</link></item>{item(1)}"))
    assert [link.url for link in found.links] == [f"{HOME}/en/post/a1"]
