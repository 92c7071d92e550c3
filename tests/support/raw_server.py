"""Serve scripted bytes from a child process: what no server library sends. Requests are recorded as they arrived."""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from tests.support.paths import ROOT
from tests.support.patience import patient

TLS_HANDSHAKE = b"\x16"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """Pieces of an answer, each sent by itself; `closes` the connection after them, or keeps it open.

    The answer is held back until `together` requests wait for theirs, for some seconds at most.
    """

    pieces: tuple[bytes, ...]
    closes: bool = False
    together: int = 1


Answers = Mapping[str, bytes | RawAnswer]
"""Answers by request target; any other target is not found."""


def answer(body: bytes = b"", *headers: bytes, status: bytes = b"200 OK", version: bytes = b"HTTP/1.1") -> bytes:
    """Return a whole answer with its Content-Length."""
    lines = [version + b" " + status, b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join([*lines, b"", body])


class RawServer:
    """Child process that answers from a table."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.raw_server"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.url = f"http://127.0.0.1:{self._ask(None)}"
        self.answer_with(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def answer_with(self, answers: Answers) -> None:
        """Replace the table, and forget the requests."""
        self._ask({target: _dumped(scripted) for target, scripted in answers.items()})

    @property
    def heads(self) -> list[bytes]:
        """Request heads, in order of arrival."""
        return [head.encode("latin-1") for head in self._ask("heads")]

    @property
    def targets(self) -> list[str]:
        """Request targets, in order of arrival."""
        return [head.split(b" ")[1].decode("latin-1") for head in self.heads]

    @property
    def connections(self) -> int:
        """Return how many connections were opened."""
        return int(self._ask("connections"))

    @property
    def most_together(self) -> int:
        """Return how many requests waited for their answers at most at one time."""
        return int(self._ask("most together"))

    def _ask(self, command: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def _dumped(scripted: bytes | RawAnswer) -> list[Any]:
    whole = scripted if isinstance(scripted, RawAnswer) else RawAnswer((scripted,))
    return [[base64.b64encode(piece).decode() for piece in whole.pieces], whole.closes, whole.together]


class _Child:
    """The server of the child process."""

    def __init__(self) -> None:
        self._table: dict[str, RawAnswer] = {}
        self._heads: list[str] = []
        self._connections = 0
        self._waiting = 0
        self._most_waiting = 0
        self._arrived = asyncio.Condition()

    async def serve(self) -> None:
        """Serve until stdin ends."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0, limit=2**20)
        reader = asyncio.StreamReader(limit=2**28)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            print(json.dumps(self._obey(json.loads(line), server)), flush=True)

    def _obey(self, command: Any, server: asyncio.Server) -> Any:
        if command is None:
            return server.sockets[0].getsockname()[1]
        if isinstance(command, str):
            return {"heads": self._heads, "most together": self._most_waiting}.get(command, self._connections)
        self._table = {
            target: RawAnswer(tuple(map(base64.b64decode, pieces)), closes, together)
            for target, (pieces, closes, together) in command.items()
        }
        self._heads, self._connections, self._most_waiting = [], 0, 0
        return None

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            while True:
                first = await reader.readexactly(1)
                if first == TLS_HANDSHAKE:
                    writer.write(NOT_FOUND)
                    break
                head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                self._heads.append(head)
                scripted = self._table.get(head.split(" ")[1], RawAnswer((NOT_FOUND,)))
                await self._wait_for_others(scripted.together)
                for piece in scripted.pieces:
                    writer.write(piece)
                    await writer.drain()
                    if len(scripted.pieces) > 1:
                        await asyncio.sleep(0.02)  # so that each piece arrives by itself
                if scripted.closes:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _wait_for_others(self, together: int) -> None:
        async with self._arrived:
            self._waiting += 1
            self._most_waiting = max(self._most_waiting, self._waiting)
            self._arrived.notify_all()
            with suppress(TimeoutError):
                are_together = self._arrived.wait_for(lambda: self._most_waiting >= together)
                await asyncio.wait_for(are_together, timeout=patient(10))
            self._waiting -= 1


if __name__ == "__main__":
    asyncio.run(_Child().serve())
