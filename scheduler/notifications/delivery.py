"""Match saved searches with new articles, enqueue alerts, and deliver those that are due.

Each step is committed before the next begins. A process that dies loses nothing; only the message being sent at that
moment may arrive twice.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from scheduler.notifications.matching import alerts_for, defer_quiet_hours
from scheduler.notifications.messages import Message, digest_messages, event_message
from scheduler.notifications.sender import send
from storage.crawling.events import Event
from storage.model.event_kinds import NOTIFIED_KINDS, EventKind
from storage.model.records import DeliveryMode
from storage.model.redaction import redact_target
from storage.notifications.outbox import DueAlert, NewAlert, retry_delay
from storage.notifications.watches import SavedSearch
from storage.search.query import Query, parse
from storage.store import Store

log = logging.getLogger(__name__)

ARTICLE_BATCH_SIZE = 100
"""Articles matched in one transaction: their bodies are in memory together."""
ALERT_BATCH_SIZE = 500
"""Maximum number of alerts in one round of delivery."""
DIGEST_THRESHOLD = 5
"""Maximum number of articles in messages of their own; more, as after a first crawl, come as a digest."""
MAX_PARALLEL_TARGETS = 4
"""Maximum number of targets sent to at the same time."""
SEND_TIMEOUT = timedelta(seconds=20)
MAX_ALERT_AGE = timedelta(days=7)
"""Age at which a closed event is marked as notified without an alert, as when the first target is set."""


@dataclass(frozen=True, slots=True)
class WatchCounts:
    """Count a round of matching: articles examined (per watch), alerts enqueued, watches with invalid queries."""

    matched: int = 0
    enqueued: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Count a round of delivery, in alerts; `waiting` are all undelivered ones, `failing` those already tried."""

    delivered: int
    failed: int
    waiting: int
    failing: int


def match_saved_searches(store: Store, *, now: datetime) -> WatchCounts:
    """Match every saved search with the articles after its checkpoint, and enqueue an alert for each match."""
    matched = enqueued = 0
    invalid = []
    for watch in store.watches.list():
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
    while events := store.alerts.pending_events(kinds, ALERT_BATCH_SIZE):
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
            target=target,
            title=message.title,
            body=message.body,
            created_at=now,
            next_attempt_at=now,
            event_id=event.id,
        )
        for target in dict.fromkeys(targets)
    ]


def fingerprint(target: str) -> str:
    """Hash a target for use in a key: distinct, and not reversible."""
    return hashlib.blake2b(target.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def deliver_due(
    store: Store, *, now: datetime, timeout: timedelta = SEND_TIMEOUT, stopping: threading.Event | None = None
) -> DeliveryCounts:
    """Deliver the alerts that are due, to several targets at a time; failed ones are retried later.

    Blocks until all were tried: `timeout` per message, and no second message to a target that failed in this round.
    Once `stopping` is set, no further message is sent. Call it from a thread, and not again before it returns: messages
    would be sent twice. Raises StoreError; an alert whose attempt cannot be recorded is not sent.
    """
    stopping = stopping or threading.Event()
    due = store.alerts.due(now, ALERT_BATCH_SIZE)
    by_target = [list(group) for _, group in groupby(sorted(due, key=_target), key=_target)]
    with ThreadPoolExecutor(max_workers=MAX_PARALLEL_TARGETS, thread_name_prefix="deliver") as pool:
        counts = list(pool.map(lambda group: _deliver(store, group, now, timeout, stopping), by_target))
    waiting = store.alerts.undelivered()
    delivered = sum(count for count, _ in counts)
    return DeliveryCounts(delivered, sum(failed for _, failed in counts), waiting.count, waiting.failed_count)


def _target(alert: DueAlert) -> str:
    return alert.target


def _deliver(
    store: Store, group: Sequence[DueAlert], now: datetime, timeout: timedelta, stopping: threading.Event
) -> tuple[int, int]:
    """Deliver the due alerts of one target; return the number of delivered and of failed ones."""
    awake = [alert for alert in group if not _is_quiet(store, alert, now)]
    delivered = 0
    # Fewest attempts first, so that a message that always fails does not block the others.
    batches = sorted(group_messages(awake), key=lambda batch: max(alert.attempts for alert in batch[1]))
    for place, (message, alerts) in enumerate(batches):
        if stopping.is_set():
            break
        ids = [alert.id for alert in alerts]
        # Recorded before it is sent: on a full disk it would otherwise be sent again in every round.
        store.alerts.postpone(ids, now + retry_delay(max(alert.attempts for alert in alerts) + 1))
        error = send(alerts[0].target, message, timeout=timeout)
        if error is not None:
            _record_failure(store, alerts, [alert for _, later in batches[place + 1 :] for alert in later], error, now)
            return delivered, len(ids)
        store.alerts.delivered(ids, now)
        delivered += len(ids)
    return delivered, 0


def _is_quiet(store: Store, alert: DueAlert, now: datetime) -> bool:
    """Postpone an alert to the end of the quiet hours; return whether it was in them."""
    until = defer_quiet_hours(now, alert.quiet)
    if until > now:
        store.alerts.postpone([alert.id], until)
    return until > now


def _record_failure(
    store: Store, tried: Sequence[DueAlert], untried: Sequence[DueAlert], error: str, now: datetime
) -> None:
    again_at = defer_quiet_hours(now + retry_delay(max(alert.attempts for alert in tried) + 1), tried[0].quiet)
    store.alerts.failed([alert.id for alert in tried], error, again_at)
    # The other messages to a failing target wait as long, without an attempt counted.
    store.alerts.postpone([alert.id for alert in untried], again_at)
    log.warning(
        "an alert to %s was not delivered: it %s; next attempt at %s", redact_target(tried[0].target), error, again_at
    )


def group_messages(alerts: Sequence[DueAlert]) -> Iterator[tuple[Message, list[DueAlert]]]:
    """Group the alerts of one target into messages: those of a digest together, others alone."""
    for saved_search_id, alerts_of_search in groupby(
        sorted(alerts, key=_order), key=lambda alert: alert.saved_search_id
    ):
        group = list(alerts_of_search)
        messages = [Message(alert.title, alert.body) for alert in group]
        if saved_search_id is None or (
            group[0].delivery_mode is not DeliveryMode.DIGEST and len(group) <= DIGEST_THRESHOLD
        ):
            yield from zip(messages, ([alert] for alert in group), strict=True)
            continue
        at = 0
        for message, count in digest_messages(group[0].watch or "", messages):
            yield message, group[at : at + count]
            at += count


def _order(alert: DueAlert) -> tuple[int, int]:
    return alert.saved_search_id or 0, alert.id
