"""Write articles as RSS 2.0 and Atom 1.0 feeds, in pieces of XML as rows come in.

Atom follows RFC 4287, RSS the specification and the profile of the RSS Advisory Board: a title is plain text, a
description is HTML. Every entry has the source, the terms of use and the fetch time; its summary is the sentence that
matches, if asked for, and the description of the page, or its credit if it has none. Characters that XML 1.0 forbids
are dropped; terminal control characters become character references, so that nothing is lost.

A publication day without a time is `dc:date`, which has days; the elements that need a time have its midnight with the
zone `-00:00`, which says that the local time is unknown (RFC 3339 §4.3, RFC 5322 §3.3).
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5

from storage.articles.results import ArticleSummary, Highlight
from storage.model.published import day_or_time

# Characters outside of https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Markup and terminal control characters. XML parsers turn a literal carriage return into a line feed.
_SPECIAL = re.compile("[&<>\"'\r\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# What begins a tag, a comment or a declaration of HTML.
_MARKUP = re.compile("<[A-Za-z/!?]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}

FEED_ID_ENTITIESPACE = "urn:presswatch:article"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMetadata:
    """Title, query, home page and time of a feed. Feeds of the same `query` have the same id."""

    title: str
    query: str
    home: str  # URL of the web page of the feed
    generated_at: datetime


def escaped(text: str) -> str:
    """Escape text for an XML element or attribute."""
    return _SPECIAL.sub(_reference, _FORBIDDEN.sub("", text))


def _reference(match: re.Match[str]) -> str:
    return _ENTITIES.get(match[0]) or f"&#{ord(match[0])};"


def _element(name: str, text: str, **attributes: str) -> str:
    attributes_text = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{attributes_text}>{escaped(text)}</{name}>\n"


def iter_atom(rows: Iterable[Highlight], head: FeedMetadata, next_page: Callable[[], str | None]) -> Iterator[str]:
    """Yield an Atom feed. `next_page` is called after the last entry and returns the cursor of the next page."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:presswatch="{FEED_ID_ENTITIESPACE}">\n'
        + _element("title", head.title)
        + _element("id", uuid5(NAMESPACE_URL, f"{FEED_ID_ENTITIESPACE}:{head.query}").urn)
        + _element("updated", head.generated_at.isoformat())
        + f'<link rel="alternate" href="{escaped(head.home)}"/>\n'
        + "<generator>Presswatch</generator>\n"
    )
    for row in rows:
        yield _atom_entry(row.article, _summary(row, str))
    yield _next_link(next_page(), "link") + "</feed>\n"


def _atom_entry(article: ArticleSummary, summary: str) -> str:
    published_at, day = article.published_at, _day(article)
    changed_at = article.revised_at or (None if day else published_at) or article.first_seen_at
    published = "" if published_at is None else f"{day}T00:00:00-00:00" if day else published_at.isoformat()
    return (
        "<entry>\n"
        + _element("title", article.title, type="text")
        + _element("id", article.url)
        + f'<link rel="alternate" href="{escaped(article.url)}"{_language(article, "hreflang")}/>\n'
        + (_element("dc:date", day) if day else "")
        + (_element("published", published) if published else "")
        + _element("updated", changed_at.isoformat())
        + f"<author>{_element('name', article.source_title).rstrip()}</author>\n"
        + "".join(f'<category term="{escaped(section)}"/>\n' for section in article.sections)
        + _element("summary", summary, type="text")
        + _element("rights", article.terms, type="text")
        + _attribution(article)
        + "</entry>\n"
    )


def iter_rss(rows: Iterable[Highlight], head: FeedMetadata, next_page: Callable[[], str | None]) -> Iterator[str]:
    """Yield an RSS feed, as `iter_atom`."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:presswatch="{FEED_ID_ENTITIESPACE}">\n<channel>\n'
        + _element("title", head.title)
        + _element("link", head.home)
        + _element("description", _as_html(f"Articles that match: {head.query}"))
        + _element("lastBuildDate", format_datetime(head.generated_at))
        + "<generator>Presswatch</generator>\n"
    )
    for row in rows:
        yield _rss_item(row.article, _summary(row, _as_html))
    yield _next_link(next_page(), "atom:link") + "</channel>\n</rss>\n"


def _rss_item(article: ArticleSummary, summary: str) -> str:
    published_at, day = article.published_at, _day(article)
    # Without a zone, format_datetime writes -0000.
    at = published_at.replace(tzinfo=None) if published_at is not None and day else published_at
    return (
        "<item>\n"
        + _element("title", article.title)
        + _element("link", article.url)
        + _element("guid", article.url, isPermaLink="true")
        + (_element("pubDate", format_datetime(at)) if at else "")
        + (_element("dc:date", day) if day else "")
        + "".join(_element("category", section) for section in article.sections)
        + _element("description", summary)
        + _element("dc:creator", article.source_title)
        + (_element("dc:language", article.language) if article.language else "")
        + _element("dc:rights", article.terms)
        + _attribution(article)
        + "</item>\n"
    )


def _summary(row: Highlight, markup: Callable[[str], str]) -> str:
    credit = "" if row.description else _credit(row.article)
    return "\n".join(markup(text) for text in (row.snippet, row.description, credit) if text)


def _credit(article: ArticleSummary) -> str:
    fetched = f"{article.fetched_at:%Y-%m-%d %H:%M}"
    return f"{article.source_title} ({article.source}), fetched {fetched} UTC. {article.terms}".rstrip()


def _as_html(text: str) -> str:
    """Return text as HTML that reads the same; escaped only if a reader would take a part of it for markup."""
    return html.escape(text, quote=False) if _MARKUP.search(text) or html.unescape(text) != text else text


def _day(article: ArticleSummary) -> str | None:
    """Return the publication day, such as 2026-03-05, of an article without a time of publication."""
    day = day_or_time(article.published_at, article.published_precision)
    return None if day is None or isinstance(day, datetime) else day.isoformat()


def _attribution(article: ArticleSummary) -> str:
    return _element("presswatch:source", article.source) + _element(
        "presswatch:fetched_at", article.fetched_at.isoformat()
    )


def _language(article: ArticleSummary, name: str) -> str:
    return f' {name}="{escaped(article.language)}"' if article.language else ""


def _next_link(cursor: str | None, name: str) -> str:
    return "" if cursor is None else f'<{name} rel="next" href="?after={escaped(cursor)}"/>\n'
