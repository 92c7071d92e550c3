"""Things a person may want to know, opened when they begin and closed when they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert

from storage.models import EventRow

if TYPE_CHECKING:
    from storage.store import Store


def record(
    connection: Connection, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Add an event that is over as soon as it is said, inside the transaction of what caused it."""
    values = {"source": source, "kind": kind, "subject": subject, "details": dict(details)}
    connection.execute(insert(EventRow).values(opened_at=now, closed_at=now, **values))


class Events:
    """The rows of `events`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, *, source: str, kind: str, subject: str, details: Mapping[str, Any], now: datetime) -> None:
        with self._store.write() as connection:
            record(connection, source=source, kind=kind, subject=subject, details=details, now=now)
