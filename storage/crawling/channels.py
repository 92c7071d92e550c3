"""Read and write the poll state of each channel: validators, failures, the last successful poll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, not_, select, update

from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import channels
from storage.model.field_limits import short_reason
from storage.model.records import FailureStage, FetchFailure

MAX_VALIDATOR_LENGTH = 1_000
"""Characters of an ETag or a Last-Modified that are stored and sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """The poll state of a channel: its validators, consecutive failures and last successes."""

    id: int
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    parser_fingerprint: str | None = None
    validators_trusted: bool = True
    consecutive_failures: int = 0
    failure: FailureStage | None = None
    last_success_at: datetime | None = None
    last_changed_at: datetime | None = None
    last_unconditional_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """The result of a successful poll: at least one plausible link, or a trusted 304."""

    etag: str | None
    last_modified: str | None
    body_hash: str | None
    fingerprint: str
    validators_trusted: bool
    conditional: bool
    changed: bool


def get_or_create(connection: Connection, source: str, urls: Sequence[str]) -> dict[str, ChannelState]:
    """Return the poll state of each channel by URL; insert a row for each that was never polled."""
    states = _states(connection, source, urls)
    new_urls = [url for url in dict.fromkeys(urls) if url not in states]
    if new_urls:
        defaults = {"source": source, "validators_trusted": True, "consecutive_failures": 0}
        connection.execute(insert(channels), [defaults | {"url": url} for url in new_urls])
        states |= _states(connection, source, new_urls)
    return states


def has_other_site(database: Database, source: str, base_url: str) -> bool:
    """Return whether channels of a source were polled at another site than the one at a base URL."""
    elsewhere = select(channels.c.id).where(
        channels.c.source == source,
        channels.c.polled_at.is_not(None),
        not_(channels.c.url.startswith(f"{base_url}/", autoescape=True)),
    )
    with database.read() as connection:
        return connection.scalar(elsewhere.limit(1)) is not None


def _states(connection: Connection, source: str, urls: Sequence[str]) -> dict[str, ChannelState]:
    if not urls:
        return {}
    rows = connection.execute(select(channels).where(channels.c.source == source, channels.c.url.in_(urls)))
    return {row.url: _state(row) for row in rows}


def record_poll(
    connection: Connection, channel_id: int, result: PollResult | None, failure: FetchFailure | None, *, now: datetime
) -> None:
    """Update the poll state of a channel after a poll: `result` if it succeeded, `failure` if it failed."""
    values: dict[str, Any] = {"polled_at": now}
    values |= _success(result, now) if result is not None else {}
    values |= _failure(failure, now) if failure is not None else {}
    connection.execute(update(channels).where(channels.c.id == channel_id).values(values))


def _success(result: PollResult, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "etag": _validator(result.etag),
        "last_modified": _validator(result.last_modified),
        "body_hash": result.body_hash,
        "parser_fingerprint": result.fingerprint,
        "validators_trusted": result.validators_trusted,
        "consecutive_failures": 0,
        "failure_stage": None,
        "failure_reason": None,
        "last_success_at": now,
    }
    values |= {"last_changed_at": now} if result.changed else {}
    return values if result.conditional else values | {"last_unconditional_at": now}


def _validator(value: str | None) -> str | None:
    """Return a validator that is short enough to be stored; the beginning of a longer one would validate nothing."""
    return value if value is None or len(value) <= MAX_VALIDATOR_LENGTH else None


def _failure(failure: FetchFailure, now: datetime) -> dict[str, Any]:
    """Return the columns of a failed poll; validators stay, as they belong to the last good body."""
    reason = short_reason(failure.reason)
    failed = {"failure_stage": failure.failure_stage, "failure_reason": reason, "last_failed_at": now}
    return {"consecutive_failures": channels.c.consecutive_failures + 1, **failed}


def _state(row: AnyRow) -> ChannelState:
    return ChannelState(
        id=row.id,
        url=row.url,
        etag=row.etag,
        last_modified=row.last_modified,
        body_hash=row.body_hash,
        parser_fingerprint=row.parser_fingerprint,
        validators_trusted=row.validators_trusted,
        consecutive_failures=row.consecutive_failures,
        failure=row.failure_stage,
        last_success_at=row.last_success_at,
        last_changed_at=row.last_changed_at,
        last_unconditional_at=row.last_unconditional_at,
    )
