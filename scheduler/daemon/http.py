"""Serve /healthz and /metrics over HTTP if `scheduler.metrics_listen` names a host and port."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from scheduler.daemon.file_handles import handle_limit
from scheduler.daemon.http_server import BoundedHttpServer, HttpAnswer, HttpLimits
from scheduler.daemon.listen import listen_on, parse_listen
from scheduler.daemon.metrics import metrics_text
from scheduler.daemon.outage import OutageLog
from scheduler.health.status import StatusReport, status_report
from storage.config.settings import Config
from storage.model.errors import PresswatchError
from storage.store import Store

if TYPE_CHECKING:
    from scheduler.daemon.dispatcher import Dispatcher

logger = logging.getLogger(__name__)

HTTP_SHARE = 8
"""One in so many file handles may be a connection of HTTP; the others are the daemon's own: database, crawls."""
REPORT_LIFETIME = 1.0
"""Seconds for which a report is answered again: a flood of requests reads the database once a second."""


class HttpServer:
    """Serve health and metrics, read-only."""

    def __init__(
        self,
        store: Store,
        config: Config,
        dispatcher: Dispatcher,
        watched: Collection[str],
        outage: OutageLog | None = None,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._leads = leads
        self.is_listening = False
        self._outage = outage or OutageLog()
        self._watched = watched
        self._dispatcher = dispatcher
        self._listen = parse_listen(config.scheduler.metrics_listen)
        self._server = BoundedHttpServer({"/healthz": self._health, "/metrics": self._metrics}, http_limits())
        self._reading: asyncio.Task[StatusReport] | None = None
        self._read_at = 0.0

    async def start(self) -> None:
        """Listen if an address is configured, and it does not yet. Raises ConfigError if the port is not available."""
        if self._listen is None or self.is_listening:
            return
        await listen_on(self._server, self._listen)
        self.is_listening = True
        logger.info("answering /healthz and /metrics on %s:%d", *self._listen)

    async def stop(self) -> None:
        await self._server.stop()
        self.is_listening = False

    @property
    def listen(self) -> tuple[str, int] | None:
        """Return host and port; None if the server is off."""
        return self._listen

    async def _health(self) -> HttpAnswer:
        """Answer 200 while the daemon works, 503 when it cannot; problems of a source do not count.

        One that stands by works as long as it reaches the database.
        """
        if not self._leads():
            healthy = self._outage.error is None
            body: dict[str, object] = {"healthy": healthy, "leads": False}
            return _json(body, HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            report = await self._report()
        except PresswatchError as error:
            return _json({"healthy": False, "reason": str(error)}, HTTPStatus.SERVICE_UNAVAILABLE)
        overdue = [source for source in overdue_sources(report) if source in self._watched]
        local = [
            f"{s.source}: {s.local_failure}" for s in report.sources if s.local_failure and s.source in self._watched
        ]
        if self._outage.error is not None:
            local.append(self._outage.error)
        healthy = not overdue and not local
        body = {"healthy": healthy, "running": list(self._dispatcher.running), "overdue": overdue}
        problems = [*local, *([report.problem] if report.problem else [])]
        if problems:
            body["problems"] = problems
        return _json(body, HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE)

    async def _metrics(self) -> HttpAnswer:
        try:
            report = await self._report()
            text = metrics_text(report, crawling=len(self._dispatcher.running), tasks=len(asyncio.all_tasks()))
        except PresswatchError as error:
            return HttpAnswer(
                body=f"# {error}\n".encode(),
                content_type="text/plain; charset=utf-8",
                status=HTTPStatus.SERVICE_UNAVAILABLE,
            )
        return HttpAnswer(body=text, content_type="text/plain; version=0.0.4; charset=utf-8")

    async def _report(self) -> StatusReport:
        """Read the report once for all requests of a second. Raises StoreError."""
        now = asyncio.get_running_loop().time()
        if self._reading is None or (self._reading.done() and now - self._read_at >= REPORT_LIFETIME):
            self._read_at = now
            self._reading = asyncio.create_task(asyncio.to_thread(status_report, self._store, now=datetime.now(UTC)))
            self._reading.add_done_callback(_mark_retrieved)
        return await asyncio.shield(self._reading)


def _mark_retrieved(reading: asyncio.Task[StatusReport]) -> None:
    """Read the exception of a report whose client has gone: asyncio would log it as never retrieved."""
    if not reading.cancelled():
        reading.exception()


def _json(body: dict[str, object], status: HTTPStatus) -> HttpAnswer:
    return HttpAnswer(
        body=json.dumps(body).encode("ascii"), content_type="application/json; charset=utf-8", status=status
    )


def http_limits() -> HttpLimits:
    """Return limits that leave most file handles of this process to the daemon itself."""
    default = HttpLimits()
    connections = max(2, min(default.connections, handle_limit() // HTTP_SHARE))
    return HttpLimits(connections=connections, per_peer=max(2, min(default.per_peer, connections)))


def overdue_sources(report: StatusReport) -> Iterator[str]:
    """Return the sources whose poll is so late that the daemon must be stuck."""
    return (status.source for status in report.sources if status.is_overdue)
