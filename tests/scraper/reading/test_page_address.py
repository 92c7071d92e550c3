"""Addresses of one article, and the canonical one of a page."""

from __future__ import annotations

import pytest

from scraper.reading.candidates import choose
from scraper.reading.page_address import canonical_candidates, is_same_article, is_site_root

URL = "https://www.example.az/news/politics/quake-in-baku-123456"


@pytest.mark.parametrize(
    "other",
    [
        "http://example.az/news/politics/quake-in-baku-123456/",
        "https://m.example.az/news/politics/quake-in-baku-123456",
        "https://example.az/news/politics/quake-in-baku-123456?utm_source=feed&fbclid=1#top",
        "https://example.az/news/politics/quake-in-baku-123456/amp",
        "https://example.az/news/politics/Quake-in-Baku-123456.html",
        "https://example.az/news/quake-in-baku-123456",
        "https://example.az/a/123456",
    ],
)
def test_spellings_of_one_article(other: str) -> None:
    assert is_same_article(URL, other)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (URL, "https://example.az/"),
        (URL, "https://example.az/news/politics"),
        (URL, "https://example.az/news/politics/quake-in-baku-654321"),
        (URL, "https://other.az/news/politics/quake-in-baku-123456"),
        ("https://example.az/a?id=1", "https://example.az/a?id=2"),
        ("https://example.az/20261101/a", "https://example.az/20261101/b"),
        ("https://example.az", "https://example.az/"),
        (URL, "mailto:a@example.az"),
        (URL, "https://[broken"),
    ],
)
def test_addresses_of_different_pages(first: str, second: str) -> None:
    assert not is_same_article(first, second)


def test_sister_sites_share_long_paths_alone() -> None:
    assert is_same_article(URL, URL.replace("example", "sister"), any_host=True)
    assert not is_same_article("https://a.az/news/1", "https://b.az/news/1", any_host=True)


@pytest.mark.parametrize(
    ("hint", "canonical"),
    [
        ("/news/politics/quake-in-baku-123456/", "https://www.example.az/news/politics/quake-in-baku-123456/"),
        ("https://example.az/news/quake-in-baku-123456", "https://example.az/news/quake-in-baku-123456"),
        ("https://example.az/", None),
        ("https://agency.example.net/news/politics/quake-in-baku-123456", None),
        ("https://example.az/news/politics", None),
        ("javascript:void(0)", None),
    ],
)
def test_a_canonical_address_is_a_hint_to_the_same_article_on_its_host(hint: str, canonical: str | None) -> None:
    def is_own(address: str) -> bool:
        return not is_site_root(address) and is_same_article(address, URL)

    chosen = choose(canonical_candidates([(hint, "link canonical")], URL, URL), is_own).chosen
    assert (None if chosen is None else chosen.value) == canonical
