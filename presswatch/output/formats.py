"""Write records as a table, JSON, JSON Lines or CSV, in pieces of text as rows come in.

JSON is UTF-8 with what could steer a terminal escaped, so that nothing is lost by being safe. CSV is as RFC 4180 has
it: UTF-8, CRLF line ends, quotes where needed. Times are UTC: ISO 8601 with +00:00 in JSON and CSV.
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

from storage.text.sanitize import display_width, pad, replace_surrogates, sanitize, truncate

LIST_SEPARATOR = "; "

# A cell that begins so is a formula to spreadsheets; the last four are their full-width twins. Some trim what they
# import, and then what stood behind white space, or behind what nobody sees, begins the cell.
_FORMULA = re.compile("[\t\r\n]|[\\s\u200b-\u200d\u2060\ufeff]*[=+\\-@\uff1d\uff0b\uff0d\uff20]")
# JSON may hold these as they are, but a terminal may obey them.
_STEERING_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


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


def as_dict(answer: Any) -> dict[str, Any]:
    """A frozen value as a mapping of its fields, in their order."""
    return {field.name: getattr(answer, field.name) for field in fields(answer)}


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Any answer as JSON that is valid UTF-8; durations are seconds."""
    return escape_control_chars(json.dumps(value, ensure_ascii=False, indent=indent, default=_plain))


def escape_control_chars(written: str) -> str:
    """The same JSON with what could steer a terminal escaped, as valid UTF-8."""
    if written.isprintable():
        return written
    return _STEERING_IN_JSON.sub(_escape, replace_surrogates(written))


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if is_dataclass(value):
        return as_dict(value)
    if isinstance(value, bytes):
        return {"$base64": True, "encoded": b64encode(value).decode()}  # as Datasette has it
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def iter_json(records: Iterable[Mapping[str, Any]], _columns: Sequence[str] = (), **_options: bool) -> Iterator[str]:
    """One JSON array, a record on a line."""
    opening = "["
    for entry in records:
        yield opening + as_json(entry)
        opening = ",\n "
    yield "[]\n" if opening == "[" else "]\n"


def iter_jsonl(records: Iterable[Mapping[str, Any]], _columns: Sequence[str] = (), **_options: bool) -> Iterator[str]:
    """One JSON object a line."""
    for entry in records:
        yield as_json(entry) + "\n"


def iter_csv(records: Iterable[Mapping[str, Any]], columns: Sequence[str], *, raw: bool = False) -> Iterator[str]:
    """A header and a row a record.

    Text that a spreadsheet would run as a formula gets an apostrophe before it, and what could steer a terminal is
    replaced; `raw` leaves both as they are.
    """
    writer = csv.writer(_ChunkBuffer(), lineterminator="\r\n")
    yield _row(writer, [_cell(name, raw=raw) for name in columns])
    for entry in records:
        yield _row(writer, [_cell(entry[name], raw=raw) for name in columns])


class _ChunkBuffer:
    """What csv writes to: hands each row back instead of keeping it."""

    def write(self, row: str) -> str:
        return row


def _row(writer: Any, cells: Sequence[str]) -> str:
    written: str = writer.writerow(cells)
    return written


def value_as_text(value: Any) -> str:
    """A value as the text of a cell, not yet made safe; what is not there is empty, bytes are in base64."""
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
    """The text as a spreadsheet shows it, never runs it: an apostrophe before what would be a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table; the one that stretches is cut first when the terminal is narrow."""

    title: str
    align_right: bool = False
    is_flexible: bool = False


MIN_COLUMN_WIDTH = 10
COLUMN_GAP = "  "


def render_table(columns: Sequence[TableColumn], rows: Iterable[Sequence[str]], *, columns_wide: int) -> list[str]:
    """Header and rows, none wider than `columns_wide`; text is made fit for a terminal."""
    cells = [[column.title for column in columns], *([sanitize(text) for text in row] for row in rows)]
    widths = [max(display_width(row[place]) for row in cells) for place in range(len(columns))]
    spare = columns_wide - sum(widths) - len(COLUMN_GAP) * (len(columns) - 1)
    for place, column in enumerate(columns):
        if column.is_flexible and spare < 0:
            widths[place] = max(min(widths[place], MIN_COLUMN_WIDTH), widths[place] + spare)
    return [truncate(_line(columns, widths, row), columns_wide) for row in cells]


def _line(columns: Sequence[TableColumn], widths: Sequence[int], row: Sequence[str]) -> str:
    cells = (
        pad(truncate(text, wide), wide, right=column.align_right)
        for column, wide, text in zip(columns, widths, row, strict=True)
    )
    return COLUMN_GAP.join(cells).rstrip()


def write_stdout(pieces: Iterable[str]) -> None:
    """Write to standard output in UTF-8, whatever the locale; a reader that left raises BrokenPipeError here."""
    output = sys.stdout.buffer
    for piece in pieces:
        output.write(piece.encode())
    output.flush()


def print_lines(lines: Iterable[str]) -> None:
    """Write lines for a person to standard output; what its encoding lacks becomes a question mark."""
    encoding = sys.stdout.encoding or "utf-8"
    output = sys.stdout.buffer
    for line in lines:
        output.write(f"{line}\n".encode(encoding, "replace"))
    output.flush()
