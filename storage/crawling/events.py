"""Things a person may want to know, opened when they begin and closed when they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import EventRow
from storage.model.event_kinds import EventKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Describe what happened to a source, a channel or an article; `closed_at` is None while it lasts.

    `details` can be written as JSON; its "sentence" is one line for a person.
    """

    id: int
    source: str
    kind: EventKind
    subject: str  # the address or field it is about; "" for the source as a whole
    details: Mapping[str, Any]
    opened_at: datetime
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def has_ended(self) -> bool:
        """Whether a lasting event is over; an event of one moment never ends."""
        return self.kind.traits.is_lasting and not self.is_open

    @property
    def key(self) -> tuple[EventKind, str]:
        """Identify the event among those of its source: a finding of the same key is this event again."""
        return (self.kind, self.subject)

    @property
    def sentence(self) -> str:
        """One line for a person; empty if the details have none."""
        return str(self.details.get("sentence") or "")


def record(
    connection: Connection, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Add an event that is over as soon as it is said, inside the transaction of what caused it."""
    values = {"source": source, "kind": kind, "subject": subject, "details": dict(details)}
    connection.execute(insert(EventRow).values(opened_at=now, closed_at=now, **values))


class Events:
    """The rows of `events`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        """Record what was over as soon as it happened."""
        with self._database.write() as connection:
            record(connection, source=source, kind=kind, subject=subject, details=details, now=now)

    def open(self, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        """Record that something began; nothing if it is open already."""
        values = {"source": source, "kind": kind, "subject": subject, "details": dict(details), "opened_at": now}
        with self._database.write() as connection:
            connection.execute(upsert_insert(connection, EventRow).values(values).on_conflict_do_nothing())

    def close(self, event_id: int, *, now: datetime) -> None:
        """Record that it ended."""
        ended = update(EventRow).where(EventRow.id == event_id, EventRow.closed_at.is_(None))
        with self._database.write() as connection:
            connection.execute(ended.values(closed_at=now))

    def find(
        self, *, source: str | None = None, open_only: bool = False, kind: str | None = None, limit: int | None = None
    ) -> list[Event]:
        """Events, the latest first."""
        wanted = [] if source is None else [EventRow.source == source]
        wanted += [EventRow.closed_at.is_(None)] if open_only else []
        wanted += [] if kind is None else [EventRow.kind == kind]
        statement = select(*COLUMNS).where(*wanted).order_by(EventRow.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [from_row(row) for row in connection.execute(statement).mappings()]


COLUMNS = tuple(EventRow.__table__.c[name] for name in Event.__dataclass_fields__)
"""Columns of `from_row`."""


def from_row(row: Mapping[Any, Any]) -> Event:
    """Make an Event of a row of `COLUMNS`."""
    return Event(**{**row, "kind": EventKind(row["kind"])})
