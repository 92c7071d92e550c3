"""Dispatch due sources to an engine at once, or as soon as it has a place for them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTask, DaemonTasks, Tasks
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.worker import WorkerLimits
from storage.model.errors import PresswatchError, failure_cause
from storage.scheduling.schedules import Schedule

logger = logging.getLogger(__name__)

ROOM_DELAY = 0.1
"""Seconds between two looks whether a worker that makes room has ended."""
ERROR_DELAY = 10.0
"""Seconds of wait after an error of the database or the system: its cause (a full disk) seldom goes at once, and an
error a second would flood the log."""


class Place(Protocol):
    """Place of one crawl in an engine, to be released."""

    async def crawl(self) -> CrawlExit | None:
        """Crawl the source; return how it ended, or None if its next poll is planned already.

        Raises StoreError or OSError if it could not be begun.
        """

    def release(self) -> None:
        """Give the place back; a second call does nothing."""


class Engine(Protocol):
    """What runs the crawls of a daemon: workers of its own, or a queue for workers elsewhere."""

    on_room: Callable[[], None]
    """Called whenever there may be a place again."""
    outlives_daemon: bool
    """Whether crawls go on without the daemon, so that one that starts finds those of the one before."""

    async def start(self) -> None:
        """Get ready for crawls. Raises PresswatchError."""

    def configure(self, limits: WorkerLimits, configuration: str | None) -> None:
        """Use other limits and another configuration, as TOML, for the crawls to come."""

    @property
    def crawl_count(self) -> int:
        """Return the number of crawls that have a place."""

    async def run_task(self, task: DaemonTask, tasks: Tasks) -> None:
        """Run a periodic task of the daemon, or let a worker do it."""

    def reserve(self, source: str, *, isolated: bool = False) -> Place | None:
        """Reserve a place for a crawl, apart from others if it is isolated; None if there is none."""

    def hurry(self) -> None:
        """Shorten the stop."""

    async def stop(self) -> None:
        """Begin no more crawls, and end or leave those that run."""


class Dispatcher:
    """Queue due sources until the engine has a place; a source is crawled once at a time."""

    def __init__(
        self,
        workers: Engine,
        tasks: DaemonTasks,
        *,
        clock: Callable[[], datetime],
        outage: OutageLog | None = None,
    ) -> None:
        self._workers = workers
        self._workers.on_room = self._launch
        self._tasks = tasks
        self._outage = outage or OutageLog()
        self._clock = clock
        self._due: dict[str, Schedule] = {}  # in the order in which they became due
        self._running: dict[str, None] = {}
        self._works: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()

    def enqueue(self, schedule: Schedule) -> None:
        """Crawl a source, at once or in the next free place; do nothing if it is queued or running."""
        if self._closing.is_set() or schedule.source in self.is_busy:
            return
        self._due[schedule.source] = schedule
        self._launch()

    def forget(self, sources: Iterable[str]) -> None:
        """Drop queued sources that are no longer watched."""
        for source in sources:
            self._due.pop(source, None)

    @property
    def is_busy(self) -> frozenset[str]:
        """List the sources that are queued or running."""
        return frozenset((*self._due, *self._running))

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    async def join(self) -> None:
        """Wait until no source is queued and none is crawled."""
        while self._due or self._works:
            if self._works:
                await asyncio.wait(tuple(self._works), return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(ROOM_DELAY)

    async def stop(self) -> None:
        """Begin no more crawls, and wait for those that run, or end them after the grace period."""
        self._closing.set()
        self._due.clear()
        await self._workers.stop()
        if self._works:
            await asyncio.wait(self._works)

    def _launch(self) -> None:
        """Give places to the sources that are due, in their order; one that needs a worker of its own holds up none."""
        if self._closing.is_set():
            return
        for source, schedule in tuple(self._due.items()):
            place = self._workers.reserve(source, isolated=schedule.run_isolated)
            if place is None:
                continue
            del self._due[source]
            self._running[source] = None
            work = asyncio.create_task(self._work(source, place))
            self._works.add(work)
            work.add_done_callback(self._finish_work)

    def _finish_work(self, work: asyncio.Task[None]) -> None:
        self._works.discard(work)
        if not work.cancelled() and work.exception() is not None:
            logger.error("a crawl ended with an unexpected error: %s", work.exception(), exc_info=work.exception())

    async def _work(self, source: str, place: Place) -> None:
        launched_at = self._clock()
        logger.info("crawling %s", source)
        try:
            ending: CrawlExit | None
            try:
                await self._tasks.begin(source)
                if self._closing.is_set():
                    return
                ending = await place.crawl()
            except (PresswatchError, OSError) as error:  # no access to the database, or no further process allowed
                self._outage.failed(error, f"{source} could not be crawled: %s")
                await self._closes_within(ERROR_DELAY)
                ending = CrawlExit(source=source, error=str(error), cause=failure_cause(error))
            finally:
                place.release()
            if ending is not None:
                await self._account(ending, launched_at)
        finally:
            self._running.pop(source, None)

    async def _account(self, ending: CrawlExit, launched_at: datetime) -> None:
        """Account for a crawl, again until the database takes it, so that its end is not forgotten."""
        while True:
            try:
                await self._tasks.finish(ending, launched_at=launched_at)
            except PresswatchError as error:
                self._outage.failed(error)
            else:
                return
            if await self._closes_within(ERROR_DELAY):
                return

    async def _closes_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
        return self._closing.is_set()
