"""Looking at channels: ask, judge by content, and plan what the crawl fetches."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from scraper.errors import ChannelError
from scraper.feeds import parse_feed
from scraper.links import merge
from scraper.listing import parse_list
from scraper.selection import Choice, Target, choose, find_gap, more_pages
from scraper.session import Session
from scraper.source import Channel, Feed
from storage.channels import ChannelState, Look
from storage.errors import ConfigError
from storage.links import Gap
from storage.records import Failure, Known, Link, Stage, Why

logger = logging.getLogger(__name__)

UNCONDITIONAL_EVERY = timedelta(hours=24)
"""How often validators are put to the test by asking without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a channel answered: a 2xx with its body, or a 304."""

    status: int
    url: str
    body: bytes
    etag: str | None
    last_modified: str | None
    content_type: str | None


Ask = Callable[[str, Mapping[str, str]], Awaitable[Answer]]
"""Fetches an address with these headers; raises ChannelError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one channel listed, and what is to be remembered of the look once its links are noted."""

    state: ChannelState
    links: Sequence[Link]
    look: Look


async def plan(session: Session, ask: Ask) -> tuple[Target, ...]:
    """What this crawl fetches: the articles named by hand, or what the channels and the store give."""
    if session.options.urls:
        return await _asked(session)
    looks = [await _look(session, channel, ask) for channel in session.channels]
    return await _choose(session, [seen for seen in looks if seen is not None])


async def _asked(session: Session) -> tuple[Target, ...]:
    asked: dict[str, Target] = {}  # two spellings of one address are one request
    for url in session.options.urls:
        address = session.addresses.article(url)
        if address is None:
            raise ConfigError(f"{url} is no article address of {session.source.name} at {session.addresses.base}")
        await session.call(session.store.links.ask, session.source.name, address, now=session.now())
        asked[address] = Target(url=address, why=Why.ASKED)
    return tuple(asked.values())


async def _look(session: Session, channel: Channel, ask: Ask) -> Seen | None:
    url = session.addresses.channel(channel.path)
    state = await session.call(session.store.channels.state, session.source.name, url)
    try:
        return await _ask_channel(session, channel, state, ask)
    except ChannelError as error:
        failure = Failure(url=url, stage=error.stage, reason=error.reason)
        session.failures.append(failure)
        await session.call(session.store.channels.failed, state.id, failure, now=session.now())
        return None


async def _ask_channel(session: Session, channel: Channel, state: ChannelState, ask: Ask) -> Seen:
    fingerprint = session.fingerprint(channel)
    conditional = may_ask_conditionally(state, fingerprint, session.now())
    answer = await ask(state.url, validators(state) if conditional else {})
    look = judge(state, answer, fingerprint=fingerprint, conditional=conditional)
    if not look.changed:
        return Seen(state=state, links=(), look=look)
    links = parse_channel(session, channel, answer)
    more = await _turn_pages(session, channel, links, ask)
    return Seen(state=state, links=(*links, *more), look=look)


def may_ask_conditionally(state: ChannelState, fingerprint: str, now: datetime) -> bool:
    """Whether "not modified" would be believed: same reader and settings, validators that passed their last test."""
    tested = state.unconditional_at is not None and now - state.unconditional_at < UNCONDITIONAL_EVERY
    return state.validators_trusted and state.fingerprint == fingerprint and tested


def validators(state: ChannelState) -> dict[str, str]:
    """The headers of a conditional request (RFC 9110 §13.1)."""
    headers = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return {name: value for name, value in headers.items() if value is not None}


def judge(state: ChannelState, answer: Answer, *, fingerprint: str, conditional: bool) -> Look:
    """What an answer says of its channel: changed or not, and whether its validators can be trusted.

    A body that changed under an equal ETag has told a lie; such a channel is asked unconditionally from then on.
    """
    if answer.status == 304:
        body_hash, changed, trusted = state.body_hash, False, state.validators_trusted
    else:
        body_hash = blake2b(answer.body, digest_size=16).hexdigest()
        moved = body_hash != state.body_hash
        changed = moved or fingerprint != state.fingerprint
        lied = moved and answer.etag is not None and answer.etag == state.etag and state.body_hash is not None
        trusted = state.validators_trusted and not lied
    return Look(
        etag=answer.etag or (state.etag if answer.status == 304 else None),
        last_modified=answer.last_modified or (state.last_modified if answer.status == 304 else None),
        body_hash=body_hash,
        fingerprint=fingerprint,
        validators_trusted=trusted,
        conditional=conditional,
        changed=changed,
    )


def parse_channel(session: Session, channel: Channel, answer: Answer) -> tuple[Link, ...]:
    """The links of a feed or list page, judged by its content. Raises ChannelError."""
    if isinstance(channel, Feed):
        links = parse_feed(
            answer.body,
            url=answer.url,
            addresses=session.addresses,
            language=channel.language,
            content_type=answer.content_type,
        )
    else:
        links = parse_list(
            answer.body,
            url=answer.url,
            source=session.source,
            addresses=session.addresses,
            language=channel.language,
            content_type=answer.content_type,
        )
    if not links:
        raise ChannelError(answer.url, Stage.EMPTY_LIST, "lists no article of this source")
    return links


async def _turn_pages(session: Session, channel: Channel, first: Sequence[Link], ask: Ask) -> list[Link]:
    """The further pages of a list that is paged, as long as they bring something new.

    A page that fails ends the list, not the look: what the pages before it listed was seen.
    """
    if isinstance(channel, Feed) or channel.paging is None:
        return []
    links: list[Link] = []
    page, seen, turned = first, set[str](), 1
    while await _is_worth_turning(session, page, seen, turned):
        seen.update(link.url for link in page)
        turned += 1
        url = session.addresses.channel(channel.path + channel.paging.replace("{page}", str(turned)))
        try:
            page = parse_channel(session, channel, await ask(url, {}))
        except ChannelError as error:
            logger.warning("%s: paging ends here: %s", url, error.reason)
            break
        links.extend(replace(link, channel=first[0].channel) for link in page)
    return links


async def _is_worth_turning(session: Session, page: Sequence[Link], seen: set[str], turned: int) -> bool:
    urls = [link.url for link in page]
    known = session.store.links.known
    before = await session.call(known, session.source.name, urls, now=session.now(), all_articles=False)
    return more_pages(urls, seen, before.keys(), turned=turned)


async def _choose(session: Session, looks: Sequence[Seen]) -> tuple[Target, ...]:
    source, store = session.source.name, session.store
    links = [link for seen in looks for link in seen.links]
    session.listed.update(link.url for link in links)
    everything = session.policy.relook == "all"
    found = await session.call(store.links.known, source, session.listed, now=session.now(), all_articles=everything)
    known = {url: one for url, one in found.items() if session.addresses.holds(url)}
    choice = choose(links, known, now=session.now(), policy=session.policy)
    session.fresh = len(session.listed - known.keys())
    session.changed = any(seen.look.changed for seen in looks)
    session.relooks_due = choice.relooks_due
    session.relooks = sum(target.why is Why.RELOOK for target in choice.fetch)
    named = section_hints(links, known)
    for seen in looks:
        hinted = [replace(link, sections=named[link.url]) for link in seen.links]
        await _remember(session, replace(seen, links=hinted), missed=_has_gap(seen, known.keys()))
    await _settle(session, choice)
    return choice.fetch


def section_hints(links: Sequence[Link], known: Mapping[str, Known]) -> dict[str, tuple[str, ...]]:
    """The sections that any channel, now or before, named an address under: a story may be in several."""
    before = {url: one.sections for url, one in known.items()}
    return {link.url: tuple(dict.fromkeys((*before.get(link.url, ()), *link.sections))) for link in merge(links)}


def _has_gap(seen: Seen, known: Collection[str]) -> bool:
    return find_gap([link.url for link in seen.links], known, had_good_look=seen.state.last_good_at is not None)


async def _remember(session: Session, seen: Seen, *, missed: bool) -> None:
    """Links first, the look after: a crawl killed between the two must not find "not modified" next time."""
    source, store = session.source.name, session.store
    gap = _gap(seen) if missed else None
    if seen.look.changed:
        await session.call(store.links.note, source, seen.state.id, seen.links, now=session.now(), gap=gap)
    else:
        await session.call(store.links.still_listed, seen.state.id, now=session.now())
    if gap is not None:
        logger.warning("%s: %s", gap.channel, gap.details["sentence"])
    await session.call(store.channels.looked, seen.state.id, seen.look, now=session.now())


def _gap(seen: Seen) -> Gap:
    sentence = (
        f"none of its {len(seen.links)} links was known: articles that came since "
        f"{seen.state.last_good_at:%Y-%m-%d %H:%M} UTC may have been missed"
    )
    details = {"sentence": sentence, "listed": len(seen.links), "last_good_at": str(seen.state.last_good_at)}
    return Gap(channel=seen.state.url, details=details)


async def _settle(session: Session, choice: Choice) -> None:
    links = session.store.links
    session.set_aside = len(choice.filtered)
    await session.call(links.filter, choice.filtered)
    await session.call(links.reopen, choice.reopened)
    await session.call(links.explain_pending, choice.left)
