"""Open a database for reading alone, and end queries that take longer than their reader wants to wait.

SQLite       `query_only`, and a progress handler that looks at the clock
PostgreSQL   `default_transaction_read_only`, and `statement_timeout`
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, event

from storage.database.engine import create_store_engine

STEPS_BETWEEN_CHECKS = 20_000
"""Instructions of SQLite's virtual machine between two looks at the clock: about a millisecond."""
MIN_TIMEOUT = timedelta(milliseconds=1)

_DEADLINE: ContextVar[float | None] = ContextVar("presswatch_deadline", default=None)


@contextmanager
def time_limit(limit: timedelta) -> Iterator[None]:
    """End what a reader's engine does in this context after so long: it raises QueryTimeoutError."""
    before = _DEADLINE.set(time.monotonic() + limit.total_seconds())
    try:
        yield
    finally:
        _DEADLINE.reset(before)


def create_reader_engine(database: str, *, busy_timeout: timedelta) -> Engine:
    """Open a database as `create_store_engine` does; every write of it is refused by the database itself.

    Its transactions end at the `time_limit` they were begun in. Raises ConfigError.
    """
    engine = create_store_engine(database, busy_timeout=busy_timeout)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _refuse_writes)
        event.listen(engine, "begin", _watch_clock)
    else:
        event.listen(engine, "begin", _begin_reading)
    return engine


def _refuse_writes(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _watch_clock(connection: Connection) -> None:
    deadline = _DEADLINE.get()
    if (driver := connection.connection.driver_connection) is None:
        return
    if deadline is None:
        driver.set_progress_handler(None, 0)
    else:
        driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS_BETWEEN_CHECKS)


def _begin_reading(connection: Connection) -> None:
    # Not as a default of the session: SQLAlchemy sets a connection of its pool to "read and write" when it comes back.
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")
    deadline = _DEADLINE.get()
    if deadline is not None:
        left = max(timedelta(seconds=deadline - time.monotonic()), MIN_TIMEOUT)
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(left / MIN_TIMEOUT)}")
