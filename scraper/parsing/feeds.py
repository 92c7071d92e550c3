"""Parse RSS, Atom and JSON feeds into links. The format is recognized by content, not by content type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date
from scraper.parsing.decoding import decode, sniff_non_html
from scraper.parsing.feed_entries import FeedEntries, FeedEntry, TitleType, drop_cut_entry, read_entries
from scraper.parsing.feed_tokens import UnboundedEntitiesError, decode_references
from scraper.parsing.json_feed import read_json_entries
from scraper.parsing.source_urls import SourceUrls, merge
from storage.model.records import DatePrecision, FailureStage, Link
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

_MAX_PROLOG_LENGTH = 65536
"""Maximum characters before the root element of a feed."""

_MAX_TITLE_LENGTH = 2000

_PREAMBLE = re.compile(r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_FIRST_TAG = re.compile(r"<([A-Za-z_][\w:.-]*)")
_NO_FEED = frozenset({"html", "head", "body", "meta", "script"})
_FEED_START = re.compile(r"<\?xml\b|<!DOCTYPE\s++(?!html)|<(?:[\w-]++:)?(?:rss|feed|RDF)\b", re.IGNORECASE)
_DECLARED_ENCODING = re.compile(rb"<\?xml[^>]*?\bencoding\s*=\s*[\"']([\w.:-]+)")
# Characters that XML 1.0 §2.2 forbids.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
_CDATA_MARK = re.compile(r"<!\[CDATA\[|\]\]>")
_BREAKING_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|td|tr)\b[^<>]*>", re.IGNORECASE)
# Elements of HTML only: a title may name a type, <int>, which is no markup.
_HTML_TAG = re.compile(
    r"</?(?:a|abbr|acronym|address|article|aside|audio|b|base|big|blockquote|body|button|canvas|caption|center|cite|code"
    r"|dd|del|details|dfn|dl|dt|em|embed|fieldset|figcaption|figure|font|footer|form|frame|head|header|hr|html|i|iframe"
    r"|img|input|ins|kbd|label|legend|link|main|mark|meta|nav|nobr|noscript|object|option|pre|q|s|samp|script|section"
    r"|select|small|span|strike|strong|style|sub|summary|sup|svg|table|tbody|textarea|tfoot|th|thead|time|title|tt|u|var"
    r"|video|wbr)(?:[\s/][^<>]*)?>|<!--.*?(?:-->|\Z)",
    re.DOTALL | re.IGNORECASE,
)
# An ampersand of a URL that was escaped once more than XML asks for, as `&amp;` or as WordPress's `&#038;`.
_ESCAPED_AMPERSAND = re.compile(r"&(?:amp|#0*38|#[xX]0*26);")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """Links of a feed, in its order. `notices` name, one a line, the parts of the feed that were not read."""

    links: tuple[Link, ...]
    notices: tuple[str, ...] = ()


def parse_feed(
    body: bytes, *, url: str, urls: SourceUrls, language: str | None, content_type: str | None
) -> ParsedFeed:
    """Parse the links of a feed at `url` (RSS, Atom, JSON Feed), with title, date and sections.

    Malformed feeds are parsed as far as possible: a blank before the XML declaration, a wrong charset, a bare ampersand
    lose no entry, a cut end only its own. The URL of an entry is the first of its links that is an article of the
    source; its guid only if it has no such link. Future dates are kept. Raises ChannelError with stage `not a
    feed` and the format found instead, `parse` for unbounded entities, `empty list` for a feed without an article of
    the source.
    """
    feed = _entries(body, url, urls, content_type)
    parsed = (_link(entry, url, urls, language) for entry in feed.entries)
    links = tuple(merge(link for link in parsed if link is not None).values())
    if not links:
        reason = "; ".join((f"a feed without an article of {urls.base}", *feed.notices, _advice(urls)))
        raise ChannelError(url, FailureStage.EMPTY_LIST, reason)
    return ParsedFeed(links=links, notices=feed.notices)


def _advice(urls: SourceUrls) -> str:
    return f"if the feed has moved, set channels in [sources.{urls.source.name}]"


def _entries(body: bytes, url: str, urls: SourceUrls, content_type: str | None) -> FeedEntries:
    text = _text(body, content_type)
    plain = text.lstrip("\ufeff \t\r\n")
    feed = read_json_entries(plain) if plain.startswith("{") else None
    if feed is None and (root := _root(text)) is not None:
        try:
            feed = read_entries(drop_cut_entry(text[root:]), url)
        except UnboundedEntitiesError as error:
            reason = "the feed declares entities that could expand without end: refused"
            raise ChannelError(url, FailureStage.PARSE, reason) from error
    if feed is None or not feed.is_feed:
        raise ChannelError(url, FailureStage.NOT_A_FEED, f"no feed but {_document_kind(body, text)}; {_advice(urls)}")
    return feed


def _text(body: bytes, content_type: str | None) -> str:
    """Decode a feed and drop characters that XML forbids. Valid UTF-8 takes precedence over a declared charset."""
    try:
        text = body.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        declared = _DECLARED_ENCODING.search(body[:1024])
        in_header = content_type is not None and "charset" in content_type.lower()
        text = decode(body, content_type if in_header or declared is None else f"charset={declared[1].decode()}")
    return _FORBIDDEN.sub("", text)


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


def _link(entry: FeedEntry, url: str, urls: SourceUrls, language: str | None) -> Link | None:
    candidates = (urls.find_article(_ESCAPED_AMPERSAND.sub("&", href), url) for href in entry.hrefs)
    article = next((candidate for candidate in candidates if candidate is not None), None)
    if article is None:
        return None
    language = urls.listed_language(article.url, language)
    parsed, published_raw = _published(entry.dates, ZoneInfo(urls.source.timezone), language)
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=_title(entry.title, entry.title_type) or None,
        published_at=None if parsed is None else parsed[0],
        published_raw=clean_text(published_raw) or None,
        published_precision=None if parsed is None else parsed[1],
        sections=tuple(
            dict.fromkeys(
                section for name in entry.categories if (section := normalize_section(_title(name, TitleType.UNKNOWN)))
            )
        ),
        language=language,
    )


def _published(
    dates: Iterable[str], timezone: ZoneInfo, language: str
) -> tuple[tuple[datetime, DatePrecision] | None, str]:
    """Return the first date that is understood, and as written; else the first date as written."""
    first = None
    for text in dates:
        first = text if first is None else first
        date = parse_date(text, timezone, language=language)
        if date is not None:
            return date, text
    return None, first or ""


def _title(text: str, title_type: TitleType) -> str:
    """Strip the markup that a title of its type may have."""
    title = text[:_MAX_TITLE_LENGTH]
    if title_type is not TitleType.TEXT:
        title = _CDATA_MARK.sub("", title)  # of a section in a section
    for _ in range({TitleType.TEXT: 0, TitleType.HTML: 1, TitleType.UNKNOWN: 2}[title_type]):
        title = decode_references(_HTML_TAG.sub("", _BREAKING_TAG.sub(" ", title)))
    return clean_text(title)
