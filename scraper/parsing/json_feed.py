"""Read the entries of JSON Feeds, version 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scraper.parsing.feed_cleaning import MAX_ENTRIES, MAX_FIELD_LENGTH, MAX_FIELD_VALUES
from scraper.parsing.feed_entries import FeedEntries, FeedEntry, TitleType
from storage.model.urls import MAX_URL_LENGTH


def read_json_entries(text: str) -> FeedEntries | None:
    """Read the entries of a JSON Feed; None if the text is not a JSON Feed.

    Raw control characters in strings and text behind the feed are accepted. Numbers are not read: a long one costs the
    square of its digits.
    """
    decoder = json.JSONDecoder(strict=False, parse_int=_no_number, parse_float=_no_number, parse_constant=_no_number)
    try:
        feed, _end = decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(feed, dict) or "jsonfeed.org" not in str(feed.get("version"))[:MAX_URL_LENGTH]:
        return None
    items = feed.get("items")
    entries = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    notices = (f"only the first {MAX_ENTRIES:,} entries are read",) if len(entries) > MAX_ENTRIES else ()
    return FeedEntries(tuple(_entry(item) for item in entries[:MAX_ENTRIES]), is_feed=True, notices=notices)


def _no_number(_text: str) -> None:
    return None


def _entry(item: Mapping[str, Any]) -> FeedEntry:
    def text(name: str, longest: int = MAX_FIELD_LENGTH) -> str:
        value = item.get(name)
        return value[:longest] if isinstance(value, str) else ""

    tags = item.get("tags")
    hrefs = [text(name, MAX_URL_LENGTH + 1).strip() for name in ("url", "external_url")]
    # "The id … ideally the full URL of the resource": some feeds have no other.
    hrefs += [identifier for identifier in (text("id").strip(),) if "://" in identifier]
    return FeedEntry(
        hrefs=tuple(href for href in hrefs if href and len(href) <= MAX_URL_LENGTH),
        title=text("title"),
        title_type=TitleType.TEXT,
        dates=tuple(filter(None, (text("date_published"),))),
        categories=tuple(tag[:MAX_FIELD_LENGTH] for tag in tags[:MAX_FIELD_VALUES] if isinstance(tag, str))
        if isinstance(tags, list)
        else (),
    )
