"""Write export files row by row in constant memory: JSON Lines, CSV, SQLite, Parquet, Excel."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import IO, Any

from presswatch.export.export import ExportNotes, ExportRequest, Rows, Writer
from presswatch.output.formats import escape_control_chars, iter_csv
from storage.database.tables import ArticleRow
from storage.model.errors import ConfigError

MAX_EXCEL_ROWS = 1_048_576 - 1
"""Rows of a sheet without the header: "Excel specifications and limits" at support.microsoft.com."""

ROW_GROUP_SIZE = 5_000
MAX_ROW_GROUP_CHARS = 4_000_000
"""A Parquet row group ends with the row that reaches one of them: memory stays flat however long the bodies are."""


def write_jsonl(output: IO[bytes], rows: Rows, plan: ExportRequest, _tally: ExportNotes) -> None:
    """One JSON object a line."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    columns = plan.columns
    for row in rows:
        output.write(escape_control_chars(encode(dict(zip(columns, row, strict=True)))).encode() + b"\n")


def write_csv(output: IO[bytes], rows: Rows, plan: ExportRequest, _tally: ExportNotes) -> None:
    """As RFC 4180 has it; what is a list or more is in JSON where it is not of plain names."""
    records = (dict(zip(plan.columns, _flatten(row), strict=True)) for row in rows)
    for piece in iter_csv(records, plan.columns, raw=plan.raw):
        output.write(piece.encode())


def _flatten(row: list[Any]) -> list[Any]:
    return [_report_progress(value) if isinstance(value, list) else value for value in row]


def _report_progress(parts: list[Any]) -> tuple[str, ...]:
    """Names as they are; a problem as `field: reason`."""
    return tuple(part if isinstance(part, str) else f"{part['field']}: {part['reason']}" for part in parts)


def write_sqlite(output: IO[bytes], rows: Rows, plan: ExportRequest, _tally: ExportNotes) -> None:
    """A table `articles`, as Datasette likes it: times as ISO text, lists as JSON arrays that it makes facets of."""
    connection = sqlite3.connect(Path(output.name), isolation_level=None)
    try:
        # Nothing can be lost that the database does not have: the file gets its name only when it is whole.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"CREATE TABLE articles ({', '.join(map(_column_types, plan.columns))})")
        connection.execute("BEGIN")
        places = ", ".join("?" * len(plan.columns))
        connection.executemany(f"INSERT INTO articles VALUES ({places})", map(_sqlite_value, rows))  # noqa: S608
        for name in {"published_at", "source", "section"} & set(plan.columns):
            connection.execute(f"CREATE INDEX articles_{name} ON articles ({name})")
        connection.execute("COMMIT")
    except sqlite3.Error as error:  # of the file that is written; what the database says is a StoreError
        raise OSError(f"{error}: is there room on the disk?") from error
    finally:
        connection.close()


def _column_types(name: str) -> str:
    if name == "id":
        return "id INTEGER PRIMARY KEY"
    column = ArticleRow.__table__.c.get(name)
    whole = column is not None and column.type.python_type is int
    return f"{name} {'INTEGER' if whole else 'TEXT'}"


def _sqlite_value(row: list[Any]) -> list[Any]:
    return [json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in row]


def write_parquet(output: IO[bytes], rows: Rows, plan: ExportRequest, _tally: ExportNotes) -> None:
    """Typed columns, Zstandard, row groups of a few megabytes."""
    from presswatch.export.parquet import write_parquet_file

    write_parquet_file(output, _batches(rows), plan.columns)


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


def write_excel(output: IO[bytes], rows: Rows, plan: ExportRequest, tally: ExportNotes) -> None:
    """One sheet. Text is text, whatever it looks like."""
    from presswatch.export.excel import write_workbook

    write_workbook(output, map(_flatten, rows), plan.columns, tally)


WRITERS: dict[str, Writer] = {
    ".parquet": write_parquet,
    ".csv": write_csv,
    ".jsonl": write_jsonl,
    ".xlsx": write_excel,
    ".db": write_sqlite,
}
REQUIRED_PACKAGES = {".parquet": ("pyarrow", "parquet"), ".xlsx": ("xlsxwriter", "xlsx")}
"""The library a format needs, and the extra that brings it."""


def writer_for(file: Path) -> Writer:
    """What writes such a file. Raises ConfigError for another kind, and where its library is missing."""
    kind = file.suffix.lower()
    if kind not in WRITERS:
        raise ConfigError(f"{file.name}: its name must end in one of {', '.join(WRITERS)}, which says what it is to be")
    if kind in REQUIRED_PACKAGES:
        library, extra = REQUIRED_PACKAGES[kind]
        try:
            import_module(library)
        except ImportError:
            raise ConfigError(f"{kind} needs {library}: pip install presswatch[{extra}]") from None
    return WRITERS[kind]


def max_rows(file: Path) -> int | None:
    """How many articles such a file holds; None if that is no matter."""
    return MAX_EXCEL_ROWS if file.suffix.lower() == ".xlsx" else None
