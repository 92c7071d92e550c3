"""The health of a source, from the rows to its events."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.drift import PageFacts
from scheduler.failing import ChannelFacts, CrawlFacts
from scheduler.findings import OpenEvent
from scheduler.health import ASSESSED, SourceFacts, assess, transitions
from scraper.source import Source
from storage import evidence
from storage.evidence import ChannelHealth, ReadPage
from storage.records import EventKind
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
    events = [
        OpenEvent(
            id=one.id, kind=EventKind(one.kind), subject=one.subject, opened_at=one.opened_at, details=one.details
        )
        for one in store.events.find(source=source.name, open_only=True)
    ]
    found = assess(_facts(store, source, schedule, events, now), now=now)
    moved = transitions(events, found, now=now, judged=ASSESSED)
    for finding in moved.opened:
        logger.warning("%s: %s: %s", source.name, finding.kind, finding.sentence)
        store.events.open(
            source=source.name, kind=finding.kind, subject=finding.subject, details=finding.details, now=now
        )
    for event in moved.closed:
        logger.info("%s: %s %s: over", source.name, event.kind, event.subject)
        store.events.close(event.id, now=now)


def _facts(
    store: Store, source: Source, schedule: Schedule | None, events: list[OpenEvent], now: datetime
) -> SourceFacts:
    pages = [_page(one) for one in evidence.read_pages(store, source.name, limit=RECENT + BEFORE)]
    return SourceFacts(
        timezone=ZoneInfo(source.timezone),
        since=evidence.first_crawls(store).get(source.name),
        default_per_day=source.per_day,
        arrivals=evidence.arrivals(store, source.name, since=now - ARRIVALS_OF),
        recent=pages[:RECENT],
        before=pages[RECENT:],
        channels=[_channel(one) for one in evidence.channel_health(store, source.name)],
        open_events=events,
        crawls=None if schedule is None else _crawls(schedule),
    )


def _crawls(schedule: Schedule) -> CrawlFacts:
    return CrawlFacts(source=schedule.source, failures=schedule.failures, first_failed_at=schedule.first_failure_at)


def _channel(one: ChannelHealth) -> ChannelFacts:
    return ChannelFacts(
        url=one.url,
        failures=one.failures,
        stage=one.stage,
        reason=one.reason,
        last_good_at=one.last_good_at,
        validators_trusted=one.validators_trusted,
        last_failed_at=one.last_failed_at,
    )


def _page(page: ReadPage) -> PageFacts:
    troubled = {problem.field for problem in page.problems}
    filled = {
        "published_at": page.published_at is not None,
        "body": page.body_length > 0,
        "subtitle": page.has_subtitle,
        "author": page.has_author,
        "view_count": page.has_views,
        "image_url": page.has_image,
        "section": page.has_section,
    }
    return PageFacts(
        url=page.url,
        fetched_at=page.stored_at,
        filled={name: there and name not in troubled for name, there in filled.items()},
        body_length=page.body_length,
        published_at=page.published_at,
    )
