"""Read what a crawl process writes: its reports from stdout, and its log from stderr, of which the end is kept."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import Self

REPORT_LIMIT = 262_144
"""Bytes of stdout that are read; a report is some hundred bytes, and a process has at most eight sources."""
TAIL_BYTES = 4_096
"""Bytes of stderr that are kept for the run."""
TAIL_LINES = 20
LINE_LIMIT = 65_536
"""Bytes of an unfinished line that are held back until its end; the lines of two processes must not mix."""
STDERR = 2


class OutputPipe(asyncio.Protocol):
    """The read end of a pipe that a child writes to."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def open(cls) -> tuple[Self, int]:
        """Create a pipe; return its reader and the descriptor for the child, to be closed here after the start."""
        reading, writing = os.pipe()
        try:
            _, pipe = await asyncio.get_running_loop().connect_read_pipe(cls, os.fdopen(reading, "rb", 0))
        except BaseException:
            os.close(writing)
            raise
        return pipe, writing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Stop reading, though another process may still hold the other end."""
        self._transport.close()


class ReportPipe(OutputPipe):
    """Collect stdout up to a limit."""

    def __init__(self) -> None:
        super().__init__()
        self.output = bytearray()

    def data_received(self, data: bytes) -> None:
        self.output += data[: REPORT_LIMIT - len(self.output)]


class LogPipe(OutputPipe):
    """Pass stderr on, line by line, to the stderr of this process, and keep its end."""

    def __init__(self) -> None:
        super().__init__()
        self._line = bytearray()
        self._tail = bytearray()

    @property
    def tail(self) -> str:
        """Return the last lines."""
        return "\n".join(self._tail.decode("utf-8", "replace").splitlines()[-TAIL_LINES:]).strip()

    def data_received(self, data: bytes) -> None:
        self._tail += data
        del self._tail[:-TAIL_BYTES]
        self._line += data
        end = self._line.rfind(b"\n") + 1
        if end == 0 and len(self._line) > LINE_LIMIT:
            end = len(self._line)
        _write_stderr(bytes(self._line[:end]))
        del self._line[:end]

    def connection_lost(self, exc: Exception | None) -> None:
        if self._line:
            _write_stderr(bytes(self._line) + b"\n")
            self._line.clear()
        super().connection_lost(exc)


def _write_stderr(data: bytes) -> None:
    with suppress(OSError):  # closed, or its terminal is gone
        while data:
            data = data[os.write(STDERR, data) :]
