"""The site's own process: serves, and does what the lines on its stdin say. Each line gets one line back.

A line is `{"do": name, "with": {…}}`; the answer `{"ok": value}` or `{"error": words}`. The end of stdin ends the
process, so that it never outlives whoever started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from tests.support.site import http_server
from tests.support.site.articles import Article
from tests.support.site.misbehaviour import Misbehaviour
from tests.support.site.requestlog import Request
from tests.support.site.rules import EVERYWHERE
from tests.support.site.server import Server

_LINE_LIMIT = 256 * 1024 * 1024


class Commands:
    """Commands of the site's process; every public method is one."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._newsroom = server.newsroom

    def publish(self, articles: Sequence[Article]) -> None:
        """Puts articles on the site."""
        self._newsroom.publish(articles)

    def edit(self, where: str, changes: Mapping[str, Any]) -> Article:
        """Changes fields of an article."""
        return self._newsroom.edit(where, changes)

    def remove(self, where: str) -> None:
        """Takes an article away."""
        self._newsroom.remove(where)

    def articles(self) -> Sequence[Article]:
        """All articles, newest first."""
        return self._newsroom.newest()

    def misbehave(self, where: str, acts: Sequence[Misbehaviour], times: int | None) -> None:
        """Puts misbehaviours in force."""
        self._server.rules.put(self._place(where), acts, times)

    def behave(self, where: str | None) -> None:
        """Ends misbehaviour."""
        self._server.rules.drop(where if where is None else self._place(where))

    def set_time(self, at: datetime | None) -> None:
        """Stops the site's clock."""
        self._newsroom.set_time(at)

    def restyle(self, name: str, changes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Changes habits, and gives all of them."""
        self._newsroom.restyle(name, changes)
        return asdict(getattr(self._newsroom, name))

    def robots(self, text: str | None, status: int) -> None:
        """Sets robots.txt."""
        self._newsroom.robots, self._newsroom.robots_status = text, status
        self._newsroom.revision += 1

    def link_base(self, base: str | None) -> None:
        """Sets the base of the paths in links."""
        self._newsroom.link_base = self._newsroom.address if base is None else base.rstrip("/")
        self._newsroom.revision += 1

    def requests(self) -> Sequence[Request]:
        """Everything asked so far."""
        return [entry.frozen() for entry in self._server.entries]

    def clear_requests(self) -> None:
        """Forgets what was asked."""
        self._server.entries.clear()

    async def reset(self) -> None:
        """Forgets everything."""
        await self._server.reset()

    async def refuse(self) -> None:
        """Closes the port."""
        await self._server.refuse()

    async def listen(self) -> None:
        """Opens it again."""
        await self._server.listen()

    def _place(self, where: str) -> str:
        return where if where == EVERYWHERE or where.startswith("/") else self._newsroom.find(where)


async def serve(
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    controlled: bool,
    articles: Callable[[datetime], Sequence[Article]] | None = None,
) -> None:
    """Serves until SIGTERM or SIGINT, or, when controlled, until stdin ends. Prints its address on one line."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = Server(tls)
    address = await server.start(host, port)
    if articles is not None:
        server.newsroom.publish(articles(server.newsroom.now()))
    print(address, flush=True)
    obeying = asyncio.create_task(_obey(Commands(server), stopped)) if controlled else None
    await stopped.wait()
    if obeying is not None:
        obeying.cancel()
    await server.refuse()


async def _obey(commands: Commands, stopped: asyncio.Event) -> None:
    """Reads and carries out commands until stdin ends."""
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    try:
        while line := await reader.readline():
            _print(await _carry_out(commands, line))
    finally:
        transport.close()
        stopped.set()


async def _carry_out(commands: Commands, line: bytes) -> bytes:
    """Return the response to one command; an error is sent to the caller."""
    try:
        asked = http_server.load(line)
        result = getattr(commands, asked["do"])(**asked["with"])
        if asyncio.iscoroutine(result):
            result = await result
        return http_server.dump({"ok": result})
    except Exception as error:  # noqa: BLE001  the process that asked raises it
        return http_server.dump({"error": f"{type(error).__name__}: {error}"})


def _print(line: bytes) -> None:
    # Nobody left to read is what the end of stdin says a moment later.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
