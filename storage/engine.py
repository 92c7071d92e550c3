"""The connection to the database: how it is opened, what a failure of it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError

from storage.errors import ConfigError, StoreError

AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""

_PASSWORD = re.compile(r"(://[^/@:]*:)[^@]*@")

WRITES = {"presswatch_writes": True}

CHECKPOINT = "wal_autocheckpoint = 4000"
"""Pages of the log, 16 MB, before they go into the file: pages that change with every article go there less often."""


def create_store_engine(database: str, *, busy_timeout: timedelta) -> Engine:
    """Open `database`, an SQLAlchemy address; nothing is read or written yet.

    `busy_timeout` is how long a write waits for another process's lock. Raises ConfigError for an address that
    SQLAlchemy cannot use, and for a database in memory: each thread would have its own, and all end with the command.
    """
    try:
        url = make_url(database)
        engine = create_engine(url, connect_args=_connect_args(url.get_backend_name(), busy_timeout))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise _unusable(database, first_line(error)) from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise _unusable(database, "a database in memory keeps nothing")
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _unusable(database: str, why: str) -> ConfigError:
    shown = _PASSWORD.sub(r"\1***@", database)
    return ConfigError(f"database address {shown!r} cannot be used ({why}); write it as sqlite:///presswatch.db")


def _connect_args(backend: str, busy_timeout: timedelta) -> dict[str, Any]:
    return {"timeout": busy_timeout.total_seconds()} if backend == "sqlite" else {}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it begins them late and deferred, and a read that turns
    # into a write then fails at once instead of waiting for the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", CHECKPOINT):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("presswatch_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def transaction(engine: Engine, *, writes: bool = True) -> Iterator[Connection]:
    """One transaction: all of it is kept, or nothing. Raises StoreError, naming the database."""
    try:
        with (
            engine.connect().execution_options(**(WRITES if writes else {})) as connection,
            connection.begin(),
        ):
            yield connection
    except SQLAlchemyError as error:
        raise store_error(engine, error) from error


def store_error(engine: Engine, error: SQLAlchemyError) -> StoreError:
    """The one line a person gets for a failure of the database."""
    where = engine.url.render_as_string(hide_password=True)
    cause = first_line(error.orig if isinstance(error, DBAPIError) and error.orig else error)
    return StoreError(f"database {where}: {cause}; {_advice(error, cause)}")


def _advice(error: SQLAlchemyError, cause: str) -> str:
    lowered = cause.lower()
    for sign, advice in ADVICE.items():
        if sign in lowered:
            return advice
    return "is it reachable?" if isinstance(error, OperationalError) else "run with --debug for the trace"


ADVICE = {
    "locked": "another process held it for too long; try again, or raise storage.busy_timeout",
    "disk is full": "free some space and crawl again: nothing half-written was kept",
    "disk i/o": "check the disk and its free space; nothing half-written was kept",
    "unable to open": "does the folder exist, and may you write there?",
    "readonly": "may you write to this file?",
    "malformed": "the file is damaged: put a copy of it in its place, or name another with --database",
    "not a database": "this file is something else; name another with --database",
    "no such column": "its tables are not those of this version: run presswatch db info",
    "no such table": "it is not a Presswatch database, or an old one: run presswatch db upgrade",
}


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def insert_into(connection: Connection, model: Any) -> sqlite.Insert:
    """An INSERT that can say what happens on a conflict."""
    return insert_for(connection.dialect.name, model)


def insert_for(dialect: str, model: Any) -> sqlite.Insert:
    """The same by the dialect's name; SQLite and PostgreSQL spell it alike."""
    if dialect == "postgresql":
        return postgresql.insert(model)  # type: ignore[return-value]  # same methods, no common type
    return sqlite.insert(model)
