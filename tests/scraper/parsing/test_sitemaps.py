"""Sitemaps of every kind: links with their dates, children of an index, and documents that are broken or hostile."""

from __future__ import annotations

import gzip
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scraper.errors import ChannelError
from scraper.parsing.sitemaps import MAX_LINKS, ChildSitemap, ParsedSitemap, is_large, parse_sitemap, select_children
from scraper.parsing.source_urls import SourceUrls
from storage.model.records import DatePrecision, FailureStage
from tests.support.declared import SOURCE
from tests.support.paths import ROOT

URL = "https://caliber.az/sitemap.xml"
ANY = SourceUrls(replace(SOURCE, article_path=None))
NAMESPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


def parsed(body: str | bytes, urls: SourceUrls = ANY) -> ParsedSitemap:
    body = body if isinstance(body, bytes) else body.encode()
    return parse_sitemap(body, url=URL, urls=urls, language=None)


def urlset(*entries: str) -> str:
    return f'<?xml version="1.0"?>\n<urlset {NAMESPACES}>{"".join(f"<url>{entry}</url>" for entry in entries)}</urlset>'


def index(*entries: str) -> str:
    rows = "".join(f"<sitemap>{entry}</sitemap>" for entry in entries)
    return f"<sitemapindex {NAMESPACES}>{rows}</sitemapindex>"


def paths(sitemap: ParsedSitemap) -> list[str]:
    return [link.url.removeprefix("https://caliber.az") for link in sitemap.links]


NEWS = """<loc> https://www.caliber.az/vote </loc><image:image><image:loc>https://caliber.az/image/1-2-3</image:loc>
</image:image><news:news><news:publication><news:name>Caliber</news:name><news:language>en</news:language>
</news:publication><news:publication_date>2026-11-04T15:30:00+04:00</news:publication_date>
<news:title><![CDATA[Vote & result]]></news:title></news:news>"""


def test_a_news_sitemap_has_title_date_and_language_of_each_article() -> None:
    [link] = parsed(urlset(NEWS)).links
    assert (link.url, link.request_url) == ("https://caliber.az/vote", "https://www.caliber.az/vote")
    assert (link.title, link.language) == ("Vote & result", "en")
    assert (link.published_at, link.published_precision) == (NOON - timedelta(minutes=30), DatePrecision.SECOND)
    assert link.published_raw == "2026-11-04T15:30:00+04:00"
    assert parsed(urlset(NEWS)).is_news


def test_entries_of_a_plain_sitemap_look_like_articles_and_come_newest_first() -> None:
    sitemap = parsed(
        urlset(
            "<loc>https://caliber.az/</loc>",
            "<loc>https://caliber.az/about</loc>",
            "<loc>https://caliber.az/category/politics</loc>",
            "<loc>https://elsewhere.example/a-vote-in-the-house</loc>",
            "<loc>https://caliber.az/a-vote-of-the-house</loc><lastmod>2026-11-03</lastmod>",
            "<loc>https://caliber.az/news/1234/</loc><lastmod>2026-11-04T10:00:00Z</lastmod>",
            "<lastmod>2026-11-04T10:00:00Z</lastmod>",
        )
    )
    assert paths(sitemap) == ["/news/1234", "/a-vote-of-the-house"]
    assert [link.published_at for link in sitemap.links] == [None, None]  # lastmod is no date of publication
    assert sitemap.links[0].request_url == "https://caliber.az/news/1234/"


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda body: b"\xef\xbb\xbf \n" + body], ids=["gzip", "bom and blanks"]
)
def test_a_packed_sitemap_is_read_the_same(pack: object) -> None:
    body = urlset("<loc>https://caliber.az/news/1234</loc>").encode()
    assert paths(parsed(pack(body))) == ["/news/1234"]  # type: ignore[operator]


@pytest.mark.parametrize(
    "body",
    [
        urlset("<loc>https://caliber.az/news/1234</loc>").replace(f" {NAMESPACES}", ""),
        urlset("<loc>https://caliber.az/news/1234</loc>").replace("urlset", "s:urlset").replace("xmlns=", "xmlns:s="),
        urlset("<loc>https://caliber.az/news/1234</loc>", "<loc>https://caliber.az/search?q=a&b=<</loc>"),
        urlset("<loc>https://caliber.az/news/1234</loc>", "<loc>https://caliber.az/news/12&#xD800;</loc>"),
        urlset("<loc>https://caliber.az/news/1234</loc>", "<x:y xmlns:x='&#xD800;'>x</x:y>"),
        urlset("<loc>https://caliber.az/news/1234</loc>", "<loc>https://caliber.az/news/12")[:-15],
        urlset("<loc>https://caliber.az/news/1234</loc>", "<loc>https://caliber.az/news/12</loc><las")[:-15],
    ],
    ids=[
        "no namespace",
        "prefix",
        "ampersand",
        "no character",
        "no namespace at all",
        "cut in an address",
        "cut in an entry",
    ],
)
def test_a_broken_sitemap_gives_what_is_whole(body: str) -> None:
    assert paths(parsed(body))[:1] == ["/news/1234"]
    assert "/news/12" not in paths(parsed(body))


PEAK = """
import gzip, resource, sys
from tests.scraper.parsing.test_sitemaps import parsed
body = gzip.compress(b"<urlset>" + b"".join(
    b"<url><loc>https://caliber.az/news/%d</loc><lastmod>2026-11-%02dT%02d:%02d:00Z</lastmod>"
    b"<x:image xmlns:x='urn:x'><x:loc>https://caliber.az/i.jpg</x:loc></x:image></url>"
    % (100_000 + n, 1 + n // 1440 % 28, n // 60 % 24, n % 60) for n in range(50_001)) + b"</urlset>")
parsed("<urlset/>")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
sitemap = parsed(body)
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(after - before, len(sitemap.links), sitemap.links[0].url, sitemap.notices)
"""
"""Program that prints by how many kB its peak memory grows while it parses 50,001 entries, and what they gave."""


