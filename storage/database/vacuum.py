"""Give the space of deleted rows back to the disk."""

from __future__ import annotations

from contextlib import closing
from sqlite3 import Error as SqliteError

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import transaction, wrap_error
from storage.model.errors import StoreError


def vacuum(engine: Engine) -> tuple[int, int]:
    """Write the database anew without its gaps; return its bytes before and after. Raises StoreError.

    SQLite needs as much free disk as the database has, and nobody can write meanwhile. PostgreSQL keeps the space for
    rows to come, as far as it does not lie at the end of a table.
    """
    before = stored_bytes(engine)
    if engine.dialect.name == "sqlite":
        _vacuum_sqlite(engine)
    else:
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM (ANALYZE)")
        except SQLAlchemyError as error:
            raise wrap_error(engine, error) from error
    return before, stored_bytes(engine)


def _vacuum_sqlite(engine: Engine) -> None:
    # Not by SQLAlchemy, which begins a transaction: no VACUUM runs in one.
    with closing(engine.raw_connection()) as connection:
        try:
            for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                connection.cursor().execute(statement)
        except SqliteError as error:
            raise StoreError(f"{error}; the database is as it was") from error


def stored_bytes(engine: Engine) -> int:
    """Return the bytes of the database on its disk. Raises StoreError."""
    with transaction(engine, writes=False) as connection:
        if engine.dialect.name == "postgresql":
            size: int = connection.scalar(select(func.pg_database_size(func.current_database()))) or 0
            return size
        pages, page_size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
        return int(pages) * int(page_size)
