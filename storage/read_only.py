"""Somebody's own SQL, on a connection that cannot write whatever it is told.

SQLite: the file is opened with `mode=ro`, `PRAGMA query_only` is on, and an authorizer lets through what reads and
nothing else: no ATTACH (VACUUM INTO needs it, too), no transaction, no PRAGMA that sets anything, no extension.
PostgreSQL: a transaction that is READ ONLY before the first statement, and a statement that may only be one query,
because a cursor is declared for it. A superuser of the server gives up all but reading tables for it: READ ONLY keeps
none from reading the server's files, ending other sessions or changing what is set.
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

from storage.engine import first_line, read_only_address, store_error
from storage.errors import ConfigError, PresswatchError
from storage.sqlite_functions import place, replaced_within

CHUNK = 100
ROOM = 1_000_000
"""Characters of what is fetched at once from PostgreSQL, about: of rows that hold more, fewer are fetched."""

STEPS = 5_000
"""Steps of SQLite's machine between two looks at the clock; about a millisecond."""

LARGEST_VALUE = 64_000_000
"""Bytes of one value: an article is far smaller, and `randomblob(1000000000)` is no question."""

READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
TELLING = {
    "table_info",
    "table_xinfo",
    "table_list",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "database_list",
    "compile_options",
    "collation_list",
    "function_list",
    "data_version",  # the full-text index asks for it
}
"""The PRAGMAs that only tell."""

REFUSED = "only reading is allowed: one SELECT, WITH … SELECT, VALUES, EXPLAIN or PRAGMA table_info(…)"


