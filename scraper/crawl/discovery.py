"""Poll the channels of a source, evaluate their responses, and select the fetches of the crawl."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from scraper.crawl.selection import FetchRequest, RecrawlMode, select, should_fetch_next_page
from scraper.crawl.session import CrawlSession
from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from scraper.parsing.list_page import parse_list
from scraper.parsing.source_urls import merge
from scraper.source import Channel, Feed
from storage.crawling.channels import ChannelState, PollResult
from storage.crawling.crawls import ChannelPoll
from storage.model.errors import ConfigError
from storage.model.records import FailureStage, FetchFailure, FetchPurpose, Link

logger = logging.getLogger(__name__)

UNCONDITIONAL_INTERVAL = timedelta(hours=24)
"""How often validators are put to the test by asking without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelResponse:
    """What a channel answered: a 2xx with its body, or a 304."""

    status: int
    url: str
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str | None


FetchChannel = Callable[[str, Mapping[str, str]], Awaitable[ChannelResponse]]
"""Fetches an address with these headers; raises ChannelError."""


async def discover(session: CrawlSession, fetch: FetchChannel) -> tuple[FetchRequest, ...]:
    """Return the fetches of this crawl: the articles named by hand, or those its channels and the store give."""
    if session.options.urls:
        return await _named_by_hand(session)
    # One after the other: a Retry-After that the first answers with holds back the next.
    polls = [await _poll(session, channel, fetch) for channel in session.channels]
    return await _select(session, polls)


async def _named_by_hand(session: CrawlSession) -> tuple[FetchRequest, ...]:
    urls: dict[str, None] = {}  # two spellings of one URL are one request
    for url in session.options.urls:
        address = session.urls.article_url(url)
        if address is None:
            raise ConfigError(f"{url} is no article address of {session.source.name} at {session.urls.base}")
        urls[address] = None
    await session.call(session.store.links.ensure, session.source.name, list(urls), now=session.now())
    return tuple(FetchRequest(url=url, purpose=FetchPurpose.REQUESTED) for url in urls)


async def _poll(session: CrawlSession, channel: Channel, fetch: FetchChannel) -> ChannelPoll:
    state = session.channel_states[session.urls.channel_url(channel.path)]
    try:
        return await _poll_channel(session, channel, state, fetch)
    except ChannelError as error:
        failure = FetchFailure(url=state.url, failure_stage=error.stage, reason=error.reason)
        session.failures.append(failure)
        return ChannelPoll(state=state, failure=failure)


async def _poll_channel(
    session: CrawlSession, channel: Channel, state: ChannelState, fetch: FetchChannel
) -> ChannelPoll:
    fingerprint = session.fingerprint(channel)
    conditional = can_use_conditional_get(state, fingerprint, session.now())
    response = await fetch(state.url, validators(state) if conditional else {})
    result = evaluate_response(state, response, fingerprint=fingerprint, conditional=conditional)
    if not result.changed:
        return ChannelPoll(state=state, result=result)
    links = parse_channel(session, channel, response)
    more = await _fetch_next_pages(session, channel, links, fetch)
    return ChannelPoll(state=state, links=(*links, *more), result=result)


def can_use_conditional_get(state: ChannelState, fingerprint: str, now: datetime) -> bool:
    """Whether "not modified" would be believed: same reader and settings, validators that passed their last test."""
    tested = state.last_unconditional_at is not None and now - state.last_unconditional_at < UNCONDITIONAL_INTERVAL
    return state.validators_trusted and state.parser_fingerprint == fingerprint and tested


