"""Store alerts until they are delivered (transactional outbox), and find events without a notification.

An alert is inserted in the transaction of its cause, with a unique key of cause and target, so that nothing is
notified twice or lost, whenever the process ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, literal, or_, select, update

from storage.crawling.events import COLUMNS, Event, from_row
from storage.database.daemon_tables import alerts, saved_searches
from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import events
from storage.model import backoff
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.model.records import DeliveryMode


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An alert to be stored. `key` identifies its cause and target; `target` may contain a secret."""

    key: str
    target: str = field(repr=False)
    title: str
    body: str
    created_at: datetime
    next_attempt_at: datetime
    saved_search_id: int | None = None
    article_id: int | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Local times, HH:MM, between which nothing is delivered; over midnight when `until` is the earlier one."""

    begin: str
    until: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAlert:
    """An alert to be delivered now, with the delivery options of its watch."""

    id: int
    key: str
    target: str = field(repr=False)
    title: str
    body: str
    attempts: int
    created_at: datetime
    saved_search_id: int | None
    watch: str | None  # the watch's name; None for an event's alert
    delivery_mode: DeliveryMode
    quiet: QuietHours | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredCount:
    """Counts of undelivered alerts."""

    count: int
    failed_count: int  # of them, those that failed at least once
    oldest_at: datetime | None
    error: str | None  # of the last failed attempt


class Alerts:
    """Read and write the rows of `alerts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, rows: Iterable[NewAlert]) -> int:
        """Insert alerts, ignoring those whose key exists; return the number of new ones."""
        with self._database.write() as connection:
            return insert_alerts(connection, rows)

    def due(self, now: datetime, limit: int) -> tuple[DueAlert, ...]:
        """Return at most `limit` undelivered alerts whose next attempt is due, the longest due first."""
        statement = _DUE.where(alerts.c.next_attempt_at <= now).limit(limit)
        with self._database.read() as connection:
            return tuple(_due(row._asdict()) for row in connection.execute(statement))

    def delivered(self, ids: Collection[int], now: datetime) -> None:
        """Mark alerts as delivered, and set `last_notified_at` of their watches."""
        delivered = alerts.c.id.in_(ids)
        notified = saved_searches.c.id.in_(select(alerts.c.saved_search_id).where(delivered))
        with self._database.write() as connection:
            values = {"delivered_at": now, "error": None, "attempts": alerts.c.attempts + 1}
            connection.execute(update(alerts).where(delivered, alerts.c.delivered_at.is_(None)).values(values))
            connection.execute(update(saved_searches).where(notified).values(last_notified_at=now))

    def failed(self, ids: Collection[int], error: str, again_at: datetime) -> None:
        """Record a failed attempt and the time of the next. `error` must not contain a secret."""
        values = {"attempts": alerts.c.attempts + 1, "error": error, "next_attempt_at": again_at}
        self._update(ids, values)

    def postpone(self, ids: Collection[int], until: datetime) -> None:
        """Postpone alerts that were not attempted."""
        self._update(ids, {"next_attempt_at": until})

    def _update(self, ids: Collection[int], values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            undelivered = alerts.c.delivered_at.is_(None)
            connection.execute(update(alerts).where(alerts.c.id.in_(ids), undelivered).values(values))

    def undelivered(self, saved_search_id: int | None = None) -> UndeliveredCount:
        """Count the undelivered alerts of one watch, or of all."""
        conditions = [
            alerts.c.delivered_at.is_(None),
            *([alerts.c.saved_search_id == saved_search_id] if saved_search_id is not None else []),
        ]
        failed = (*conditions, alerts.c.error.is_not(None))
        counts = select(func.count(), func.min(alerts.c.created_at)).where(*conditions)
        last = select(alerts.c.error).where(*failed).order_by(alerts.c.next_attempt_at.desc()).limit(1)
        with self._database.read() as connection:
            count, oldest_at = connection.execute(counts).one()
            failed_count = connection.scalar(select(func.count()).select_from(alerts).where(*failed)) or 0
            error = connection.scalar(last)
        return UndeliveredCount(count=count, failed_count=failed_count, oldest_at=oldest_at, error=error)

    def pending_events(self, kinds: Collection[EventKind], limit: int) -> tuple[Event, ...]:
        """Return events of `kinds` whose opening, or for a lasting kind closing, was not notified, oldest first."""
        ended = and_(
            events.c.kind.in_(LASTING_KINDS), events.c.closed_at.is_not(None), events.c.close_notified_at.is_(None)
        )
        unnotified = or_(events.c.open_notified_at.is_(None), ended)
        statement = select(*COLUMNS).where(events.c.kind.in_(kinds), unnotified).order_by(events.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(from_row(row) for row in connection.execute(statement).mappings())

    def enqueue_for_event(self, event: Event, rows: Iterable[NewAlert], now: datetime) -> int:
        """Insert the alerts of an event and mark it as notified, in one transaction; return the number of new ones.

        `event` is as it was when they were composed: a closing since then stays pending.
        """
        notified_at = func.coalesce(events.c.open_notified_at, literal(now, events.c.open_notified_at.type))
        values = {"open_notified_at": notified_at, **({} if event.is_open else {"close_notified_at": now})}
        with self._database.write() as connection:
            count = insert_alerts(connection, rows)
            connection.execute(update(events).where(events.c.id == event.id).values(values))
        return count


def insert_alerts(connection: Connection, rows: Iterable[NewAlert]) -> int:
    """Insert alerts inside the caller's transaction, ignoring existing keys; return the number of new ones."""
    values = [asdict(row) for row in rows]
    if not values:
        return 0
    statement = upsert_insert(connection, alerts).on_conflict_do_nothing(index_elements=["key"]).returning(alerts.c.id)
    return sum(len(connection.execute(statement.values(value)).all()) for value in values)


def quiet_hours(begin: str | None, until: str | None, timezone: str) -> QuietHours | None:
    """Return the quiet hours of a watch; None if it has none."""
    return QuietHours(begin=begin, until=until, timezone=timezone) if begin and until else None


def retry_delay(attempts: int) -> timedelta:
    """Compute the wait after `attempts` (≥ 1) failed attempts: a minute, doubled each time, at most 6 h.

    An alert is never dropped: a target that is back after a month gets it.
    """
    return backoff.exponential_delay(FIRST_RETRY_DELAY, attempts, cap=backoff.MAX_EARLY_BACKOFF)


FIRST_RETRY_DELAY = timedelta(minutes=1)

_DUE = (
    select(
        *(
            alerts.c[name]
            for name in ("id", "key", "target", "title", "body", "attempts", "created_at", "saved_search_id")
        ),
        saved_searches.c.name.label("watch"),
        *(saved_searches.c[name] for name in ("delivery_mode", "quiet_from", "quiet_until", "timezone")),
    )
    .select_from(alerts.outerjoin(saved_searches, saved_searches.c.id == alerts.c.saved_search_id))
    .where(alerts.c.delivered_at.is_(None))
    .order_by(alerts.c.next_attempt_at, alerts.c.id)
)


def _due(row: dict[str, Any]) -> DueAlert:
    quiet = quiet_hours(row.pop("quiet_from"), row.pop("quiet_until"), row.pop("timezone"))
    delivery_mode = row.pop("delivery_mode") or DeliveryMode.IMMEDIATE
    return DueAlert(**row, delivery_mode=delivery_mode, quiet=quiet)
