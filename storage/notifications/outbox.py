"""Store alerts until they are delivered (transactional outbox), and find events without a notification.

An alert is inserted in the transaction of its cause, with a unique key of cause and target, so that nothing is
notified twice or lost, whenever the process ends. Each alert has a state of its own; that of a target is kept in
`alert_targets`, and of a target with several recipients, those who have the alert in `alert_receipts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, delete, exists, func, literal, or_, select, update

from storage.crawling.events import COLUMNS, Event, from_row
from storage.database.daemon_tables import alert_receipts, alert_targets, alerts, saved_searches
from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import events
from storage.model import backoff
from storage.model.event_kinds import LASTING_KINDS, EventKind
from storage.model.records import DeliveryMode

FIRST_RETRY_DELAY = timedelta(minutes=1)
MAX_RETRY_WAIT = backoff.MAX_EARLY_BACKOFF + timedelta(hours=25)
"""Longest time to a retry: the longest wait, and quiet hours of a day on which clocks are put back."""
NOT_CONFIGURED = "is no longer configured"
"""Reason, a predicate of the target, of giving up the alerts of a target that is not in `alerts.targets` any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAlert:
    """An alert to be stored. `key` identifies its cause and target, `target_hash` is the fingerprint of the target."""

    key: str
    target_hash: str
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
    title: str
    body: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    refused_since: datetime | None
    saved_search_id: int | None
    watch: str | None  # the watch's name; None for an event's alert
    target: str | None = field(repr=False)  # the watch's target
    delivery_mode: DeliveryMode
    quiet: QuietHours | None
    receipts: frozenset[str] = frozenset()  # of the recipients that have it already


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCounts:
    """Counts of alerts that are not delivered."""

    waiting: int  # all that will be tried, also those that wait for a digest or the end of quiet hours
    undelivered: int  # of them, those whose time has come: due or tried already
    failed: int  # of them, those that failed at least once
    given_up: int
    error: str | None  # of the last failed attempt, also of one given up


class DeliveryState(StrEnum):
    """State of an alert that is not delivered."""

    WAITING = "waiting"  # for its digest, for the end of quiet hours, or for a target that cannot be reached
    FAILING = "failing"  # was tried, and will be again
    REFUSED = "refused"  # will be tried again until it is given up
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAlert:
    """An alert that is not delivered: waiting, failing or given up."""

    id: int
    watch: str | None
    title: str
    target_hash: str
    target: str | None = field(repr=False)
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    refused_since: datetime | None
    given_up_at: datetime | None
    error: str | None

    @property
    def state(self) -> DeliveryState:
        """Return the state of delivery."""
        if self.given_up_at is not None:
            return DeliveryState.GIVEN_UP
        if self.refused_since is not None:
            return DeliveryState.REFUSED
        return DeliveryState.FAILING if self.error is not None else DeliveryState.WAITING


