"""Serve the pages until SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from typing import Any

import uvicorn

from presswatch.web.app import create_app
from presswatch.web.pages.request import Site
from presswatch.web.safety.guard import Rules
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.store import Store, open_reader, open_store

MAX_CONNECTIONS = 200
MAX_HEADER_SIZE = 32 * 1024
KEEP_ALIVE = 15
"""Seconds for which an idle connection is kept."""
GRACE = 5
"""Seconds for the pages under way when the server is stopped."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stores:
    """The store that reads, and the one that writes, opened when something is changed first."""

    def __init__(self, config: Config) -> None:
        self._config = config
        settings = config.storage
        open_store(settings.database, busy_timeout=settings.busy_timeout, create=False).close()
        self.reader = open_reader(settings.database, busy_timeout=settings.busy_timeout)

    @cached_property
    def writer(self) -> Store:
        """Return the store that can write."""
        settings = self._config.storage
        return open_store(settings.database, busy_timeout=settings.busy_timeout, create=False)

    def close(self) -> None:
        """Close what was opened."""
        self.reader.close()
        if "writer" in self.__dict__:
            self.writer.close()


def serve(
    config: Config,
    *,
    broken: Callable[[], Mapping[str, str]],
    tell: Callable[[str], None],
    with_parent: bool = False,
) -> None:
    """Serve until a signal; `tell` is given the address of the pages once they can be read.

    `with_parent` also ends with stdin: a parent that is killed sends no signal. `broken` gives the sources whose
    declaration is invalid. Raises ConfigError for an address that cannot be listened on, StoreError for a database that
    cannot be read.
    """
    settings = config.web
    with closing(Stores(config)) as stores, closing(listen(settings.host or "", settings.port)) as listening:
        site = Site(config=config, reader=stores.reader, writer=lambda: stores.writer, broken=broken)
        app = create_app(site, Rules.of(settings, settings.host))
        server = _Server(uvicorn.Config(app, **OPTIONS), lambda: tell(_address(listening)))
        asyncio.run(_run(server, listening, with_parent=with_parent))


OPTIONS: Mapping[str, Any] = {
    "http": "h11",
    "ws": "none",
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "limit_concurrency": MAX_CONNECTIONS,
    "h11_max_incomplete_event_size": MAX_HEADER_SIZE,
    "timeout_keep_alive": KEEP_ALIVE,
    "timeout_graceful_shutdown": GRACE,
}


class _Server(uvicorn.Server):
    """A server whose signals are ours: uvicorn would end the process by the signal, and not with exit code 0."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell_started()


async def _run(server: uvicorn.Server, listening: socket.socket, *, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, _stop, server)
    if with_parent:
        loop.add_reader(sys.stdin, _end_with_stdin, server)
    await server.serve(sockets=[listening])


def _end_with_stdin(server: uvicorn.Server) -> None:
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin)
        server.should_exit = True


def _stop(server: uvicorn.Server) -> None:
    server.force_exit = server.should_exit  # asked for twice, it waits for no page
    server.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """Listen on a host and port; 0 is a free one. Raises ConfigError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        made = socket.socket(family, socket.SOCK_STREAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Its connections inherit it. Without it the body of an answer waits for the receipt of its head: 40 ms.
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            made.bind((host.strip("[]"), port))
            made.listen()
        except BaseException:
            made.close()
            raise
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"web.host, web.port = {host}:{port}: {reason}; name a free port with --port") from error
    return made


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
