"""Write records as a table, JSON, JSON Lines or CSV, in pieces of text as rows come in.

JSON is UTF-8 with terminal control characters escaped. CSV follows RFC 4180: UTF-8, CRLF line ends, quotes where
needed. Times are UTC: ISO 8601 with +00:00 in JSON and CSV.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from storage.model.published import day_or_time
from storage.text.sanitize import display_width, pad, replace_surrogates, sanitize, truncate

LIST_SEPARATOR = "; "

# Spreadsheets run a cell that begins so as a formula; the last four are the full-width characters. Some strip white
# space and invisible characters on import, so these may come before.
_FORMULA = re.compile("[\t\r\n]|[\\s\u200b-\u200d\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
# Allowed in JSON strings, but terminals may interpret them.
_CONTROL_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


Writer = Callable[..., Iterator[str]]
"""Serializes an iterable of records: `write(records, columns, *, raw)`; a feed: `write(excerpts, head, next_page)`."""


@dataclass(frozen=True, slots=True)
class Format:
    """An output format: the function that writes it, as `module:function`, and whether its rows must be articles.

    The module is loaded on use: a query that prints a table loads no XML.
    """

    reference: str
    articles_only: bool = False

    def writer(self) -> Writer:
        module, _, function = self.reference.partition(":")
        return getattr(import_module(module), function)  # type: ignore[no-any-return]


FORMATS: Mapping[str, Format] = {
    "table": Format("presswatch.output.records:table_lines_of"),
    "json": Format("presswatch.output.formats:iter_json"),
    "jsonl": Format("presswatch.output.formats:iter_jsonl"),
    "csv": Format("presswatch.output.formats:iter_csv"),
    "tsv": Format("presswatch.output.tsv_markdown:iter_tsv"),
    "md": Format("presswatch.output.tsv_markdown:iter_markdown"),
    "rss": Format("presswatch.output.feeds:iter_rss", articles_only=True),
    "atom": Format("presswatch.output.feeds:iter_atom", articles_only=True),
}
"""Every output format of every list, in the order `--help` names them; the first is the default."""

RECORD_FORMATS = tuple(name for name, one in FORMATS.items() if not one.articles_only)
"""Formats of a list of any records."""


def as_dict(value: Any) -> dict[str, Any]:
    """Return the fields of a dataclass and their values, in their order; nested dataclasses stay as they are.

    A publication time that is known to the day is a date.
    """
    return {field.name: field_value(value, field.name) for field in fields(value)}


def field_value(record: Any, name: str) -> Any:
    """Return a field of a record, None if it has none; a publication time that is known to the day is a date."""
    value = getattr(record, name, None)
    if name != "published_at" or not isinstance(value, datetime):
        return value
    precision, raw = getattr(record, "published_precision", None), getattr(record, "published_raw", None)
    return value if precision is None and raw is None else day_or_time(value, precision, raw)


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Serialize a value as JSON in valid UTF-8; durations are seconds."""
    return escape_control_chars(json.dumps(value, ensure_ascii=False, indent=indent, default=_json_value))


def escape_control_chars(text: str) -> str:
    """Escape terminal control characters and surrogates in JSON text."""
    if text.isprintable():
        return text
    return _CONTROL_IN_JSON.sub(_escape, replace_surrogates(text))


def _json_value(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value):
        return as_dict(value)
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": b64encode(value).decode()}  # the format of Datasette
    raise TypeError(f"{type(value).__name__} cannot be serialized as JSON")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def iter_json(records: Iterable[Mapping[str, Any]], _columns: Sequence[str] = (), **_options: bool) -> Iterator[str]:
    """Yield one JSON array, one record per line."""
    opening = "["
    for entry in records:
        yield opening + as_json(entry)
        opening = ",\n "
    yield "[]\n" if opening == "[" else "]\n"


def iter_jsonl(records: Iterable[Mapping[str, Any]], _columns: Sequence[str] = (), **_options: bool) -> Iterator[str]:
    """Yield one JSON object per line."""
    for entry in records:
        yield as_json(entry) + "\n"


BYTE_ORDER_MARK = "\ufeff"
"""Begins a text that a spreadsheet would otherwise read in an encoding of its country."""


def iter_csv(records: Iterable[Mapping[str, Any]], columns: Sequence[str], *, raw: bool = False) -> Iterator[str]:
    """Yield a header and one row per record.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe, and terminal control characters are
    replaced; `raw` disables both.
    """
    writer = csv.writer(_ChunkBuffer(), lineterminator="\r\n")
    yield _row(writer, [_cell(name, raw=raw) for name in columns])
    for entry in records:
        yield _row(writer, [_cell(entry[name], raw=raw) for name in columns])


