"""Write `sqlite_schema.sql`, the tables that all migrations make, from which an empty SQLite database gets its tables.

Run `python -m storage.database.schema_dump` after each change of the migrations.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, text

from storage.database.engine import create_store_engine, transaction
from storage.database.schema import SQLITE_SCHEMA, STATEMENT_END, migrate

_SHADOW_TABLES = "articles_fts_%"  # which FTS5 makes itself


def dump(connection: Connection) -> str:
    """Return the statements that make the tables of a connection, with the rows of a new database."""
    return "".join(f"{statement}{STATEMENT_END}" for statement in _statements(connection))


def _statements(connection: Connection) -> Iterator[str]:
    declared = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE :shadow ORDER BY rowid"
    yield from connection.scalars(text(declared), {"shadow": _SHADOW_TABLES})
    for name, value in connection.execute(text("SELECT k, v FROM articles_fts_config WHERE k <> 'version'")):
        yield f"INSERT INTO articles_fts (articles_fts, rank) VALUES ('{name}', {_literal(value)})"  # noqa: S608
    for table in ("alembic_version", "search_index_state"):
        for row in connection.execute(text(f"SELECT * FROM {table}")):  # noqa: S608
            yield f"INSERT INTO {table} VALUES ({', '.join(map(_literal, row))})"  # noqa: S608


def _literal(value: object) -> str:
    quoted = str(value).replace("'", "''")
    return str(value) if isinstance(value, int) else f"'{quoted}'"


def main() -> None:
    """Write the file from a new database that takes every migration."""
    with TemporaryDirectory() as folder:
        engine = create_store_engine(f"sqlite:///{folder}/new.db", busy_timeout=timedelta(seconds=1))
        migrate(engine)
        with transaction(engine, writes=False) as connection:
            SQLITE_SCHEMA.write_text(dump(connection), "utf-8")
        engine.dispose()


if __name__ == "__main__":
    main()
