"""Describe a database of any version without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select

from storage.database import daemon_tables  # noqa: F401  (its tables join METADATA)
from storage.database.engine import shown_url, transaction
from storage.database.schema import version_of
from storage.database.tables import METADATA, SCHEMA_VERSION


def describe_database(engine: Engine) -> Iterator[tuple[str, str]]:
    """Yield URL, version of the tables, size of the file and the rows of each table as pairs. Raises StoreError."""
    yield ("database", shown_url(engine))
    file = _file_size(engine)
    if file is not None and not file.exists():
        yield ("file", "not there yet; the first command that needs it makes it")
        return
    with transaction(engine, writes=False) as connection:
        yield ("tables", _version(version_of(connection)))
        if file is not None:
            yield ("file", f"{file.stat().st_size} bytes")
        yield from _row_counts(connection)


def _file_size(engine: Engine) -> Path | None:
    """The file of an SQLite database; None for a server, and for one in memory."""
    name = engine.url.database
    on_disk = engine.url.get_backend_name() == "sqlite" and name not in {None, "", ":memory:"}
    return Path(name) if on_disk and name and not name.startswith("file:") else None


def _version(found: str | None) -> str:
    if found is None:
        return f"none of Presswatch (this program makes {SCHEMA_VERSION})"
    return found if found == SCHEMA_VERSION else f"{found} (this program needs {SCHEMA_VERSION})"


def _row_counts(connection: Connection) -> Iterator[tuple[str, str]]:
    there = set(inspect(connection).get_table_names())
    for table in METADATA.sorted_tables:
        if table.name in there:
            yield (table.name, str(connection.scalar(select(func.count()).select_from(table))))
