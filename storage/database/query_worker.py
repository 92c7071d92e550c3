"""Run one SQL statement of a person in a process of its own, on a connection that cannot write.

SQLite: the file is opened with `mode=ro` and an authorizer allows reads only: no ATTACH, no VACUUM INTO, no PRAGMA
that sets anything, no extension. PostgreSQL: a READ ONLY transaction and a cursor, which takes one query, for a role
that `query_role` has looked at. `python -m storage.database.query_worker` reads a QueryRequest from stdin and writes
messages to stdout; it ends when stdin does, for then the program that asked is gone.
"""

from __future__ import annotations

import math
import os
import resource
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any

from storage.database.query_messages import Kind, QueryRequest, encode_message, read_message
from storage.database.query_role import refuse_text, role_danger

FETCH_SIZE = 100
FETCH_BYTES = 1_000_000  # as many rows are fetched at once as were this large before
BATCH_DELAY = 0.1  # seconds that a row waits for others
MAX_VALUE_BYTES = 64_000_000
MAX_TEMPORARY_BYTES = 4_000_000_000
"""Maximum size of a file that SQLite sorts in."""
READ_ACTIONS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE}
READ_PRAGMAS = {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"} | {
    *("foreign_key_list", "database_list", "compile_options", "collation_list", "function_list"),
    "data_version",  # the full-text index asks for it
}
FILE_ERROR_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
REFUSED_FUNCTIONS = {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}
READ_ONLY_TEXT = "only reading is allowed: one SELECT, WITH … SELECT, VALUES, EXPLAIN or PRAGMA table_info(…)"
WRITE_SIGNS = (
    *("not authorized", "authorization denied", "prohibited", "readonly", "not be modified"),
    *("read-only", "read-write mode", "data-modifying"),
)
MULTIPLE_STATEMENTS_SIGNS = ("one statement at a time", "multiple commands")
READ_ONLY_STATE, CANCELED_STATE, OUT_OF_MEMORY_STATE = "25006", "57014", "53200"
"""SQLSTATE of PostgreSQL: appendix A of its manual."""

Row = tuple[Any, ...]
Send = Callable[[Kind, Any], None]


class QueryError(Exception):
    """A statement that cannot be run; the kind of the message that says so, and its text."""

    def __init__(self, kind: Kind, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def main() -> None:
    """Run the statement of the request on stdin; write its rows to stdout."""
    request = QueryRequest(**read_message(sys.stdin.buffer.read))
    threading.Thread(target=_end_with, args=[sys.stdin.fileno()], daemon=True).start()
    try:
        run(request, _send)
    except QueryError as error:
        _send(error.kind, str(error))
    except MemoryError:
        _send(Kind.OUT_OF_MEMORY, "")
    except Exception as error:  # noqa: BLE001  (its stderr is read by nobody)
        _send(Kind.INVALID, f"SQL: unexpected {type(error).__name__}: {_first_line(error)}")


def _send(kind: Kind, content: Any) -> None:
    try:
        sys.stdout.buffer.write(encode_message((str(kind), content)))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os._exit(1)  # nobody reads on


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)  # nothing comes but the end
    os._exit(1)


def run(request: QueryRequest, send: Send) -> None:
    """Connect, set the limits, run the statement. Raises QueryError, MemoryError."""
    if request.uri is not None:
        limit_resources(request.memory)
        _run_on_sqlite(request.uri, request.sql, send)
    else:
        import psycopg  # noqa: PLC0415  (start-up time: 200 ms, not needed for SQLite)

        limit_resources(request.memory)
        try:
            _run_on_postgresql(request, psycopg, send)
        except (psycopg.Error, ValueError) as error:
            raise _postgresql_error(error, request.sql) from error


