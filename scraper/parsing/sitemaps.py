"""Parse sitemaps, news sitemaps and indexes of sitemaps (https://www.sitemaps.org/protocol.html) in flat memory."""

from __future__ import annotations

import heapq
import re
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from lxml import etree
from lxml.etree import _Element

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date
from scraper.parsing.source_urls import SourceUrls, merge
from storage.model.records import DatePrecision, FailureStage, Link
from storage.model.urls import MAX_URL_LENGTH, origin
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

MAX_SIZE = 52_428_800
"""Maximum bytes of a sitemap, uncompressed (protocol)."""

MAX_ENTRIES = 50_000
"""Maximum entries of a sitemap that are read (protocol)."""

MAX_ELEMENTS = 1_000_000
"""Maximum elements of a sitemap that are read: ten of each entry, and images; they take 3 s."""

MAX_LINKS = 1_000
"""Maximum links of one sitemap, the newest by date, that a poll takes: as many as a news sitemap has. A sitemap of all
articles of a site would otherwise bring its whole archive."""

MAX_FIELD_LENGTH = 2_000

CHUNK_SIZE = 65_536
"""Bytes that the parser is given at a time."""

_GZIP_MAGIC = b"\x1f\x8b"
_ROOTS = {"urlset": "url", "sitemapindex": "sitemap"}
_OLDEST = datetime.min.replace(tzinfo=UTC)
MIN_ISO_TIME = len("2026-11-04T12:00")
MIN_YEAR, MAX_YEAR = 1970, 9999


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSitemap:
    """Sitemap named by an index; `lastmod` is None if it is not said or not understood."""

    url: str
    lastmod: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedSitemap:
    """Links of a sitemap, the newest first, or the children of an index. `notices` name what was not read."""

    links: tuple[Link, ...] = ()
    children: tuple[ChildSitemap, ...] = ()
    is_index: bool = False
    is_news: bool = False  # an entry has a part of the news namespace
    notices: tuple[str, ...] = ()


@dataclass(slots=True)
class _Entry:
    fields: dict[str, str] = field(default_factory=dict)
    is_news: bool = False


def is_large(body: bytes, most: int) -> bool:
    """Return whether a document, gzipped or not, has more than `most` bytes."""
    if len(body) > most or not body.startswith(_GZIP_MAGIC):
        return len(body) > most
    try:
        return len(zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress(body, most + 1)) > most
    except zlib.error:
        return False


def parse_sitemap(body: bytes, *, url: str, urls: SourceUrls, language: str | None) -> ParsedSitemap:
    """Parse the sitemap at `url`, gzipped or not: its article links, or the children of an index.

    Broken XML is read as far as possible; the entry in which a sitemap is cut is dropped; entities are not expanded.
    Raises ChannelError with stage `parse` for another document.
    """
    reader = _Reader(url)
    zone = ZoneInfo(urls.source.timezone)
    children: list[ChildSitemap] = []
    newest = _NewestEntries()
    is_news = False
    for entry in reader.entries(body):
        if reader.is_index and origin(entry.fields["loc"]) is not None:
            children.append(ChildSitemap(url=entry.fields["loc"], lastmod=_lastmod(entry, zone)))
        elif not reader.is_index:
            newest.add(entry, zone)
            is_news |= entry.is_news
    found = (_link(entry, url, urls, zone, language) for entry in newest.entries())
    links = islice(merge(link for link in found if link is not None).values(), MAX_LINKS)
    if newest.left_out:
        reader.notices.append(f"only the newest {MAX_LINKS:,} articles are read")
    return ParsedSitemap(
        links=tuple(links),
        children=tuple(children),
        is_index=reader.is_index,
        is_news=is_news,
        notices=tuple(reader.notices),
    )