def test_fifty_thousand_entries_take_flat_memory_and_give_the_newest() -> None:
    done = subprocess.run([sys.executable, "-c", PEAK], cwd=ROOT, capture_output=True, text=True, check=True)
    grown, count, newest, notices = done.stdout.split(maxsplit=3)
    assert (int(count), newest) == (MAX_LINKS, "https://caliber.az/news/140319")  # the last minute of the 28th
    assert "only the first 50,000 entries are read" in notices
    assert int(grown) < 12_000  # the whole tree takes 60,000


BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(10))


@pytest.mark.parametrize(
    "body",
    [
        f"<!DOCTYPE urlset [{BOMB}]>" + urlset("<loc>https://caliber.az/news/1234&e9;</loc>"),
        '<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        + urlset("<loc>https://caliber.az/news/1234</loc><lastmod>&f;</lastmod>"),
        "<urlset>" + "<url>" * 100_000,
        "<urlset><url><loc>" + "a" * 11_000_000,
        "<urlset><url " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/></urlset>",
    ],
    ids=["entities", "file", "nesting", "long text", "attributes"],
)
def test_a_hostile_sitemap_is_bounded(body: str) -> None:
    text = body.replace('<?xml version="1.0"?>\n', "")
    tracemalloc.start()
    try:
        found = [link.url for link in parsed(text).links]
    except ChannelError as error:
        found = []
        assert error.stage is FailureStage.PARSE  # noqa: PT017  (an error is one of two answers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert all(len(url) < 100 for url in found)
    assert peak < 100_000_000


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "an empty answer"),
        (b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML"),
        (b'<rss version="2.0"><channel/></rss>', "a document of <rss>"),
        (b"{}", "another document"),
        (gzip.compress(b"<feed></feed>", mtime=0), "a document of <feed>"),
        (b"\x1f\x8bnonsense", "a damaged gzip file"),
    ],
)
def test_another_document_is_named(body: bytes, said: str) -> None:
    with pytest.raises(ChannelError, match=said):
        parsed(body)


def test_an_index_names_its_children() -> None:
    sitemap = parsed(
        index(
            "<loc>https://caliber.az/sitemap-1.xml</loc><lastmod>2026-11-04T12:00:00+00:00</lastmod>",
            "<loc>https://caliber.az/sitemap-2.xml.gz</loc>",
            "<loc>https://caliber[az/sitemap-3.xml</loc>",
            "<loc>sitemap-4.xml</loc>",
        )
    )
    assert sitemap.is_index
    assert sitemap.children == (
        ChildSitemap(url="https://caliber.az/sitemap-1.xml", lastmod=NOON),
        ChildSitemap(url="https://caliber.az/sitemap-2.xml.gz"),
    )


def children(*names: str | tuple[str, int]) -> list[ChildSitemap]:
    """Children by name, dated by hours before noon."""
    pairs = [name if isinstance(name, tuple) else (name, None) for name in names]
    return [
        ChildSitemap(url=f"https://a.example/{name}", lastmod=None if age is None else NOON - timedelta(hours=age))
        for name, age in pairs
    ]


@pytest.mark.parametrize(
    ("listed", "last_read", "chosen", "left_out"),
    [
        (children(*((f"posts-{n}.xml", n) for n in range(6))), None, ["posts-0.xml", "posts-1.xml", "posts-2.xml"], 0),
        (children(("posts-1.xml", 30), ("posts-2.xml", 2)), 5, ["posts-2.xml"], 0),
        (children(("posts-1.xml", 30), ("posts-2.xml", 20)), 5, [], 0),
        (children(*((f"posts-{n}.xml", 1) for n in range(12))), 5, [f"posts-{n}.xml" for n in range(10)], 2),
        (children("posts-2.xml", "posts-10.xml", "posts-9.xml"), 5, ["posts-10.xml", "posts-9.xml", "posts-2.xml"], 0),
        (children("category-sitemap.xml", "post-sitemap.xml", "author-sitemap.xml"), None, ["post-sitemap.xml"], 0),
        (children("category-sitemap.xml"), None, ["category-sitemap.xml"], 0),
    ],
    ids=["first poll", "one changed", "none changed", "too many", "no dates", "other content", "nothing else"],
)
def test_only_children_that_changed_are_read(
    listed: list[ChildSitemap], last_read: int | None, chosen: list[str], left_out: int
) -> None:
    at = None if last_read is None else NOON - timedelta(hours=last_read)
    found, rest = select_children(listed, last_read_at=at)
    assert [child.url.rpartition("/")[2] for child in found] == chosen
    assert rest == left_out


@pytest.mark.parametrize(
    ("body", "large"),
    [
        (b"x" * 1_000, False),
        (b"x" * 1_001, True),
        (gzip.compress(b"x" * 1_000, mtime=0), False),
        (gzip.compress(b"x" * 1_000_000, mtime=0), True),
        (gzip.compress(b"x" * 1_000_000, mtime=0)[:14], False),
        (b"\x1f\x8bnonsense", False),
    ],
    ids=["plain", "plain and large", "gzip", "gzip and large", "gzip, broken off", "no gzip"],
)
def test_a_document_is_large_by_what_it_holds(body: bytes, large: bool) -> None:
    assert is_large(body, 1_000) is large
