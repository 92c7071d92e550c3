"""Fetches: each try at an address, as it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from storage.models import FetchRow
from storage.records import Failure, FetchResult, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One fetch of one address within a run: what every outcome is recorded with."""

    url: str
    why: Why
    at: datetime
    run_id: int | None
    byte_count: int | None = None
    http_status: int | None = None


_FETCHES: Any = FetchRow.__table__
_INSERT_FETCH = insert(_FETCHES)


def record_fetches(connection: Connection, fetches: Sequence[Mapping[str, Any]]) -> None:
    """Add fetches as `fetch_values` has them, inside the transaction of what they changed."""
    connection.execute(_INSERT_FETCH, fetches)


def fetch_values(
    link_id: int,
    tried: Try,
    result: FetchResult,
    *,
    failure: Failure | None = None,
    reason: str | None = None,
    view_count: int | None = None,
) -> dict[str, Any]:
    """The row of a fetch."""
    return {
        "link_id": link_id,
        "run_id": tried.run_id,
        "fetched_at": tried.at,
        "why": tried.why,
        "result": result,
        "stage": failure.stage if failure else None,
        "reason": failure.reason if failure else reason,
        "http_status": failure.http_status if failure else tried.http_status,
        "byte_count": tried.byte_count,
        "view_count": view_count,
    }
