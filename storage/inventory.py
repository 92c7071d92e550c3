"""What a database holds, whatever its version: told without changing or making anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, select

from storage import duty_models as _duty_models  # noqa: F401  (they fill the metadata)
from storage.engine import transaction
from storage.models import SCHEMA_VERSION
from storage.printable import safe
from storage.schema import version_of
from storage.tables import Model

LABEL_WIDTH = 16


def inventory_lines(engine: Engine) -> Iterator[str]:
    """Address, version of the tables, size of the file, rows in each table. Raises StoreError."""
    yield _line("database", engine.url.render_as_string(hide_password=True))
    file = _file(engine)
    if file is not None and not file.exists():
        yield _line("file", "not there yet; the first command that needs it makes it")
        return
    with transaction(engine, writes=False) as connection:
        yield _line("tables", _version(version_of(connection)))
        if file is not None:
            yield _line("file", f"{file.stat().st_size} bytes")
        yield from _rows(connection)


def _line(label: str, value: str) -> str:
    return f"{label:<{LABEL_WIDTH}}{safe(value)}"


def _file(engine: Engine) -> Path | None:
    """The file of an SQLite database; None for a server, and for one in memory."""
    name = engine.url.database
    on_disk = engine.url.get_backend_name() == "sqlite" and name not in {None, "", ":memory:"}
    return Path(name) if on_disk and name and not name.startswith("file:") else None


def _version(found: str | None) -> str:
    if found is None:
        return f"none of Presswatch (this program makes {SCHEMA_VERSION})"
    return found if found == SCHEMA_VERSION else f"{found} (this program needs {SCHEMA_VERSION})"


def _rows(connection: Connection) -> Iterator[str]:
    there = set(inspect(connection).get_table_names())
    for table in Model.metadata.sorted_tables:
        if table.name in there:
            yield _line(table.name, str(connection.scalar(select(func.count()).select_from(table))))
