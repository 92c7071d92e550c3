"""Poll the channels of a source, evaluate their responses, and select the fetches of the crawl."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import TypeVar

from scraper.crawl.article_ids import unify
from scraper.crawl.background import start_task
from scraper.crawl.channel_reading import ChannelResponse, FetchChannel, read_channel, read_sitemap
from scraper.crawl.selection import FetchRequest, RecrawlMode, select
from scraper.crawl.session import CrawlSession
from scraper.errors import ChannelError
from scraper.parsing.source_urls import merge
from scraper.source import Channel, ListingPage, Sitemap
from storage.crawling.channels import ChannelState, PollResult, has_other_site
from storage.crawling.crawls import ChannelPoll
from storage.model.errors import ConfigError, PresswatchError
from storage.model.records import FailureStage, FetchFailure, FetchPurpose

T = TypeVar("T")

logger = logging.getLogger(__name__)

LATE_AFTER = timedelta(seconds=1)
"""Time after the first answer in which those of the other channels are waited for, beside the delay of requests."""
UNCONDITIONAL_INTERVAL = timedelta(hours=24)
"""Time between unconditional requests, which test the validators of a channel."""


async def discover(session: CrawlSession, fetch: FetchChannel) -> AsyncGenerator[tuple[FetchRequest, ...]]:
    """Yield the fetches of this crawl: the URLs of its options, or those selected from its channels and the store.

    The channels that answer together are selected from together, most often all of them; articles do not wait for a
    channel that takes LATE_AFTER longer than another. Recrawls come with the last channels. Raises ConfigError for a
    URL in the options that is not an article of the source, and the StoreError of a poll after all of them have ended.
    """
    if session.options.urls:
        yield await _requested_urls(session)
        return
    polls = [start_task(_poll(session, channel, fetch)) for channel in session.channels]
    try:
        async for answered, is_last in _as_answered(session, polls):
            session.failures.extend(poll.failure for poll in answered if poll.failure is not None)
            yield await _select(session, answered, is_last=is_last)
    finally:
        for poll in polls:
            poll.cancel()


async def _requested_urls(session: CrawlSession) -> tuple[FetchRequest, ...]:
    given: dict[str, str | None] = {}  # two spellings of one URL are one request
    for url in session.options.urls:
        article = session.urls.find_article(url)
        if article is None:
            raise ConfigError(f"{url} is not an article URL of {session.source.name} at {session.urls.base}")
        given.setdefault(article.url, article.request_url)
    marks = session.plan_marks(given)
    ensure = session.store.links.ensure
    stored = await session.call(
        ensure, session.source.name, list(given), now=session.now(), spellings=given, marks=marks
    )
    session.marks.confirm(marks.urls)
    return tuple(
        FetchRequest(
            url=url,
            purpose=FetchPurpose.REQUESTED,
            request_url=stored[url].request_url,
            is_suspect=stored[url].is_suspect,
            listed=stored[url].listed,
        )
        for url in given
    )


async def _as_answered(
    session: CrawlSession, polls: Sequence[asyncio.Task[ChannelPoll]]
) -> AsyncIterator[tuple[list[ChannelPoll], bool]]:
    """Yield the polls that ended together, in their declared order, and whether they are the last."""
    patience = LATE_AFTER + len(polls) * max(session.settings.delay, session.crawl_delay)
    waiting = list(polls)
    while waiting:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(waiting, timeout=patience.total_seconds())
        ended = [poll for poll in waiting if poll.done()]
        waiting = [poll for poll in waiting if poll not in ended]
        if waiting and any(poll.exception() for poll in ended):
            await asyncio.wait(waiting)
        yield [poll.result() for poll in ended], not waiting
    if not polls:
        yield [], True


async def _poll(session: CrawlSession, channel: Channel, fetch: FetchChannel) -> ChannelPoll:
    """Poll one channel. An error is a failure of this channel alone, unless it is one of the store."""
    state = session.channel_states[session.channel_url(channel)]
    try:
        return await _poll_channel(session, channel, state, fetch)
    except ChannelError as error:
        failure = FetchFailure(url=state.url, failure_stage=error.stage, reason=error.reason)
    except PresswatchError:
        raise
    except Exception as error:
        logger.debug("polling %s failed", state.url, exc_info=True)
        reason = f"the parser failed on this channel ({type(error).__name__}: {error})"
        failure = FetchFailure(url=state.url, failure_stage=FailureStage.PARSE, reason=reason)
    return ChannelPoll(state=state, failure=failure)


async def _poll_channel(
    session: CrawlSession, channel: Channel, state: ChannelState, fetch: FetchChannel
) -> ChannelPoll:
    fingerprint = session.fingerprint(channel)
    conditional = can_use_conditional_get(state, fingerprint, session.now())
    if session.source.render and isinstance(channel, ListingPage):
        conditional = False  # the page of a list that its scripts fill is always the same
    response = await fetch(state.url, validators(state) if conditional else {})
    result = evaluate_response(state, response, fingerprint=fingerprint, conditional=conditional)
    if isinstance(channel, Sitemap) and response.status != 304 and (result.changed or not state.validators_trusted):
        last_read_at = state.last_success_at if state.parser_fingerprint == fingerprint else None
        sitemap = await read_sitemap(session, channel, response, fetch, last_read_at=last_read_at)
        # The body of an index without dates stays the same while its children change.
        result = replace(result, validators_trusted=result.validators_trusted and not sitemap.is_undated_index)
        if result.changed or sitemap.is_undated_index:
            listed = replace(result, changed=True)
            return ChannelPoll(state=state, links=sitemap.links, result=listed, shows_gaps=not sitemap.is_index)
    if not result.changed:
        return ChannelPoll(state=state, result=result)
    return ChannelPoll(state=state, links=await read_channel(session, channel, response, fetch), result=result)


def can_use_conditional_get(state: ChannelState, fingerprint: str, now: datetime) -> bool:
    """Return whether a 304 can be trusted: unchanged parser and settings, trusted and recently tested validators."""
    tested = state.last_unconditional_at is not None and now - state.last_unconditional_at < UNCONDITIONAL_INTERVAL
    return state.validators_trusted and state.parser_fingerprint == fingerprint and tested


def validators(state: ChannelState) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110 §13.1)."""
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def evaluate_response(
    state: ChannelState, response: ChannelResponse, *, fingerprint: str, conditional: bool
) -> PollResult:
    """Compare a response with the stored state of its channel: changed or not, validators trusted or not.

    Validators are no longer trusted after a body that changed under an equal ETag; such a channel is then always
    requested unconditionally.
    """
    if response.status == 304:
        body_hash, changed, trusted = state.body_hash, False, state.validators_trusted
    else:
        body_hash = blake2b(response.body, digest_size=16).hexdigest()
        body_changed = body_hash != state.body_hash
        changed = body_changed or fingerprint != state.parser_fingerprint
        same_etag = response.etag is not None and response.etag == state.etag and state.body_hash is not None
        trusted = state.validators_trusted and not (body_changed and same_etag)
    return PollResult(
        etag=response.etag or (state.etag if response.status == 304 else None),
        last_modified=response.last_modified or (state.last_modified if response.status == 304 else None),
        body_hash=body_hash,
        fingerprint=fingerprint,
        validators_trusted=trusted,
        conditional=conditional,
        changed=changed,
    )


