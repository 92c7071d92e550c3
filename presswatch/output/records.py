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
from presswatch.output.display_zone import format_time
from presswatch.output.formats import FORMATS
from storage.config.parsers import nearest_key
from storage.model.errors import ConfigError
from storage.text.sanitize import sanitize

UNLIMITED_WIDTH = 10_000
"""Width of a table that goes to a file or a pipe: nothing is truncated."""

Record = Mapping[str, Any]
Table = Callable[[Sequence[Record], int], Iterable[str]]
"""Renders records as lines of at most the given number of terminal columns."""


def print_notice(text: str) -> None:
    """Print a notice to stderr, so that stdout stays valid output of an empty list."""
    click.echo(f"presswatch: {text}", err=True)


def terminal_width() -> int:
    """Return the width of the terminal in columns; UNLIMITED_WIDTH if stdout is none."""
    return shutil.get_terminal_size((UNLIMITED_WIDTH, 24)).columns


def write_list(
    rows: Iterator[Any], form: str, *, kind: type[Any], raw: bool, as_table: Callable[..., Iterable[str]] | None = None
) -> bool:
    """Write dataclass instances to stdout in the output format `form`; return False if there are none.

    The fields of the dataclass `kind` are the header. `as_table` renders the table; by default every field is a column.
    An empty table prints nothing.
    """
    if form != "table" or as_table is None:
        return write_records(map(formats.as_dict, rows), field_names(kind), form, raw=raw)
    listed = list(rows)
    formats.print_lines(as_table(listed, columns_wide=terminal_width()) if listed else ())
    return bool(listed)


def field_names(kind: type[Any]) -> tuple[str, ...]:
    """Return the field names of a dataclass, in their order."""
    return tuple(field.name for field in fields(kind))


def write_records(
    records: Iterable[Record],
    columns: Sequence[str],
    form: str,
    *,
    raw: bool = False,
    bom: bool = False,
    table: Table | None = None,
) -> bool:
    """Write records that all have the keys `columns` to stdout; return False if there are none.

    `table` renders the table; by default every column is shown as it is. `bom` begins with a byte order mark.
    """
    first = list(islice(iterator := iter(records), 1))
    rows = chain(first, iterator)
    if form == "table":
        if first:
            formats.print_lines(table(list(rows), terminal_width()) if table else table_lines_of(rows, columns))
    else:
        mark = (formats.BYTE_ORDER_MARK,) if bom else ()
        formats.write_stdout(chain(mark, FORMATS[form].writer()(rows, columns, raw=raw)))
    return bool(first)


def table_lines_of(records: Iterable[Record], columns: Sequence[str], **_options: bool) -> Iterator[str]:
    """Render all columns as a table of the width of the terminal."""
    yield from table_rows(list(records), columns, terminal_width())


def table_rows(records: Sequence[Record], columns: Sequence[str], wide: int) -> list[str]:
    """Render all columns as a table: numbers right-aligned, None as a dash, the last text column flexible."""
    numeric = [all(isinstance(row[name], int | float | None) for row in records) for name in columns]
    texts = [index for index, is_number in enumerate(numeric) if not is_number and columns[index] != "url"]
    flexible = max(texts, default=-1)
    heads = [
        formats.TableColumn(
            sanitize(name).upper(),
            align_right=is_number,
            is_flexible=index == flexible,
            is_whole=name == "url",  # a cut address leads nowhere
        )
        for index, (name, is_number) in enumerate(zip(columns, numeric, strict=True))
    ]
    return formats.render_table(
        heads, [[display_value(row[name]) for name in columns] for row in records], columns_wide=wide
    )


def display_value(value: Any) -> str:
    """Format a value for a table cell."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, datetime):
        return format_time(value)
    return "-" if value is None else formats.value_as_text(value)


def select_fields(names_text: str | None, known: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """Parse `--fields`, keeping the order. Raises ConfigError for an unknown field."""
    if names_text is None:
        return tuple(default)
    names = tuple(dict.fromkeys(name for word in names_text.split(",") if (name := word.strip())))
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        error = f"unknown field {', '.join(unknown)}" if unknown else "no field given"
        nearest = nearest_key(unknown[0], known) if unknown else ""
        raise ConfigError(f"--fields: {error}; known fields: {', '.join(known)}{nearest}")
    return names


ATTRIBUTION_FIELDS = ("source", "url", "fetched_at", "terms")
"""Source and terms of use of an article, added to every row that is written."""


def with_attribution(names: Sequence[str]) -> tuple[str, ...]:
    """Return the field names followed by the attribution fields that are missing."""
    return (*names, *(name for name in ATTRIBUTION_FIELDS if name not in names))