class _ChunkBuffer:
    """File for `csv.writer` whose `write` returns the row instead of storing it."""

    def write(self, row: str) -> str:
        return row


def _row(writer: Any, cells: Sequence[str]) -> str:
    line: str = writer.writerow(cells)
    return line


def value_as_text(value: Any) -> str:
    """Format a value as the unescaped text of a cell: None is empty, bytes are base64."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return as_json(value)
    if isinstance(value, tuple | list):
        return LIST_SEPARATOR.join(map(str, value))
    return str(value)


def _cell(value: Any, *, raw: bool) -> str:
    text = value_as_text(value)
    if not isinstance(value, str | tuple | list):
        return text
    return replace_surrogates(text) if raw else neutralize_formula(sanitize(text, lines=True))


def neutralize_formula(text: str) -> str:
    """Prefix text that a spreadsheet would run as a formula with an apostrophe."""
    return f"'{text}" if _FORMULA.match(text) else text


@dataclass(frozen=True, slots=True)
class TableColumn:
    """Heading and alignment of a table column.

    When the terminal is narrow, a flexible column is truncated to MIN_FLEXIBLE_WIDTH first; then columns are left out,
    those with the lowest `leaves` first (0: never). A column that is whole is never truncated: the line may be longer.
    """

    title: str
    align_right: bool = False
    is_flexible: bool = False
    leaves: int = 0
    is_whole: bool = False


MIN_COLUMN_WIDTH = 10
MIN_FLEXIBLE_WIDTH = 18
COLUMN_GAP = "  "


def render_table(columns: Sequence[TableColumn], rows: Iterable[Sequence[str]], *, columns_wide: int) -> list[str]:
    """Return the header and the rows as lines of at most `columns_wide` terminal columns, sanitized."""
    cells = [[column.title for column in columns], *([sanitize(text) for text in row] for row in rows)]
    widths = [max(display_width(row[index]) for row in cells) for index in range(len(columns))]
    shown = _fitting_columns(columns, widths, columns_wide)
    columns, widths = [columns[index] for index in shown], [widths[index] for index in shown]
    spare = columns_wide - _line_width(columns, widths)
    for index, column in enumerate(columns):
        if column.is_flexible and spare < 0:
            widths[index] = max(min(widths[index], MIN_COLUMN_WIDTH), widths[index] + spare)
    lines = (_line(columns, widths, [row[index] for index in shown]) for row in cells)
    is_whole = any(column.is_whole for column in columns)
    return [line if is_whole else truncate(line, columns_wide) for line in lines]


def _fitting_columns(columns: Sequence[TableColumn], widths: Sequence[int], columns_wide: int) -> list[int]:
    """Return the positions of the columns to show, so that a flexible one keeps its least width."""
    least = [
        min(width, MIN_FLEXIBLE_WIDTH) if column.is_flexible else width
        for column, width in zip(columns, widths, strict=True)
    ]
    shown = list(range(len(columns)))
    for leaving in sorted((one for one in shown if columns[one].leaves), key=lambda one: columns[one].leaves):
        if _line_width([columns[one] for one in shown], [least[one] for one in shown]) <= columns_wide:
            break
        shown.remove(leaving)
    return shown


def _line_width(columns: Sequence[TableColumn], widths: Sequence[int]) -> int:
    """Return the width of a line without what is whole, which goes beyond the terminal if it must."""
    kept = [width for column, width in zip(columns, widths, strict=True) if not column.is_whole]
    return sum(kept) + len(COLUMN_GAP) * max(0, len(kept) - 1)


def _line(columns: Sequence[TableColumn], widths: Sequence[int], row: Sequence[str]) -> str:
    cells = (
        pad(truncate(text, width), width, right=column.align_right)
        for column, width, text in zip(columns, widths, row, strict=True)
    )
    return COLUMN_GAP.join(cells).rstrip()


def write_stdout(pieces: Iterable[str]) -> None:
    """Write pieces of text to stdout as UTF-8, whatever the locale. Raises BrokenPipeError if the consumer exited."""
    output = sys.stdout.buffer
    for piece in pieces:
        output.write(piece.encode())
    output.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Print lines to stdout in its encoding; characters it lacks become question marks."""
    encoding = sys.stdout.encoding or "utf-8"
    output = sys.stdout.buffer
    for line in lines:
        output.write(f"{line}\n".encode(encoding, "replace"))
    output.flush()
