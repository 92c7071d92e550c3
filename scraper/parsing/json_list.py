"""Parse lists of articles in JSON into links, by the paths that a source declares."""

from __future__ import annotations

import html
import re
from typing import Any
from zoneinfo import ZoneInfo

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date
from scraper.parsing.json_paths import find_count, find_text, find_values, load_json
from scraper.parsing.source_urls import SourceUrls, merge
from scraper.source import JsonItems
from storage.model.records import FailureStage, Link
from storage.model.urls import MAX_URL_LENGTH
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

MAX_ITEMS = 1_000
"""Maximum items of one document that are read."""

MAX_FIELD_LENGTH = 2_000

_TAG = re.compile(r"<[^<>]{0,200}>")


def parse_json_list(
    body: bytes, *, url: str, urls: SourceUrls, items: JsonItems, language: str | None
) -> tuple[Link, ...]:
    """Parse the links of a JSON document at `url`, in its order, with title, date and section.

    A date is a text, or a Unix time in seconds or milliseconds. Raises ChannelError with stage `parse` for another
    document, `empty list` for one without an article of the source.
    """
    try:
        document = load_json(body)
    except ValueError as error:
        raise ChannelError(url, FailureStage.PARSE, f"no JSON list: {error}") from error
    links = []
    count = 0
    for item in find_values(document, items.items):
        count += 1
        if count > MAX_ITEMS:
            break
        link = _link(item, url, urls, items, language)
        if link is not None:
            links.append(link)
    if not links:
        read = f"{count} items" if count <= MAX_ITEMS else f"first {MAX_ITEMS:,} items"
        found = f"no article of {urls.base} in its {read}" if count else f"nothing at {items.items!r}"
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"{found}; see items and url of this channel")
    return tuple(merge(links).values())


def _link(item: Any, url: str, urls: SourceUrls, items: JsonItems, language: str | None) -> Link | None:
    href = find_text(item, items.url)
    base = url if urls.is_own(url) else None  # an API on another host has paths of the site
    article = None if href is None or len(href) > MAX_URL_LENGTH else urls.find_article(href, base)
    if article is None:
        return None
    raw = (find_text(item, items.published) or "")[:MAX_FIELD_LENGTH]
    language = urls.listed_language(article.url, language)
    date = parse_date(raw, ZoneInfo(urls.source.timezone), language=language) if raw else None
    title = html.unescape(_TAG.sub("", (find_text(item, items.title) or "")[:MAX_FIELD_LENGTH]))
    section = normalize_section(find_text(item, items.section) or "")
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=clean_text(title) or None,
        published_at=None if date is None else date[0],
        published_raw=clean_text(raw) or None,
        published_precision=None if date is None else date[1],
        sections=tuple(filter(None, (section,))),
        view_count=find_count(item, items.views),
        language=language,
    )
