"""Create engines, open transactions and translate database errors."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Dialect, Row, Table, create_engine, event, func, make_url, select
from sqlalchemy import Engine as Engine  # noqa: PLC0414  (also for commands, which import no SQLAlchemy themselves)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoResultFound,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)

from storage.database import sqlite_file
from storage.model.errors import ConfigError, DiskError, QueryTimeoutError, RefusedRowError, StoreError
from storage.model.extras import Extra, missing_extra
from storage.model.redaction import redact_address

AnyRow = Row[*tuple[Any, ...]]
"""A row of any columns."""

SECRET_PARAMETER_RE = re.compile(r"pass(?!file)|pwd|secret|token", re.IGNORECASE)
"""Matches the name of a parameter whose value may be a password."""

WRITE_OPTIONS = {"presswatch_writes": True}
READ_OPTIONS = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""PostgreSQL's one snapshot for all statements of a transaction; SQLite has it anyway."""

CONNECT_TIMEOUT = timedelta(seconds=10)

WAL_AUTOCHECKPOINT = "wal_autocheckpoint = 4000"
"""Pages of the log, 16 MB, before they go into the file: pages that change with every article go there less often."""


def create_store_engine(database: str, *, busy_timeout: timedelta) -> Engine:
    """Open `database`, an SQLAlchemy address of SQLite or PostgreSQL, or the path of a SQLite file, such as `news.db`.

    Nothing is read or written yet.
    `busy_timeout` is how long a write waits for another process's lock. Raises ConfigError for an address that
    SQLAlchemy cannot use, for one that would show its password, and for a database in memory: each thread would have
    its own, and all end with the command.
    """
    database = sqlite_file.url_of_path(database) or database
    if (reason := _unreadable_reason(database)) is not None:
        raise _unsupported_error(database, reason)
    url = make_url(database)
    if (reason := _unsupported_reason(url, url.get_dialect())) is not None:
        raise _unsupported_error(database, reason)
    is_sqlite = url.get_backend_name() == "sqlite"
    return _sqlite_engine(url, busy_timeout) if is_sqlite else _postgresql_engine(url, busy_timeout)


def _unreadable_reason(database: str) -> str | None:
    """Why an address cannot be read, without the words of the exception, which may quote the password."""
    if not database.isprintable():
        return "it has a line end or another control character"
    try:
        make_url(database).get_dialect()
    except ValueError:
        return "its port is not a number"
    except (ArgumentError, NoSuchModuleError) as error:
        return first_line(error)
    return None


def _unsupported_reason(url: URL, dialect: type[Dialect]) -> str | None:
    """Why an address that can be read is refused all the same."""
    if (dialect.name, dialect.driver) not in {("sqlite", "pysqlite"), ("postgresql", "psycopg")}:
        return "articles are kept in SQLite, or in PostgreSQL through psycopg"
    return _sqlite_reason(url) if dialect.name == "sqlite" else _server_reason(url)


def _sqlite_reason(url: URL) -> str | None:
    if url.host or url.username or url.password or url.port:
        return "a path follows three slashes"
    return "a database in memory keeps nothing" if url.database in {None, "", ":memory:"} else None


