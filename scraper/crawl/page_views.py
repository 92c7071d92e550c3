"""Read the view count of an article from JSON that its site keeps apart from the page.

The count is a request more, and worth less than the article: whatever fails costs the count alone.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote, unquote, urlsplit

from scraper.crawl.session import SourceContext
from scraper.errors import ChannelError
from scraper.parsing.json_paths import find_count, load_json
from scraper.parsing.source_urls import SourceUrls
from scraper.source import JsonViews
from storage.model.errors import ConfigError
from storage.model.records import ParsedPage
from storage.model.view_counts import VIEWS_FIELD, not_fetched

logger = logging.getLogger(__name__)

MAX_COUNT_SIZE = 1_000_000
"""Bytes of a document that is read for one count: 10 ms at the worst."""

FetchCount = Callable[[str], Awaitable[bytes]]
"""Fetches the document at a URL; raises ChannelError."""


async def with_views(context: SourceContext, page: ParsedPage, answered: str, fetch: FetchCount) -> ParsedPage:
    """Return a page with the count that its source keeps in JSON, or with the problem of it.

    `answered` is the URL that the page was got from.
    """
    views = context.source.views
    if views is None:
        return page
    try:
        url = count_url(views, context.urls, page.article.url, answered)
        count = read_count(await fetch(url), views)
    except ChannelError as error:
        logger.info("%s: no view count: %s, %s", error.url, error.stage, error.reason)
        return _without_count(page, f"{error.stage}: {error.reason}")
    except ValueError as error:
        logger.info("%s: no view count: %s", page.article.url, error)
        return _without_count(page, str(error))
    provenance = {**page.provenance, VIEWS_FIELD: f"json {views.address} {views.path}".rstrip()}
    problems = tuple(one for one in page.article.problems if one.field != VIEWS_FIELD)
    return replace(page, article=replace(page.article, view_count=count, problems=problems), provenance=provenance)


def _without_count(page: ParsedPage, reason: str) -> ParsedPage:
    article = page.article
    return replace(page, article=replace(article, problems=(*article.problems, not_fetched(reason))))


def count_url(views: JsonViews, urls: SourceUrls, article_url: str, answered: str) -> str:
    """Return the URL of the count of an article; parts of its address are percent-encoded.

    Raises ValueError for an article without an id, or whose URL is too long in that of the count.
    """
    number = urls.article_id(article_url)
    if number is None and "{id}" in views.address:
        raise ValueError("the address of the article has no id")
    parts = {"id": unquote(number or ""), "path": urlsplit(answered).path, "url": answered}
    address = re.sub(r"\{(\w+)\}", lambda found: quote(parts[found[1]], safe=""), views.address)
    try:
        return urls.channel_request_url(urls.channel_url(address))
    except ConfigError as error:
        raise ValueError(str(error)) from error


def read_count(body: bytes, views: JsonViews) -> int:
    """Return the count in a document. Raises ValueError that says what is there instead."""
    if len(body) > MAX_COUNT_SIZE:
        raise ValueError(f"the document has {len(body):,} bytes; at most {MAX_COUNT_SIZE:,} are read for a count")
    count = find_count(load_json(body), views.path)
    if count is None:
        raise ValueError(f"no count at {views.path!r}" if views.path else "the document is no count")
    return count
