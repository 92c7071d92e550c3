"""Run one SQL statement of a person in a process of its own, within limits of time, memory and rows.

A function of SQLite such as trim() or LIKE may run for hours within one step, in which no handler is called and Ctrl-C
is not heard: only the end of its process ends it (measured: trim() of 5 MB, 300 s and more).
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

from sqlalchemy import Engine

from storage.database.engine import connection_error, psycopg_arguments, read_only_uri
from storage.database.query_messages import Kind, QueryRequest, encode_message, read_message
from storage.database.sqlite_file import require_content
from storage.model.errors import ConfigError, PresswatchError

PIPE_SIZE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryLimits:
    """Limits of a statement: the time the database works, the memory of its process in bytes, rows (None: any)."""

    timeout: timedelta
    memory: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Columns, whose names are unique, and an iterator of the rows."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def run_query(
    engine: Engine, sql: str, limits: QueryLimits, *, busy_timeout: timedelta, is_role_named: bool
) -> Iterator[QueryResult]:
    """Run one statement that reads; its process is killed at the end, whatever the end is.

    `busy_timeout` is the wait for a lock; `is_role_named`: the settings name the role of the engine for this alone.
    Raises PresswatchError in one line for a write, a mistake or a limit; also while the rows are read.
    """
    request = QueryRequest(
        sql=sql,
        timeout=limits.timeout.total_seconds(),
        memory=limits.memory,
        is_role_named=is_role_named,
        **_connection(engine, busy_timeout),
    )
    with _query_process(request) as process:
        answer = QueryAnswer(process, engine, limits)
        yield QueryResult(answer.columns(), answer.rows())


def _connection(engine: Engine, busy_timeout: timedelta) -> Mapping[str, Any]:
    if engine.url.get_backend_name() != "sqlite":
        return {"connection": psycopg_arguments(engine, busy_timeout)}
    file = Path(engine.url.database or "")
    require_content(file)
    return {"uri": read_only_uri(str(file)) or f"file:{quote(str(file))}?mode=ro"}


@contextmanager
def _query_process(request: QueryRequest) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process; kill it at the end. The request goes through its stdin, for it may hold a password."""
    with subprocess.Popen(
        # Not the working directory, where anything may be called `storage`: the folders this program was found in.
        [sys.executable, "-P", "-m", "storage.database.query_worker"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        start_new_session=True,  # Ctrl-C in the terminal is for this process, which kills that one
    ) as process:
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.write(encode_message(asdict(request)))
            yield process
        finally:
            process.kill()


class QueryAnswer:
    """The messages of a query process. The time in which the caller handles the rows does not count."""

    def __init__(self, process: subprocess.Popen[bytes], engine: Engine, limits: QueryLimits) -> None:
        assert process.stdout is not None
        self._process = process
        self._engine = engine
        self._limits = limits
        self._pipe = process.stdout.fileno()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)
        self._left: float | None = None  # seconds; without a limit until the connection is there

    def columns(self) -> tuple[str, ...]:
        """Wait for the connection and for the first answer of the database."""
        self._next(Kind.STARTED)
        self._left = self._limits.timeout.total_seconds()
        return tuple(self._next(Kind.COLUMNS))

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the rows as they come; raises PresswatchError after the maximum number."""
        number = 0
        while (batch := self._next(Kind.ROWS, Kind.END)) is not None:
            for row in batch:
                number += 1
                if self._limits.rows is not None and number > self._limits.rows:
                    raise PresswatchError(f"SQL: more than {self._limits.rows} rows; --max-rows allows more")
                yield row

    def _next(self, *expected: Kind) -> Any:
        try:
            kind, content = read_message(self._read)
        except EOFError:
            self._explain_end()
        if kind not in expected:
            self._raise(Kind(kind), content)
        return content

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            began_at = time.monotonic()
            if not self._selector.select(self._left):
                self._raise(Kind.TIMED_OUT, "")
            if self._left is not None:
                self._left = max(0.0, self._left - (time.monotonic() - began_at))
            part = os.read(self._pipe, min(PIPE_SIZE, size - len(parts)))
            if not part:
                break
            parts += part
        return bytes(parts)

    def _raise(self, kind: Kind, text: str) -> NoReturn:
        if kind is Kind.TIMED_OUT:
            seconds = self._limits.timeout.total_seconds()
            raise PresswatchError(f"SQL: it took longer than {seconds:g} s; --timeout gives it more")
        if kind is Kind.OUT_OF_MEMORY:
            megabytes = self._limits.memory // 10**6
            raise PresswatchError(f"SQL: it needed more than {megabytes} MB of memory; --memory gives it more")
        if kind is Kind.UNREACHABLE:
            raise connection_error(self._engine, text)
        raise ConfigError(text)

    def _explain_end(self) -> NoReturn:
        code = self._process.wait()
        if code < 0:
            with suppress(ValueError):
                raise PresswatchError(f"SQL: its process was ended by {signal.Signals(-code).name}")
        raise PresswatchError(f"SQL: its process ended with exit code {code}")