def _server_reason(url: URL) -> str | None:
    reasons = {
        "an @ in a password is written %40": "@" in f"{url.host}{url.database}",
        "a : stands between user and password as it is": ":" in (url.username or ""),
        "its port is not a number from 1 to 65535": not 0 < (1 if url.port is None else url.port) < 65_536,
        "a password stands before the @, as in user:password@host": any(map(SECRET_PARAMETER_RE.search, url.query)),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def _unsupported_error(database: str, why: str) -> ConfigError:
    shown = redact_address(database)
    return ConfigError(f"database address {shown!r} cannot be used ({why}); write it as {_expected_form(database)}")


_NAME_OF_FILE = re.compile(r"[\w-]+(?:\.[\w-]+)?", re.ASCII)


def _expected_form(database: str) -> str:
    is_server = database.startswith("postgres")
    if _NAME_OF_FILE.fullmatch(database):
        return f"./{database} if this is a file"
    return "postgresql+psycopg://user:password@host/presswatch" if is_server else "sqlite:///presswatch.db"


def _sqlite_engine(url: URL, busy_timeout: timedelta) -> Engine:
    if (address := read_only_uri(url.database or "")) is not None:
        wait = busy_timeout.total_seconds()
        engine = create_engine(
            url, creator=lambda: sqlite3.connect(address, timeout=wait, uri=True, check_same_thread=False)
        )
    else:
        engine = create_engine(url, connect_args={"timeout": busy_timeout.total_seconds()})
        event.listen(engine, "do_connect", _open_file)
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _open_file(_dialect: Any, _record: Any, arguments: Sequence[Any], _options: Any) -> None:
    if not str(arguments[0]).startswith("file:"):
        sqlite_file.refuse_emptied(Path(arguments[0]))
        sqlite_file.create_private(Path(arguments[0]))


def read_only_uri(file: str) -> str | None:
    """Return the read-only URI of a file that may be read and not written; None for any other.

    A reader of a write-ahead log writes beside the file where it reads. Where it may not, and no log lies there, nobody
    has the file open for writing: it can be read as one that never changes (https://sqlite.org/wal.html, read-only
    databases).
    """
    path = Path(file)
    if not path.is_file() or os.access(path, os.W_OK) or not os.access(path, os.R_OK):
        return None
    alone = not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-shm").exists()
    return f"file:{quote(str(path))}?mode=ro{'&immutable=1' if alone else ''}"


def _postgresql_engine(url: URL, busy_timeout: timedelta) -> Engine:
    try:
        # A daemon outlives restarts of the server: a connection from before is noticed and opened anew.
        engine = create_engine(url, connect_args=_session_arguments(url, busy_timeout), pool_pre_ping=True)
    except ImportError as error:
        raise ConfigError(missing_extra(f"PostgreSQL needs psycopg ({first_line(error)})", Extra.POSTGRES)) from error
    return engine


def _session_arguments(url: URL, busy_timeout: timedelta) -> dict[str, Any]:
    # Not 0, which is for ever. A zone of the server's would come back with every time, and have to be known here.
    wait = max(1, round(busy_timeout.total_seconds() * 1000))
    theirs = url.query.get("options", "")
    options = f"{theirs if isinstance(theirs, str) else ' '.join(theirs)} -c lock_timeout={wait} -c TimeZone=UTC"
    patience = url.query.get("connect_timeout", round(CONNECT_TIMEOUT.total_seconds()))
    return {"options": options, "connect_timeout": patience}


def psycopg_arguments(engine: Engine, busy_timeout: timedelta) -> dict[str, Any]:
    """Return the arguments with which `psycopg.connect` connects as the engine does, password included."""
    _, arguments = engine.dialect.create_connect_args(engine.url)
    arguments.pop("context", None)  # SQLAlchemy's own adapters
    return {**arguments, **_session_arguments(engine.url, busy_timeout)}


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not begin transactions by itself: it begins them late and deferred, and a read that turns
    # into a write then fails at once instead of waiting for the lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    _switch_to_wal(cursor)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON", WAL_AUTOCHECKPOINT):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _switch_to_wal(cursor: Any) -> None:
    """Switch to WAL, waiting for the lock as long as busy_timeout says.

    Of several processes that open a new file at once only one can switch it, and SQLite refuses the others at once
    whatever its busy_timeout (measured: in three of sixty rounds of six).
    """
    (patience,) = cursor.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + patience / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("presswatch_writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif (driver := connection.connection.driver_connection) is not None:
        # It takes no lock and waits for none, so it cannot fail; through SQLAlchemy it is a tenth of a list's time.
        driver.execute("BEGIN")


def shown_url(engine: Engine) -> str:
    """Return the URL of an engine without its secrets."""
    return redact_address(engine.url.render_as_string(hide_password=True))


def file_identity(engine: Engine) -> tuple[int, int] | None:
    """Return the identity of the file of an SQLite database; None if there is no file."""
    if engine.url.get_backend_name() != "sqlite" or not engine.url.database:
        return None
    return identity_of(Path(engine.url.database))


def identity_of(file: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, which identify it under any name; None if there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def transaction(engine: Engine, *, writes: bool = True) -> Iterator[Connection]:
    """One transaction: all of it is kept, or nothing.

    Raises StoreError, naming the database: RefusedRowError if the values of a row were refused, not the transaction.
    """
    try:
        with (
            engine.connect().execution_options(**_options(engine, writes=writes)) as connection,
            connection.begin(),
        ):
            yield connection
    except SQLAlchemyError as error:
        raise wrap_error(engine, error) from error
    except (OverflowError, UnicodeError) as error:  # raised by a driver itself for a value that it cannot pass on
        raise _refused_row(engine, first_line(error)) from error


def _options(engine: Engine, *, writes: bool) -> dict[str, Any]:
    if writes:
        return WRITE_OPTIONS
    return READ_OPTIONS if engine.dialect.name == "postgresql" else {}


def wrap_error(engine: Engine, error: SQLAlchemyError) -> StoreError:
    """The one line a person gets for a failure of the database."""
    cause = first_line(error.orig if isinstance(error, StatementError) and error.orig else error)
    if any(sign in cause for sign in TIMEOUT_SIGNS):
        return QueryTimeoutError("the query takes too long: narrow it, by a period or a source")
    if is_row_refused(error):
        return _refused_row(engine, cause)
    hint = "is it reachable?" if isinstance(error, OperationalError) else "run with --debug for the trace"
    return _store_error(engine, cause, hint)


def connection_error(engine: Engine, text: str) -> StoreError:
    """The same for a connection that was made without SQLAlchemy; `text` is what the driver said."""
    return _store_error(engine, first_line_of(text), "is it reachable?")


def _store_error(engine: Engine, cause: str, hint: str) -> StoreError:
    kind = DiskError if any(sign in cause.lower() for sign in DISK_SIGNS) else StoreError
    text = _file_error(engine, cause) or f"{cause}; {_error_hint(cause) or hint}"
    return kind(f"database {shown_url(engine)}: {text}")


def _file_error(engine: Engine, cause: str) -> str | None:
    """Describe what was done to the file of an SQLite database, if the error looks like it."""
    if engine.url.get_backend_name() != "sqlite" or not FILE_ERROR_RE.search(cause):
        return None
    file = Path(engine.url.database or "")
    if (reason := sqlite_file.misplaced(file)) is not None:
        return reason
    damage = sqlite_file.describe_damage(file)
    return None if damage is None else f"{damage} ({cause}); {sqlite_file.RESTORE}"


FILE_ERROR_RE = re.compile("malformed|not a database|no such table|disk I/O|unable to open|attempt to write")
"""Matches errors of SQLite that may come from a file that was changed under it."""


REFUSED_ROW_CLASSES = frozenset({"22", "23", "54"})
"""Classes of PostgreSQL's SQLSTATE that belong to the values of a row: data exception, integrity constraint violation,
program limit exceeded, such as an index row over 2,704 bytes."""


def is_row_refused(error: SQLAlchemyError) -> bool:
    """Return whether a failure belongs to the values of one row, and not to the database."""
    if isinstance(error, DataError | IntegrityError | NoResultFound):
        return True
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "")[:2] in REFUSED_ROW_CLASSES
    return isinstance(error, StatementError)  # a column type or a driver refused a value


@contextmanager
def refused_rows_left_out(connection: Connection) -> Iterator[None]:
    """Open a savepoint; roll back to it if the values of a row are refused, and go on."""
    try:
        with connection.begin_nested():
            yield
    except SQLAlchemyError as error:
        if not is_row_refused(error):
            raise
    except (OverflowError, UnicodeError):
        pass


def _refused_row(engine: Engine, cause: str) -> RefusedRowError:
    where = shown_url(engine)
    return RefusedRowError(f"database {where}: {cause}; run with --debug for the trace", cause)


def _error_hint(cause: str) -> str | None:
    if (missing := MISSING_OBJECT_RE.search(cause)) is not None:
        return MISSING_OBJECT_HINTS[missing[1]]
    lowered = cause.lower()
    return next((advice for sign, advice in ERROR_HINTS.items() if sign in lowered), None)


ERROR_HINTS = {
    "locked": "another process held it for too long; try again, or raise storage.busy_timeout",
    "lock timeout": "another process held it for too long; try again, or raise storage.busy_timeout",
    "deadlock": "two processes wrote the same rows; try again",
    "disk is full": "free some space and crawl again: nothing half-written was kept",
    "no space left": "free some space on the server and crawl again: nothing half-written was kept",
    "disk i/o": "check the disk and its free space; nothing half-written was kept",
    "unable to open": "does the folder exist, and may you write there?",
    "readonly": "may you write to this file?",
    "read-only": "the server is read-only: name the server that takes writes",
    "malformed": f"the file is damaged, or another was copied over it: {sqlite_file.RESTORE}",
    "not a database": "this file is something else: name another with --database, or restore it from a backup",
    "no such column": "its tables are not those of this version: run presswatch db info",
    "no such table": "it is not a Presswatch database, or an old one: run presswatch db upgrade",
    "connection refused": "is the server running, and does it listen there?",
    "no such file": "is the server running, and is this its socket?",
    "password": "check user and password in the address (in a password, @ is written %40 and / %2F)",
    "no pg_hba.conf entry": "the server lets nobody in from here: ask who runs it",
    "name or service not known": "is the server's name spelt right?",
    "timeout expired": "is the server reachable from here?",
    "too many clients": "the server has too many connections; end some, or raise its max_connections",
    "connection slots": "the server has too many connections; end some, or raise its max_connections",
    "permission denied": "the user of the address must own the database, or be granted its schema",
    "no equivalent in encoding": "its encoding must be UTF8: make it with CREATE DATABASE … ENCODING 'UTF8'",
}
"""By a sign in what the database said, the first that is found; what people can do about it."""

TIMEOUT_SIGNS = ("interrupted", "canceling statement due to statement timeout")
"""Signs of a statement that was ended at the time limit of storage.database.reader."""

DISK_SIGNS = ("disk is full", "no space left", "disk i/o")
"""Signs of a disk that is full or failed."""

MISSING_OBJECT_RE = re.compile(r"(database|role|relation|column) \S+( of relation \S+)? does not exist")
"""Matches the object that PostgreSQL reports as missing."""

MISSING_OBJECT_HINTS = {
    "database": "make it with CREATE DATABASE, or check its name in the address",
    "role": "check the user in the address",
    "relation": ERROR_HINTS["no such table"],
    "column": ERROR_HINTS["no such column"],
}


def first_line(error: BaseException) -> str:
    """Return the first line of an error; of several connection attempts, that of the last."""
    return first_line_of(str(error)) or type(error).__name__


def first_line_of(text: str) -> str:
    """Return the first line of what a driver said; of several connection attempts, that of the last."""
    lines = text.strip().splitlines() or [""]
    tries = [line for line in lines if line.startswith("- host:")]
    return tries[-1].removeprefix("- ") if tries else lines[0]


ADVISORY_LOCK_IDS = {"tables": 7_791_001, "articles": 7_791_002, "daemon": 7_791_003, "leader": 7_791_004}
"""Names of locks as PostgreSQL has them: numbers, in a space that all programs of a database share."""


def advisory_lock(connection: Connection, name: str) -> None:
    """Be the only one with this lock until the transaction ends; on SQLite a write is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK_IDS[name])))


def upsert_insert(connection: Connection, table: Table) -> sqlite.Insert:
    """Return an INSERT with ON CONFLICT methods in the dialect of `connection`."""
    return upsert_insert_for(connection.dialect.name, table)


def upsert_insert_for(dialect: str, table: Table) -> sqlite.Insert:
    """Return an INSERT with ON CONFLICT methods in `dialect`, "sqlite" or "postgresql"."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415  (start-up time: 20 ms, not needed for SQLite)

        return postgresql.insert(table)  # type: ignore[return-value]  # same methods, no common type
    return sqlite.insert(table)
