"""A feed's bytes → links. What an answer is, its content says: not its status, its content type or its manners."""

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

_START = 65536
"""Characters within which a feed must have begun."""

_LONGEST_TITLE = 2000

_PREAMBLE = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_FIRST_TAG = re.compile(r"<([A-Za-z_][\w:.-]*)")
_NO_FEED = frozenset({"html", "head", "body", "meta", "script"})
_FEED_START = re.compile(r"<\?xml\b|<!DOCTYPE\s+(?!html)|<(?:[\w-]+:)?(?:rss|feed|RDF)\b", re.IGNORECASE)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.:-]+)")
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
# A name for a character or a few, as some feeds declare: it cannot make a text much longer than it is.
_SMALL_ENTITY = re.compile(r"<!ENTITY\s+[\w.-]+\s+([\"'])(?:&#x?[0-9A-Fa-f]{1,6};|[^&%<\"']){0,8}\1\s*>")
# What XML 1.0 §2.2 forbids, bare and as a reference: one of them makes a strict parser drop the rest of the feed.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9A-Fa-f]{1,8})|([0-9]{1,9}));")
# Where an element says its base, or may have one by default.
_BASE = re.compile(r"\bbase\s*=|<!ATTLIST\b", re.IGNORECASE)
_BREAKING_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|td|tr)\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?(?:-->|\Z)", re.DOTALL)


def parse_feed(
    body: bytes, *, url: str, addresses: SourceUrls, language: str | None, content_type: str | None
) -> tuple[Link, ...]:
    """The links of a feed at `url` (RSS, Atom, JSON Feed), in its order, with their hints.

    Entries count, complaints do not: a blank before the XML declaration, a wrong charset, a broken end lose nothing.
    A guid is never an identity. Future dates are kept, for what they are: hints. Raises ChannelError: stage
    `not a feed` with what it was instead, `parse` for a feed that would blow up, `empty list` for one without an
    article of the source.
    """
    entries = _json_entries(body) if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else None
    if entries is None:
        entries = _xml_entries(body, url, addresses, content_type)
    found = (_link(entry, url, addresses, language) for entry in entries)
    links = tuple(merge(link for link in found if link is not None).values())
    if not links:
        reason = f"a feed without an article of {addresses.base}; {_advice(addresses)}"
        raise ChannelError(url, FailureStage.EMPTY_LIST, reason)
    return links


def _advice(addresses: SourceUrls) -> str:
    return f"if the feed has moved, set channels in [sources.{addresses.source.name}]"


def _not_a_feed(url: str, addresses: SourceUrls, got: str) -> ChannelError:
    return ChannelError(url, FailureStage.NOT_A_FEED, f"no feed but {got}; {_advice(addresses)}")


class _Entry(NamedTuple):
    """One entry of a feed of either kind, as it was written."""

    hrefs: tuple[str, ...]
    title: str
    published_raw: str  # its date
    sections: tuple[str, ...]


def _link(entry: _Entry, url: str, addresses: SourceUrls, language: str | None) -> Link | None:
    found = (addresses.article_url(href, url) for href in entry.hrefs)
    address = next((address for address in found if address is not None), None)
    if address is None:
        return None
    # Not feedparser's reading: it takes a date without a zone for UTC, and 31 June for 1 July.
    date = parse_date(entry.published_raw, ZoneInfo(addresses.source.timezone))
    return Link(
        url=address,
        channel=url,
        title=_plain(entry.title) or None,
        published_at=None if date is None else date[0],
        published_raw=clean_text(entry.published_raw) or None,
        sections=tuple(dict.fromkeys(folded for name in entry.sections if (folded := normalize_section(_plain(name))))),
        language=addresses.language(address) or language,
    )


def _plain(title: str) -> str:
    """A title without tags and entities, which feeds wrap once or twice."""
    for _ in range(2):
        title = html.unescape(_ANY_TAG.sub("", _BREAKING_TAG.sub(" ", title[:_LONGEST_TITLE])))
    return clean_text(title)


def _xml_entries(body: bytes, url: str, addresses: SourceUrls, content_type: str | None) -> list[_Entry]:
    text = _text(body, content_type)
    root = _root(text)
    if root is None:
        raise _not_a_feed(url, addresses, _document_kind(body, text))
    if len(_ENTITY.findall(text)) > len(_SMALL_ENTITY.findall(text)):
        raise ChannelError(url, FailureStage.PARSE, "the feed declares entities that could expand without end: refused")
    feed = _parse(text[root:], url)
    if not feed.get("version") and not feed.entries:
        raise _not_a_feed(url, addresses, _document_kind(body, text))
    return [_xml_entry(entry) for entry in feed.entries]


def _text(body: bytes, content_type: str | None) -> str:
    """The feed without what no XML may hold. Valid UTF-8 is UTF-8, whatever header or declaration say."""
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
    """Where the feed's first tag or declaration stands; None if the text starts as something else."""
    first = _FIRST_TAG.search(_PREAMBLE.sub("", text[:_START]))
    if first is None or first[1].lower() in _NO_FEED:
        return None
    found = _FEED_START.search(text, 0, _START)
    return None if found is None else found.start()


def _document_kind(body: bytes, text: str) -> str:
    """What was answered in place of a feed."""
    if not text.strip():
        return "an empty answer"
    other = sniff_non_html(body)
    if other is not None:
        return other
    first = _FIRST_TAG.search(_PREAMBLE.sub("", text[:_START]))
    if first is None:
        return "plain text"
    return "HTML" if "<html" in text[:_START].lower() else f"a document of <{first[1]}>"


def _parse(text: str, url: str) -> feedparser.FeedParserDict:
    # A stream and not a string: feedparser opens a string that looks like an address or a file name.
    stream = BytesIO(text.encode())
    headers = {"content-type": "application/xml; charset=utf-8"}
    # Without a base of its own feedparser resolves nothing, and _link does it once for each link it looks at; with one
    # it resolves the base of every element anew, a quarter of its time.
    if _BASE.search(text):
        headers["content-location"] = url
    try:
        return feedparser.parse(stream, response_headers=headers, resolve_relative_uris=False, sanitize_html=False)
    except Exception as error:
        # feedparser's second, forgiving parser raises whatever its parts do (AssertionError, IndexError, ...).
        raise ChannelError(
            url, FailureStage.PARSE, f"feedparser broke on it ({type(error).__name__}: {error})"
        ) from error


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
    """The entries of a JSON Feed (version 1 or 1.1), or None for other JSON and what is none at all."""
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
