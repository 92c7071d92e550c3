"""Read the links of a channel's response, of the further pages of a list and of the children of a sitemap index."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from scraper.crawl.parser_process import ParserDiedError
from scraper.crawl.selection import should_fetch_next_page
from scraper.crawl.session import CrawlSession, SourceContext
from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from scraper.parsing.json_list import parse_json_list
from scraper.parsing.list_page import next_page_url, parse_listing_page
from scraper.parsing.markup_limits import is_costly
from scraper.parsing.sitemaps import ParsedSitemap, is_large, parse_sitemap, select_children
from scraper.source import Channel, Feed, JsonItems, JsonList, ListingPage, Paging, Sitemap
from storage.model.errors import ConfigError
from storage.model.records import FailureStage, Link

logger = logging.getLogger(__name__)

LARGE_CHANNEL_SIZE = 1_000_000
"""Bytes above which a channel is parsed in the parser process. One of this size takes 1.6 s at the worst, for the
time is linear in it (tests/scraper/parsing/test_feed_limits.py); a feed of 1,000 entries has half of it, and the
start of the process costs 0.4 s."""

MAX_INDEX_DEPTH = 2
"""Maximum depth of indexes of sitemaps that name other indexes."""

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelResponse:
    """Successful response of a channel: a 2xx with its body, or a 304."""

    status: int
    url: str
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str | None


FetchChannel = Callable[[str, Mapping[str, str]], Awaitable[ChannelResponse]]
"""Fetches a URL with request headers; raises ChannelError."""


async def read_channel(
    session: CrawlSession, channel: Channel, response: ChannelResponse, fetch: FetchChannel
) -> tuple[Link, ...]:
    """Return the links of a feed or a list with its further pages. Raises ChannelError, also if it has no article."""
    links = await parse_channel(session, channel, response)
    match channel:
        case ListingPage(paging=Paging() as paging):
            pages = _pages_of(session, channel, paging, response, fetch)
            return (*links, *await _read_pages(session, links, pages, most=paging.most))
        case JsonList() if "{page}" in channel.path:
            pages = _json_pages(session, channel.path, channel.items, channel.first + 1, channel.language, fetch)
            return (*links, *await _read_pages(session, links, pages, most=channel.most))
        case _:
            return links


async def parse_channel(context: SourceContext, channel: Channel, response: ChannelResponse) -> tuple[Link, ...]:
    """Parse the links of one response, in the parser process if it is large."""
    match channel:
        case Feed():
            feed = await _call_parser(
                context,
                parse_feed,
                response.body,
                url=response.url,
                urls=context.urls,
                language=channel.language,
                content_type=response.content_type,
            )
            for notice in feed.notices:
                logger.warning("%s: %s", response.url, notice)
            links = feed.links
        case ListingPage():
            links = await _call_parser(
                context,
                parse_listing_page,
                response.body,
                url=response.url,
                source=context.source,
                urls=context.urls,
                language=channel.language,
                content_type=response.content_type,
                teasers=channel.teasers,
                polled_at=context.now(),
            )
        case JsonList():
            links = await _parse_json(context, response, channel.items, channel.language)
        case _:
            raise TypeError(f"{type(channel).__name__} is read by read_sitemap")
    if not links:
        raise ChannelError(response.url, FailureStage.EMPTY_LIST, "lists no article of this source")
    return links


async def _parse_json(
    context: SourceContext, response: ChannelResponse, items: JsonItems, language: str | None
) -> tuple[Link, ...]:
    return await _call_parser(
        context, parse_json_list, response.body, url=response.url, urls=context.urls, items=items, language=language
    )


_PAGE_PARSERS: frozenset[Callable[..., Any]] = frozenset({parse_listing_page, next_page_url})


async def _call_parser(
    context: SourceContext, parser: Callable[..., Parsed], body: bytes, *, url: str, **options: Any
) -> Parsed:
    is_costly_page = parser in _PAGE_PARSERS and is_costly(body)
    if not is_costly_page and not is_large(body, LARGE_CHANNEL_SIZE):
        return parser(body, url=url, **options)
    try:
        return await context.parser.call(parser, body, url=url, **options)
    except ParserDiedError as error:
        raise ChannelError(url, FailureStage.PARSE, f"{error.reason} ({len(body)} bytes)") from error


async def _read_pages(
    session: CrawlSession, first: Sequence[Link], pages: AsyncIterator[tuple[Link, ...]], *, most: int | None
) -> list[Link]:
    """Read the further pages of a list while they list new links.

    A page that is not found or lists nothing is the end of the list; one that fails ends the pagination, not the poll:
    the links of earlier pages are kept.
    """
    links: list[Link] = []
    page, seen, page_number = first, set[str](), 1
    try:
        while await _is_next_page_needed(session, page, seen, page_number, most):
            seen.update(link.url for link in page)
            page_number += 1
            following = await anext(pages, None)
            if following is None:
                break
            page = following
            links.extend(replace(link, channel=first[0].channel) for link in page)
    except ChannelError as error:
        if error.is_end_of_list:
            logger.debug("%s: the list ends: %s", error.url, error.reason)
        else:
            logger.warning("%s: pagination ends here: %s", error.url, error.reason)
    return links


async def _is_next_page_needed(
    session: CrawlSession, page: Sequence[Link], seen: set[str], page_number: int, most: int | None
) -> bool:
    urls = [link.url for link in page]
    known_before = await session.call(session.store.links.stored, session.source.name, urls)
    return should_fetch_next_page(urls, seen, known_before, page_number=page_number, most=most)


async def _pages_of(
    context: SourceContext, channel: ListingPage, paging: Paging, first: ChannelResponse, fetch: FetchChannel
) -> AsyncIterator[tuple[Link, ...]]:
    """Yield the links of the pages after the first, each fetched when it is asked for."""
    if paging.json is not None and paging.items is not None:
        pages = _json_pages(context, paging.json, paging.items, paging.first, channel.language, fetch)
        async for links in pages:
            yield links
        return
    if paging.link is not None:
        async for links in _linked_pages(context, channel, paging.link, first, fetch):
            yield links
        return
    number = paging.first
    while paging.suffix is not None:
        url = context.urls.channel_url(channel.path + paging.suffix.replace("{page}", str(number)))
        yield await parse_channel(context, channel, await fetch(url, {}))
        number += 1


async def _linked_pages(
    context: SourceContext, channel: ListingPage, link: str, first: ChannelResponse, fetch: FetchChannel
) -> AsyncIterator[tuple[Link, ...]]:
    """Yield the links of the pages that each name the next one; the list ends with a page that names none."""
    response, seen = first, {first.url}
    while True:
        found = await _call_parser(
            context,
            next_page_url,
            response.body,
            url=response.url,
            link=link,
            content_type=response.content_type,
        )
        if found is None or found in seen:
            return
        if not context.may_request(found):
            logger.warning("%s: names a next page on another host: %s", response.url, found[:200])
            return
        seen.add(found)
        try:
            url = context.urls.channel_url(found)
        except ConfigError as error:  # the site names it, not the configuration
            raise ChannelError(response.url, FailureStage.PARSE, f"its next page: {error}") from error
        response = await fetch(url, {})
        yield await parse_channel(context, channel, response)


async def _json_pages(
    context: SourceContext, path: str, items: JsonItems, first: int, language: str | None, fetch: FetchChannel
) -> AsyncIterator[tuple[Link, ...]]:
    number = first
    while True:
        url = context.urls.channel_url(path.replace("{page}", str(number)))
        yield await _parse_json(context, await fetch(url, {}), items, language)
        number += 1


@dataclass(frozen=True, slots=True)
class SitemapReading:
    """Links of a sitemap or of the children of an index; an undated index does not say when its children changed."""

    links: tuple[Link, ...]
    is_index: bool = False
    is_undated_index: bool = False


async def read_sitemap(
    context: SourceContext,
    channel: Sitemap,
    response: ChannelResponse,
    fetch: FetchChannel,
    *,
    last_read_at: datetime | None,
) -> SitemapReading:
    """Return the links of a sitemap, or those of the children of an index that changed since `last_read_at`.

    Raises ChannelError: another document, no article of this source, or no child could be read.
    """
    sitemap = await _parse_sitemap(context, channel, response)
    if not sitemap.is_index:
        if not sitemap.links:
            raise ChannelError(response.url, FailureStage.EMPTY_LIST, "a sitemap without an article of this source")
        return SitemapReading(sitemap.links)
    links = await _read_children(context, channel, response.url, sitemap, fetch, last_read_at, depth=1)
    if not links and last_read_at is None:
        raise ChannelError(response.url, FailureStage.EMPTY_LIST, "a sitemap index without an article of this source")
    links = [replace(link, channel=response.url) for link in links]
    is_undated = any(child.lastmod is None for child in sitemap.children)
    return SitemapReading(tuple(links), is_index=True, is_undated_index=is_undated)


async def _parse_sitemap(context: SourceContext, channel: Sitemap, response: ChannelResponse) -> ParsedSitemap:
    sitemap = await _call_parser(
        context, parse_sitemap, response.body, url=response.url, urls=context.urls, language=channel.language
    )
    for notice in sitemap.notices:
        logger.info("%s: %s", response.url, notice)
    return sitemap


async def _read_children(
    context: SourceContext,
    channel: Sitemap,
    index_url: str,
    index: ParsedSitemap,
    fetch: FetchChannel,
    last_read_at: datetime | None,
    depth: int,
) -> list[Link]:
    """Read the selected children of an index; one that fails is left out, unless all of them fail."""
    chosen, left_out = select_children(index.children, last_read_at=last_read_at)
    if left_out:
        logger.warning("%s: %d changed sitemaps are left out of this poll", index_url, left_out)
    links: list[Link] = []
    failed: list[ChannelError] = []
    for child in chosen:
        if not context.may_request(child.url):
            logger.warning("%s: names a sitemap on another host: %s", index_url, child.url)
            continue
        try:
            url = context.urls.channel_url(child.url)
            parsed = await _parse_sitemap(context, channel, await fetch(url, {}))
        except ConfigError as error:
            logger.warning("%s: names a sitemap that cannot be fetched: %s", index_url, error)
            continue
        except ChannelError as error:
            logger.warning("%s: %s", error.url, error.reason)
            failed.append(error)
            continue
        links.extend(parsed.links)
        if parsed.is_index and depth < MAX_INDEX_DEPTH:
            links.extend(await _read_children(context, channel, url, parsed, fetch, last_read_at, depth + 1))
    if failed and len(failed) == len(chosen):
        first = failed[0]
        reason = f"none of its sitemaps could be read: {first.url}: {first.reason}"
        raise ChannelError(index_url, first.stage, reason, first.http_status)
    return links
