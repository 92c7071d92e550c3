"""Answer GET and HEAD requests, one a connection, within limits of connections, bytes and time.

A client that sends too little, too much, too slowly or does not read costs one connection for some seconds, and is the
first to be closed when another needs its place (RFC 9112 §9.5 lets a server close at any time).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from http import HTTPStatus
from itertools import count

ACCEPT_BACKLOG = 16
"""Connections that asyncio accepts at a time, before any of them can be closed again."""
DISCARD_LIMIT = 65_536
"""Bytes read and dropped after the answer, so that the close does not reset it (RFC 9112 §9.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Limit the connections of a server: their number, the bytes of a request's head, and times."""

    connections: int = 32
    per_peer: int = 16  # of one address
    head: int = 8192  # bytes of request line and headers
    request_time: timedelta = timedelta(seconds=5)  # from the connection to the end of the head
    answer_time: timedelta = timedelta(seconds=30)  # from there until the client has read the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """An answer to a GET request."""

    body: bytes
    content_type: str
    status: HTTPStatus = HTTPStatus.OK


Route = Callable[[], Awaitable[HttpAnswer]]


class State(Enum):
    """State of a connection."""

    WAITING = "waiting"  # its head is not complete
    ANSWERING = "answering"
    ANSWERED = "answered"


class BoundedHttpServer:
    """Serve routes by path."""

    def __init__(self, routes: dict[str, Route], limits: HttpLimits) -> None:
        self.routes = routes
        self.limits = limits
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen on an address. Raises OSError if it is not available."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), host, port, backlog=ACCEPT_BACKLOG)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._server is not None:
            self._server.close()
        for connection in tuple(self._connections):
            connection.abort()

    def admit(self, connection: _Connection) -> None:
        """Count a new connection; close another, or this one, if there are too many, of its peer or in all."""
        self._connections.add(connection)
        of_peer = [other for other in self._connections if other.peer == connection.peer]
        if len(of_peer) > self.limits.per_peer:
            min(of_peer, key=_Connection.rank).abort()
        elif len(self._connections) > self.limits.connections:
            min(self._connections, key=_Connection.rank).abort()

    def forget(self, connection: _Connection) -> None:
        """Stop counting a connection that is closed."""
        self._connections.discard(connection)


class _Connection(asyncio.Protocol):
    """One connection: a head, an answer, the end."""

    _numbers = count()

    def __init__(self, server: BoundedHttpServer) -> None:
        self._server = server
        self._number = next(self._numbers)
        self._state = State.WAITING
        self._head = bytearray()
        self._discarded = 0
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._answering: asyncio.Task[None] | None = None
        self.peer = ""

    def rank(self) -> tuple[bool, int]:
        """Return the order in which connections are closed: the oldest first, but last those being answered."""
        return self._state is State.ANSWERING, self._number

    def abort(self) -> None:
        """Close at once, whatever is unsent."""
        self._server.forget(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._abort_after(self._server.limits.request_time)
        self._server.admit(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.forget(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._answering is not None:
            self._answering.cancel()

    def data_received(self, data: bytes) -> None:
        if self._state is not State.WAITING:
            self._discarded += len(data)
            if self._discarded > DISCARD_LIMIT:
                self.abort()
            return
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self._head)) > self._server.limits.head:
            self._send(_refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
        elif end >= 0:
            self._begin_answer(bytes(self._head[:end]))

    def _begin_answer(self, head: bytes) -> None:
        words = head.partition(b"\r\n")[0].split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            self._send(_refusal(HTTPStatus.BAD_REQUEST))
        elif words[0] not in {b"GET", b"HEAD"}:
            self._send(_refusal(HTTPStatus.METHOD_NOT_ALLOWED))
        elif (route := self._server.routes.get(words[1].partition(b"?")[0].decode("latin-1"))) is None:
            self._send(_refusal(HTTPStatus.NOT_FOUND))
        else:
            self._state = State.ANSWERING
            self._abort_after(self._server.limits.answer_time)
            self._answering = asyncio.create_task(self._answer(route, has_body=words[0] == b"GET"))

    async def _answer(self, route: Route, *, has_body: bool) -> None:
        self._send(await route(), has_body=has_body)

    def _send(self, answer: HttpAnswer, *, has_body: bool = True) -> None:
        self._state = State.ANSWERED
        self._head.clear()
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._abort_after(self._server.limits.answer_time)
        lines = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            *(["Allow: GET, HEAD"] if answer.status is HTTPStatus.METHOD_NOT_ALLOWED else []),
            "Connection: close",
        )
        transport.write("\r\n".join((*lines, "", "")).encode("ascii") + (answer.body if has_body else b""))
        if transport.can_write_eof():
            transport.write_eof()

    def _abort_after(self, time: timedelta) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(time.total_seconds(), self.abort)


def _refusal(status: HTTPStatus) -> HttpAnswer:
    return HttpAnswer(body=f"{status.phrase}\n".encode(), content_type="text/plain; charset=utf-8", status=status)
