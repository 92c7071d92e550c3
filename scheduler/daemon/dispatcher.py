"""Dispatch due sources to crawl processes: sources due within half a second share one, and their number is limited."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.workers import WorkerExit, WorkerPool
from scheduler.planning.batching import batch
from storage.model.errors import PresswatchError, failure_cause
from storage.scheduling.schedules import Schedule

logger = logging.getLogger(__name__)

GATHER_DELAY = 0.5
"""Seconds in which sources that become due are gathered: a process costs 0.8 s of CPU to start, so they share it."""

ERROR_DELAY = 10.0
"""Seconds of wait after an error of the database or the system: its cause (a full disk) seldom goes at once, and an
error a second would flood the log."""

MAX_SOURCES_PER_WORKER = 8
"""Maximum number of sources a process: one that has to be killed takes the others' crawls with it."""


class Dispatcher:
    """Queue due sources until a slot is free; each source is crawled by one process at a time."""

    def __init__(
        self,
        workers: WorkerPool,
        tasks: DaemonTasks,
        *,
        slots: int,
        clock: Callable[[], datetime],
        outage: OutageLog | None = None,
    ) -> None:
        self._workers = workers
        self._tasks = tasks
        self._outage = outage or OutageLog()
        self.slots = slots
        self._clock = clock
        self._due: dict[str, Schedule] = {}  # in the order in which they became due
        self._running: dict[str, None] = {}
        self._works: set[asyncio.Task[None]] = set()
        self._gathering: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def enqueue(self, schedule: Schedule) -> None:
        """Queue a source to be crawled in the next free slot; do nothing if it is queued or running."""
        if self._closing.is_set() or schedule.source in self.is_busy:
            return
        self._due[schedule.source] = schedule
        self._gather()

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
        """Wait until no source is queued and no process runs."""
        while self._due or self._works:
            await asyncio.wait({*self._works, asyncio.create_task(asyncio.sleep(GATHER_DELAY))})

    async def stop(self) -> None:
        """Start no more processes, and wait for those that run, or end them after the grace period."""
        self._closing.set()
        self._due.clear()
        await self._workers.stop()
        if self._works:
            await asyncio.wait(self._works)

    def _gather(self) -> None:
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._launch())

    async def _launch(self) -> None:
        await asyncio.sleep(GATHER_DELAY)
        isolated = [source for source, schedule in self._due.items() if schedule.run_isolated]
        for sources in batch(tuple(self._due), isolated=isolated, max_size=MAX_SOURCES_PER_WORKER):
            if self._closing.is_set() or len(self._works) >= self.slots:
                return
            for source in sources:
                del self._due[source]
                self._running[source] = None
            work = asyncio.create_task(self._work(sources))
            self._works.add(work)
            work.add_done_callback(self._free_slots)

    def _free_slots(self, work: asyncio.Task[None]) -> None:
        self._works.discard(work)
        if not work.cancelled() and work.exception() is not None:
            logger.error("a crawl ended with an unexpected error: %s", work.exception(), exc_info=work.exception())
        if self._due and not self._closing.is_set():
            self._gather()

    async def _work(self, sources: Sequence[str]) -> None:
        launched_at = self._clock()
        logger.info("crawling %s", ", ".join(sources))
        try:
            try:
                await self._tasks.begin(sources)
                if self._closing.is_set():
                    return
                ending = await self._workers.run(sources)
            except (PresswatchError, OSError) as error:  # no access to the database, or no further process allowed
                self._outage.failed(error, f"{', '.join(sources)} could not be crawled: %s")
                await self._closes_within(ERROR_DELAY)
                ending = WorkerExit(sources=tuple(sources), exit_code=1, error=str(error), cause=failure_cause(error))
            await self._account(ending, launched_at)
        finally:
            for source in sources:
                self._running.pop(source, None)

    async def _account(self, ending: WorkerExit, launched_at: datetime) -> None:
        """Account for a crawl process, again until the database takes it, so that its end is not forgotten."""
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