@dataclass(frozen=True, slots=True)
class Answer:
    """Names of the columns, no two alike, and the rows as they come."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def answered(engine: Engine, sql: str, *, timeout: timedelta) -> Iterator[Answer]:
    """The answer to one statement. `timeout` is how long the database may work on it in all.

    Raises PresswatchError in one line for what would write, for what the database does not understand, and for what
    takes too long; also while the rows are read.
    """
    ask = _ask_sqlite if engine.url.get_backend_name() == "sqlite" else _ask_server
    with ask(engine, sql, timeout) as answer:
        yield answer


@contextmanager
def _ask_sqlite(engine: Engine, sql: str, timeout: timedelta) -> Iterator[Answer]:
    file = Path(engine.url.database or "")
    if not file.exists():
        raise PresswatchError(f"there is no database {file}; presswatch crawl makes it")
    watch = _Watch(timeout)
    try:
        address = read_only_address(str(file)) or f"file:{quote(str(file))}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            _restrict(connection, watch)
            with watch.running():
                cursor = connection.execute(sql)
            yield Answer(distinct([column[0] for column in cursor.description or ()]), watch.rows(cursor))
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if first_line(error) == "interrupted" and not watch.has_run_out:
            raise KeyboardInterrupt from error  # Ctrl-C, met while SQLite looked at the clock
        raise _in_words(error, watch) from error
    except MemoryError as error:
        raise ConfigError("SQL: string or blob too big") from error


def _restrict(connection: sqlite3.Connection, watch: _Watch) -> None:
    connection.text_factory = lambda kept: kept.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    # What takes time that no clock sees, for within a function no step ends: a long pattern, and a long text that is
    # looked for in another (measured: eleven seconds for half a megabyte in a megabyte, and four times that by twice).
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
    connection.create_function("instr", 2, place, deterministic=True)
    connection.create_function("replace", 3, replaced_within(LARGEST_VALUE), deterministic=True)
    connection.set_progress_handler(watch.is_over, STEPS)
    connection.set_authorizer(_allows)


def _allows(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() != "load_extension"
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in TELLING
    elif action == sqlite3.SQLITE_UPDATE:
        # Asked when a virtual table (full text, pragma_table_info) declares its columns; the file stays read-only.
        allowed = first == "sqlite_master"
    else:
        allowed = action in READING
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


class _Watch:
    """Counts the time the database works; time in which the rows are written or looked at does not count."""

    def __init__(self, timeout: timedelta) -> None:
        self.timeout = timeout
        self._left = timeout.total_seconds()
        self._since: float | None = None

    @contextmanager
    def running(self) -> Iterator[None]:
        self._since = time.monotonic()
        try:
            yield
        finally:
            self._left -= time.monotonic() - self._since
            self._since = None

    def is_over(self) -> bool:
        return self._since is not None and time.monotonic() - self._since > self._left

    def as_setting(self) -> str:
        """The statement that gives PostgreSQL what is left; 0 would be for ever."""
        return f"SET LOCAL statement_timeout = {max(1, round(self._left * 1000))}"

    @property
    def has_run_out(self) -> bool:
        return self._left <= 0

    def rows(self, cursor: sqlite3.Cursor) -> Iterator[tuple[Any, ...]]:
        while True:
            with self.running():
                found = cursor.fetchone()  # one by one: a hundred of the largest would be gigabytes
            if found is None:
                return
            yield _sane(found)


def _in_words(error: Exception, watch: _Watch) -> PresswatchError:
    said = first_line(error)
    if "interrupted" in said and watch.has_run_out:
        return _too_long(watch.timeout)
    lowered = said.lower()
    if any(
        sign in lowered
        for sign in ("not authorized", "authorization denied", "prohibited", "readonly", "not be modified")
    ):
        return ConfigError(REFUSED)
    if "one statement at a time" in lowered:
        return ConfigError("one statement at a time")
    return ConfigError(f"SQL: {said}")


def _too_long(timeout: timedelta) -> PresswatchError:
    return PresswatchError(f"SQL: it took longer than {timeout.total_seconds():g} s; --timeout gives it more")


def _sane(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(map(_sane_value, row))


def _sane_value(value: Any) -> Any:
    """A value that has a form everywhere: JSON has no word for infinity, and a Decimal keeps its digits as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, list):
        return [_sane_value(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _sane_value(part) for name, part in value.items()}
    return value if value is None or isinstance(value, _KNOWN) else str(value)


_KNOWN = (str, int, bytes, date, timedelta)


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """The names with a number behind what comes again: title, title_2; no column hides another."""
    taken = set(names)
    met: Counter[str] = Counter()
    found = []
    for name in names:
        met[name] += 1
        new = name
        while met[name] > 1 and new in taken:
            new = f"{name}_{met[name]}"
            met[name] += new in taken
        taken.add(new)
        found.append(new)
    return tuple(found)


@contextmanager
def _ask_server(engine: Engine, sql: str, timeout: timedelta) -> Iterator[Answer]:
    """PostgreSQL: DECLARE CURSOR takes one query and nothing that writes; BEGIN … READ ONLY holds for its functions."""
    query = sql.strip().rstrip(";")
    if ROLES.search(query):
        raise ConfigError(REFUSED)
    try:
        with _connected(engine) as connection, connection.begin():
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            for name in connection.exec_driver_sql(PLAIN_ROLE).scalars():
                connection.exec_driver_sql(f"SET LOCAL ROLE {name}")
            raw = connection.connection.dbapi_connection
            assert raw is not None
            watch = _Watch(timeout)
            with closing(raw.cursor()) as cursor:
                cursor.execute(watch.as_setting())
                # Prepared, for a prepared statement can only be one: "select 1; commit; delete …" is refused.
                cursor.execute(f"DECLARE asked NO SCROLL CURSOR FOR {query}", prepare=True)  # type: ignore[call-arg]
                first = _fetch(cursor, 1, watch)
                columns = distinct([column[0] for column in cursor.description or ()])
                yield Answer(columns, _fetched(cursor, first, watch))
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError(f"SQL: {first_line(error)}") from error
    except engine.dialect.loaded_dbapi.Error as error:
        raise _in_words_of_server(error, query, timeout) from error


def _connected(engine: Engine) -> Connection:
    """Raises StoreError: that no server answers is no mistake in the statement."""
    try:
        return engine.connect()
    except SQLAlchemyError as error:
        raise store_error(engine, error) from error


def _in_words_of_server(error: Exception, query: str, timeout: timedelta) -> PresswatchError:
    said = first_line(error)
    if "statement timeout" in said:
        return _too_long(timeout)
    if "multiple commands" in said:
        return ConfigError("one statement at a time")
    first = query.split(maxsplit=1)[0].lower() if query else ""
    is_none = "syntax error" in said and first in said.lower()  # DECLARE CURSOR FOR has no place for a DELETE
    if is_none or any(sign in said for sign in ("read-only", "read-write mode", "data-modifying")):
        return ConfigError(REFUSED)
    return ConfigError(f"SQL: {said}")


PLAIN_ROLE = """
SELECT 'pg_read_all_data' FROM pg_roles WHERE rolname = current_user AND rolsuper
AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_read_all_data')
"""
"""The role for a superuser to be (PostgreSQL 14 and later have it); nobody else is in need of one."""

ROLES = re.compile(r"set_config|U&\"", re.IGNORECASE)
"""What could take a role back within a query, or write that in other letters."""


def _fetch(cursor: Any, count: int, watch: _Watch) -> list[tuple[Any, ...]]:
    cursor.execute(watch.as_setting())  # again each time: it holds for one statement, and what is asked may set it
    with watch.running():
        cursor.execute(f"FETCH {count} FROM asked")
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _fetched(cursor: Any, found: list[tuple[Any, ...]], watch: _Watch) -> Iterator[tuple[Any, ...]]:
    count = 1
    while found:
        yield from map(_sane, found)
        longest = max(sum(len(value) for value in row if isinstance(value, str | bytes)) for row in found)
        count = max(1, min(count * 2, CHUNK, ROOM // max(1, longest)))
        found = _fetch(cursor, count, watch)
