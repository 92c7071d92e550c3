"""Fetches: each try at an address, as it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from storage.database.tables import FetchRow
from storage.model.records import FetchFailure, FetchPurpose, FetchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAttempt:
    """One fetch of one address within a run: what every outcome is recorded with."""

    url: str
    purpose: FetchPurpose
    fetched_at: datetime
    run_id: int | None
    byte_count: int | None = None
    http_status: int | None = None


_FETCHES: Any = FetchRow.__table__
_INSERT_FETCH = insert(_FETCHES)


def record_fetches(connection: Connection, fetches: Sequence[Mapping[str, Any]]) -> None:
    """Add fetches as `fetch_row` has them, inside the transaction of what they changed."""
    connection.execute(_INSERT_FETCH, fetches)


def fetch_row(
    link_id: int,
    tried: FetchAttempt,
    result: FetchResult,
    *,
    failure: FetchFailure | None = None,
    reason: str | None = None,
    view_count: int | None = None,
) -> dict[str, Any]:
    """The row of a fetch."""
    return {
        "link_id": link_id,
        "run_id": tried.run_id,
        "fetched_at": tried.fetched_at,
        "purpose": tried.purpose,
        "result": result,
        "failure_stage": failure.failure_stage if failure else None,
        "reason": failure.reason if failure else reason,
        "http_status": failure.http_status if failure else tried.http_status,
        "byte_count": tried.byte_count,
        "view_count": view_count,
    }
