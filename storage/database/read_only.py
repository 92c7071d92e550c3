"""Run one SQL statement of a person on a connection that cannot write.

SQLite: the file is opened with `mode=ro` and an authorizer allows reads only: no ATTACH, no VACUUM INTO, no PRAGMA
that sets anything, no extension. PostgreSQL: a READ ONLY transaction and a cursor, which takes one query. A superuser
acts as pg_read_all_data, because READ ONLY stops nobody from reading the server's files or ending other sessions.
"""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import first_line, read_only_uri, wrap_error
from storage.model.errors import ConfigError, PresswatchError

FETCH_SIZE = 100
PROGRESS_INTERVAL = 5_000  # steps of SQLite's virtual machine between two readings of the clock, about 1 ms
MAX_VALUE_BYTES = 64_000_000
READ_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
READ_PRAGMAS = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"} | {
    *("foreign_key_list", "database_list", "compile_options", "collation_list", "function_list"),
    "data_version",  # the full-text index asks for it
}
READ_ONLY_TEXT = "only reading is allowed: one SELECT, WITH … SELECT, VALUES, EXPLAIN or PRAGMA table_info(…)"
READ_ONLY_ROLE = """
SELECT 'pg_read_all_data' FROM pg_roles WHERE rolname = current_user AND rolsuper
AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data')
"""  # PostgreSQL 14 and later have it
ROLE_CHANGE_RE = re.compile(r"set_config|U&\"", re.IGNORECASE)  # in a query, these alone could take the role back
WRITE_ERROR_RE = re.compile(
    "not authorized|authorization denied|prohibited|readonly|not be modified|read-only|read-write mode|data-modifying",
    re.IGNORECASE,
)
MULTIPLE_STATEMENTS_RE = re.compile("one statement at a time|multiple commands", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Columns, whose names are unique, and an iterator of the rows."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class TimeBudget:
    """Sum of the time the database works; the time in which the caller handles the rows does not count."""

    def __init__(self, timeout: timedelta) -> None:
        self.timeout = timeout
        self.left = timeout.total_seconds()
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        self._since = time.monotonic()
        try:
            yield
        finally:
            self.left -= time.monotonic() - self._since
            self._since = None

    def is_over(self) -> bool:
        return self._since is not None and time.monotonic() - self._since > self.left

    def error(self) -> PresswatchError:
        return PresswatchError(f"SQL: it took longer than {self.timeout.total_seconds():g} s; --timeout gives it more")


@contextmanager
def run_query(engine: Engine, sql: str, *, timeout: timedelta) -> Iterator[QueryResult]:
    """Run one statement that reads; `timeout` is for the work of the database in all.

    Raises PresswatchError in one line for a write, a mistake or a time-out; also while the rows are read.
    """
    run = _run_on_sqlite if engine.url.get_backend_name() == "sqlite" else _run_on_postgresql
    with run(engine, sql, TimeBudget(timeout)) as result:
        yield result


@contextmanager
def _run_on_sqlite(engine: Engine, sql: str, budget: TimeBudget) -> Iterator[QueryResult]:
    file = Path(engine.url.database or "")
    if not file.exists():
        raise PresswatchError(f"there is no database {file}; presswatch crawl makes it")
    try:
        uri = read_only_uri(str(file)) or f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)  # within LIKE no step ends
            connection.set_progress_handler(budget.is_over, PROGRESS_INTERVAL)
            connection.set_authorizer(_authorize)
            with budget.running():
                cursor = connection.execute(sql)
            yield QueryResult(unique_names(cursor.description), _sqlite_rows(cursor, budget))
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if first_line(error) != "interrupted":
            raise _explain(first_line(error)) from error
        if budget.left > 0:
            raise KeyboardInterrupt from error  # Ctrl-C, met in the progress handler
        raise budget.error() from error


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() != "load_extension"
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in READ_PRAGMAS
    elif action == sqlite3.SQLITE_UPDATE:
        allowed = first == "sqlite_master"  # a virtual table that declares its columns; the file stays read-only
    else:
        allowed = action in READ_ACTIONS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _sqlite_rows(cursor: sqlite3.Cursor, budget: TimeBudget) -> Iterator[tuple[Any, ...]]:
    while True:
        with budget.running():
            row = cursor.fetchone()  # one by one: a hundred of the largest would be gigabytes
        if row is None:
            return
        yield tuple(map(_plain_value, row))


