"""Test the address of a view count that is kept apart from its page, and what is read as a count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scraper.crawl.page_views import MAX_COUNT_SIZE, count_url, read_count
from scraper.parsing.source_urls import SourceUrls
from scraper.source import JsonViews
from tests.support.declared import SOURCE

URLS = SourceUrls(replace(SOURCE, base_url="https://www.news.example", article_path=r"/news/(?P<id>[^/-]+)?-?[^/]*"))
ARTICLE = "https://news.example/news/42-a-vote"
ANSWERED = "https://www.news.example/news/42-a-vote/?p=1"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/api/{id}", "/api/42"),
        ("api/{id}/views?of={id}", "/api/42/views?of=42"),
        ("https://news.example/api/{id}", "/api/42"),
        ("/count?path={path}", "/count?path=%2Fnews%2F42-a-vote%2F"),
        ("/count?u={url}", "/count?u=https%3A%2F%2Fwww.news.example%2Fnews%2F42-a-vote%2F%3Fp%3D1"),
    ],
)
def test_the_address_of_a_count_names_its_article(address: str, expected: str) -> None:
    found = count_url(JsonViews(address=address), URLS, ARTICLE, ANSWERED)
    assert found == f"https://www.news.example{expected}"


@pytest.mark.parametrize(
    ("name", "expected"), [("%2E%2E%2F%2E%2E%2Fadmin", "..%2F..%2Fadmin"), ("a%3Fb%23c", "a%3Fb%23c"), ("é", "%C3%A9")]
)
def test_an_id_cannot_leave_its_place_in_the_address(name: str, expected: str) -> None:
    found = count_url(JsonViews(address="/api/{id}/views"), URLS, f"https://news.example/news/{name}-vote", ANSWERED)
    assert found == f"https://www.news.example/api/{expected}/views"


def test_an_article_without_an_id_has_no_count() -> None:
    with pytest.raises(ValueError, match="no id"):
        count_url(JsonViews(address="/api/{id}"), URLS, "https://news.example/news/-vote", ANSWERED)
    with pytest.raises(ValueError, match="more than"):
        count_url(JsonViews(address="/api?u={url}"), URLS, ARTICLE, f"{ANSWERED}&{'a' * 3000}")


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (b'{"views_count": 1234}', "views_count", 1234),
        (b'{"data": [{"views": 0}]}', "data[0].views", 0),
        (b'{"views": "1 234"}', "views", 1234),
        (b'{"views": "3,4K views"}', "views", 3400),
        (b'{"views": 1234.0}', "views", 1234),
        (b'{"views": 1e3}', "views", 1000),
        (b"\xef\xbb\xbf[null, 7]", "[*]", 7),
        (b"12", "", 12),
    ],
)
def test_a_count_is_a_whole_number_or_a_text_with_one(body: bytes, path: str, expected: int) -> None:
    assert read_count(body, JsonViews(address="/{id}", path=path)) == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"views": -5}', "no count at 'views'"),
        (b'{"views": "-5"}', "no count at 'views'"),
        (b'{"views": 12.345}', "no count at 'views'"),
        (b'{"views": NaN}', "no count at 'views'"),
        (b'{"views": Infinity}', "no count at 'views'"),
        (b'{"views": 1e300}', "no count at 'views'"),
        (b'{"views": 10000000000000}', "no count at 'views'"),
        (b'{"views": ' + b"9" * 500_000 + b"}", "no count at 'views'"),
        (b'{"views": true}', "no count at 'views'"),
        (b'{"views": null}', "no count at 'views'"),
        (b'{"views": {"views": 3}}', "no count at 'views'"),
        (b'{"views": "today 5, yesterday 7"}', "no count at 'views'"),
        (b"[]", "no count at 'views'"),
        (b"", "no JSON"),
        (b" <html><h1>5</h1>", "HTML"),
        (b"[" * 900_000, "no JSON"),
        (b'{"a":' * 100_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b'{"views": 5}' + b" " * MAX_COUNT_SIZE, "at most 1,000,000 are read"),
    ],
)
def test_anything_else_is_no_count(body: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_count(body, JsonViews(address="/{id}", path="views"))
