"""Write query results to stdout as table, JSON, JSON Lines, CSV, TSV or Markdown."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import chain, islice
from typing import Any

import click

from presswatch.output import formats
from presswatch.output.formats import FORMATS
from storage.model.errors import ConfigError
from storage.text.sanitize import sanitize

UNLIMITED_WIDTH = 10_000
"""Columns of a table that goes to a file or a pipe: there is nothing it must fit, so nothing is cut."""

Record = Mapping[str, Any]
Table = Callable[[Sequence[Record], int], Iterable[str]]
"""Makes lines of records, none wider than so many columns."""


def print_notice(why: str) -> None:
    """Print a notice to stderr; stdout stays what a program expects of an empty list."""
    click.echo(f"presswatch: {why}", err=True)


def terminal_width() -> int:
    return shutil.get_terminal_size((UNLIMITED_WIDTH, 24)).columns


def write_list(
    found: Iterator[Any], form: str, *, kind: type[Any], raw: bool, as_table: Callable[..., Iterable[str]] | None = None
) -> bool:
    """Write a list of dataclasses in the format `form`; return whether there was anything in it.

    `kind` is the dataclass of its entries, which makes the header; `as_table` renders the table, by default every
    field is a column. An empty table is not written at all.
    """
    if form != "table" or as_table is None:
        return write_records(map(formats.as_dict, found), field_names(kind), form, raw=raw)
    rows = list(found)
    formats.print_lines(as_table(rows, columns_wide=terminal_width()) if rows else ())
    return bool(rows)


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a dataclass, in their order."""
    return tuple(field.name for field in fields(kind))


def write_records(
    records: Iterable[Record], columns: Sequence[str], form: str, *, raw: bool = False, table: Table | None = None
) -> bool:
    """Write records that all have these columns; return whether there were any.

    `table` makes the table; without it every column stands in it as it is.
    """
    first = list(islice(iterator := iter(records), 1))
    rows = chain(first, iterator)
    if form == "table":
        if first:
            formats.print_lines(table(list(rows), terminal_width()) if table else table_lines_of(rows, columns))
    else:
        formats.write_stdout(FORMATS[form].writer()(rows, columns, raw=raw))
    return bool(first)


def table_lines_of(records: Iterable[Record], columns: Sequence[str], **_options: bool) -> Iterator[str]:
    """Write every column as it is, as wide as the terminal."""
    yield from table_rows(list(records), columns, terminal_width())


def table_rows(records: Sequence[Record], columns: Sequence[str], wide: int) -> list[str]:
    """Every column as it is, numbers to the right; what is not there is a dash. The last column of text stretches."""
    numeric = [all(isinstance(row[name], int | float | None) for row in records) for name in columns]
    stretching = max((place for place, number in enumerate(numeric) if not number), default=-1)
    heads = [
        formats.TableColumn(sanitize(name).upper(), align_right=number, is_flexible=place == stretching)
        for place, (name, number) in enumerate(zip(columns, numeric, strict=True))
    ]
    return formats.render_table(
        heads, [[display_value(row[name]) for name in columns] for row in records], columns_wide=wide
    )


def display_value(value: Any) -> str:
    """A value in a table for a person."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, datetime):
        return f"{value.date().isoformat()} {value:%H:%M}"
    return "-" if value is None else formats.value_as_text(value)


def select_fields(asked: str | None, known: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """The fields of `--fields`, in the order they were written. Raises ConfigError for one that is not known."""
    if asked is None:
        return tuple(default)
    names = tuple(dict.fromkeys(name for word in asked.split(",") if (name := word.strip())))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        wrong = f"no field is called {', '.join(unknown)}" if unknown else "no field is named"
        raise ConfigError(f"--fields: {wrong}; known: {', '.join(known)}")
    return names


ATTRIBUTION_FIELDS = ("source", "url", "fetched_at", "terms")
"""Whose an article is and on what terms; no row leaves the program without."""


def with_attribution(names: Sequence[str]) -> tuple[str, ...]:
    """The fields with those behind them that must go along."""
    return (*names, *(name for name in ATTRIBUTION_FIELDS if name not in names))
