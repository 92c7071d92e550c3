"""Describe a database of any version without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select
from sqlalchemy.exc import OperationalError

from storage.database import daemon_tables, note_tables  # noqa: F401  (its tables join METADATA)
from storage.database.engine import shown_url, transaction
from storage.database.schema import version_of
from storage.database.sqlite_file import require_content
from storage.database.tables import METADATA, SCHEMA_VERSION


def describe_database(engine: Engine, *, sizes: bool = False) -> Iterator[tuple[str, str]]:
    """Yield URL, version of the tables, size of the file and the rows of each table as pairs.

    `sizes` adds the bytes of each table and index, the largest first: SQLite reads the whole file for it. Raises
    StoreError, also if there is no database.
    """
    file = _file_of(engine)
    if file is not None:
        require_content(file)
    yield ("database", shown_url(engine))
    with transaction(engine, writes=False) as connection:
        yield ("tables", _version(version_of(connection)))
        if file is not None:
            yield ("file", f"{file.stat().st_size} bytes")
        yield from _row_counts(connection)
        if sizes:
            yield from _sizes(connection)


def _file_of(engine: Engine) -> Path | None:
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


def _sizes(connection: Connection) -> Iterator[tuple[str, str]]:
    statement = _POSTGRESQL_SIZES if connection.dialect.name == "postgresql" else _SQLITE_SIZES
    try:
        rows = connection.exec_driver_sql(statement).all()
    except OperationalError:  # SQLite may be compiled without dbstat
        yield ("sizes", "this SQLite cannot tell them")
        return
    for name, size in rows:
        yield (name, f"{size} bytes")


_SQLITE_SIZES = "SELECT name, pgsize FROM dbstat WHERE aggregate = TRUE ORDER BY pgsize DESC, name"
_POSTGRESQL_SIZES = """
SELECT relname, pg_relation_size(pg_class.oid)
    + CASE WHEN reltoastrelid > 0 THEN pg_relation_size(reltoastrelid) ELSE 0 END
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind IN ('r', 'i') AND nspname = current_schema() ORDER BY 2 DESC, 1
"""
"""Of a table with its long texts, which PostgreSQL keeps beside it."""
