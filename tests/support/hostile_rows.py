"""Make rows of every table with the values that two kinds of database are most likely to keep differently."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import cycle
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Boolean, Column, Connection, Enum, Float, Integer, Table, insert, update

from storage.copying.stored_tables import JsonText, stored_tables
from storage.database.column_types import UtcDateTime
from storage.database.tables import METADATA

ODD_TEXTS = ("", " ", "\0", "a\0b", "\ud800", "NULL", "'", "%s", ":x", "\u202e\ufeff", "🛢", "e\u0301", "İ", "\r\n")
ODD_TIMES = (
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59.999999+00:00",
    "1970-01-01T00:00:00+00:00",
    "2026-10-25T01:30:00.000001+00:00",
    "2026-11-04T00:00:00+00:00",
)
ODD_JSON = ('{"a": "\\u0000"}', '{"a":"\\ud800"}', '{"a": 1, "a": 2}', '{ "b" : 1.0e2 }', '{"ə": [null, true]}')
UNKNOWN_WORD = "of a later version"
SOURCES = ("a", "B", "я")
ROWS = 3
"""Rows of each table."""

CLOSED = frozenset({"finished_at", "closed_at"})
"""Columns of which a source has one empty value at most."""
DISTINCT = frozenset({"url", "key", "name", "revision_number", "position", "tag", "receipt", "target_hash", "subject"})
"""Columns that a row may not share with another."""

Made = Mapping[str, Sequence[dict[str, Any]]]


def _some(values: st.SearchStrategy[Any], odd: Sequence[Any] = ()) -> st.SearchStrategy[list[Any]]:
    """A list of values, most of them odd ones, if there are any."""
    return st.lists(st.sampled_from(odd) | values if odd else values, min_size=5, max_size=20)


POOLS = st.fixed_dictionaries(
    {
        "text": _some(st.text(max_size=30), ODD_TEXTS),
        "json": _some(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3).map(json.dumps), ODD_JSON),
        "time": _some(st.datetimes(timezones=st.just(UTC)), [datetime.fromisoformat(at) for at in ODD_TIMES]),
        "narrow": _some(st.integers(-(2**31), 2**31 - 1), (-(2**31), 2**31 - 1)),
        "wide": _some(st.integers(-(2**63), 2**63 - 1), (-(2**63), 2**63 - 1)),
        "float": _some(st.floats(allow_nan=False)),
        "boolean": _some(st.booleans()),
        "empty": _some(st.booleans()),
        "word": _some(st.integers(0, 9)),
    }
)
"""Values of each kind, which go to the columns in turn."""


def hostile_rows() -> st.SearchStrategy[Made]:
    """Draw rows of every table, of which each refers to rows that there are, also to later ones of its table."""
    return POOLS.map(_rows)


def _rows(pools: dict[str, list[Any]]) -> Made:
    turns = {kind: cycle(values) for kind, values in pools.items()}
    made: dict[str, list[dict[str, Any]]] = {}
    for stored in stored_tables("sqlite"):
        declared = METADATA.tables[stored.name]
        made[stored.name] = [_row(turns, declared, stored.table, number, made) for number in range(ROWS)]
    return made


def _row(turns: Mapping[str, Iterator[Any]], declared: Table, plain: Table, number: int, made: Made) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in plain.columns:
        original = declared.columns[column.name]
        if original.foreign_keys:
            row[column.name] = _reference(original, number, made)
        elif column.name == "id":
            row["id"] = _id(number)
        elif original.nullable and column.name not in CLOSED and next(turns["empty"]):
            row[column.name] = None
        elif isinstance(original.type, Enum):
            words = [*original.type.enums, UNKNOWN_WORD]
            row[column.name] = words[next(turns["word"]) % len(words)]
        else:
            value = next(turns[_kind(column)])
            row[column.name] = _distinct(value, number) if column.name in DISTINCT else value
    if declared.name == "sources":
        row["name"] = SOURCES[number]
    return row


def _id(number: int) -> int:
    return 10 * number + 7


def _reference(column: Column[Any], number: int, made: Made) -> Any:
    """The row of the same number, or, of the own table, of the one behind it."""
    (key,) = column.foreign_keys
    target = key.column
    if target.table is column.table:
        return _id(number + 1) if number + 1 < ROWS else None
    return made[target.table.name][number][target.name]


def _kind(column: Column[Any]) -> str:
    kind = column.type
    if isinstance(kind, Integer):
        return "narrow" if type(kind) is Integer else "wide"
    kinds = {UtcDateTime: "time", Boolean: "boolean", Float: "float", JsonText: "json"}
    return next((name for type_, name in kinds.items() if isinstance(kind, type_)), "text")


def _distinct(value: Any, number: int) -> Any:
    return f"{value}{number}" if isinstance(value, str) else number


def insert_rows(connection: Connection, made: Made) -> None:
    """Insert drawn rows; what refers to a later row of its table comes in a second step."""
    for stored in stored_tables(connection.dialect.name):
        rows = made[stored.name]
        later = dict.fromkeys(stored.references_itself)
        connection.execute(insert(stored.table), [{**row, **later} for row in rows])
        for row in rows if later else ():
            values = {name: row[name] for name in later}
            connection.execute(update(stored.table).where(stored.table.c.id == row["id"]).values(values))