class Alerts:
    """Read and write the rows of `alerts`, `alert_receipts` and `alert_targets`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, rows: Iterable[NewAlert]) -> int:
        """Insert alerts, ignoring those whose key exists; return the number of new ones."""
        with self._database.write() as connection:
            return insert_alerts(connection, rows)

    def due_targets(self, now: datetime) -> tuple[str, ...]:
        """Return the hashes of the targets that have due alerts and are not to be left alone until later."""
        deferred = exists().where(
            alert_targets.c.target_hash == alerts.c.target_hash,
            alert_targets.c.next_attempt_at > now,
            alert_targets.c.next_attempt_at <= now + backoff.MAX_EARLY_BACKOFF,
        )
        statement = select(alerts.c.target_hash).where(_OPEN, _is_due(now), ~deferred).distinct()
        with self._database.read() as connection:
            return tuple(connection.scalars(statement.order_by(alerts.c.target_hash)))

    def due(self, target_hash: str, now: datetime, limit: int) -> tuple[DueAlert, ...]:
        """Return at most `limit` due alerts of a target in order of creation, those it has refused last."""
        of_target = (alerts.c.target_hash == target_hash, _is_due(now))
        order = (case((alerts.c.refused_since.is_(None), 0), else_=1), alerts.c.id)
        with self._database.read() as connection:
            rows = connection.execute(_DUE.where(*of_target).order_by(*order).limit(limit)).all()
            receipts = _receipts(connection, [row.id for row in rows])
        return tuple(_due(row._asdict(), receipts) for row in rows)

    def claim(self, ids: Collection[int], now: datetime, again_at: datetime) -> bool:
        """Count an attempt of due alerts and set the time of the next, before the attempt is made.

        Return False, and change nothing, unless all of them are still due: another process is sending them.
        """
        due = (alerts.c.id.in_(ids), _OPEN, _is_due(now))
        with self._database.write() as connection:
            if connection.scalar(select(func.count()).select_from(alerts).where(*due)) != len(set(ids)):
                return False
            values = {"attempts": alerts.c.attempts + 1, "next_attempt_at": again_at}
            return connection.execute(update(alerts).where(*due).values(values)).rowcount == len(set(ids))

    def delivered(self, ids: Collection[int], now: datetime) -> None:
        """Mark alerts as delivered, set `last_notified_at` of their watches, and clear the failures of their target."""
        delivered = alerts.c.id.in_(ids)
        notified = saved_searches.c.id.in_(select(alerts.c.saved_search_id).where(delivered))
        reached = alert_targets.c.target_hash.in_(select(alerts.c.target_hash).where(delivered))
        with self._database.write() as connection:
            values = {"delivered_at": now, "error": None, "refused_since": None, "given_up_at": None}
            connection.execute(update(alerts).where(delivered, alerts.c.delivered_at.is_(None)).values(values))
            connection.execute(update(saved_searches).where(notified).values(last_notified_at=now))
            connection.execute(delete(alert_receipts).where(alert_receipts.c.alert_id.in_(ids)))
            connection.execute(delete(alert_targets).where(reached))

    def failed(
        self, ids: Collection[int], error: str, again_at: datetime, *, refused_at: datetime | None = None
    ) -> None:
        """Record a failed attempt and the time of the next. `error` must not contain a secret.

        `refused_at` is the time of the attempt if the target refused the alert that was sent by itself.
        """
        values: dict[str, Any] = {"error": error, "next_attempt_at": again_at}
        if refused_at is not None:
            since = literal(refused_at, alerts.c.refused_since.type)
            values["refused_since"] = func.coalesce(alerts.c.refused_since, since)
        self._update(ids, values)

    def postpone(self, ids: Collection[int], until: datetime) -> None:
        """Postpone alerts that were not attempted."""
        self._update(ids, {"next_attempt_at": until})

    def give_up(self, ids: Collection[int], now: datetime) -> None:
        """Give alerts up; their last error stays."""
        self._update(ids, {"given_up_at": now})

    def give_up_unconfigured(self, configured: Collection[str], now: datetime, *, before: datetime) -> int:
        """Give up the alerts of events whose target is none of the `configured` hashes; return their number.

        Only those that were created until `before`.
        """
        is_gone = alerts.c.target_hash.not_in(configured)
        gone = (_OPEN, alerts.c.saved_search_id.is_(None), is_gone, alerts.c.created_at <= before)
        with self._database.read() as connection:
            if not connection.scalar(select(exists().where(*gone))):
                return 0
        with self._database.write() as connection:
            ended = connection.execute(update(alerts).where(*gone).values(given_up_at=now, error=NOT_CONFIGURED))
            waiting = select(alerts.c.target_hash).where(_OPEN)
            connection.execute(delete(alert_targets).where(alert_targets.c.target_hash.not_in(waiting)))
            return ended.rowcount

    def add_receipts(self, ids: Collection[int], receipts: Collection[str]) -> None:
        """Store the recipients of a target that have accepted alerts which others of it have not."""
        values = [{"alert_id": number, "receipt": receipt} for number in ids for receipt in receipts]
        if not values:
            return
        with self._database.write() as connection:
            connection.execute(upsert_insert(connection, alert_receipts).on_conflict_do_nothing(), values)

    def target_failed(
        self, target_hash: str, target: str, error: str, now: datetime, *, silent_until: datetime | None = None
    ) -> datetime:
        """Count a failed attempt to reach a target, and return the time before which nothing is sent to it.

        `target` is its URL without secrets; the time is `silent_until` at least.
        """
        known = alert_targets.c.target_hash == target_hash
        with self._database.write() as connection:
            failures = connection.scalar(select(alert_targets.c.consecutive_failures).where(known)) or 0
            again_at = max(now + retry_delay(failures + 1), silent_until or now)
            values = {"consecutive_failures": failures + 1, "next_attempt_at": again_at, "error": error}
            first = {"target_hash": target_hash, "target": target, "failing_since": now}
            statement = upsert_insert(connection, alert_targets).values(first | values)
            connection.execute(statement.on_conflict_do_update(index_elements=["target_hash"], set_=values))
        return again_at

    def target_reached(self, target_hash: str) -> None:
        """Clear the failures of a target."""
        with self._database.write() as connection:
            connection.execute(delete(alert_targets).where(alert_targets.c.target_hash == target_hash))

    def _update(self, ids: Collection[int], values: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            connection.execute(update(alerts).where(alerts.c.id.in_(ids), _OPEN).values(values))

    def counts(self, now: datetime, saved_search_id: int | None = None) -> AlertCounts:
        """Count the alerts of one watch, or of all, that are not delivered."""
        of_watch = () if saved_search_id is None else (alerts.c.saved_search_id == saved_search_id,)
        is_given_up = alerts.c.given_up_at.is_not(None)
        is_late = and_(_OPEN, or_(alerts.c.attempts > 0, alerts.c.next_attempt_at <= now))
        has_failed = and_(_OPEN, alerts.c.error.is_not(None))
        numbers = [
            func.coalesce(func.sum(case((is_met, 1), else_=0)), 0)
            for is_met in (is_late, has_failed, _OPEN, is_given_up)
        ]
        kept = (alerts.c.delivered_at.is_(None), *of_watch)
        last = select(alerts.c.error).where(*kept, alerts.c.error.is_not(None))
        latest = last.order_by(is_given_up, alerts.c.next_attempt_at.desc()).limit(1)
        with self._database.read() as connection:
            undelivered, failed, waiting, given_up = connection.execute(select(*numbers).where(*kept)).one()
            error = connection.scalar(latest)
        return AlertCounts(waiting=waiting, undelivered=undelivered, failed=failed, given_up=given_up, error=error)

    def pending(self, limit: int | None = None) -> tuple[PendingAlert, ...]:
        """Return the alerts that are not delivered, latest first; `target` may contain a secret."""
        columns = [alerts.c[name] for name in PendingAlert.__dataclass_fields__ if name not in {"watch", "target"}]
        shown = func.coalesce(saved_searches.c.target, alert_targets.c.target)
        joined = alerts.outerjoin(saved_searches, saved_searches.c.id == alerts.c.saved_search_id).outerjoin(
            alert_targets, alert_targets.c.target_hash == alerts.c.target_hash
        )
        statement = (
            select(*columns, saved_searches.c.name.label("watch"), shown.label("target"))
            .select_from(joined)
            .where(alerts.c.delivered_at.is_(None))
            .order_by(alerts.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(PendingAlert(**row) for row in connection.execute(statement).mappings())

    def pending_events(self, kinds: Collection[EventKind], limit: int) -> tuple[Event, ...]:
        """Return events of `kinds` whose opening, or for a lasting kind closing, was not notified, oldest first."""
        ended = and_(
            events.c.kind.in_(LASTING_KINDS), events.c.closed_at.is_not(None), events.c.close_notified_at.is_(None)
        )
        # The first is what its index holds, which few events of these kinds are in.
        unnotified = and_(events.c.close_notified_at.is_(None), or_(events.c.open_notified_at.is_(None), ended))
        # An expression, so that the index of their ids is none to take them from: it has all other events, too.
        oldest = select(*COLUMNS).where(events.c.kind.in_(kinds), unnotified).order_by(events.c.id + 0)
        statement = oldest.limit(limit)
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
    """Compute the wait after `attempts` (≥ 1) failed attempts: a minute, doubled each time, at most 6 h."""
    return backoff.exponential_delay(FIRST_RETRY_DELAY, attempts, cap=backoff.MAX_EARLY_BACKOFF)


_OPEN = and_(alerts.c.delivered_at.is_(None), alerts.c.given_up_at.is_(None))
"""Condition of an alert that will be tried."""


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the time of an alert has come.

    A retry that is later than any can be was planned while the clock was wrong.
    """
    is_impossible = and_(alerts.c.attempts > 0, alerts.c.next_attempt_at > now + MAX_RETRY_WAIT)
    return or_(alerts.c.next_attempt_at <= now, is_impossible)