def limit_resources(memory: int) -> None:
    """Limit the address space of this process, in bytes, and the size of its temporary files."""
    for kind, limit in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, MAX_TEMPORARY_BYTES)):
        _, most = resource.getrlimit(kind)
        allowed = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (allowed, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run_on_sqlite(uri: str, sql: str, send: Send) -> None:
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            send(Kind.STARTED, None)
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connection.set_authorizer(_authorize)
            cursor = connection.execute(sql)
            _send_rows(cursor.description, iter(cursor.fetchone, None), send)
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in FILE_ERROR_CODES:  # of the file, not of the statement
            raise QueryError(Kind.UNREACHABLE, str(error)) from error
        raise _invalid(_first_line(error)) from error


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None) -> int:
    if action == sqlite3.SQLITE_FUNCTION:
        allowed = (second or "").lower() not in REFUSED_FUNCTIONS
    elif action == sqlite3.SQLITE_PRAGMA:
        allowed = (first or "").lower() in READ_PRAGMAS
    elif action == sqlite3.SQLITE_UPDATE:
        allowed = first == "sqlite_master"  # a virtual table that declares its columns; the file stays read-only
    else:
        allowed = action in READ_ACTIONS
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _run_on_postgresql(request: QueryRequest, psycopg: Any, send: Send) -> None:
    query = request.sql.strip().rstrip(";")
    if not request.is_role_named and (refused := refuse_text(query)):
        raise QueryError(Kind.INVALID, refused)
    ends_at = time.monotonic() + request.timeout
    try:
        connection = psycopg.connect(**request.connection or {})
    except psycopg.Error as error:
        raise QueryError(Kind.UNREACHABLE, str(error)) from error
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        if (danger := role_danger(cursor)) is not None:
            raise QueryError(Kind.INVALID, danger)
        cursor.execute("SET LOCAL client_connection_check_interval = '1s'")  # a statement ends with this process
        send(Kind.STARTED, None)
        # A prepared statement can only be one: "select 1; commit; delete …" is refused.
        _execute(cursor, f"DECLARE query NO SCROLL CURSOR FOR {query}", ends_at, prepare=True)
        _execute(cursor, "FETCH 1 FROM query", ends_at)
        _send_rows(cursor.description, _postgresql_rows(cursor, ends_at), send)


def _execute(cursor: Any, sql: str, ends_at: float, **options: bool) -> None:
    """Execute within the rest of the time, set again each time because the query may have set it; 0 is no limit."""
    cursor.execute(f"SET LOCAL statement_timeout = {max(1, round((ends_at - time.monotonic()) * 1000))}")
    cursor.execute(sql, **options)


def _postgresql_rows(cursor: Any, ends_at: float) -> Iterator[Row]:
    while rows := cursor.fetchall():
        yield from rows
        size = max(1, *map(row_size, rows))
        _execute(cursor, f"FETCH {max(1, min(FETCH_SIZE, FETCH_BYTES // size))} FROM query", ends_at)


def _send_rows(description: Sequence[Sequence[Any]] | None, rows: Iterator[Row], send: Send) -> None:
    send(Kind.COLUMNS, unique_names(description))
    batch: list[Row] = []
    size, since = 0, time.monotonic()
    for row in rows:
        batch.append(tuple(map(plain_value, row)))
        size += row_size(row)
        if size > MAX_VALUE_BYTES and len(batch) == 1:
            raise QueryError(Kind.INVALID, f"SQL: a row of more than {MAX_VALUE_BYTES // 10**6} MB; select less of it")
        if len(batch) == FETCH_SIZE or size >= FETCH_BYTES or time.monotonic() - since > BATCH_DELAY:
            send(Kind.ROWS, batch)
            batch, size, since = [], 0, time.monotonic()
    send(Kind.ROWS, batch)
    send(Kind.END, None)


def row_size(row: Row) -> int:
    """Return the length of the texts and bytes of a row."""
    return sum(len(value) for value in row if isinstance(value, str | bytes | list | dict))


def _postgresql_error(error: Exception, sql: str) -> QueryError:
    state = getattr(error, "sqlstate", None)
    message = _first_line(error)
    if state == CANCELED_STATE:
        return QueryError(Kind.TIMED_OUT, message)
    if state is None and ("out of memory" in message or "allocate memory" in message):  # of libpq in this process
        return QueryError(Kind.OUT_OF_MEMORY, message)
    keyword = (sql.split(maxsplit=1) or [""])[0].rstrip(";").lower()
    if "syntax error" in message and keyword and keyword in message.lower():  # DECLARE CURSOR FOR takes no DELETE
        return QueryError(Kind.INVALID, READ_ONLY_TEXT)
    return QueryError(Kind.INVALID, READ_ONLY_TEXT) if state == READ_ONLY_STATE else _invalid(message)


def _invalid(message: str) -> QueryError:
    lowered = message.lower()
    if any(sign in lowered for sign in WRITE_SIGNS):
        return QueryError(Kind.INVALID, READ_ONLY_TEXT)
    if any(sign in lowered for sign in MULTIPLE_STATEMENTS_SIGNS):
        return QueryError(Kind.INVALID, "one statement at a time")
    return QueryError(Kind.INVALID, f"SQL: {message}")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def plain_value(value: Any) -> Any:
    """Convert a value that an output format lacks: JSON has no infinity, and a Decimal keeps its digits as text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, datetime):
        return value if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, list):
        return [plain_value(part) for part in value]
    if isinstance(value, dict):
        return {str(name): plain_value(part) for name, part in value.items()}
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


if __name__ == "__main__":
    main()
