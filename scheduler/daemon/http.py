"""Serve /healthz and /metrics over HTTP if `scheduler.metrics_listen` names a host and port."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scheduler.daemon.metrics import metrics_text
from scheduler.health.status import StatusReport, status_report
from storage.config.settings import Config
from storage.model.errors import ConfigError, PresswatchError
from storage.store import Store

if TYPE_CHECKING:
    from aiohttp import web

    from scheduler.daemon.dispatcher import Dispatcher

logger = logging.getLogger(__name__)


class HttpServer:
    """Serve health and metrics, read-only."""

    def __init__(self, store: Store, config: Config, dispatcher: Dispatcher, watched: Collection[str]) -> None:
        self._store = store
        self._watched = watched
        self._dispatcher = dispatcher
        self._listen = parse_listen(config.scheduler.metrics_listen)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen if an address is configured. Raises ConfigError if the port is not available."""
        if self._listen is None:
            return
        from aiohttp import web  # noqa: PLC0415  (memory of the daemon: without metrics_listen it needs none)

        host, port = self._listen
        application = web.Application()
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                f"scheduler.metrics_listen = {host}:{port}: {error.strerror or error}; name a free port"
            ) from error
        logger.info("answering /healthz and /metrics on %s:%d", host, port)

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        """Answer 200 while the daemon works, 503 when it cannot; problems of a source do not count."""
        from aiohttp import web  # noqa: PLC0415  (memory of the daemon: without metrics_listen it needs none)

        try:
            report = await self._report()
        except PresswatchError as error:
            return web.json_response({"healthy": False, "reason": str(error)}, status=503)
        overdue = [source for source in overdue_sources(report) if source in self._watched]
        body = {"healthy": not overdue, "running": list(self._dispatcher.running), "overdue": overdue}
        return web.json_response(body, status=503 if overdue else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        from aiohttp import web  # noqa: PLC0415  (memory of the daemon: without metrics_listen it needs none)

        try:
            report = await self._report()
            text = metrics_text(report, crawling=len(self._dispatcher.running), tasks=len(asyncio.all_tasks()))
        except PresswatchError as error:
            return web.Response(text=f"# {error}\n", status=503)
        return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def _report(self) -> StatusReport:
        return await asyncio.to_thread(status_report, self._store, now=datetime.now(UTC))


def overdue_sources(report: StatusReport) -> Iterator[str]:
    """Return the sources whose poll is so late that the daemon must be stuck."""
    return (status.source for status in report.sources if status.is_overdue)


def parse_listen(text: str) -> tuple[str, int] | None:
    """Parse host and port; None for an empty text. Raises ConfigError."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"scheduler.metrics_listen = {text!r}: write host and port, such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)