_ALERT_FIELDS = ("id", "key", "title", "body", "attempts", "created_at", "next_attempt_at", "refused_since")
_WATCH_FIELDS = ("target", "delivery_mode", "quiet_from", "quiet_until", "timezone")
_DUE = (
    select(
        *(alerts.c[name] for name in (*_ALERT_FIELDS, "saved_search_id")),
        saved_searches.c.name.label("watch"),
        *(saved_searches.c[name] for name in _WATCH_FIELDS),
    )
    .select_from(alerts.outerjoin(saved_searches, saved_searches.c.id == alerts.c.saved_search_id))
    .where(_OPEN)
)


def _due(row: dict[str, Any], receipts: Mapping[int, frozenset[str]]) -> DueAlert:
    quiet = quiet_hours(row.pop("quiet_from"), row.pop("quiet_until"), row.pop("timezone"))
    delivery_mode = row.pop("delivery_mode") or DeliveryMode.IMMEDIATE
    return DueAlert(**row, delivery_mode=delivery_mode, quiet=quiet, receipts=receipts.get(row["id"], frozenset()))


def _receipts(connection: Connection, ids: Collection[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    for number, receipt in connection.execute(select(alert_receipts).where(alert_receipts.c.alert_id.in_(ids))):
        found[number].add(receipt)
    return {number: frozenset(receipts) for number, receipts in found.items()}