class _NewestEntries:
    """The newest entries by date; of those without one the first and the last: some sitemaps grow at their end."""

    def __init__(self) -> None:
        self._dated: list[tuple[datetime, int, _Entry]] = []  # a heap, the oldest first
        self._first: list[_Entry] = []
        self._last: deque[_Entry] = deque(maxlen=MAX_LINKS // 2)
        self._count = 0

    @property
    def left_out(self) -> int:
        return self._count - len(self._dated) - len(self._first) - len(self._last)

    def add(self, entry: _Entry, zone: ZoneInfo) -> None:
        """Keep an entry in place of an older one."""
        self._count += 1
        raw = entry.fields.get("publication_date")
        at = (_moment(raw, zone) if raw else None) or _lastmod(entry, zone)
        if at is not None:
            ranked = (at, -self._count, entry)
            if len(self._dated) < 2 * MAX_LINKS:  # some of them are no articles
                heapq.heappush(self._dated, ranked)
            else:
                heapq.heappushpop(self._dated, ranked)
        elif len(self._first) < MAX_LINKS // 2:
            self._first.append(entry)
        else:
            self._last.append(entry)

    def entries(self) -> Iterator[_Entry]:
        """Yield the entries that were kept: dated ones, the newest first, then the others in their order."""
        yield from (entry for _, _, entry in sorted(self._dated, key=lambda row: row[:2], reverse=True))
        yield from self._first
        yield from self._last


def _link(entry: _Entry, url: str, urls: SourceUrls, zone: ZoneInfo, language: str | None) -> Link | None:
    article = urls.find_article(entry.fields["loc"], url)
    if article is None or not (entry.is_news or urls.looks_like_article(article.url)):
        return None
    raw = entry.fields.get("publication_date")
    date = parse_date(raw, zone) if raw else None
    stated = entry.fields.get("language", "").strip().lower()
    named = stated if re.fullmatch(r"[a-z]{2,3}(?:-[a-z]{2,8})?", stated) else None
    keywords = entry.fields.get("section", "")
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=clean_text(entry.fields.get("title", "")) or None,
        published_at=None if date is None else date[0],
        published_raw=clean_text(raw or "") or None,
        published_precision=None if date is None else date[1],
        sections=tuple(filter(None, (normalize_section(keywords),))),
        language=urls.listed_language(article.url, language, named),
    )


def _lastmod(entry: _Entry, zone: ZoneInfo) -> datetime | None:
    raw = entry.fields.get("lastmod")
    return _moment(raw, zone) if raw else None


def _moment(raw: str, zone: ZoneInfo) -> datetime | None:
    """Return the last moment that a date may mean, UTC: a day is one until its end."""
    try:
        at = datetime.fromisoformat(raw)  # the form of the protocol; 50,000 dates in a fifth of the time
    except ValueError:
        at = None
    if at is not None and len(raw) > MIN_ISO_TIME and at.tzinfo is not None and MIN_YEAR < at.year < MAX_YEAR:
        return at.astimezone(UTC)
    parsed = parse_date(raw, zone)
    if parsed is None:
        return None
    return parsed[0] + timedelta(days=1) if parsed[1] is DatePrecision.DAY else parsed[0]


class _Reader:
    """Incremental reader of the entries of one document: of its tree only the entry being read is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_index = False
        self.notices: list[str] = []
        self._entry_tag = ""
        self._entry = _Entry()
        self._elements = 0

    def entries(self, body: bytes) -> Iterator[_Entry]:
        """Yield the entries that have an address, in the order of the document. Raises ChannelError."""
        parser = etree.XMLPullParser(
            events=("start", "end"),
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        found = 0
        # The parser is never closed: of a document that is cut, no end of an entry is invented.
        for chunk in _chunks(body, self.url, self.notices):
            for entry in self._read(parser, chunk):
                if found >= MAX_ENTRIES:
                    self.notices.append(f"only the first {MAX_ENTRIES:,} entries are read")
                    return
                found += 1
                yield entry
            if self._elements > MAX_ELEMENTS:
                self.notices.append(f"only the first {MAX_ELEMENTS:,} elements are read")
                return
        if not self._entry_tag:
            raise ChannelError(self.url, FailureStage.PARSE, f"no sitemap but {_kind(body)}")

    def _read(self, parser: etree.XMLPullParser, chunk: bytes) -> Iterator[_Entry]:
        try:
            parser.feed(chunk)
        except etree.XMLSyntaxError as error:
            raise ChannelError(self.url, FailureStage.PARSE, f"no sitemap: {error.msg}") from error
        events: Iterator[tuple[str, _Element]] = cast("Any", parser.read_events())
        for event, element in events:
            namespace, _, name = _tag_of(element).rpartition("}")
            if event == "start":
                self._elements += 1
                self._begin(element, name)
            elif name == self._entry_tag:
                entry, self._entry = self._entry, _Entry()
                _forget(element)
                if entry.fields.get("loc"):
                    yield entry
            else:
                self._keep(element, namespace, name)

    def _begin(self, element: _Element, name: str) -> None:
        if element.getparent() is None and not self._entry_tag:
            if name.lower() == "html":
                raise ChannelError(self.url, FailureStage.PARSE, "no sitemap but HTML")
            if name not in _ROOTS:
                raise ChannelError(self.url, FailureStage.PARSE, f"no sitemap but a document of <{name[:40]}>")
            self._entry_tag, self.is_index = _ROOTS[name], name == "sitemapindex"

    def _keep(self, element: _Element, namespace: str, name: str) -> None:
        """Keep the text of a field of the entry, and drop the element."""
        parent = element.getparent()
        is_own = parent is not None and _tag_of(parent).rpartition("}")[2] == self._entry_tag
        is_news = "sitemap-news" in namespace
        self._entry.is_news |= is_news
        if (is_own and name in {"loc", "lastmod"}) or (
            is_news and name in {"publication_date", "title", "language", "section"}
        ):
            longest = MAX_URL_LENGTH + 1 if name == "loc" else MAX_FIELD_LENGTH
            self._entry.fields.setdefault(name, _text_of(element).strip()[:longest])
        if name not in _ROOTS:
            element.clear()


def _tag_of(element: _Element) -> str:
    """Return the tag of an element; none if its namespace is no text."""
    try:
        return str(element.tag)
    except UnicodeDecodeError:
        return ""


def _text_of(element: _Element) -> str:
    """Return the text of an element; none if it refers to a character that is none, such as half a surrogate pair."""
    try:
        return element.text or ""
    except UnicodeDecodeError:
        return ""


def _forget(element: _Element) -> None:
    """Drop an entry and those before it from the tree."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _chunks(body: bytes, url: str, notices: list[str]) -> Iterator[bytes]:
    """Yield a body in pieces, decompressed if it is a gzip file; at most `MAX_SIZE` bytes."""
    size = 0
    for piece in _decompressed(body, url) if body.startswith(_GZIP_MAGIC) else _pieces(body.lstrip()):
        size += len(piece)
        if size > MAX_SIZE:
            notices.append(f"only the first {MAX_SIZE:,} bytes are read")
            return
        yield piece


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), CHUNK_SIZE):
        yield body[start : start + CHUNK_SIZE]


