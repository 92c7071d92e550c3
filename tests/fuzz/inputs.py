"""Make hostile feeds, pages, dates and URLs from a random generator: mutations of real cases, and whole kinds."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from random import Random

from tests.scraper.parsing.test_feed_cases import CASES, whole
from tests.scraper.parsing.test_feed_fuzz import mutate
from tests.support.declared import HOME
from tests.support.paths import PAGES

MAX_REPEATS = 20_000
"""Maximum repetitions of a piece, and of levels of nesting: of pieces of 50 bytes, a megabyte."""

PAGE_PIECES = (
    *(
        b"<div>",
        b"</div>",
        b"<p>",
        b"<b><i>",
        b"<table><tr><td>",
        b"<svg>",
        b"<math><mi>",
        b"<template>",
        b"<!--",
        b"-->",
    ),
    *(
        b"<script>",
        b"</script>",
        b"<style>",
        b"<title>",
        b"<![CDATA[",
        b"<?x ",
        b"<a href='",
        b"&#x110000;",
        b"&lang",
        b"&",
    ),
    *(
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"<meta charset='utf-7'>",
        b"<base href='//x'>",
        b"</body>",
    ),
    *(
        b"<meta property='article:published_time' content='2026-02-30'>",
        b"<script type='application/ld+json'>{\"@graph\":[",
    ),
    *(b"<h1 class='post_title'>", b"<div class='float_block'>", b"<br/>", b"<p><p", b"\n" * 9, b" " * 99, b"<a " * 9),
)
DATE_PIECES = (
    *("25", "6", "0", "31", "2026", "99999", "00", "٣", "½", "²", "June", "июня", "İYUN", "Sept.", "sabah", "вчера"),
    *("17:24", "25:61", "24:00", ":00", "T", "Z", "+04:00", "+99:99", "-00:00", "am", "P.M.", "GMT", "EST", "UTC+4"),
    *("г.", "в", "at", ",", ".", "-", "–", "/", " ", "\u00a0", "\u202e", "\0", "\ud800", "\n", "e", "1e400", "today"),
    *(
        "17.24",
        "17h24",
        "Uhr",
        "mar",
        "bazar ertəsi",
        "(",
        ")",
        "год",
        "de",
        "updated",
        "թ.",
        "دوشنبه",
        "6月25日",
        "下午",
        "|",
    ),
    *("Mon, 02 Nov 2026 10:00:00 +0400", "2026-11-02T10:00:00.123456789Z", "02.11.2026 10:00", "1762077600"),
)
URL_PIECES = (
    *(
        HOME,
        "http://",
        "https:",
        "//",
        "/",
        "\\",
        "?",
        "#",
        "&",
        "=",
        ";",
        "@",
        ":",
        "[",
        "]",
        "%",
        "%2F",
        "%2e%2e",
        "%zz",
    ),
    *(
        "/../",
        "/./",
        "/en/post/gas",
        "post",
        "en",
        "www.caliber.az",
        "caliber.az.",
        "CALIBER.AZ",
        "xn--",
        "xn--a",
        "é",
        "İ",
    ),
    *(
        "\u3002",
        "１２７.0.0.1",
        "127.1",
        "0x7f000001",
        "[::1]",
        "[::ffff:1.2.3.4%25eth0]",
        ":443",
        ":0",
        ":99999",
        ":٣",
    ),
    *(
        "utm_source=x",
        "id=1",
        "%27",
        "'",
        '"',
        "<",
        " ",
        "\t",
        "\n",
        "\0",
        "\ud800",
        "\u202e",
        "javascript:",
        "data:,",
        "~",
    ),
)


def feed(chance: Random) -> bytes:
    """Make a mutation of a feed case, or one with a huge or deeply nested part."""
    text = mutate(whole(chance.choice(CASES)[0]), chance)
    if chance.random() < 0.02:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + _huge(FEED_HUGE, chance) + text[at:]
    return text.encode("utf-8", "surrogatepass")


FEED_HUGE: Sequence[tuple[str, str, str]] = (
    ("<author>", "a@b (", "</author>"),
    ("<managingEditor>", ".a", "</managingEditor>"),
    ("", "<x xml:base='a/'>", ""),
    ("", "\n", ""),
    ("<item ", "a{n}='b' ", "/>"),
    ("", "<item><link>/en/post/{n}</link></item>", ""),
    ("<!DOCTYPE r [", "<!ENTITY e{n} '&e{m};&e{m};'>", "]>"),
    ("<title>", "&lt;b>", "</title>"),
    ("<description><![CDATA[", "<div class=x>", "]]></description>"),
    ("<pubDate>", "1 ", "</pubDate>"),
)
PAGE_HUGE: Sequence[tuple[str, str, str]] = (
    ("<p ", "a{n}=b ", ">"),
    ("", "<div>", ""),
    ("", "<p><b><i><a>", ""),
    ("", "<table><tr><td>", ""),
    ("", "</p>", ""),
    ("<script type='application/ld+json'>", "[", "</script>"),
    ("<meta content='", "1 ", "' property='article:published_time'>"),
    ("<h1 class='post_title'>", "<br>a", "</h1>"),
    ("", "<div class='float_block'><a href='/en/post/{n}'>", ""),
    ("<a href='", "../", "'>"),
    ("", "&amp", ""),
)


def _huge(kinds: Sequence[tuple[str, str, str]], chance: Random) -> str:
    before, piece, after = chance.choice(kinds)
    count = chance.randrange(100, MAX_REPEATS)
    return before + "".join(piece.replace("{n}", str(n)).replace("{m}", str(n - 1)) for n in range(count)) + after


@cache
def page_cases() -> list[bytes]:
    """Read the saved pages of every source."""
    return [file.read_bytes() for file in sorted(PAGES.glob("*/*/page.html"))]


def page(chance: Random) -> bytes:
    """Make a mutation of a saved page, or one with a huge or deeply nested part."""
    body = chance.choice(page_cases())
    for _ in range(chance.randrange(1, 8)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((0, 1, 10, 200)))
        other = chance.choice(page_cases())
        cut = chance.randrange(len(other) + 1)
        body = chance.choice(
            (
                body[:start] + chance.choice(PAGE_PIECES) * chance.randrange(1, 40) + body[end:],
                body[:start] + body[start:end] * chance.randrange(5) + body[end:],
                body[:start] + other[cut : cut + 400] + body[start:],
                body[:start] + chance.randbytes(8) + body[end:],
                body[: max(start, 1)],
            )
        )
    if chance.random() < 0.02:
        at = chance.randrange(len(body) + 1)
        body = body[:at] + _huge(PAGE_HUGE, chance).encode() + body[at:]
    return body


def date(chance: Random) -> str:
    """Make a date of pieces of dates, one time in a thousand a very long one."""
    return _of_pieces(DATE_PIECES, chance)


def url(chance: Random) -> str:
    """Make a URL of pieces of URLs, one time in a thousand a very long one."""
    return _of_pieces(URL_PIECES, chance)


def _of_pieces(pieces: Sequence[str], chance: Random) -> str:
    text = "".join(chance.choices(pieces, k=chance.randrange(1, 14)))
    if chance.random() < 0.5:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + chr(chance.randrange(1, 0x11_0000)) + text[at:]
    return text if chance.random() > 0.001 else text + chance.choice(pieces) * chance.randrange(MAX_REPEATS)


SITEMAPS = (
    f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE urlset [<!ENTITY a "b">]><urlset
 xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">
<url><loc>{HOME}/en/post/a-vote</loc><lastmod>2026-11-04</lastmod><n:news><n:publication><n:language>en</n:language>
</n:publication><n:publication_date>2026-11-04T12:00:00+04:00</n:publication_date><n:title><![CDATA[A & b]]></n:title>
</n:news></url><url><loc>{HOME}/en/post/b</loc><lastmod>2026-11-04T12:00Z</lastmod></url></urlset>""",
    f"<sitemapindex><sitemap><loc>{HOME}/news.xml.gz</loc><lastmod>&a;</lastmod></sitemap></sitemapindex>",
    f'{{"items": [{{"url": "{HOME}/en/post/a", "title": {{"text": "A"}}, "at": 1793793600, "n": "1,200"}}]}}',
)


def sitemap(chance: Random) -> bytes:
    """Make a mutation of a sitemap, an index or a JSON list, gzipped at times, or one with a huge part."""
    text = mutate(chance.choice(SITEMAPS), chance)
    if chance.random() < 0.02:
        at = chance.randrange(len(text) + 1)
        text = text[:at] + _huge(FEED_HUGE, chance) + text[at:]
    body = text.encode("utf-8", "surrogatepass")
    if chance.random() < 0.2:
        packed = gzip.compress(body, mtime=0)
        return packed[: chance.randrange(len(packed))] if chance.random() < 0.5 else packed
    return body


MAKERS: Mapping[str, Callable[[Random], bytes | str]] = {
    "feed": feed,
    "sitemap": sitemap,
    "page": page,
    "date": date,
    "url": url,
}
