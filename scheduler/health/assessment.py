"""The health of a source: everything that is found of it at one moment, and which events that opens and closes.

One alert on entry, one on recovery, none in between: a finding opens an event only if there is none of its kind and
subject, and an event closes only when it is not found again, not even by the lower threshold of recovery.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.health.drift import detect_drift
from scheduler.health.failures import CrawlFailures, channel_findings, crawl_finding
from scheduler.health.findings import Finding
from scheduler.health.silence import detect_silence
from scheduler.planning.publish_rates import ExpectedCount
from storage.crawling.events import Event
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.scheduling.health_queries import ChannelHealth, ExtractionSample


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthInputs:
    """What is stored of a source that its health is judged by; see the function each goes to."""

    timezone: ZoneInfo
    since: datetime | None  # when its first good look was over; None before
    default_per_day: float
    arrivals: Sequence[datetime]
    recent: Sequence[ExtractionSample]
    earlier: Sequence[ExtractionSample]
    channels: Sequence[ChannelHealth]
    open_events: Collection[Event] = ()
    crawls: CrawlFailures | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanges:
    """What a round of health changes. Each of `opened` and `closed` is told once; `kept` is told no more."""

    at: datetime
    opened: tuple[Finding, ...]
    closed: tuple[Event, ...]
    still_open: tuple[Event, ...]


def assess(facts: HealthInputs, *, now: datetime, expectation: ExpectedCount | None = None) -> list[Finding]:
    """Everything found of a source, of the lasting kinds; `expectation` replaces the rate learned for silence."""
    silence = None
    if facts.since is not None:
        silence = detect_silence(
            facts.arrivals,
            timezone=facts.timezone,
            since=facts.since,
            now=now,
            last_good_look_at=oldest_successful_poll(facts.channels),
            default_per_day=facts.default_per_day,
            expectation=expectation,
        )
    drift = detect_drift(facts.recent, facts.earlier, open_events=facts.open_events)
    channels = channel_findings(facts.channels, now=now)
    crawls = crawl_finding(facts.crawls, facts.channels, now=now) if facts.crawls is not None else None
    return [*(one for one in (silence, crawls) if one is not None), *drift, *channels]


def oldest_successful_poll(channels: Sequence[ChannelHealth]) -> datetime | None:
    """Up to when all channels were seen; None if one never was: what it lists cannot be missed yet."""
    good = [channel.last_success_at for channel in channels]
    known = [at for at in good if at is not None]
    return min(known) if known and len(known) == len(good) else None


def event_changes(
    open_events: Collection[Event],
    found: Collection[Finding],
    *,
    now: datetime,
    judged: Collection[EventKind] = LASTING_KINDS,
) -> EventChanges:
    """Which events to open, close and keep, of one source.

    `judged`: the kinds that `found` speaks of; an open event of another kind is kept, since nobody looked for it.
    Given the same findings again, with what was opened among the open events, nothing opens and nothing closes.
    """
    is_open = {event.key for event in open_events}
    present = {finding.key for finding in found}
    entering: dict[tuple[EventKind, str], Finding] = {}
    for finding in found:
        if finding.opens and finding.key not in is_open:
            entering.setdefault(finding.key, finding)
    over = tuple(event for event in open_events if event.kind in judged and event.key not in present)
    kept = tuple(event for event in open_events if event.kind not in judged or event.key in present)
    return EventChanges(at=now, opened=tuple(entering.values()), closed=over, still_open=kept)
