"""The health of a source, from the rows to its events."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.failing import CrawlFacts
from scheduler.health import SourceFacts, assess, transitions
from scraper.source import Source
from storage import evidence
from storage.events import Event
from storage.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

ARRIVALS_OF = timedelta(weeks=8)
RECENT = 40
"""Pages in which a drift must show; some hours of a busy source, two days of a slow one."""
BEFORE = 300
"""Pages before them, which say what is usual."""


def check(store: Store, source: Source, schedule: Schedule | None, *, now: datetime) -> None:
    """Open and close the events of a source by what its rows show now. Raises StoreError."""
    events = store.events.find(source=source.name, open_only=True)
    found = assess(_facts(store, source, schedule, events, now), now=now)
    moved = transitions(events, found, now=now)
    for finding in moved.opened:
        logger.warning("%s: %s: %s", source.name, finding.kind, finding.sentence)
        store.events.open(
            source=source.name, kind=finding.kind, subject=finding.subject, details=finding.details, now=now
        )
    for event in moved.closed:
        logger.info("%s: %s %s: over", source.name, event.kind, event.subject)
        store.events.close(event.id, now=now)


def _facts(store: Store, source: Source, schedule: Schedule | None, events: list[Event], now: datetime) -> SourceFacts:
    samples = evidence.extraction_samples(store, source.name, limit=RECENT + BEFORE)
    return SourceFacts(
        timezone=ZoneInfo(source.timezone),
        since=evidence.first_crawls(store).get(source.name),
        default_per_day=source.per_day,
        arrivals=evidence.arrivals(store, source.name, since=now - ARRIVALS_OF),
        recent=samples[:RECENT],
        before=samples[RECENT:],
        channels=evidence.channel_health(store, source.name),
        open_events=events,
        crawls=None if schedule is None else _crawls(schedule),
    )


def _crawls(schedule: Schedule) -> CrawlFacts:
    return CrawlFacts(source=schedule.source, failures=schedule.failures, first_failed_at=schedule.first_failure_at)
