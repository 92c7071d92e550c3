"""Render saved queries and undelivered notifications as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import TableColumn, render_table
from storage.model.redaction import REDACTED, redact_target
from storage.notifications.outbox import AlertCounts, PendingAlert
from storage.notifications.watches import SavedSearch
from storage.text.counts import counted
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearchRow:
    """One saved query of the list, with its redacted target and undelivered notifications."""

    name: str
    query: str
    target: str | None
    delivery_mode: str
    created_at: datetime
    last_notified_at: datetime | None
    waiting_count: int
    failed_count: int
    given_up_count: int
    error: str | None


def saved_search_row(watch: SavedSearch, counts: AlertCounts) -> SavedSearchRow:
    """Return the row of a saved query, of which these notifications are not delivered."""
    return SavedSearchRow(
        name=watch.name,
        query=watch.query,
        target=redact_target(watch.target) if watch.target else None,
        delivery_mode=describe_delivery(watch),
        created_at=watch.created_at,
        last_notified_at=watch.last_notified_at,
        waiting_count=counts.waiting,
        failed_count=counts.failed,
        given_up_count=counts.given_up,
        error=counts.error,
    )


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


def undelivered_row(alert: PendingAlert, configured: Mapping[str, str]) -> UndeliveredRow:
    """Return the row of a notification; `configured` has the targets of the configuration by their fingerprints."""
    target = alert.target or configured.get(alert.target_hash)
    return UndeliveredRow(
        id=alert.id,
        state=alert.state,
        watch=alert.watch,
        target=redact_target(target) if target else REDACTED,
        title=alert.title,
        created_at=alert.created_at,
        attempts=alert.attempts,
        next_attempt_at=None if alert.given_up_at else alert.next_attempt_at,
        error=alert.error,
    )


SAVED_SEARCH_COLUMNS = (
    TableColumn("NAME"),
    TableColumn("TO", leaves=4),
    TableColumn("DELIVERY", leaves=3),
    TableColumn("LAST NOTIFIED", leaves=1),
    TableColumn("WAITING", align_right=True, leaves=2),
    TableColumn("QUERY", is_flexible=True),
)


def render_saved_searches(rows: Sequence[SavedSearchRow], *, columns_wide: int) -> Iterator[str]:
    """Render saved queries as a table, with the delivery errors below."""
    yield from render_table(SAVED_SEARCH_COLUMNS, [_row(row) for row in rows], columns_wide=columns_wide)
    yield ""
    for row in rows:
        if row.failed_count:
            yield sanitize(
                f"{row.name}: {counted(row.failed_count, 'notification')} not delivered yet: the target {row.error}"
            )
        if row.given_up_count:
            yield sanitize(
                f"{row.name}: {counted(row.given_up_count, 'notification')} given up; see presswatch watch undelivered"
            )
    yield zone_note()


def _row(watch: SavedSearchRow) -> list[str]:
    return [
        watch.name,
        watch.target or "-",
        watch.delivery_mode,
        format_time(watch.last_notified_at),
        str(watch.waiting_count),
        watch.query,
    ]


UNDELIVERED_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("STATE", leaves=5),
    TableColumn("WATCH", leaves=4),
    TableColumn("TO", leaves=3),
    TableColumn("CREATED", leaves=1),
    TableColumn("NEXT ATTEMPT", leaves=2),
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
            yield sanitize(f"{row.id}: {counted(row.attempts, 'attempt')}; the target {row.error}")
    yield zone_note()


def describe_delivery(watch: SavedSearch) -> str:
    """Describe when notifications are delivered: `daily at 08:00, not 22:00-07:00 Asia/Baku`, or `never`."""
    if not watch.target:
        return "never"
    if watch.digest_at:
        interval = f"daily at {watch.digest_at.replace(',', ' and ')}"
    else:
        interval = f"every {format_duration(watch.digest_every)}" if watch.digest_every else "immediately"
    quiet = f", not {watch.quiet_from}-{watch.quiet_until}" if watch.quiet else ""
    zone = f" {watch.timezone}" if watch.quiet or watch.digest_at else ""
    return f"{interval}{quiet}{zone}"
