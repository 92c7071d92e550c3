"""A list, written in the form that was asked for."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import chain, islice
from typing import Any

import click

from storage.errors import ConfigError

NO_TERMINAL = 10_000
"""Columns of a table that goes to a file or a pipe: there is nothing it must fit, so nothing is cut."""

Record = Mapping[str, Any]
Table = Callable[[Sequence[Record], int], Iterable[str]]
"""Makes lines of records, none wider than so many columns."""


def say_nothing(why: str) -> None:
    """A word to the person; standard output stays what a program expects of an empty list."""
    click.echo(f"presswatch: {why}", err=True)


def columns_wide() -> int:
    return shutil.get_terminal_size((NO_TERMINAL, 24)).columns


def give(
    found: Iterator[Any], form: str, *, kind: type[Any], as_table: Callable[..., Iterable[str]], raw: bool
) -> bool:
    """Write a list of answers in the form that was asked for; return whether there was anything in it.

    `kind` is the dataclass of its entries, which makes the header. An empty table is not written at all.
    """
    from presswatch.output import formats

    if form != "table":
        return give_records(map(formats.record, found), names_of(kind), form, raw=raw)
    rows = list(found)
    formats.say(as_table(rows, columns_wide=columns_wide()) if rows else ())
    return bool(rows)


def names_of(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass, in their order."""
    return tuple(field.name for field in fields(kind))


def give_records(
    records: Iterable[Record], columns: Sequence[str], form: str, *, raw: bool = False, table: Table | None = None
) -> bool:
    """Write records that all have these columns; return whether there were any.

    `table` makes the table; without it every column stands in it as it is.
    """
    from presswatch.output import formats

    first = list(islice(iterator := iter(records), 1))
    rows = chain(first, iterator)
    if form == "table":
        make = table or (lambda all_rows, wide: plain_table(all_rows, columns, wide))
        formats.say(make(list(rows), columns_wide()) if first else ())
    else:
        formats.emit(pieces(rows, columns, form, raw=raw))
    return bool(first)


def pieces(records: Iterable[Record], columns: Sequence[str], form: str, *, raw: bool) -> Iterator[str]:
    """Records as text in any form but the table."""
    from presswatch.output import formats
    from presswatch.output import tsv_markdown as tabular

    if form == "json":
        return formats.json_pieces(records)
    if form == "jsonl":
        return formats.jsonl_pieces(records)
    if form == "csv":
        return formats.csv_pieces(records, columns, raw=raw)
    if form == "tsv":
        return tabular.tsv_pieces(records, columns, raw=raw)
    return tabular.markdown_pieces(records, columns)


def plain_table(records: Sequence[Record], columns: Sequence[str], wide: int) -> list[str]:
    """Every column as it is, numbers to the right; what is not there is a dash. The last column of text stretches."""
    from presswatch.output import formats
    from storage.printable import safe

    numeric = [all(isinstance(row[name], int | float | None) for row in records) for name in columns]
    stretching = max((place for place, number in enumerate(numeric) if not number), default=-1)
    heads = [
        formats.Column(safe(name).upper(), right=number, stretches=place == stretching)
        for place, (name, number) in enumerate(zip(columns, numeric, strict=True))
    ]
    return formats.table_lines(heads, [[shown(row[name]) for name in columns] for row in records], columns_wide=wide)


def shown(value: Any) -> str:
    """A value in a table for a person."""
    from presswatch.output import formats

    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} {value:%H:%M}"
    return "-" if value is None else formats.as_text(value)


def chosen(asked: str | None, known: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """The fields of `--fields`, in the order they were written. Raises ConfigError for one that is not known."""
    if asked is None:
        return tuple(default)
    names = tuple(dict.fromkeys(name for word in asked.split(",") if (name := word.strip())))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"no field is called {', '.join(unknown)}" if unknown else "no field is named"
        raise ConfigError(f"--fields: {wrong}; known: {', '.join(known)}")
    return names


ATTRIBUTION = ("source", "url", "fetched_at", "terms")
"""Whose an article is and on what terms; no row leaves the program without."""


def attributed(names: Sequence[str]) -> tuple[str, ...]:
    """The fields with those behind them that must go along."""
    return (*names, *(name for name in ATTRIBUTION if name not in names))
