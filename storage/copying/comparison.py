"""Compare the rows of two databases one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection

from storage.copying.stored_tables import StoredTable, stored_tables
from storage.copying.streams import BATCH_ROWS, stream
from storage.database.column_types import as_utf8
from storage.database.engine import AnyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The first row that differs, as a sentence, and how many rows differ in replaced characters alone."""

    difference: str | None
    replaced_count: int


def compare(source: Connection, target: Connection, count: Callable[[int], None]) -> Comparison:
    """Compare all rows that are copied, up to the first that differs; `count` is told how many more are compared.

    Characters that a column of text replaces (storage.database.column_types) are no difference. Raises StoreError.
    """
    replaced = 0
    pairs = zip(stored_tables(source.dialect.name), stored_tables(target.dialect.name), strict=True)
    for ours, theirs in pairs:
        number = 0
        with stream(source, ours.rows(), ours.name) as rows, stream(target, theirs.rows(), theirs.name) as copies:
            for number, (kept, copied) in enumerate(zip_longest(rows, copies), 1):
                if kept != copied:
                    if kept is None or copied is None or _as_utf8(kept) != tuple(copied):
                        return Comparison(difference=_describe(ours, kept, copied), replaced_count=replaced)
                    replaced += 1
                if number % BATCH_ROWS == 0:
                    count(BATCH_ROWS)
        count(number % BATCH_ROWS)
    return Comparison(difference=None, replaced_count=replaced)


def _as_utf8(row: AnyRow) -> tuple[Any, ...]:
    return tuple(as_utf8(value) if isinstance(value, str) else value for value in row)


def _describe(table: StoredTable, kept: AnyRow | None, copied: AnyRow | None) -> str:
    """Name the row, and the columns of it that differ, without their values: they may be long, or secret."""
    width = len(table.key)
    if copied is None or (kept is not None and kept[:width] < copied[:width]):
        return f"table {table.name}: row {_key(kept, width)} was not copied"
    if kept is None or copied[:width] < kept[:width]:
        return f"table {table.name}: row {_key(copied, width)} is in the copy alone"
    names = [column.name for column, one, other in zip(table.columns, kept, copied, strict=True) if one != other]
    return f"table {table.name}: row {_key(kept, width)} differs in {', '.join(names)}"


def _key(row: AnyRow | None, width: int) -> str:
    return ", ".join(map(str, row[:width])) if row is not None else ""
