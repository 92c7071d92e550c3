"""From what happened to what somebody is told: asks the watches, writes alerts, delivers those that are due.

Each step is kept in the database before the next begins. A process that dies loses nothing; only a message that was
being sent at that moment may arrive twice.
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
"""Articles a watch is asked of in one transaction: their bodies are in memory at once."""
ALERT_BATCH_SIZE = 500
"""Alerts that are taken up in one round."""
DIGEST_THRESHOLD = 5
"""From more articles of a watch at once on, as after a source's first crawl, they come in one message."""
MAX_PARALLEL_TARGETS = 4
"""Targets that are sent to at the same time."""
SEND_TIMEOUT = timedelta(seconds=20)
MAX_ALERT_AGE = timedelta(days=7)
"""An event that is over is no news after so long, as when the first target is set: it is marked as told."""


@dataclass(frozen=True, slots=True)
class WatchCounts:
    """A round of asking: articles asked about (each watch counts its own), alerts written, watches not understood."""

    matched: int = 0
    enqueued: int = 0
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """A round of delivering, in alerts. `waiting` are all that are not delivered, `failing` those that were tried."""

    delivered: int
    failed: int
    waiting: int
    failing: int


def match_saved_searches(store: Store, *, now: datetime) -> WatchCounts:
    """Ask every watch of the articles it has not seen, and write an alert for each that answers."""
    asked = written = 0
    broken = []
    for watch in store.watches.list():
        try:
            question = parse(watch.query)
        except ValueError as error:
            log.warning("watch %s cannot be asked: %s; remove it and add it anew", watch.name, error)
            broken.append(watch.name)
            continue
        for seen, new in _match_batches(store, watch, question, now):
            asked += seen
            written += new
    return WatchCounts(asked, written, tuple(broken))


def _match_batches(store: Store, watch: SavedSearch, question: Query, now: datetime) -> Iterator[tuple[int, int]]:
    after = watch
    while articles := store.watches.articles_after(after, ARTICLE_BATCH_SIZE):
        latest = articles[-1].id
        yield len(articles), store.watches.commit_checkpoint(after, latest, alerts_for(watch, question, articles, now))
        after = after.at(latest)


def enqueue_event_alerts(
    store: Store, targets: Sequence[str], *, now: datetime, kinds: Collection[EventKind] = NOTIFIED_KINDS
) -> int:
    """Write an alert a target for each event that began, and for each lasting one that ended; return how many are new.

    An event that ended before anybody was told of it is told once, with its end. Without targets nothing is done.
    """
    if not targets:
        return 0
    written = 0
    while events := store.alerts.pending_events(kinds, ALERT_BATCH_SIZE):
        titles = store.sources.titles()
        for event in events:
            rows = event_alerts(event, titles[event.source], targets, now)
            written += store.alerts.enqueue_for_event(event, rows, now)
    return written


def event_alerts(event: Event, source_title: str, targets: Sequence[str], now: datetime) -> list[NewAlert]:
    """The messages of an event as it stands; none for one that is over and stale."""
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
    """What tells a target from another in a key, and cannot be turned back into it."""
    return hashlib.blake2b(target.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def deliver_due(
    store: Store, *, now: datetime, timeout: timedelta = SEND_TIMEOUT, stopping: threading.Event | None = None
) -> DeliveryCounts:
    """Send what is due, several targets at a time; what fails is kept and tried again later.

    Blocks until all were tried: `timeout` a message, and no second message to a target that failed in this round. Once
    `stopping` is set, nothing more is begun. Call it from a thread, and not a second time before it returns: what is
    being sent would be sent twice. Raises StoreError; what cannot be recorded is not sent.
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
    """Everything that is due to one target; return how many alerts arrived and how many failed."""
    awake = [alert for alert in group if not _is_quiet(store, alert, now)]
    delivered = 0
    # The least tried first, so that a message nobody will ever take does not keep the others from being tried.
    batches = sorted(group_messages(awake), key=lambda batch: max(alert.attempts for alert in batch[1]))
    for place, (message, alerts) in enumerate(batches):
        if stopping.is_set():
            break
        ids = [alert.id for alert in alerts]
        # Written before it is sent: on a full disk it would otherwise arrive again in every round.
        store.alerts.postpone(ids, now + retry_delay(max(alert.attempts for alert in alerts) + 1))
        error = send(alerts[0].target, message, timeout=timeout)
        if error is not None:
            _record_failure(store, alerts, [alert for _, later in batches[place + 1 :] for alert in later], error, now)
            return delivered, len(ids)
        store.alerts.delivered(ids, now)
        delivered += len(ids)
    return delivered, 0


def _is_quiet(store: Store, alert: DueAlert, now: datetime) -> bool:
    """Whether it is quiet where the alert would arrive; it then waits until it is not."""
    until = defer_quiet_hours(now, alert.quiet)
    if until > now:
        store.alerts.postpone([alert.id], until)
    return until > now


def _record_failure(
    store: Store, tried: Sequence[DueAlert], untried: Sequence[DueAlert], error: str, now: datetime
) -> None:
    again_at = defer_quiet_hours(now + retry_delay(max(alert.attempts for alert in tried) + 1), tried[0].quiet)
    store.alerts.failed([alert.id for alert in tried], error, again_at)
    # A target that took none takes no other: its other messages wait as long, and are not counted as tried.
    store.alerts.postpone([alert.id for alert in untried], again_at)
    log.warning("an alert to %s was not delivered: it %s; again at %s", redact_target(tried[0].target), error, again_at)


def group_messages(alerts: Sequence[DueAlert]) -> Iterator[tuple[Message, list[DueAlert]]]:
    """The alerts of one target as the messages they are sent in: those of a digest together, others alone."""
    for saved_search_id, found in groupby(sorted(alerts, key=_order), key=lambda alert: alert.saved_search_id):
        group = list(found)
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
