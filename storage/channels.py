"""The poll state of each channel: validators, failures, what was last seen there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from storage.engine import AnyRow
from storage.models import ChannelRow
from storage.records import Failure, Stage
from storage.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """What is known of a channel before it is looked at."""

    id: int
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    fingerprint: str | None = None
    validators_trusted: bool = True
    failures: int = 0
    failure: Stage | None = None
    last_good_at: datetime | None = None
    last_changed_at: datetime | None = None
    unconditional_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a good look at a channel brought: at least one plausible link, or an honest 304."""

    etag: str | None
    last_modified: str | None
    body_hash: str | None
    fingerprint: str
    validators_trusted: bool
    conditional: bool
    changed: bool


class Channels:
    """The rows of `channels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, source: str, url: str) -> ChannelState:
        """The state of a channel; one that was never looked at gets its row."""
        where = (ChannelRow.source == source, ChannelRow.url == url)
        with self._database.write() as connection:
            row = connection.execute(select(ChannelRow).where(*where)).first()
            if row is None:
                fresh = {"source": source, "url": url, "validators_trusted": True, "failures": 0}
                row = connection.execute(insert(ChannelRow).values(fresh).returning(ChannelRow)).one()
        return _state(row)

    def looked(self, channel_id: int, look: Look, *, now: datetime) -> None:
        """Record a good look."""
        values: dict[str, Any] = {
            "etag": look.etag,
            "last_modified": look.last_modified,
            "body_hash": look.body_hash,
            "fingerprint": look.fingerprint,
            "validators_trusted": look.validators_trusted,
            "failures": 0,
            "failure": None,
            "failure_reason": None,
            "last_looked_at": now,
            "last_good_at": now,
        }
        values |= {"last_changed_at": now} if look.changed else {}
        values |= {} if look.conditional else {"unconditional_at": now}
        self._update(channel_id, values)

    def failed(self, channel_id: int, failure: Failure, *, now: datetime) -> None:
        """Record a look that brought nothing. The validators stay: they belong to the last good body."""
        values: dict[str, Any] = {"failure": failure.stage, "failure_reason": failure.reason}
        values |= {"last_looked_at": now, "last_failed_at": now}
        self._update(channel_id, {"failures": ChannelRow.failures + 1, **values})

    def _update(self, channel_id: int, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            connection.execute(update(ChannelRow).where(ChannelRow.id == channel_id).values(values))


def _state(row: AnyRow) -> ChannelState:
    return ChannelState(
        id=row.id,
        url=row.url,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        fingerprint=row.fingerprint,
        validators_trusted=row.validators_trusted,
        failures=row.failures,
        failure=row.failure,
        last_good_at=row.last_good_at,
        last_changed_at=row.last_changed_at,
        unconditional_at=row.unconditional_at,
    )
