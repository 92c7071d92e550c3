"""Record events, such as an edit or a failing source: opened when they begin, closed when they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import events
from storage.model.event_kinds import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a source, a channel or an article; `closed_at` is None while it lasts.

    `details` is JSON data; its "sentence" is one line for a person.
    """

    id: int
    source: str
    kind: EventKind
    subject: str  # the URL or field it concerns; "" for the source as a whole
    details: Mapping[str, Any]
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Return whether the event has not been closed."""
        return self.closed_at is None

    @property
    def has_ended(self) -> bool:
        """Return whether a lasting event is closed; an event of one moment never ends."""
        return self.kind.traits.is_lasting and not self.is_open

    @property
    def key(self) -> tuple[EventKind, str]:
        """Return the kind and subject, which identify an open event of a source."""
        return (self.kind, self.subject)

    @property
    def sentence(self) -> str:
        """Return the one-line description from the details; empty if they have none."""
        return str(self.details.get("sentence") or "")


def record(
    connection: Connection,
    *,
    source: str,
    kind: str,
    subject: str,
    details: Mapping[str, Any],
    now: datetime,
    opened_at: datetime | None = None,
) -> None:
    """Insert an event that closes at `now`, inside the transaction of its cause; it opens then, or at `opened_at`."""
    values = {"source": source, "kind": kind, "subject": subject, "details": dict(details)}
    connection.execute(insert(events).values(opened_at=opened_at or now, closed_at=now, **values))


class Events:
    """Read and write the rows of `events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        """Insert an event that opens and closes at `now`."""
        with self._database.write() as connection:
            record(connection, source=source, kind=kind, subject=subject, details=details, now=now)

    def open(self, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        """Insert an open event; do nothing if one of the same source, kind and subject is open."""
        values = {"source": source, "kind": kind, "subject": subject, "details": dict(details), "opened_at": now}
        with self._database.write() as connection:
            connection.execute(upsert_insert(connection, events).values(values).on_conflict_do_nothing())

    def close(self, event_id: int, *, now: datetime) -> None:
        """Close an event; do nothing if it is closed."""
        ended = update(events).where(events.c.id == event_id, events.c.closed_at.is_(None))
        with self._database.write() as connection:
            connection.execute(ended.values(closed_at=now))

    def find(
        self,
        *,
        source: str | None = None,
        open_only: bool = False,
        kind: str | None = None,
        limit: int | None = None,
        before: int | None = None,
        as_of: datetime | None = None,
    ) -> list[Event]:
        """Return events, newest first; every argument given narrows the list.

        `before` is an id: the list goes on behind it. `as_of` gives what was known then: an event that ended later was
        open.
        """
        conditions = [] if source is None else [events.c.source == source]
        conditions += [_open_at(as_of)] if open_only else []
        conditions += [] if before is None else [events.c.id < before]
        conditions += [] if as_of is None else [events.c.opened_at <= as_of]
        conditions += [] if kind is None else [events.c.kind == kind]
        # An expression, so that the few open events come out of their index; in the order of ids all would be read.
        order = events.c.id + 0 if open_only else events.c.id
        statement = select(*COLUMNS).where(*conditions).order_by(order.desc()).limit(limit)
        with self._database.read() as connection:
            return [known_at(from_row(row), as_of) for row in connection.execute(statement).mappings()]


def _open_at(as_of: datetime | None) -> ColumnElement[bool]:
    is_open = events.c.closed_at.is_(None)
    return is_open if as_of is None else or_(is_open, events.c.closed_at > as_of)


def known_at(event: Event, as_of: datetime | None) -> Event:
    """Return an event as it was known at a moment: one that ended later was open."""
    has_ended = as_of is None or event.closed_at is None or event.closed_at <= as_of
    return event if has_ended else replace(event, closed_at=None)


COLUMNS = tuple(events.c[name] for name in Event.__dataclass_fields__)
"""Columns that `from_row` needs."""


def from_row(row: Mapping[Any, Any]) -> Event:
    """Build an Event from a row of `COLUMNS`."""
    return Event(**{**row, "kind": EventKind(row["kind"])})