async def _select(session: CrawlSession, polls: Sequence[ChannelPoll], *, is_last: bool) -> tuple[FetchRequest, ...]:
    """Record polls and select from their links; those that this crawl has selected before are left out."""
    crawls, now = session.store.crawls, session.now()
    polls = await unify(session, polls)
    listed = merge(link for poll in polls for link in poll.links)
    session.listed.update(listed)
    everything = session.policy.recrawl is RecrawlMode.ALL
    record = await session.call(
        crawls.record_polls,
        session.source.name,
        polls,
        listed,
        now=now,
        run_id=session.run_id,
        all_articles=everything,
    )
    for gap in record.gaps:
        logger.warning("%s: %s", gap.channel, gap.details["sentence"])
    known = {url: link for url, link in record.known.items() if session.urls.is_in_base(url)}
    session.first_listed |= listed.keys() - known.keys()
    policy = replace(
        session.policy,
        max_requests=session.max_requests_in_time,
        used_requests=len(session.selected),
        recrawl=session.policy.recrawl if is_last else RecrawlMode.NONE,
    )
    plan = select(_without(listed, session.selected), _without(known, session.selected), now=now, policy=policy)
    session.selected.update(request.url for request in plan.requests)
    session.filtered = {*session.filtered, *plan.filtered} - session.selected
    session.changed = session.changed or any(poll.is_changed for poll in polls)
    session.recrawls_due = plan.recrawls_due
    session.recrawls = sum(request.purpose is FetchPurpose.RECRAWL for request in plan.requests)
    marks = session.plan_marks(request.url for request in plan.requests)
    await session.call(
        crawls.record_selection, polls, filtered=plan.filtered, pending=plan.pending, now=now, marks=marks
    )
    session.marks.confirm(marks.urls)
    if is_last and session.channels and not session.failures:
        session.channels_read = not await _is_other_site(session)
    return plan.requests


async def _is_other_site(session: CrawlSession) -> bool:
    """Return whether --base-url names another site than the one that is watched, such as a copy of it."""
    if session.options.base_url is None or session.urls.is_original:
        return False
    return await session.call(has_other_site, session.store, session.source.name, session.urls.base)


def _without(links: Mapping[str, T], urls: Collection[str]) -> Mapping[str, T]:
    return {url: link for url, link in links.items() if url not in urls} if urls else links
