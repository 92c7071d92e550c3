"""The outbox: messages on their way to somebody, kept until they are delivered; and the events nobody was told of.

An alert is written in the transaction of what it is about, with a key that says what that is and for whom, so that
nothing is told twice and nothing is lost, whenever the process ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, literal, or_, select, update

from storage.crawling.events import COLUMNS, Event, from_row
from storage.database.daemon_tables import AlertRow, WatchRow
from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import EventRow
from storage.model import backoff
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.model.records import DeliveryMode

events = EventRow.__table__
alerts = AlertRow.__table__
watches = WatchRow.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """A message to be kept. `key` says what it is about and for whom; `target` may hold a secret."""

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
    """Local times, HH:MM, between which nobody is told anything; over midnight when `until` comes first."""

    begin: str
    until: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DueAlert:
    """A message that is to be delivered now, with what its watch says of the manner."""

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
    """What was not delivered yet."""

    count: int
    failed_count: int  # of them, those that failed at least once
    oldest_at: datetime | None
    error: str | None  # of the last one that failed


class Alerts:
    """The rows of `alerts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, rows: Iterable[NewAlert]) -> int:
        """Keep messages; those whose key is there already change nothing. Return how many are new."""
        with self._database.write() as connection:
            return insert_alerts(connection, rows)

    def due(self, now: datetime, limit: int) -> tuple[DueAlert, ...]:
        """Undelivered messages whose next attempt has come, the one due longest first."""
        statement = _DUE.where(alerts.c.next_attempt_at <= now).limit(limit)
        with self._database.read() as connection:
            return tuple(_due(row._asdict()) for row in connection.execute(statement))

    def delivered(self, ids: Collection[int], now: datetime) -> None:
        """Record that these arrived; `last_notified_at` of the watches that sent them becomes now."""
        these = alerts.c.id.in_(ids)
        told = watches.c.id.in_(select(alerts.c.saved_search_id).where(these))
        with self._database.write() as connection:
            values = {"delivered_at": now, "error": None, "attempts": alerts.c.attempts + 1}
            connection.execute(update(AlertRow).where(these, alerts.c.delivered_at.is_(None)).values(values))
            connection.execute(update(WatchRow).where(told).values(last_notified_at=now))

    def failed(self, ids: Collection[int], error: str, again_at: datetime) -> None:
        """Record a failed attempt; the messages are kept. `error` must hold no secret."""
        values = {"attempts": alerts.c.attempts + 1, "error": error, "next_attempt_at": again_at}
        self._update(ids, values)

    def postpone(self, ids: Collection[int], until: datetime) -> None:
        """Let messages wait that were not tried."""
        self._update(ids, {"next_attempt_at": until})

    def _update(self, ids: Collection[int], values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            still = alerts.c.delivered_at.is_(None)
            connection.execute(update(AlertRow).where(alerts.c.id.in_(ids), still).values(values))

    def undelivered(self, saved_search_id: int | None = None) -> UndeliveredCount:
        """What was not delivered yet: of one watch, or in all."""
        still = [
            alerts.c.delivered_at.is_(None),
            *([alerts.c.saved_search_id == saved_search_id] if saved_search_id is not None else []),
        ]
        failed = (*still, alerts.c.error.is_not(None))
        counts = select(func.count(), func.min(alerts.c.created_at)).where(*still)
        last = select(alerts.c.error).where(*failed).order_by(alerts.c.next_attempt_at.desc()).limit(1)
        with self._database.read() as connection:
            count, oldest_at = connection.execute(counts).one()
            failed_count = connection.scalar(select(func.count()).select_from(alerts).where(*failed)) or 0
            error = connection.scalar(last)
        return UndeliveredCount(count=count, failed_count=failed_count, oldest_at=oldest_at, error=error)

    def pending_events(self, kinds: Collection[EventKind], limit: int) -> tuple[Event, ...]:
        """Events of `kinds` whose beginning nobody was told of, and the lasting ones of them that ended untold."""
        ended = and_(
            events.c.kind.in_(LASTING_KINDS), events.c.closed_at.is_not(None), events.c.close_notified_at.is_(None)
        )
        untold = or_(events.c.open_notified_at.is_(None), ended)
        statement = select(*COLUMNS).where(events.c.kind.in_(kinds), untold).order_by(events.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(from_row(row) for row in connection.execute(statement).mappings())

    def enqueue_for_event(self, event: Event, rows: Iterable[NewAlert], now: datetime) -> int:
        """Keep the messages of an event and note that they were written, in one transaction.

        `event` is as it was when they were written: an end that came since stays untold. Return how many are new.
        """
        notified_at = func.coalesce(events.c.open_notified_at, literal(now, events.c.open_notified_at.type))
        values = {"open_notified_at": notified_at, **({} if event.is_open else {"close_notified_at": now})}
        with self._database.write() as connection:
            count = insert_alerts(connection, rows)
            connection.execute(update(EventRow).where(events.c.id == event.id).values(values))
        return count


def insert_alerts(connection: Connection, rows: Iterable[NewAlert]) -> int:
    """Keep messages inside a transaction that is open; return how many are new."""
    values = [asdict(row) for row in rows]
    if not values:
        return 0
    statement = upsert_insert(connection, alerts).on_conflict_do_nothing(index_elements=["key"]).returning(alerts.c.id)
    return sum(len(connection.execute(statement.values(value)).all()) for value in values)


def quiet_hours(begin: str | None, until: str | None, timezone: str) -> QuietHours | None:
    """The quiet hours of a watch; None if it has none."""
    return QuietHours(begin=begin, until=until, timezone=timezone) if begin and until else None


def retry_delay(attempts: int) -> timedelta:
    """Compute how long a message waits after `attempts` (≥ 1) that failed: a minute, doubled each time, 6 h at most.

    It is never given up: a target that is back after a month gets what was kept for it.
    """
    return backoff.exponential_delay(FIRST_WAIT, attempts, cap=backoff.MAX_EARLY_BACKOFF)


FIRST_WAIT = timedelta(minutes=1)

_DUE = (
    select(
        *(
            alerts.c[name]
            for name in ("id", "key", "target", "title", "body", "attempts", "created_at", "saved_search_id")
        ),
        watches.c.name.label("watch"),
        *(watches.c[name] for name in ("delivery_mode", "quiet_from", "quiet_until", "timezone")),
    )
    .select_from(alerts.outerjoin(watches, watches.c.id == alerts.c.saved_search_id))
    .where(alerts.c.delivered_at.is_(None))
    .order_by(alerts.c.next_attempt_at, alerts.c.id)
)


def _due(row: dict[str, Any]) -> DueAlert:
    quiet = quiet_hours(row.pop("quiet_from"), row.pop("quiet_until"), row.pop("timezone"))
    delivery_mode = row.pop("delivery_mode") or DeliveryMode.IMMEDIATE
    return DueAlert(**row, delivery_mode=delivery_mode, quiet=quiet)
