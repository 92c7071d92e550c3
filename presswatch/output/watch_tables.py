"""Render saved queries as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from presswatch.output.formats import Column, table_lines
from presswatch.output.tables import UTC_NOTE
from storage.durations import format_time
from storage.printable import safe


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedWatch:
    """A watch as it is listed; of its target only what is no secret."""

    name: str
    query: str
    target: str
    telling: str
    created_at: datetime
    told_at: datetime | None
    waiting_count: int
    failed_count: int
    error: str | None


COLUMNS = (
    Column("NAME"),
    Column("TO"),
    Column("TELLS"),
    Column("LAST TOLD"),
    Column("WAITING", right=True),
    Column("QUERY", stretches=True),
)


def watch_lines(found: Sequence[ListedWatch], *, columns_wide: int) -> Iterator[str]:
    """The table, and under it what went wrong with what was not delivered."""
    yield from table_lines(COLUMNS, [_row(watch) for watch in found], columns_wide=columns_wide)
    yield ""
    for watch in found:
        if watch.failed_count:
            yield safe(f"{watch.name}: {watch.failed_count} alerts were not delivered yet: the target {watch.error}")
    yield UTC_NOTE


def _row(watch: ListedWatch) -> list[str]:
    return [
        watch.name,
        watch.target,
        watch.telling,
        format_time(watch.told_at),
        str(watch.waiting_count),
        watch.query,
    ]
