"""Watches as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from storage.formats import Column, table_lines
from storage.lists import UTC_NOTE, stamp
from storage.printable import safe

if TYPE_CHECKING:
    from scheduler.watch_cli import ListedWatch

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
        stamp(watch.told_at),
        str(watch.waiting_count),
        watch.query,
    ]
