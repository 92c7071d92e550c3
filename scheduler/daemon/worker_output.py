"""Read what a worker writes: its messages from stdout, and its log from stderr, of which the end is kept."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress

from storage.crawling.worker_messages import Message, parse_line

TAIL_BYTES = 4_096
"""Bytes of stderr that are kept for the run."""
TAIL_LINES = 20
LINE_LIMIT = 65_536
"""Bytes of an unfinished line that are held back until its end: the lines of two processes must not mix."""
STDERR = 2


class OutputPipe(asyncio.Protocol):
    """The read end of a pipe that a child writes to."""

    def __init__(self) -> None:
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.BaseTransport | None = None

    async def open(self) -> int:
        """Create the pipe; return the descriptor for the child, to be closed here after the start."""
        reading, writing = os.pipe()
        try:
            await asyncio.get_running_loop().connect_read_pipe(lambda: self, os.fdopen(reading, "rb", 0))
        except BaseException:
            os.close(writing)
            raise
        return writing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        """Stop reading, though another process may still hold the other end."""
        if self._transport is not None:
            self._transport.close()


class MessagePipe(OutputPipe):
    """Call `receive` for each message on stdout; other lines are skipped."""

    def __init__(self, receive: Callable[[Message], None]) -> None:
        super().__init__()
        self._receive = receive
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-LINE_LIMIT:]
        for line in lines:
            message = parse_line(line)
            if message is not None:
                self._receive(message)


class LogPipe(OutputPipe):
    """Pass stderr on, line by line, to the stderr of this process, and keep its end."""

    def __init__(self) -> None:
        super().__init__()
        self._line = bytearray()
        self._tail = bytearray()
        self.position = 0
        """Bytes received so far."""

    def tail(self, since: int = 0) -> str:
        """Return the last lines, of what was received after a position."""
        kept_from = self.position - len(self._tail)
        kept = self._tail[max(0, since - kept_from) :]
        return "\n".join(kept.decode("utf-8", "replace").splitlines()[-TAIL_LINES:]).strip()

    def data_received(self, data: bytes) -> None:
        self.position += len(data)
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
