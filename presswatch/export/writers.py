"""Write export files row by row in constant memory: JSON Lines, CSV, SQLite, Parquet, Excel."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from presswatch.export.export import ExportNotes, ExportRequest, Rows, Writer
from presswatch.output.formats import BYTE_ORDER_MARK, escape_control_chars, iter_csv
from storage.database.article_sections import PRIMARY, plain_name
from storage.database.tables import articles
from storage.model.errors import ConfigError
from storage.model.extras import Extra, missing_extra

MAX_EXCEL_ROWS = 1_048_576 - 1
"""Maximum rows of a sheet without the header: "Excel specifications and limits" at support.microsoft.com."""

ROW_GROUP_SIZE = 5_000
MAX_ROW_GROUP_CHARS = 4_000_000
"""A Parquet row group ends when it reaches one of these limits, so that memory does not grow with long bodies."""


def write_jsonl(output: IO[bytes], rows: Rows, request: ExportRequest, _notes: ExportNotes) -> None:
    """Write one JSON object per line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    columns = request.columns
    for row in rows:
        output.write(escape_control_chars(encode(dict(zip(columns, row, strict=True)))).encode() + b"\n")


def write_csv(output: IO[bytes], rows: Rows, request: ExportRequest, _notes: ExportNotes) -> None:
    """Write CSV as in RFC 4180, with lists joined into one cell."""
    records = (dict(zip(request.columns, _flatten(row), strict=True)) for row in rows)
    if request.bom:
        output.write(BYTE_ORDER_MARK.encode())
    for piece in iter_csv(records, request.columns, raw=request.raw):
        output.write(piece.encode())


def _flatten(row: list[Any]) -> list[Any]:
    return [_list_items(value) if isinstance(value, list) else value for value in row]


def _list_items(items: list[Any]) -> tuple[str, ...]:
    """Format names as they are and problems as `field: reason`."""
    return tuple(item if isinstance(item, str) else f"{item['field']}: {item['reason']}" for item in items)


def write_sqlite(output: IO[bytes], rows: Rows, request: ExportRequest, _notes: ExportNotes) -> None:
    """Write a SQLite file with the tables `articles` and `article_sections`, ready for Datasette.

    Times are ISO 8601 text, lists are JSON arrays (Datasette makes facets of them). `article_sections` has the columns
    and the positions of the table of that name in the store; it needs the fields `id` and `sections`, and is left out
    if one of them is not exported.
    """
    connection = sqlite3.connect(Path(output.name), isolation_level=None)
    try:
        # Durability is not needed: the file is renamed only when it is complete.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"CREATE TABLE articles ({', '.join(map(_column_definition, request.columns))})")
        connection.execute("BEGIN")
        placeholders = ", ".join("?" * len(request.columns))
        sections = SectionTable(connection, request.columns) if {"id", "sections"} <= set(request.columns) else None
        values = map(_sqlite_value, rows if sections is None else sections.insert_sections(rows))
        connection.executemany(f"INSERT INTO articles VALUES ({placeholders})", values)  # noqa: S608
        for name in {"published_at", "source", "section"} & set(request.columns):
            connection.execute(f"CREATE INDEX articles_{name} ON articles ({name})")
        if sections is not None:
            connection.execute("CREATE INDEX article_sections_section ON article_sections (section, published_at)")
        connection.execute("COMMIT")
    except sqlite3.Error as error:  # of the written file; errors of the store are StoreErrors
        raise OSError(f"{error}: is the disk full?") from error
    finally:
        connection.close()


class SectionTable:
    """Table `article_sections` of an export: one row for each section of an article."""

    def __init__(self, connection: sqlite3.Connection, columns: Sequence[str]) -> None:
        self._connection = connection
        self._columns = columns
        connection.execute(
            "CREATE TABLE article_sections (article_id INTEGER NOT NULL REFERENCES articles (id),"
            " position INTEGER NOT NULL, section TEXT NOT NULL, published_at TEXT, PRIMARY KEY (article_id, position))"
            " WITHOUT ROWID"
        )

    def insert_sections(self, rows: Rows) -> Iterator[list[Any]]:
        """Insert the sections of each article row, then yield the row."""
        for row in rows:
            article = dict(zip(self._columns, row, strict=True))
            self._connection.executemany("INSERT INTO article_sections VALUES (?, ?, ?, ?)", _section_rows(article))
            yield row


def _section_rows(article: Mapping[str, Any]) -> Iterator[tuple[int, int, str, str | None]]:
    """Yield article id, position, section and publication time; position 0 is a section the page does not name."""
    positions = {name: position for position, name in enumerate(article["sections"], PRIMARY + 1)}
    if article.get("section"):
        positions.setdefault(plain_name(article["section"]), PRIMARY)
    for name, position in positions.items():
        yield article["id"], position, name, article.get("published_at")


def _column_definition(name: str) -> str:
    if name == "id":
        return "id INTEGER PRIMARY KEY"
    column = articles.c.get(name)
    is_integer = column is not None and column.type.python_type is int
    return f"{name} {'INTEGER' if is_integer else 'TEXT'}"


def _sqlite_value(row: list[Any]) -> list[Any]:
    return [json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in row]


def write_parquet(output: IO[bytes], rows: Rows, request: ExportRequest, _notes: ExportNotes) -> None:
    """Write Parquet with typed columns, Zstandard compression and row groups of a few megabytes."""
    from presswatch.export.parquet import write_parquet_file  # noqa: PLC0415  (start-up time: pyarrow, 40 ms)

    write_parquet_file(output, _batches(rows), request.columns)


def _batches(rows: Rows) -> Iterator[list[list[Any]]]:
    batch: list[list[Any]] = []
    characters = 0
    for row in rows:
        batch.append(row)
        characters += sum(len(value) for value in row if isinstance(value, str))
        if characters >= MAX_ROW_GROUP_CHARS or len(batch) == ROW_GROUP_SIZE:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def write_excel(output: IO[bytes], rows: Rows, request: ExportRequest, notes: ExportNotes) -> None:
    """Write an Excel workbook with one sheet."""
    from presswatch.export.excel import write_workbook  # noqa: PLC0415  (start-up time: XlsxWriter, 70 ms)

    write_workbook(output, map(_flatten, rows), request.columns, notes)


WRITERS: dict[str, Writer] = {
    ".parquet": write_parquet,
    ".csv": write_csv,
    ".jsonl": write_jsonl,
    ".xlsx": write_excel,
    ".db": write_sqlite,
}
STREAMED = ("jsonl", "csv")
"""Formats of an export to stdout: text that goes on row by row."""
REQUIRED_PACKAGES = {".parquet": ("pyarrow", Extra.PARQUET), ".xlsx": ("xlsxwriter", Extra.XLSX)}
"""Library of a file format, and the extra of Presswatch that installs it."""


def writer_for(file: Path) -> Writer:
    """Return the writer for the suffix of a file. Raises ConfigError for an unknown suffix or a missing library."""
    suffix = file.suffix.lower()
    if suffix not in WRITERS:
        raise ConfigError(f"{file.name}: the suffix must be one of {', '.join(WRITERS)}")
    if suffix in REQUIRED_PACKAGES:
        library, extra = REQUIRED_PACKAGES[suffix]
        try:
            import_module(library)
        except ImportError:
            raise ConfigError(missing_extra(f"{suffix} needs {library}", extra)) from None
    return WRITERS[suffix]


def max_rows(file: Path) -> int | None:
    """Return the maximum number of articles of a file format; None if it is unlimited."""
    return MAX_EXCEL_ROWS if file.suffix.lower() == ".xlsx" else None