def _decompressed(body: bytes, url: str) -> Iterator[bytes]:
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    rest = body
    try:
        while rest and not decompressor.eof:
            yield decompressor.decompress(rest, CHUNK_SIZE)
            rest = decompressor.unconsumed_tail
    except zlib.error as error:
        raise ChannelError(url, FailureStage.PARSE, f"no sitemap but a damaged gzip file ({error})") from error


def _kind(body: bytes) -> str:
    start = body.lstrip()[:1024].lower()
    if not start:
        return "an empty answer"
    return "HTML" if b"<html" in start or start.startswith(b"<!doctype html") else "another document"


MAX_CHILDREN = 10
"""Maximum children of an index that one poll reads."""

FIRST_CHILDREN = 3
"""Children that the first poll of an index reads, the newest ones: the others are the archive of the site."""

CLOCK_MARGIN = timedelta(hours=1)
"""Time by which a child may be older than the last poll and yet not have been in it: indexes are cached."""

_OTHER_CONTENT = re.compile(
    r"(?:^|[-_/.])(?:categor(?:y|ies)|tags?|authors?|users?|pages?|images?|videos?|products?|"
    r"attachments?|static)(?=[-_.]|$)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d+)")


def select_children(
    children: Sequence[ChildSitemap], *, last_read_at: datetime | None
) -> tuple[tuple[ChildSitemap, ...], int]:
    """Select the children of an index to be read, the newest first; return them and how many are left out.

    Children that were not modified since `last_read_at` are no part of either. Of children without a lastmod the last
    two by their numbers are read, and the first one: which of them has the news is not said. Children of categories,
    tags, authors, pages and images are read only if there are no others.
    """
    articles = [child for child in children if not _OTHER_CONTENT.search(urlsplit(child.url).path)] or list(children)
    dated = [child for child in articles if child.lastmod is not None]
    undated = [child for child in articles if child.lastmod is None]
    if last_read_at is not None:
        dated = [child for child in dated if child.lastmod and child.lastmod > last_read_at - CLOCK_MARGIN]
    dated.sort(key=lambda child: child.lastmod or _OLDEST, reverse=True)
    most = FIRST_CHILDREN if last_read_at is None else MAX_CHILDREN
    by_number = sorted(undated, key=lambda child: _numbers(child.url), reverse=True)
    chosen = dict.fromkeys((*dated[:most], *by_number[:2], *undated[:1]))
    return tuple(chosen), 0 if last_read_at is None else max(0, len(dated) - most)


def _numbers(url: str) -> tuple[int, ...]:
    return tuple(int(digits[:18]) for digits in _NUMBER.findall(url))
