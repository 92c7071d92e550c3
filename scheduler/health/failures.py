"""Find blocked and failing channels, crawls that fail, and validators that lie, from the last polls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.health.findings import Finding, Json, iso
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import LOCAL_CAUSE_TEXTS, FailureCause
from storage.model.records import FailureStage
from storage.scheduling.health_queries import ChannelHealth
from storage.text.counts import counted
from storage.text.durations import format_duration

BLOCKED_POLLS = 2
"""Consecutive failed polls of a blocked channel: a single 429 may be caused by our own rate."""
FAILING_POLLS = 3
"""Consecutive failed polls of a failing channel …"""
FAILING_AFTER = timedelta(hours=1)
"""… with the last successful poll at least this long ago: at a poll a minute, three failures are no problem."""
RECOVERY_TIME = timedelta(hours=1)
"""Time without a failed poll before an open event closes: a channel that fails every other poll would otherwise open
and close it all day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlFailures:
    """Consecutive failed crawls of a source."""

    source: str
    failures: int  # consecutive, up to the last crawl
    first_failed_at: datetime | None
    local_failures: int = 0  # consecutive crawls that failed on this side
    local_cause: FailureCause | None = None
    first_local_failure_at: datetime | None = None


def channel_findings(channels: Sequence[ChannelHealth], *, now: datetime) -> list[Finding]:
    """Find blocked and failing channels, and bad validators.

    Findings with `opens=False` keep an event open and open none: too few failures, or a
    successful poll less than `RECOVERY_TIME` after one.
    """
    return [finding for channel in channels for finding in _channel_finding(channel, now)]


def crawl_finding(crawls: CrawlFailures, channels: Sequence[ChannelHealth], *, now: datetime) -> Finding | None:
    """Find crawls that fail without a failing channel: killed, crashed, not started. None after a successful one."""
    if crawls.failures == 0:
        return None
    blameless = all(channel.consecutive_failures == 0 for channel in channels)
    since = f" since {iso(crawls.first_failed_at)}" if crawls.first_failed_at else ""
    sentence = (
        f"{crawls.source}: {counted(crawls.failures, 'consecutive crawl')} failed{since}, none because of a channel;"
        f" run presswatch crawl {crawls.source} and read its error"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "failures": crawls.failures,
        "first_failed_at": iso(crawls.first_failed_at),
        "found_at": iso(now),
    }
    opens = blameless and crawls.failures >= FAILING_POLLS
    return Finding(kind=EventKind.FAILING, subject=crawls.source, details=details, opens=opens)


def local_findings(crawls: CrawlFailures | None, problem: str | None) -> list[Finding]:
    """Find faults on this side: crawls that failed by one, and a problem of the daemon itself."""
    findings = []
    if crawls is not None and crawls.local_cause is not None and crawls.local_failures > 0:
        since = iso(crawls.first_local_failure_at)
        failed = counted(crawls.local_failures, "consecutive crawl")
        sentence = (
            f"{LOCAL_CAUSE_TEXTS[crawls.local_cause]}: {failed} since {since};"
            f" no failure of the source; read presswatch runs --source {crawls.source}"
        )
        details: dict[str, Json] = {"sentence": sentence, "cause": crawls.local_cause, "first_failed_at": since}
        findings.append(Finding(kind=EventKind.LOCAL_FAILURE, subject=crawls.local_cause, details=details))
    if problem is not None:
        details = {"sentence": problem, "cause": FailureCause.CONFIGURATION}
        findings.append(Finding(kind=EventKind.LOCAL_FAILURE, subject=PROBLEM_SUBJECT, details=details))
    return findings


PROBLEM_SUBJECT = "daemon"
"""Subject of the event of a problem of the daemon itself."""


def _channel_finding(channel: ChannelHealth, now: datetime) -> Iterator[Finding]:
    if channel.consecutive_failures > 0 or _failed_lately(channel, now):
        blocked = channel.failure_stage is FailureStage.BLOCKED
        yield _failure_finding(
            channel, EventKind.BLOCKED, now, opens=blocked and channel.consecutive_failures >= BLOCKED_POLLS
        )
        yield _failure_finding(channel, EventKind.FAILING, now, opens=not blocked and _is_failing(channel, now))
    if not channel.validators_trusted:
        yield _bad_validators(channel)


def _failed_lately(channel: ChannelHealth, now: datetime) -> bool:
    # A time in the future is of a clock that was set back since.
    at = channel.last_failed_at
    return at is not None and timedelta(0) <= now - at < RECOVERY_TIME


def _is_failing(channel: ChannelHealth, now: datetime) -> bool:
    good = channel.last_success_at
    return channel.consecutive_failures >= FAILING_POLLS and (good is None or now - good >= FAILING_AFTER)


def _failure_finding(channel: ChannelHealth, kind: EventKind, now: datetime, *, opens: bool) -> Finding:
    good = channel.last_success_at
    last = f"last success {format_duration(now - good)} ago, at {iso(good)}" if good else "never successful"
    problem = "blocked" if kind is EventKind.BLOCKED else "failed"
    polls = counted(channel.consecutive_failures, "consecutive poll")
    sentence = f"{channel.url}: {problem} in {polls} ({_failure_reason(channel)}); {last}; {_failure_hint(channel)}"
    details: dict[str, Json] = {
        "sentence": sentence,
        "stage": channel.failure_stage,
        "reason": channel.reason,
        "failures": channel.consecutive_failures,
        "last_success_at": iso(good),
        "found_at": iso(now),
    }
    return Finding(kind=kind, subject=channel.url, details=details, opens=opens)


def _failure_reason(channel: ChannelHealth) -> str:
    return ": ".join(text for text in (channel.failure_stage, channel.reason) if text) or "no reason recorded"


FAILURE_HINTS: Mapping[FailureStage, str] = {
    FailureStage.BLOCKED: "poll less often, or ask the site for permission",
    FailureStage.ROBOTS: "read its robots.txt and configure other channels",
    FailureStage.HTTP_4XX: "open it and see whether its URL has changed",
    FailureStage.NOT_A_FEED: "open it and see whether its URL has changed",
    FailureStage.EMPTY_LIST: "open it and compare it with the source's declaration",
    FailureStage.PARSE: "open it and compare it with the source's declaration",
}


def _failure_hint(channel: ChannelHealth) -> str:
    return FAILURE_HINTS.get(channel.failure_stage, _WAIT) if channel.failure_stage else _WAIT


_WAIT = "open it; if it works in a browser, check the network of this machine"


def _bad_validators(channel: ChannelHealth) -> Finding:
    sentence = (
        f"{channel.url}: its body changed under an equal ETag, so every poll downloads it whole; nothing is lost, "
        "each poll costs more bytes"
    )
    details = {"sentence": sentence, "last_success_at": iso(channel.last_success_at)}
    return Finding(kind=EventKind.BAD_VALIDATORS, subject=channel.url, details=details)
