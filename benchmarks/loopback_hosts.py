"""Serve a news site on each of many loopback hosts from a child process, after a latency, and log every request.

Host N is 127.0.1.1 and up, all on one port; each has a feed of its articles and no robots.txt.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import astuple, dataclass
from ipaddress import IPv4Address
from typing import Any, Self

from benchmarks.measure import ROOT

FIRST = IPv4Address("127.0.1.1")
SENTENCE = "The council agreed on the budget of the year after a debate that lasted until the evening. "
PARAGRAPH = f"<p>{5 * SENTENCE}</p>\n"
MARKUP = '<div class="teaser"><a class="teaser_link" href="#"><span>More of the day</span></a></div>\n'
PUBLISHED = "2026-11-20T08:00:00+00:00"
FEED_DATE = "Fri, 20 Nov 2026 08:00:00 GMT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Sizes of the sites: their hosts, articles a host, bytes a page, and the seconds until an answer."""

    hosts: int
    articles: int
    page_size: int = 15_000
    fastest: float = 0.05
    slowest: float = 0.2

    @property
    def addresses(self) -> list[str]:
        """Return the addresses of the hosts."""
        return [str(FIRST + number) for number in range(self.hosts)]

    @property
    def latency(self) -> float:
        """Return the mean latency, in seconds."""
        return (self.fastest + self.slowest) / 2

    def paths(self) -> list[str]:
        """Return the paths of the articles of a host."""
        return [f"/news/{number}" for number in range(1, self.articles + 1)]


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the server saw it, at a time of its own clock."""

    host: str
    path: str
    arrived_at: float


class LoopbackHosts:
    """Child process that serves the hosts."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "benchmarks.loopback_hosts", json.dumps(astuple(self.layout))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.port = int(self._answer())
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def urls(self) -> list[str]:
        """Return the home of each host."""
        return [f"http://{address}:{self.port}" for address in self.layout.addresses]

    def requests(self) -> list[Request]:
        """Return the requests so far, in order of arrival."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [Request(*logged) for logged in self._answer()]

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


class Connection(asyncio.Protocol):
    """Answer the requests of one connection, which are few and without bodies."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note which host was asked."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host = transport.get_extra_info("sockname")[0]

    def data_received(self, data: bytes) -> None:
        """Answer each whole request after its latency."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode("ascii")
            answer, wait = self._sites.answer(self._host, path), self._sites.wait()
            asyncio.get_running_loop().call_later(wait, self._write, answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


class Sites:
    """The answers, and the log of what was asked."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._random = random.Random(1)
        self.log: list[tuple[str, str, float]] = []
        items = "".join(
            f"<item><title>Budget {path[6:]}</title><link>{path}</link><pubDate>{FEED_DATE}</pubDate></item>"
            for path in layout.paths()
        )
        rss = f'<rss version="2.0"><channel><title>Press</title>{items}</channel></rss>'
        self._answers = {"/rss.xml": _answer("application/rss+xml", rss)}
        self._answers |= {path: _answer("text/html; charset=utf-8", self._page(path[6:])) for path in layout.paths()}

    def _page(self, number: str) -> str:
        body = (1 + self._layout.page_size // 4 // len(PARAGRAPH)) * PARAGRAPH
        page = (
            f"<!DOCTYPE html><html lang='en'><head><title>Budget {number}</title>"
            f"<meta property='article:published_time' content='{PUBLISHED}'></head><body>\n"
            f"<article><h1>Budget {number}</h1>\n<div class='text'>{body}<p>Decision {number}.</p></div></article>\n"
        )
        return page + max(0, self._layout.page_size - len(page)) // len(MARKUP) * MARKUP + "</body></html>"

    def answer(self, host: str, path: str) -> bytes:
        """Log a request and return its answer."""
        self.log.append((host, path, time.monotonic()))
        return self._answers.get(path, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    def wait(self) -> float:
        """Draw a latency."""
        return self._random.uniform(self._layout.fastest, self._layout.slowest)


def _answer(kind: str, text: str) -> bytes:
    body = text.encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def serve(layout: Layout) -> None:
    """Print the port, then the log for each line of stdin, until stdin ends."""
    sites, loop = Sites(layout), asyncio.get_running_loop()
    first, *others = layout.addresses
    server = await loop.create_server(lambda: Connection(sites), first, 0)
    port = server.sockets[0].getsockname()[1]
    if others:
        await loop.create_server(lambda: Connection(sites), others, port)
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(port, flush=True)
    while await reader.readline():
        print(json.dumps(sites.log), flush=True)


if __name__ == "__main__":
    with suppress(PermissionError):
        os.nice(-5)  # it is the clock of this measurement: a late look at a request shortens the gap to the next one
    hosts, articles, page_size, fastest, slowest = json.loads(sys.argv[1])
    asyncio.run(serve(Layout(hosts=hosts, articles=articles, page_size=page_size, fastest=fastest, slowest=slowest)))