@contextmanager
def _run_on_postgresql(engine: Engine, sql: str, budget: TimeBudget) -> Iterator[QueryResult]:
    query = sql.strip().rstrip(";")
    if ROLE_CHANGE_RE.search(query):
        raise ConfigError(READ_ONLY_TEXT)
    try:
        with _connect(engine) as connection, connection.begin():
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            for role in connection.exec_driver_sql(READ_ONLY_ROLE).scalars():
                connection.exec_driver_sql(f"SET LOCAL ROLE {role}")
            raw = connection.connection.dbapi_connection
            assert raw is not None
            with closing(raw.cursor()) as cursor:
                # A prepared statement can only be one: "select 1; commit; delete …" is refused.
                _execute(cursor, f"DECLARE query NO SCROLL CURSOR FOR {query}", budget, prepare=True)
                rows = _fetch(cursor, budget)
                yield QueryResult(unique_names(cursor.description), _postgresql_rows(cursor, rows, budget))
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError(f"SQL: {first_line(error)}") from error
    except engine.dialect.loaded_dbapi.Error as error:
        message = first_line(error)
        if "statement timeout" in message:
            raise budget.error() from error
        keyword = query.split(maxsplit=1)[0].lower() if query else ""
        if "syntax error" in message and keyword in message.lower():  # DECLARE CURSOR FOR has no place for a DELETE
            raise ConfigError(READ_ONLY_TEXT) from error
        raise _explain(message) from error


def _connect(engine: Engine) -> Connection:
    """Connect; raises StoreError, because a server that does not answer is no mistake in the statement."""
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        raise wrap_error(engine, error) from error


def _execute(cursor: Any, sql: str, budget: TimeBudget, **options: bool) -> None:
    """Execute within the rest of the budget, set again each time because the query may have set it; 0 is no limit."""
    cursor.execute(f"SET LOCAL statement_timeout = {max(1, round(budget.left * 1000))}")
    with budget.running():
        cursor.execute(sql, **options)


def _fetch(cursor: Any, budget: TimeBudget) -> list[tuple[Any, ...]]:
    _execute(cursor, f"FETCH {FETCH_SIZE} FROM query", budget)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _postgresql_rows(cursor: Any, rows: list[tuple[Any, ...]], budget: TimeBudget) -> Iterator[tuple[Any, ...]]:
    while rows:
        yield from (tuple(map(_plain_value, row)) for row in rows)
        rows = _fetch(cursor, budget)


def _explain(message: str) -> ConfigError:
    if WRITE_ERROR_RE.search(message):
        return ConfigError(READ_ONLY_TEXT)
    if MULTIPLE_STATEMENTS_RE.search(message):
        return ConfigError("one statement at a time")
    return ConfigError(f"SQL: {message}")


def _plain_value(value: Any) -> Any:
    """Convert a value that an output format lacks: JSON has no infinity, and a Decimal keeps its digits as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_plain_value(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _plain_value(part) for name, part in value.items()}
    return value if value is None or isinstance(value, str | int | bytes | date | timedelta) else str(value)


def unique_names(description: Sequence[Sequence[Any]] | None) -> tuple[str, ...]:
    """Number the repeated names of a cursor's description: title, title_2."""
    names = [column[0] for column in description or ()]
    used, met, unique = set(names), Counter[str](), []
    for name in names:
        met[name] += 1
        candidate = name
        while met[name] > 1 and candidate in used:
            candidate = f"{name}_{met[name]}"
            met[name] += candidate in used
        used.add(candidate)
        unique.append(candidate)
    return tuple(unique)
