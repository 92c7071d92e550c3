"""Check the rows of each table by themselves: foreign keys, and values that their columns do not take."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Enum,
    Float,
    Integer,
    LargeBinary,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
)

from storage.database.column_types import DurationSeconds, UtcDateTime
from storage.database.tables import METADATA
from storage.integrity.finding import Finding, rows_of

Rule = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""The condition of a value that breaks it; a value that is not there breaks none."""


def check_values(connection: Connection, told: Callable[[str], None]) -> Iterator[Finding]:
    """Yield what is wrong with the rows of each table, of which `told` is told the name before it is read."""
    for table in METADATA.sorted_tables:
        told(table.name)
        yield from _broken_rules(connection, table)
        for key in table.foreign_keys:
            what = f"naming in {key.parent.name} what {key.column.table.name} does not have"
            yield from rows_of(connection, table.name, _dangling(table, key.parent, key.column), what)


def _dangling(table: Table, parent: Column[Any], referred: Column[Any]) -> Select[Any]:
    target = referred.table.alias("referred_table")
    there = select(target.c[referred.name]).where(target.c[referred.name] == parent).exists()
    return select(*table.primary_key.columns).where(parent.is_not(None), ~there)


def _broken_rules(connection: Connection, table: Table) -> Iterator[Finding]:
    """Look for all in one reading of the table; only what is broken is read again, to name rows."""
    rules = [
        (column, what, rule(_as_stored(column)))
        for column in table.columns
        for what, rule in _rules(column, connection.dialect.name)
    ]
    if not rules:
        return
    sums = connection.execute(
        select(*(func.sum(case((broken, 1), else_=0)) for _, _, broken in rules)).select_from(table)
    ).one()
    for (column, what, broken), count in zip(rules, sums, strict=True):
        if count:
            wanted = select(*map(_as_stored, table.primary_key.columns)).select_from(table).where(broken)
            yield from rows_of(connection, table.name, wanted, f"with {what} in {column.name}")


def _as_stored(column: Column[Any]) -> ColumnElement[Any]:
    """The column without its type, by which a value that is wrong could not be read."""
    return literal_column(f'{column.table.name}."{column.name}"')


def _rules(column: Column[Any], dialect: str) -> Iterator[tuple[str, Rule]]:
    kind = column.type
    if isinstance(kind, Enum):
        known = tuple(kind.enums)
        yield "a word that this program does not know", lambda value: value.not_in(known)
    if dialect == "sqlite":  # PostgreSQL keeps to the types of its columns
        yield from _storage_rules(column)


def _storage_rules(column: Column[Any]) -> Iterator[tuple[str, Rule]]:
    kind = column.type
    if isinstance(kind, UtcDateTime):
        yield "no time", lambda value: and_(value.is_not(None), ~_is_time(value))
    elif isinstance(kind, Boolean):
        yield "neither true nor false", lambda value: value.not_in((0, 1))
    elif isinstance(kind, Integer):
        yield "no whole number", lambda value: func.typeof(value).not_in(("integer", "null"))
    elif isinstance(kind, Float | DurationSeconds):
        yield "no number", lambda value: func.typeof(value).not_in(("integer", "real", "null"))
    elif isinstance(kind, JSON):
        yield "no JSON", lambda value: func.json_valid(value) == 0
    else:
        yield "no text", lambda value: func.typeof(value).not_in(("text", "null"))
        yield "a NUL character", lambda value: func.instr(cast(value, LargeBinary), literal_column("x'00'")) > 0


def _is_time(value: ColumnElement[Any]) -> ColumnElement[bool]:
    return and_(value.like(_TIME), func.julianday(value).is_not(None))


_TIME = "____-__-__ __:__:__.______"
"""The form of a time in SQLite, in which the order of the texts is that of the times."""
