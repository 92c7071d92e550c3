"""Read rows of any number in bounded memory, and write them in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage.copying.stored_tables import StoredTable
from storage.database.engine import AnyRow
from storage.model.errors import StoreError

FETCHED_ROWS = 200
"""Rows that are fetched at once: 200 MB if each were the longest that a page may be, 1 MB as they are."""
BATCH_ROWS = 1_000
BATCH_CHARACTERS = 2_000_000
"""Text of a batch; a transaction of it takes some tenths of a second."""


@contextmanager
def stream(connection: Connection, statement: Select[Any], table: str) -> Iterator[Iterator[AnyRow]]:
    """Yield an iterator of the rows of a statement, some fetched at once; the cursor is closed at the end.

    Raises StoreError for a value that is not of its column.
    """
    with connection.execute(statement, execution_options={"yield_per": FETCHED_ROWS}) as rows:
        try:
            yield iter(rows)
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"table {table}: a value is not of its column ({error}): run presswatch db check"
            ) from error


def batches(rows: Iterator[AnyRow]) -> Iterator[Sequence[AnyRow]]:
    """Yield the rows in batches that are limited in number and in text."""
    batch: list[AnyRow] = []
    room = BATCH_CHARACTERS
    for row in rows:
        batch.append(row)
        room -= sum(len(value) for value in row if isinstance(value, str))
        if room <= 0 or len(batch) == BATCH_ROWS:
            yield batch
            batch, room = [], BATCH_CHARACTERS
    if batch:
        yield batch


def row_count(connection: Connection, table: StoredTable) -> int:
    """Count the rows that are copied."""
    return connection.scalar(select(func.count()).select_from(table.table).where(table.is_copied)) or 0
