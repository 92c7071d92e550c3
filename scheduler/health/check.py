"""Check the health of a source: read its rows, and open and close its events."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.health.assessment import HealthInputs, assess, event_changes
from scheduler.health.failures import CrawlFailures
from scraper.source import Source
from storage.crawling.events import Event
from storage.scheduling import health_queries
from storage.scheduling.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

ARRIVAL_HISTORY = timedelta(weeks=8)
MAX_RECENT_PAGES = 40
"""Newest pages that drift is detected in: some hours of a busy source, two days of a slow one."""
MAX_EARLIER_PAGES = 300
"""Earlier pages, the baseline of drift detection."""


def check_source(
    store: Store, source: Source, schedule: Schedule | None, *, now: datetime, problem: str | None = None
) -> None:
    """Assess a source from its stored rows, and open and close its events. Raises StoreError.

    `problem` is trouble of the daemon itself, in a sentence.
    """
    events = store.events.find(source=source.name, open_only=True)
    inputs = replace(_health_inputs(store, source, schedule, events, now), problem=problem)
    findings = assess(inputs, now=now)
    changes = event_changes(events, findings, now=now)
    for finding in changes.opened:
        logger.warning("%s: %s: %s", source.name, finding.kind, finding.sentence)
        store.events.open(
            source=source.name, kind=finding.kind, subject=finding.subject, details=finding.details, now=now
        )
    for event in changes.closed:
        logger.info("%s: %s %s: closed", source.name, event.kind, event.subject)
        store.events.close(event.id, now=now)


def _health_inputs(
    store: Store, source: Source, schedule: Schedule | None, events: list[Event], now: datetime
) -> HealthInputs:
    samples = health_queries.extraction_samples(store, source.name, limit=MAX_RECENT_PAGES + MAX_EARLIER_PAGES)
    return HealthInputs(
        timezone=ZoneInfo(source.timezone),
        since=health_queries.first_crawl_end(store, source.name),
        default_per_day=source.per_day,
        arrivals=health_queries.arrival_times(store, source.name, since=now - ARRIVAL_HISTORY),
        recent=samples[:MAX_RECENT_PAGES],
        earlier=samples[MAX_RECENT_PAGES:],
        channels=health_queries.channel_health(store, source.name),
        open_events=events,
        crawls=None if schedule is None else _crawls(schedule),
    )


def _crawls(schedule: Schedule) -> CrawlFailures:
    return CrawlFailures(
        source=schedule.source,
        failures=schedule.consecutive_failures,
        first_failed_at=schedule.first_failure_at,
        local_failures=schedule.local_failures,
        local_cause=schedule.local_failure_cause,
        first_local_failure_at=schedule.first_local_failure_at,
    )
