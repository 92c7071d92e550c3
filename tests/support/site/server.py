"""A small HTTP/1.1 server on raw asyncio streams, so that it can misbehave below HTTP as well."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from tests.support.site.answers import error
from tests.support.site.misbehaviours import Exchange, perform
from tests.support.site.newsroom import Newsroom
from tests.support.site.requestlog import Entry
from tests.support.site.routes import Routes
from tests.support.site.rules import Rules

_HEAD_LIMIT = 65_536
_ENDS = (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError)


class Server:
    """Serves one newsroom on one port, and notes every request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.rules = Rules()
        self.entries: list[Entry] = []
        self.newsroom = Newsroom("")
        self._routes = Routes(self.newsroom)
        self._tls = tls
        self._host = ""
        self._port = 0
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self, host: str, port: int) -> str:
        """Listens, and gives the address. Port 0 is any free one."""
        self._host, self._port = host, port
        await self.listen()
        scheme = "https" if self._tls else "http"
        self.newsroom.address = self.newsroom.link_base = f"{scheme}://{self._host}:{self._port}"
        return self.newsroom.address

    async def listen(self) -> None:
        """Takes connections (again)."""
        if self._server is None:
            self._server = await asyncio.start_server(
                self._connection, self._host, self._port, ssl=self._tls, limit=_HEAD_LIMIT, backlog=512
            )
            self._port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuses connections and drops the open ones."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        await self._drop_connections()

    async def reset(self) -> None:
        """Forget all settings and requests, and end every connection."""
        await self._drop_connections()
        self.rules.drop(None)
        self.entries.clear()
        self.newsroom.reset()
        self._routes = Routes(self.newsroom)
        await self.listen()

    async def _drop_connections(self) -> None:
        open_now = dict(self._connections)
        for task, writer in open_now.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            # Only this server cancels its connections; a cancelled one makes asyncio 3.11 complain on stderr.
            with contextlib.suppress(*_ENDS):
                while await self._exchange(reader, writer):
                    pass
        finally:
            del self._connections[task]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False ends the connection."""
        try:
            entry = _parse(await reader.readuntil(b"\r\n\r\n"))
            length = int(entry.headers.get("content-length", "0"))
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(error(400).head(self.newsroom.now(), keep=False, length=0))
            return False
        await reader.readexactly(max(0, length))
        self.entries.append(entry)
        return await self._answer(Exchange(writer, entry, self.newsroom))

    async def _answer(self, exchange: Exchange) -> bool:
        entry = exchange.entry
        keep = _keeps(entry)
        usual = self._routes.answer(entry.target, entry.headers)
        if entry.method not in {"GET", "HEAD"}:
            usual = error(405)
        act = self.rules.take(entry.target)
        if act is None:
            return await exchange.send(usual, keep=keep)
        return await perform(act, exchange, usual, keep=keep)


def _parse(head: bytes) -> Entry:
    """Raises ValueError when it is no request."""
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    return Entry(method, target, {name.lower(): value.strip() for name, _, value in pairs}, version)


def _keeps(entry: Entry) -> bool:
    wish = entry.headers.get("connection", "").lower()
    return wish != "close" and (entry.version == "HTTP/1.1" or wish == "keep-alive")
