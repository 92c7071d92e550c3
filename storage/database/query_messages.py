"""Exchange messages between `presswatch sql` and the process that runs its statement.

A message is a length and a pickle. Only plain values and times are loaded, so that a process which a statement has
taken over can hand over rows and nothing that runs.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

LENGTH = struct.Struct("!Q")
TIME_TYPES = frozenset({"date", "datetime", "timedelta", "timezone"})


class Kind(StrEnum):
    """Kind of a message of the query process."""

    STARTED = "started"
    """Connected; from here on the time counts."""
    COLUMNS = "columns"
    """Names of the columns, which are unique."""
    ROWS = "rows"
    """Some rows."""
    END = "end"
    """No more rows."""
    INVALID = "invalid"
    """The statement cannot be run; the text says why."""
    UNREACHABLE = "unreachable"
    """The database cannot be opened; the text is the database's."""
    TIMED_OUT = "timed out"
    OUT_OF_MEMORY = "out of memory"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRequest:
    """A statement and the connection and limits it runs with, as its process reads them from stdin."""

    sql: str
    timeout: float  # seconds
    memory: int  # bytes
    uri: str | None = None
    """URI of a SQLite file."""
    connection: Mapping[str, Any] | None = None
    """Arguments of `psycopg.connect`."""
    is_role_named: bool = False
    """The settings name a role for this alone, whose sessions are no others."""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if module_name == "datetime" and global_name in TIME_TYPES:
            return super().find_class(module_name, global_name)
        raise pickle.UnpicklingError(f"{module_name}.{global_name} is no plain value")


def encode_message(message: Any) -> bytes:
    """Return a message of plain values as bytes, its length before it."""
    body = pickle.dumps(message, protocol=5)
    return LENGTH.pack(len(body)) + body


def read_message(read: Callable[[int], bytes]) -> Any:
    """Read one message; `read` returns as many bytes as it is asked for. Raises EOFError at the end of the stream."""
    return _PlainUnpickler(io.BytesIO(_exactly(read, LENGTH.unpack(_exactly(read, LENGTH.size))[0]))).load()


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = read(size)
    if len(data) < size:
        raise EOFError
    return data
