"""Read the entries of an RSS or Atom feed with feedparser, after scraper.parsing.feed_cleaning has bounded it."""

from __future__ import annotations

import re
from enum import Enum
from io import BytesIO
from typing import NamedTuple

import feedparser

from scraper.parsing.feed_cleaning import clean_feed

_HEADERS = {"content-type": "application/xml; charset=utf-8"}
_ROOT_END = re.compile(r"</(?:[\w-]++:)?(?:rss|feed|rdf)\s*+>", re.IGNORECASE)
_ENTRY_TAG = re.compile(r"<(/?)(?:[\w-]++:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_ENTRY_END_BEGUN = re.compile(r"</(?:[\w-]++:)?(?:i(?:t(?:em?)?)?|e(?:n(?:t(?:ry?)?)?)?)\s*", re.IGNORECASE)


class TitleType(Enum):
    """Markup of a title."""

    TEXT = "text"  # without markup
    HTML = "html"  # Atom: HTML, escaped once
    UNKNOWN = "unknown"  # RSS: text, or HTML that is escaped once or twice


class FeedEntry(NamedTuple):
    """Entry of a feed, as written; URLs may be relative to that of the feed. URLs and dates are in their precedence."""

    hrefs: tuple[str, ...] = ()
    title: str = ""
    title_type: TitleType = TitleType.TEXT
    dates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()


class FeedEntries(NamedTuple):
    """Entries of a document; `is_feed`: it has the root element of a feed or an entry. `notices`: what was not read."""

    entries: tuple[FeedEntry, ...]
    is_feed: bool
    notices: tuple[str, ...]


def drop_cut_entry(text: str) -> str:
    """Return a feed without its last entry if it is cut in it; one whose end tag has begun is whole.

    Half a URL would be a link of its own, half a category another section.
    """
    if _ROOT_END.search(text) is not None:
        return text
    tags = list(_ENTRY_TAG.finditer(text))
    if not tags or tags[-1][1]:
        return text
    last = text.rfind("<")
    return text[: last if _ENTRY_END_BEGUN.fullmatch(text, last) else tags[-1].start()]


def read_entries(text: str, url: str) -> FeedEntries:
    """Read the entries of a feed at `url` as far as it is understood.

    Raises UnboundedEntitiesError for a document type whose entities could expand without end.
    """
    cleaned = clean_feed(text, url)
    # A stream, because feedparser opens a string that looks like a URL or a file name.
    stream = BytesIO(cleaned.text.encode())
    feed = feedparser.parse(stream, response_headers=_HEADERS, resolve_relative_uris=False, sanitize_html=False)
    is_atom = (feed.get("version") or "").startswith("atom")
    entries = tuple(_entry(entry, is_atom=is_atom) for entry in feed.entries)
    return FeedEntries(entries, cleaned.is_feed, cleaned.notices)


def _entry(entry: feedparser.FeedParserDict, *, is_atom: bool) -> FeedEntry:
    def text(name: str) -> str:
        # Not entry.get(): feedparser answers it with the published date if there is no updated one.
        return str(dict.get(entry, name) or "")

    links = (link.get("href") for link in entry.get("links", ()))
    # Not the parsed dates: feedparser takes one without a zone for UTC, and 31 June for 1 July.
    dates = (text(name) for name in ("published", "updated", "created"))
    return FeedEntry(
        hrefs=tuple(href for href in (text("feedburner_origlink"), *links, text("id")) if href),
        title=text("title"),
        title_type=_title_type(entry, is_atom=is_atom),
        dates=tuple(date for date in dates if date),
        categories=tuple(tag["term"] for tag in entry.get("tags", ()) if tag.get("term")),
    )


def _title_type(entry: feedparser.FeedParserDict, *, is_atom: bool) -> TitleType:
    if not is_atom:
        return TitleType.UNKNOWN
    return TitleType.HTML if entry.get("title_detail", {}).get("type") == "text/html" else TitleType.TEXT
