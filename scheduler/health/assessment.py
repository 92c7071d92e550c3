"""Assess the health of a source, and compute the events to open and close.

One alert on entry, one on recovery, none in between: a finding opens an event only if none of its kind and subject is
open, and an event closes only without such a finding, not even one by the lower threshold of recovery.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.health.drift import detect_drift
from scheduler.health.failures import CrawlFailures, channel_findings, crawl_finding, local_findings
from scheduler.health.findings import Finding
from scheduler.health.silence import detect_silence
from scheduler.planning.publish_rates import ExpectedCount
from storage.crawling.events import Event
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.scheduling.health_queries import ChannelHealth, ExtractionSample


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthInputs:
    """Stored data that the health of a source is assessed from; see the function that takes each."""

    timezone: ZoneInfo
    since: datetime | None  # end of the first successful poll; None before
    default_per_day: float
    arrivals: Sequence[datetime]
    recent: Sequence[ExtractionSample]
    earlier: Sequence[ExtractionSample]
    channels: Sequence[ChannelHealth]
    open_events: Collection[Event] = ()
    crawls: CrawlFailures | None = None
    problem: str | None = None  # of the daemon itself


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChanges:
    """Changes of the events of a source; `opened` and `closed` lead to one alert each, `still_open` to none."""

    at: datetime
    opened: tuple[Finding, ...]
    closed: tuple[Event, ...]
    still_open: tuple[Event, ...]


def assess(facts: HealthInputs, *, now: datetime, expectation: ExpectedCount | None = None) -> list[Finding]:
    """Find all problems of a source, of the lasting kinds; `expectation` replaces the rates estimated for silence."""
    silence = None
    if facts.since is not None:
        silence = detect_silence(
            facts.arrivals,
            timezone=facts.timezone,
            since=facts.since,
            now=now,
            last_success_at=oldest_successful_poll(facts.channels),
            default_per_day=facts.default_per_day,
            expectation=expectation,
        )
    drift = detect_drift(facts.recent, facts.earlier, open_events=facts.open_events)
    channels = channel_findings(facts.channels, now=now)
    crawls = crawl_finding(facts.crawls, facts.channels, now=now) if facts.crawls is not None else None
    of_source = [finding for finding in (silence, crawls) if finding is not None]
    return [*of_source, *drift, *channels, *local_findings(facts.crawls, facts.problem)]


def oldest_successful_poll(channels: Sequence[ChannelHealth]) -> datetime | None:
    """Return the time up to which all channels were polled successfully; None if one never was."""
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
    """Compute the events of one source to open, to close and to keep.

    `judged` are the kinds that were assessed; an open event of another kind is kept. With the same findings again, and
    the opened events among the open ones, nothing opens and nothing closes.
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
