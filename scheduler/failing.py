"""Find blocked and failing channels, crawls that fail, and validators that lie, from the last polls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.findings import Finding, Json, iso, spoken
from storage.event_kinds import EventKind
from storage.evidence import ChannelHealth
from storage.records import Stage

REPEATED = 2
"""Failed looks in a row that make a blocked channel: one 429 may be our own haste."""
LOOKS = 3
"""Failed looks in a row that make a failing channel …"""
TIME = timedelta(hours=1)
"""… when the last good one is also so long ago: with looks every minute, three failures are a hiccup."""
CALM = timedelta(hours=1)
"""No look may have failed for so long before an open event is closed, or a channel that fails every other time would
open and close it all day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlFacts:
    """How the crawls of a source ended lately."""

    source: str
    failures: int  # in a row, up to the last crawl
    first_failed_at: datetime | None


def channel_findings(channels: Sequence[ChannelHealth], *, now: datetime) -> list[Finding]:
    """Find blocked and failing channels, and bad validators.

    Findings with `opens=False` keep an event open and open none: a channel that failed once since, or has been good for
    less than `CALM`.
    """
    return [finding for channel in channels for finding in _of_channel(channel, now)]


def crawl_finding(crawls: CrawlFacts, channels: Sequence[ChannelHealth], *, now: datetime) -> Finding | None:
    """Crawls that fail without a channel's fault: killed, crashed, ended before they began. None after a good one."""
    if crawls.failures == 0:
        return None
    blameless = all(channel.failures == 0 for channel in channels)
    since = f" since {iso(crawls.first_failed_at)}" if crawls.first_failed_at else ""
    sentence = (
        f"{crawls.source}: its crawls failed {crawls.failures} times in a row{since}, not for a channel;"
        f" run presswatch crawl {crawls.source} and see what it says"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "failures": crawls.failures,
        "first_failed_at": iso(crawls.first_failed_at),
        "found_at": iso(now),
    }
    opens = blameless and crawls.failures >= LOOKS
    return Finding(kind=EventKind.FAILING, subject=crawls.source, details=details, opens=opens)


def _of_channel(channel: ChannelHealth, now: datetime) -> Iterator[Finding]:
    if channel.failures > 0 or _failed_lately(channel, now):
        blocked = channel.stage is Stage.BLOCKED
        yield _trouble(channel, EventKind.BLOCKED, now, opens=blocked and channel.failures >= REPEATED)
        yield _trouble(channel, EventKind.FAILING, now, opens=not blocked and _fails_for_long(channel, now))
    if not channel.validators_trusted:
        yield _bad_validators(channel)


def _failed_lately(channel: ChannelHealth, now: datetime) -> bool:
    return channel.last_failed_at is not None and now - channel.last_failed_at < CALM


def _fails_for_long(channel: ChannelHealth, now: datetime) -> bool:
    good = channel.last_good_at
    return channel.failures >= LOOKS and (good is None or now - good >= TIME)


def _trouble(channel: ChannelHealth, kind: EventKind, now: datetime, *, opens: bool) -> Finding:
    good = channel.last_good_at
    last = f"last good {spoken(now - good)} ago, at {iso(good)}" if good else "never a good one"
    what = "turned away" if kind is EventKind.BLOCKED else "failed"
    sentence = (
        f"{channel.url}: {what} in {channel.failures} looks in a row ({_why(channel)}); {last}; {_advice(channel)}"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "stage": channel.stage,
        "reason": channel.reason,
        "failures": channel.failures,
        "last_good_at": iso(good),
        "found_at": iso(now),
    }
    return Finding(kind=kind, subject=channel.url, details=details, opens=opens)


def _why(channel: ChannelHealth) -> str:
    return ": ".join(word for word in (channel.stage, channel.reason) if word) or "no reason was kept"


ADVICE: Mapping[Stage, str] = {
    Stage.BLOCKED: "look less often, or ask the site for leave",
    Stage.ROBOTS: "read its robots.txt and set other channels",
    Stage.HTTP_4XX: "open it and see whether the address moved",
    Stage.NOT_A_FEED: "open it and see whether the address moved",
    Stage.EMPTY_LIST: "open it and compare it with the source's declaration",
    Stage.PARSE: "open it and compare it with the source's declaration",
}


def _advice(channel: ChannelHealth) -> str:
    return ADVICE.get(channel.stage, _WAIT) if channel.stage else _WAIT


_WAIT = "open it; if it works for you, see the network of this machine"


def _bad_validators(channel: ChannelHealth) -> Finding:
    sentence = (
        f"{channel.url}: its body changed under an equal ETag, so it is fetched whole at every look; nothing is lost, "
        "each look costs more bytes"
    )
    details = {"sentence": sentence, "last_good_at": iso(channel.last_good_at)}
    return Finding(kind=EventKind.BAD_VALIDATORS, subject=channel.url, details=details)
