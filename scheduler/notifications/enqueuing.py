"""Match saved searches with new articles, and enqueue an alert for each match and for each event.

Each step is committed before the next begins: a process that dies loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.notifications.matching import alerts_for
from scheduler.notifications.messages import event_message
from storage.crawling.events import Event
from storage.model.event_kinds import NOTIFIED_KINDS, EventKind
from storage.model.redaction import fingerprint
from storage.notifications.outbox import NewAlert
from storage.notifications.watches import SavedSearch
from storage.search.query import Query, parse
from storage.store import Store

log = logging.getLogger(__name__)

ARTICLE_BATCH_SIZE = 100
"""Articles matched in one transaction: their bodies are in memory together."""
EVENT_BATCH_SIZE = 500
"""Events enqueued in one round."""
MAX_ALERT_AGE = timedelta(days=7)
"""Age at which a closed event is marked as notified without an alert, as when the first target is set."""


@dataclass(frozen=True, slots=True)
class WatchCounts:
    """Count a round of matching: articles examined (per watch), alerts enqueued, watches with invalid queries."""

    matched: int = 0
    enqueued: int = 0
    failed: tuple[str, ...] = ()


def match_saved_searches(store: Store, *, now: datetime) -> WatchCounts:
    """Match every saved search that has a target with the articles after its checkpoint; enqueue an alert a match."""
    matched = enqueued = 0
    invalid = []
    for watch in store.watches.list():
        if not watch.target:
            continue
        try:
            query = parse(watch.query)
        except ValueError as error:
            log.warning("the query of watch %s is not valid: %s; remove the watch and add it again", watch.name, error)
            invalid.append(watch.name)
            continue
        for articles, alerts in _match_batches(store, watch, query, now):
            matched += articles
            enqueued += alerts
    return WatchCounts(matched, enqueued, tuple(invalid))


def _match_batches(store: Store, watch: SavedSearch, query: Query, now: datetime) -> Iterator[tuple[int, int]]:
    after = watch
    while articles := store.watches.articles_after(after, ARTICLE_BATCH_SIZE):
        latest = articles[-1].id
        yield len(articles), store.watches.commit_checkpoint(after, latest, alerts_for(watch, query, articles, now))
        after = after.at(latest)


def enqueue_event_alerts(
    store: Store, targets: Sequence[str], *, now: datetime, kinds: Collection[EventKind] = NOTIFIED_KINDS
) -> int:
    """Enqueue an alert per target for each event that opened, and each lasting one that closed; return their number.

    An event that closed before its first alert gets one alert, with its end. Without targets nothing is enqueued.
    """
    if not targets:
        return 0
    enqueued = 0
    while events := store.alerts.pending_events(kinds, EVENT_BATCH_SIZE):
        titles = store.sources.titles()
        for event in events:
            rows = event_alerts(event, titles[event.source], targets, now)
            enqueued += store.alerts.enqueue_for_event(event, rows, now)
    return enqueued


def event_alerts(event: Event, source_title: str, targets: Sequence[str], now: datetime) -> list[NewAlert]:
    """Create the alerts of an event, one per target; none for an event that closed more than `MAX_ALERT_AGE` ago."""
    if event.closed_at is not None and now - event.closed_at > MAX_ALERT_AGE:
        return []
    message = event_message(event, source_title)
    stage = "closed" if event.has_ended else "opened"
    return [
        NewAlert(
            key=f"event:{event.id}:{stage}:{fingerprint(target)}",
            target_hash=fingerprint(target),
            title=message.title,
            body=message.body,
            created_at=now,
            next_attempt_at=now,
            event_id=event.id,
        )
        for target in dict.fromkeys(targets)
    ]
