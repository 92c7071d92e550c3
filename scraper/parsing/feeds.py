"""Parse RSS, Atom and JSON feeds into links. The format is recognized by content, not by content type."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import feedparser

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date
from scraper.parsing.decoding import decode, sniff_non_html
from scraper.parsing.source_urls import SourceUrls, merge
from storage.model.records import FailureStage, Link
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

_MAX_PROLOG_LENGTH = 65536
"""Maximum characters before the root element of a feed."""

_MAX_TITLE_LENGTH = 2000

_PREAMBLE = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_FIRST_TAG = re.compile(r"<([A-Za-z_][\w:.-]*)")
_NO_FEED = frozenset({"html", "head", "body", "meta", "script"})
_FEED_START = re.compile(r"<\?xml\b|<!DOCTYPE\s+(?!html)|<(?:[\w-]+:)?(?:rss|feed|RDF)\b", re.IGNORECASE)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.:-]+)")
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
# Entities of a few characters, as some feeds declare: they cannot expand without bound.
_SMALL_ENTITY = re.compile(r"<!ENTITY\s+[\w.-]+\s+([\"'])(?:&#x?[0-9A-Fa-f]{1,6};|[^&%<\"']){0,8}\1\s*>")
# Characters that XML 1.0 §2.2 forbids, literal or as a reference: at one a strict parser drops the rest of the feed.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,8})|([0-9]{1,9}));")
# An xml:base attribute, or a declaration that may set one by default.
_BASE = re.compile(r"\bbase\s*=|<!ATTLIST\b", re.IGNORECASE)
_BREAKING_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|td|tr)\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?(?:-->|\Z)", re.DOTALL)


def parse_feed(
    body: bytes, *, url: str, urls: SourceUrls, language: str | None, content_type: str | None
) -> tuple[Link, ...]:
    """Parse the links of a feed at `url` (RSS, Atom, JSON Feed), in feed order, with title, date and sections.

    Malformed feeds are parsed as far as possible: a blank before the XML declaration, a wrong charset or a truncated
    end lose no entry. A guid is never used as URL. Future dates are kept. Raises ChannelError with stage `not a feed`
    and the format found instead, `parse` for unbounded entities, `empty list` for a feed without an article of the
    source.
    """
    entries = _json_entries(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else None
    if entries is None:
        entries = _xml_entries(body, url, urls, content_type)
    parsed = (_link(entry, url, urls, language) for entry in entries)
    links = tuple(merge(link for link in parsed if link is not None).values())
    if not links:
        reason = f"a feed without an article of {urls.base}; {_advice(urls)}"
        raise ChannelError(url, FailureStage.EMPTY_LIST, reason)
    return links


def _advice(urls: SourceUrls) -> str:
    return f"if the feed has moved, set channels in [sources.{urls.source.name}]"


def _not_a_feed(url: str, urls: SourceUrls, document_kind: str) -> ChannelError:
    return ChannelError(url, FailureStage.NOT_A_FEED, f"no feed but {document_kind}; {_advice(urls)}")


class _Entry(NamedTuple):
    """Unparsed entry of an XML or JSON feed."""

    hrefs: tuple[str, ...]
    title: str
    published_raw: str
    sections: tuple[str, ...]


def _link(entry: _Entry, url: str, urls: SourceUrls, language: str | None) -> Link | None:
    candidates = (urls.find_article(href, url) for href in entry.hrefs)
    article = next((candidate for candidate in candidates if candidate is not None), None)
    if article is None:
        return None
    # Not the dates of feedparser: it parses a date without a zone as UTC, and 31 June as 1 July.
    date = parse_date(entry.published_raw, ZoneInfo(urls.source.timezone))
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=_plain(entry.title) or None,
        published_at=None if date is None else date[0],
        published_raw=clean_text(entry.published_raw) or None,
        sections=tuple(
            dict.fromkeys(section for name in entry.sections if (section := normalize_section(_plain(name))))
        ),
        language=urls.language(article.url) or language,
    )


def _plain(title: str) -> str:
    """Strip tags and entities from a title, which feeds escape once or twice."""
    for _ in range(2):
        title = html.unescape(_ANY_TAG.sub("", _BREAKING_TAG.sub(" ", title[:_MAX_TITLE_LENGTH])))
    return clean_text(title)


def _xml_entries(body: bytes, url: str, urls: SourceUrls, content_type: str | None) -> list[_Entry]:
    text = _text(body, content_type)
    root = _root(text)
    if root is None:
        raise _not_a_feed(url, urls, _document_kind(body, text))
    if len(_ENTITY.findall(text)) > len(_SMALL_ENTITY.findall(text)):
        raise ChannelError(url, FailureStage.PARSE, "the feed declares entities that could expand without end: refused")
    feed = _parse(text[root:], url)
    if not feed.get("version") and not feed.entries:
        raise _not_a_feed(url, urls, _document_kind(body, text))
    return [_xml_entry(entry) for entry in feed.entries]


def _text(body: bytes, content_type: str | None) -> str:
    """Decode a feed and drop characters that XML forbids. Valid UTF-8 takes precedence over a declared charset."""
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        declared = _DECLARED_ENCODING.search(body[:1024])
        in_header = content_type is not None and "charset" in content_type.lower()
        text = decode(body, content_type if in_header or declared is None else f"charset={declared[1].decode()}")
    return _REFERENCE.sub(_allowed, _FORBIDDEN.sub("", text))


def _allowed(reference: re.Match[str]) -> str:
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    return reference[0] if code < 0x110000 and not _FORBIDDEN.match(chr(code)) else ""


def _root(text: str) -> int | None:
    """Return the position of the first tag or declaration of a feed; None if the text is another document."""
    first = _FIRST_TAG.search(_PREAMBLE.sub("", text[:_MAX_PROLOG_LENGTH]))
    if first is None or first[1].lower() in _NO_FEED:
        return None
    found = _FEED_START.search(text, 0, _MAX_PROLOG_LENGTH)
    return None if found is None else found.start()


def _document_kind(body: bytes, text: str) -> str:
    """Name the kind of a document that is not a feed."""
    if not text.strip():
        return "an empty answer"
    other_format = sniff_non_html(body)
    if other_format is not None:
        return other_format
    first = _FIRST_TAG.search(_PREAMBLE.sub("", text[:_MAX_PROLOG_LENGTH]))
    if first is None:
        return "plain text"
    return "HTML" if "<html" in text[:_MAX_PROLOG_LENGTH].lower() else f"a document of <{first[1]}>"


def _parse(text: str, url: str) -> feedparser.FeedParserDict:
    # A stream, because feedparser opens a string that looks like a URL or a file name.
    stream = BytesIO(text.encode())
    headers = {"content-type": "application/xml; charset=utf-8"}
    # Given a base URL, feedparser resolves the base of every element, a quarter of its time: only if xml:base is used.
    # Otherwise _link resolves each link.
    if _BASE.search(text):
        headers["content-location"] = url
    try:
        return feedparser.parse(stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:
        # The lenient parser of feedparser raises AssertionError, IndexError and others.
        raise ChannelError(url, FailureStage.PARSE, f"feedparser failed ({type(error).__name__}: {error})") from error


def _xml_entry(entry: feedparser.FeedParserDict) -> _Entry:
    links = (link.get("href") for link in entry.get("links", ()) if link.get("rel") in {None, "alternate"})
    names = (name for tag in entry.get("tags", ()) for name in (tag.get("label"), tag.get("term")))
    return _Entry(
        hrefs=tuple(href for href in (entry.get("link"), *links) if href),
        title=entry.get("title") or "",
        published_raw=entry.get("published") or "",
        sections=tuple(name for name in names if name),
    )


def _json_entries(body: bytes) -> list[_Entry] | None:
    """Return the entries of a JSON Feed (version 1 or 1.1); None if the body is not a JSON Feed."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version")):
        return None
    items = feed.get("items")
    return [_json_entry(item) for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _json_entry(item: Mapping[str, Any]) -> _Entry:
    def text(name: str) -> str:
        value = item.get(name)
        return value if isinstance(value, str) else ""

    tags = item.get("tags")
    return _Entry(
        hrefs=(text("url"), text("external_url")),
        title=text("title"),
        published_raw=text("date_published"),
        sections=tuple(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else (),
    )