def validators(state: ChannelState) -> dict[str, str]:
    """The headers of a conditional request (RFC 9110 §13.1)."""
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def evaluate_response(
    state: ChannelState, response: ChannelResponse, *, fingerprint: str, conditional: bool
) -> PollResult:
    """What an answer says of its channel: changed or not, and whether its validators can be trusted.

    A body that changed under an equal ETag has told a lie; such a channel is asked unconditionally from then on.
    """
    if response.status == 304:
        body_hash, changed, trusted = state.body_hash, False, state.validators_trusted
    else:
        body_hash = blake2b(response.body, digest_size=16).hexdigest()
        moved = body_hash != state.body_hash
        changed = moved or fingerprint != state.parser_fingerprint
        lied = moved and response.etag is not None and response.etag == state.etag and state.body_hash is not None
        trusted = state.validators_trusted and not lied
    return PollResult(
        etag=response.etag or (state.etag if response.status == 304 else None),
        last_modified=response.last_modified or (state.last_modified if response.status == 304 else None),
        body_hash=body_hash,
        fingerprint=fingerprint,
        validators_trusted=trusted,
        conditional=conditional,
        changed=changed,
    )


def parse_channel(session: CrawlSession, channel: Channel, response: ChannelResponse) -> tuple[Link, ...]:
    """The links of a feed or list page, judged by its content. Raises ChannelError."""
    if isinstance(channel, Feed):
        links = parse_feed(
            response.body,
            url=response.url,
            addresses=session.urls,
            language=channel.language,
            content_type=response.content_type,
        )
    else:
        links = parse_list(
            response.body,
            url=response.url,
            source=session.source,
            addresses=session.urls,
            language=channel.language,
            content_type=response.content_type,
        )
    if not links:
        raise ChannelError(response.url, FailureStage.EMPTY_LIST, "lists no article of this source")
    return links


async def _fetch_next_pages(
    session: CrawlSession, channel: Channel, first: Sequence[Link], fetch: FetchChannel
) -> list[Link]:
    """The further pages of a list that is paged, as long as they bring something new.

    A page that fails ends the list, not the look: what the pages before it listed was seen.
    """
    if isinstance(channel, Feed) or channel.paging is None:
        return []
    links: list[Link] = []
    page, seen, turned = first, set[str](), 1
    while await _is_next_page_needed(session, page, seen, turned):
        seen.update(link.url for link in page)
        turned += 1
        url = session.urls.channel_url(channel.path + channel.paging.replace("{page}", str(turned)))
        try:
            page = parse_channel(session, channel, await fetch(url, {}))
        except ChannelError as error:
            logger.warning("%s: paging ends here: %s", url, error.reason)
            break
        links.extend(replace(link, channel=first[0].channel) for link in page)
    return links


async def _is_next_page_needed(session: CrawlSession, page: Sequence[Link], seen: set[str], turned: int) -> bool:
    urls = [link.url for link in page]
    known = session.store.links.known
    before = await session.call(known, session.source.name, urls, now=session.now(), all_articles=False)
    return should_fetch_next_page(urls, seen, before.keys(), turned=turned)


async def _select(session: CrawlSession, polls: Sequence[ChannelPoll]) -> tuple[FetchRequest, ...]:
    crawls, now = session.store.crawls, session.now()
    listed = merge(link for poll in polls for link in poll.links)
    session.listed.update(listed)
    everything = session.policy.recrawl is RecrawlMode.ALL
    record = await session.call(
        crawls.record_polls, session.source.name, polls, listed, now=now, all_articles=everything
    )
    for gap in record.gaps:
        logger.warning("%s: %s", gap.channel, gap.details["sentence"])
    known = {url: one for url, one in record.known.items() if session.urls.is_in_base(url)}
    choice = select(listed, known, now=now, policy=session.policy)
    session.new_links = len(listed.keys() - known.keys())
    session.changed = any(poll.is_changed for poll in polls)
    session.filtered = len(choice.filtered)
    session.recrawls_due = choice.recrawls_due
    session.recrawls = sum(target.purpose is FetchPurpose.RECRAWL for target in choice.requests)
    await session.call(crawls.record_selection, polls, filtered=choice.filtered, pending=choice.pending, now=now)
    return choice.requests
