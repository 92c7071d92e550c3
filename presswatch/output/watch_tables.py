"""Render saved queries and undelivered notifications as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from presswatch.output.formats import TableColumn, render_table
from presswatch.output.tables import UTC_NOTE
from storage.text.durations import format_time
from storage.text.sanitize import sanitize


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearchRow:
    """One saved query of the list, with its redacted target and undelivered notifications."""

    name: str
    query: str
    target: str
    delivery_mode: str
    created_at: datetime
    last_notified_at: datetime | None
    waiting_count: int
    failed_count: int
    given_up_count: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredRow:
    """One notification that is not delivered, with its redacted target."""

    id: int
    state: str
    watch: str | None
    target: str
    title: str
    created_at: datetime
    attempts: int
    next_attempt_at: datetime | None
    error: str | None


SAVED_SEARCH_COLUMNS = (
    TableColumn("NAME"),
    TableColumn("TO"),
    TableColumn("DELIVERY"),
    TableColumn("LAST NOTIFIED"),
    TableColumn("WAITING", align_right=True),
    TableColumn("QUERY", is_flexible=True),
)


def render_saved_searches(rows: Sequence[SavedSearchRow], *, columns_wide: int) -> Iterator[str]:
    """Render saved queries as a table, with the delivery errors below."""
    yield from render_table(SAVED_SEARCH_COLUMNS, [_row(row) for row in rows], columns_wide=columns_wide)
    yield ""
    for row in rows:
        if row.failed_count:
            yield sanitize(f"{row.name}: {row.failed_count} notifications not delivered yet: the target {row.error}")
        if row.given_up_count:
            yield sanitize(f"{row.name}: {row.given_up_count} notifications given up; see presswatch watch undelivered")
    yield UTC_NOTE


def _row(watch: SavedSearchRow) -> list[str]:
    return [
        watch.name,
        watch.target,
        watch.delivery_mode,
        format_time(watch.last_notified_at),
        str(watch.waiting_count),
        watch.query,
    ]


UNDELIVERED_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("STATE"),
    TableColumn("WATCH"),
    TableColumn("TO"),
    TableColumn("CREATED"),
    TableColumn("NEXT ATTEMPT"),
    TableColumn("TITLE", is_flexible=True),
)


def render_undelivered(rows: Sequence[UndeliveredRow], *, columns_wide: int) -> Iterator[str]:
    """Render undelivered notifications as a table, with their errors below."""
    cells = [
        [
            str(row.id),
            row.state,
            row.watch or "-",
            row.target,
            format_time(row.created_at),
            format_time(row.next_attempt_at),
            row.title,
        ]
        for row in rows
    ]
    yield from render_table(UNDELIVERED_COLUMNS, cells, columns_wide=columns_wide)
    yield ""
    for row in rows:
        if row.error:
            yield sanitize(f"{row.id}: {row.attempts} attempts; the target {row.error}")
    yield UTC_NOTE
