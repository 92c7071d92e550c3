"""Record fetches: one row of `fetches` for each request of an article page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from storage.database.tables import fetches
from storage.model.field_limits import short_reason
from storage.model.records import FetchFailure, FetchPurpose, FetchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAttempt:
    """One request of one URL: the columns of `fetches` that do not depend on its result."""

    url: str
    purpose: FetchPurpose
    fetched_at: datetime
    run_id: int | None
    request_url: str | None = None  # spelling that was answered, after redirects; None: the canonical URL
    byte_count: int | None = None
    http_status: int | None = None


_INSERT_FETCH = insert(fetches)


def record_fetches(connection: Connection, fetches: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows built by `fetch_row`, inside the transaction of the changes they describe."""
    connection.execute(_INSERT_FETCH, fetches)


def fetch_row(
    link_id: int,
    attempt: FetchAttempt,
    result: FetchResult,
    *,
    failure: FetchFailure | None = None,
    reason: str | None = None,
    view_count: int | None = None,
) -> dict[str, Any]:
    """Build the row of a fetch; of a failed one, reason and HTTP status come from `failure`."""
    given = failure.reason if failure else reason
    return {
        "link_id": link_id,
        "run_id": attempt.run_id,
        "fetched_at": attempt.fetched_at,
        "purpose": attempt.purpose,
        "result": result,
        "failure_stage": failure.failure_stage if failure else None,
        "reason": given and short_reason(given),
        "http_status": failure.http_status if failure else attempt.http_status,
        "byte_count": attempt.byte_count,
        "view_count": view_count,
    }
