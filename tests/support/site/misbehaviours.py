"""Send the response of each misbehaviour on the wire."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from tests.support.site import bad_bytes
from tests.support.site.answers import FEED, HTML, Answer
from tests.support.site.misbehaviour import Framing, Kind, Misbehaviour
from tests.support.site.newsroom import Newsroom
from tests.support.site.requestlog import Entry
from tests.support.site.routes import path_of

_CHUNK = b"<p>" + b"x" * 65_533
_ARRIVAL = 0.05  # seconds for what was sent to arrive, before a reset overtakes it


@dataclass(slots=True)
class Exchange:
    """One request on its connection, and the means to answer it."""

    writer: asyncio.StreamWriter
    entry: Entry
    newsroom: Newsroom

    def write(self, data: bytes) -> None:
        """Sends bytes, whatever they are."""
        self.entry.sent += len(data)
        self.writer.write(data)

    async def flush(self) -> None:
        """Waits until the client takes more. Raises ConnectionError when it is gone."""
        await self.writer.drain()

    def head(self, answer: Answer, *, keep: bool, length: int | None) -> None:
        """Sends status line and headers."""
        self.entry.status = answer.status
        self.write(answer.head(self.newsroom.now(), keep=keep, length=length))

    async def send(self, answer: Answer, *, keep: bool) -> bool:
        """Sends a whole answer, and says whether the connection may be kept."""
        self.entry.status = answer.status
        head = answer.head(self.newsroom.now(), keep=keep, length=len(answer.body))
        bodyless = self.entry.method == "HEAD" or answer.status in {204, 304}
        self.write(head if bodyless else head + answer.body)
        await self.flush()
        return keep

    def reset(self) -> None:
        """Ends the connection with RST."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


def changed(act: Misbehaviour, usual: Answer, target: str) -> Answer:
    """The answer of a misbehaviour that stays within HTTP; `usual` is what would have been served."""
    match act.kind:
        case Kind.ANSWER:
            return _configured(act, usual, target)
        case Kind.LOOP:
            return Answer(act.status).with_headers({"Location": _onwards(target) if act.growing else target})
        case Kind.WINDOWS_1251:
            body = bad_bytes.windows_1251(usual.body, declared=act.declared)
            return replace(usual, body=body).with_headers({"Content-Type": "text/html"})
        case Kind.BROKEN_HTML:
            return replace(usual, body=bad_bytes.broken_html(usual.body))
        case Kind.GZIP_BOMB:
            return Answer(200, bad_bytes.gzip_bomb(act.size)).with_headers({"Content-Encoding": "gzip"})
    return usual


async def perform(act: Misbehaviour, exchange: Exchange, usual: Answer, *, keep: bool) -> bool:
    """Misbehaves, and says whether the connection may be kept."""
    if act.kind in _RAW:
        await _RAW[act.kind](act, exchange, usual)
        return False
    if act.kind is Kind.SLOW:
        await asyncio.sleep(act.seconds)
    return await exchange.send(changed(act, usual, exchange.entry.target), keep=keep)


def _configured(act: Misbehaviour, usual: Answer, target: str) -> Answer:
    """The usual page with another status and headers, or the configured body."""
    if act.body is None:
        return replace(usual, status=act.status).with_headers(act.headers)
    kind = FEED if path_of(target).endswith(".xml") and act.status == 200 else HTML
    return Answer(act.status, act.body, {"Content-Type": kind}).with_headers(act.headers)


def _onwards(target: str) -> str:
    path, _, query = target.partition("?")
    number = query.removeprefix("step=")
    return f"{path}?step={int(number) + 1 if number.isdecimal() else 1}"


async def _close(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    exchange.writer.close()


async def _short(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    exchange.head(usual, keep=True, length=len(usual.body))
    exchange.write(usual.body[: len(usual.body) // 2])
    await exchange.flush()


async def _cut(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    plain = gzip.decompress(usual.body) if "Content-Encoding" in usual.headers else usual.body
    body = bad_bytes.COMPRESSORS[act.coding](plain)
    body = body[: len(body) - (act.size or len(body) // 2)]
    coded = usual.with_headers({"Content-Encoding": act.coding.removeprefix("raw ")})
    if act.framing is Framing.CHUNKED:
        coded = coded.with_headers({"Transfer-Encoding": "chunked"})
        body = b"%x\r\n%s\r\n" % (len(body), body)
    exchange.head(coded, keep=False, length=len(body) if act.framing is Framing.LENGTH else None)
    exchange.write(body)
    await exchange.flush()


async def _reset(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    await (_short if act.framing is Framing.LENGTH else _cut)(act, exchange, usual)
    await asyncio.sleep(_ARRIVAL)
    exchange.reset()


async def _garbage(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    exchange.write(b"OUCH/x.y two-hundred \x00\xff\r\nContent-Type text/html\r\n\r\n<p>")
    await exchange.flush()


async def _endless_header(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    exchange.entry.status = 200
    exchange.write(b"HTTP/1.1 200 OK\r\n")
    for number in itertools.count():
        exchange.write(b"X-Header-%d: %s\r\n" % (number, b"x" * 60))
        await exchange.flush()
        await asyncio.sleep(act.seconds)


async def _trickle(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    pieces = itertools.chain((b"<!DOCTYPE html><html><body>",), itertools.repeat(b"<p>wait</p>\n"))
    await _stream(act, exchange, pieces, length=bad_bytes.MEGABYTE)


async def _huge(act: Misbehaviour, exchange: Exchange, usual: Answer) -> None:
    whole, rest = divmod(act.size, len(_CHUNK))
    pieces = itertools.chain(itertools.repeat(_CHUNK, whole), (_CHUNK[:rest],))
    await _stream(act, exchange, pieces, length=act.size)


async def _stream(act: Misbehaviour, exchange: Exchange, pieces: Iterator[bytes], length: int) -> None:
    """A body in pieces, framed as the misbehaviour says, with its wait after each."""
    chunked = act.framing is Framing.CHUNKED
    answer = Answer(200, b"", {"Content-Type": HTML} | ({"Transfer-Encoding": "chunked"} if chunked else {}))
    exchange.head(answer, keep=False, length=length if act.framing is Framing.LENGTH else None)
    for piece in pieces:
        exchange.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked and piece else piece)
        await exchange.flush()
        await asyncio.sleep(act.seconds)
    if chunked:
        exchange.write(b"0\r\n\r\n")


_RAW: Mapping[Kind, Callable[[Misbehaviour, Exchange, Answer], Awaitable[None]]] = {
    Kind.CLOSE: _close,
    Kind.SHORT: _short,
    Kind.CUT: _cut,
    Kind.RESET: _reset,
    Kind.GARBAGE: _garbage,
    Kind.ENDLESS_HEADER: _endless_header,
    Kind.TRICKLE: _trickle,
    Kind.HUGE: _huge,
}
