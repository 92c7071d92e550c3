"""Define the tables once more with plain types, so that a row is copied as it is kept, not as the program reads it.

A value that this program would not write, such as a kind of edit that it does not know, arrives unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    cast,
    null,
    select,
    true,
    tuple_,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.database import daemon_tables, note_tables  # noqa: F401  (its tables join METADATA)
from storage.database.column_types import DurationSeconds, UtcDateTime, Utf8Text
from storage.database.tables import METADATA, search_index_state
from storage.scheduling.leases import DAEMON_LEASE

DERIVED_TABLES = frozenset({search_index_state.name})
"""Tables that the other side makes from the articles, with the full-text index itself."""


class JsonText(TypeDecorator[str]):
    """JSON as the text that was stored: parsed and written again it would lose its spelling."""

    impl = Text
    cache_ok = True

    def __init__(self, *, is_json: bool) -> None:
        super().__init__()
        self.is_json = is_json

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(column, Text)

    def bind_expression(self, bindparam: Any) -> ColumnElement[Any] | None:
        return cast(bindparam, JSON) if self.is_json else bindparam

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value


@dataclass(frozen=True, slots=True)
class StoredTable:
    """A table with plain types; the columns of its primary key come first in every SELECT."""

    table: Table
    references_itself: tuple[str, ...]
    """Columns that name another row of the table, of a higher key maybe: they are filled when all rows are there."""

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def key(self) -> Sequence[Column[Any]]:
        return tuple(self.table.primary_key.columns)

    @property
    def columns(self) -> Sequence[Column[Any]]:
        """The columns in the order of `rows`: the key, then the others."""
        return (*self.key, *(column for column in self.table.columns if not column.primary_key))

    @property
    def is_copied(self) -> ColumnElement[bool]:
        """The condition of the rows that are copied: the lease of a running daemon belongs to the database it uses."""
        return self.table.c.name != DAEMON_LEASE if self.name == daemon_tables.leases.name else true()

    def rows(self, *, after: Sequence[Any] | None = None, references: bool = True) -> Select[Any]:
        """Select the rows in the order of their keys, those behind `after`; without `references` to itself NULL."""
        columns = (
            null().label(column.name) if column.name in self.references_itself and not references else column
            for column in self.columns
        )
        wanted = select(*columns).where(self.is_copied).order_by(*self.key)
        return wanted if after is None else wanted.where(tuple_(*self.key) > tuple_(*after))

    def last_key(self) -> Select[Any]:
        """Select the last key of the rows that are copied."""
        return select(*self.key).where(self.is_copied).order_by(*(column.desc() for column in self.key)).limit(1)


@cache
def stored_tables(dialect: str) -> tuple[StoredTable, ...]:
    """Return the tables that are copied, each behind those it refers to; `dialect` is "sqlite" or "postgresql"."""
    metadata = MetaData()
    return tuple(
        StoredTable(_plain_table(table, metadata, dialect), _references_itself(table))
        for table in METADATA.sorted_tables
        if table.name not in DERIVED_TABLES
    )


def _plain_table(table: Table, metadata: MetaData, dialect: str) -> Table:
    columns = (
        Column(column.name, _plain_type(column.type, dialect), primary_key=column.primary_key, autoincrement=False)
        for column in table.columns
    )
    return Table(table.name, metadata, *columns)


def _plain_type(kind: TypeEngine[Any], dialect: str) -> TypeEngine[Any]:
    if isinstance(kind, UtcDateTime | Boolean | Integer):  # a BigInteger is an Integer
        return kind
    if isinstance(kind, DurationSeconds):
        return Float()
    return JsonText(is_json=dialect == "postgresql") if isinstance(kind, JSON) else Utf8Text()


def _references_itself(table: Table) -> tuple[str, ...]:
    return tuple(key.parent.name for key in table.foreign_keys if key.column.table is table)
