"""Articles as a feed: RSS 2.0 and Atom 1.0, which any reader can follow. Each yields pieces of XML as articles come in.

Atom is as RFC 4287 has it, RSS as its advisory board's specification. Both carry source, terms and time of the fetch in
every entry. Characters that XML 1.0 forbids are dropped; what could steer a terminal is written as a reference, so that
nothing is lost by being safe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from uuid import NAMESPACE_URL, uuid5

from storage.articles.results import ArticleSummary, Highlight

# What is not in https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Markup, and what a terminal may obey. A plain carriage return would be read as a line feed.
_SPECIAL = re.compile("[&<>\"'\r\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_NAMES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}

FEED_ID_NAMESPACE = "urn:presswatch:article"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMetadata:
    """What a feed says of itself. `question` says what was asked; feeds of one question have one id."""

    title: str
    question: str
    home: str  # where a person is sent who follows the feed's own link
    made_at: datetime


def escaped(text: str) -> str:
    """The text as XML may hold it, in an element or an attribute."""
    return _SPECIAL.sub(_reference, _FORBIDDEN.sub("", text))


def _reference(match: re.Match[str]) -> str:
    return _NAMES.get(match[0]) or f"&#{ord(match[0])};"


def _element(name: str, text: str, **attributes: str) -> str:
    written = "".join(f' {key}="{escaped(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{escaped(text)}</{name}>\n"


def iter_atom(found: Iterable[Highlight], head: FeedMetadata, next_page: Callable[[], str | None]) -> Iterator[str]:
    """An Atom feed. `next_page` is asked behind the last entry for the cursor of the page that follows."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xmlns:presswatch="{FEED_ID_NAMESPACE}">\n'
        + _element("title", head.title)
        + _element("id", uuid5(NAMESPACE_URL, f"{FEED_ID_NAMESPACE}:{head.question}").urn)
        + _element("updated", head.made_at.isoformat())
        + f'<link rel="alternate" href="{escaped(head.home)}"/>\n'
        + "<generator>Presswatch</generator>\n"
    )
    for excerpt in found:
        yield _atom_entry(excerpt.article, _summary(excerpt))
    yield _next_link(next_page(), "link") + "</feed>\n"


def _atom_entry(article: ArticleSummary, said: str) -> str:
    dated = article.published_at
    published = _element("published", dated.isoformat()) if dated else ""
    return (
        "<entry>\n"
        + _element("title", article.title, type="text")
        + _element("id", article.url)
        + f'<link rel="alternate" href="{escaped(article.url)}"{_language(article, "hreflang")}/>\n'
        + published
        + _element("updated", (article.revised_at or dated or article.first_seen_at).isoformat())
        + f"<author>{_element('name', article.source_title).rstrip()}</author>\n"
        + "".join(f'<category term="{escaped(section)}"/>\n' for section in article.sections)
        + _element("summary", said, type="text")
        + _element("rights", article.terms, type="text")
        + _attribution(article)
        + "</entry>\n"
    )


def iter_rss(found: Iterable[Highlight], head: FeedMetadata, next_page: Callable[[], str | None]) -> Iterator[str]:
    """An RSS feed, in the same way. Titles and descriptions are HTML to most readers, and are escaped as such."""
    yield (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'xmlns:presswatch="{FEED_ID_NAMESPACE}">\n<channel>\n'
        + _element("title", escaped(head.title))
        + _element("link", head.home)
        + _element("description", escaped(f"Articles that answer: {head.question}"))
        + _element("lastBuildDate", format_datetime(head.made_at))
        + "<generator>Presswatch</generator>\n"
    )
    for excerpt in found:
        yield _rss_item(excerpt.article, _summary(excerpt))
    yield _next_link(next_page(), "atom:link") + "</channel>\n</rss>\n"


def _rss_item(article: ArticleSummary, said: str) -> str:
    dated = article.published_at
    return (
        "<item>\n"
        + _element("title", escaped(article.title))
        + _element("link", article.url)
        + _element("guid", article.url, isPermaLink="true")
        + (_element("pubDate", format_datetime(dated)) if dated else "")
        + "".join(_element("category", section) for section in article.sections)
        + _element("description", escaped(said))
        + _element("dc:creator", article.source_title)
        + (_element("dc:language", article.language) if article.language else "")
        + _element("dc:rights", article.terms)
        + _attribution(article)
        + "</item>\n"
    )


def _summary(excerpt: Highlight) -> str:
    return "\n".join(filter(None, (excerpt.snippet, _credit(excerpt.article))))


def _credit(article: ArticleSummary) -> str:
    fetched = f"{article.fetched_at:%Y-%m-%d %H:%M}"
    return f"{article.source_title} ({article.source}), fetched {fetched} UTC. {article.terms}"


def _attribution(article: ArticleSummary) -> str:
    return _element("presswatch:source", article.source) + _element(
        "presswatch:fetched_at", article.fetched_at.isoformat()
    )


def _language(article: ArticleSummary, name: str) -> str:
    return f' {name}="{escaped(article.language)}"' if article.language else ""


def _next_link(cursor: str | None, name: str) -> str:
    return "" if cursor is None else f'<{name} rel="next" href="?after={escaped(cursor)}"/>\n'
