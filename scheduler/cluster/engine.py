"""Hand the crawls of a daemon to workers anywhere: a place of the dispatcher is a job in the queue.

A worker plans the next poll of its source itself. The daemon waits until the job has left the queue, and gives the jobs
of workers that died or were cut off to others. Its periodic tasks are jobs, too, but it does them itself if no worker
takes them: that no worker runs is what an alert would have to say.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from scheduler.cluster.job_queue import MAX_ATTEMPTS, JobQueue, StalledJob
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTask, Tasks
from scheduler.daemon.ticks import PeriodicTasks
from scheduler.daemon.worker import WorkerLimits
from storage.crawling.runs import RunFailure
from storage.model.errors import PresswatchError, StoreError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from storage.scheduling.queue_status import STALE_AFTER
from storage.store import Store
from storage.text.durations import format_duration

logger = logging.getLogger(__name__)

WATCH_INTERVAL = timedelta(seconds=1)
RESCUE_INTERVAL = timedelta(seconds=5)
FORGET_INTERVAL = timedelta(hours=1)
KEEP_FAILED = timedelta(days=7)
"""Age after which a failed job is deleted."""
TASK_PATIENCE = timedelta(minutes=1)
"""Time that a periodic task waits for a worker before the daemon does it."""
UNPLANNED_DELAY = 10.0
"""Seconds of wait after a job that left the next poll of its source as it was: it failed, or its worker was stopped."""


@dataclass(frozen=True, slots=True, eq=False)
class QueuedPlace:
    """Place of one crawl in the queue."""

    source: str
    engine: ClusterEngine
    ended: asyncio.Future[CrawlExit | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    async def crawl(self) -> CrawlExit | None:
        """Defer the crawl and wait until it has left the queue; return how it ended if no worker has planned after it.

        Raises StoreError if it cannot be deferred.
        """
        return await self.engine.defer(self)

    def release(self) -> None:
        """Wait for it no longer."""
        self.engine.release(self)


class ClusterEngine:
    """Queue the crawls of a daemon for `presswatch worker`. `url_of` returns the URL at which a source is crawled."""

    outlives_daemon = True

    def __init__(self, store: Store, queue: JobQueue, url_of: Callable[[str], str]) -> None:
        self.on_room: Callable[[], None] = lambda: None
        self._store = store
        self._queue = queue
        self._url_of = url_of
        self._places: dict[str, QueuedPlace] = {}
        self._deferred: dict[str, QueuedPlace] = {}
        self._waiting: dict[DaemonTask, tuple[float, Tasks]] = {}  # since when, by the clock of the loop
        self._stopped = asyncio.Event()
        self._ticks = PeriodicTasks()

    async def start(self) -> None:
        """Open the queue, which is created if it is not there. Raises StoreError."""
        await self._queue.__aenter__()
        self._ticks.add(WATCH_INTERVAL, self._watch)
        self._ticks.add(RESCUE_INTERVAL, self._rescue)
        self._ticks.add(RESCUE_INTERVAL, self._do_untaken)
        self._ticks.add(FORGET_INTERVAL, self._forget)

    def configure(self, limits: WorkerLimits, configuration: str | None) -> None:
        """Do nothing: workers read their own configuration."""

    @property
    def crawl_count(self) -> int:
        """Return the number of crawls that wait in the queue or run."""
        return len(self._places)

    async def run_task(self, task: DaemonTask, tasks: Tasks) -> None:
        """Put a periodic task into the queue unless it waits there; `tasks` does it if it waits for too long."""
        try:
            is_new = await self._queue.defer_task(task)
        except StoreError as error:
            logger.debug("%s", error)  # the daemon's own writes tell that the database is away
            return
        if is_new or task not in self._waiting:
            self._waiting[task] = (asyncio.get_running_loop().time(), tasks)

    async def _do_untaken(self) -> None:
        """Do the periodic tasks that no worker has taken in time."""
        latest = asyncio.get_running_loop().time() - TASK_PATIENCE.total_seconds()
        for task, (since, tasks) in tuple(self._waiting.items()):
            if since > latest or task is DaemonTask.REINDEX:
                continue
            try:
                is_untaken = await self._queue.withdraw_task(task)
            except StoreError as error:
                logger.debug("%s", error)
                return
            del self._waiting[task]
            if is_untaken:
                logger.warning("no worker took the task: %s; the daemon does it", task)
                await tasks.run(task)

    def reserve(self, source: str, *, isolated: bool = False) -> QueuedPlace | None:
        """Return a place in the queue, which has room for every source; None once it is stopped."""
        if self._stopped.is_set():
            return None
        return self._places.setdefault(source, QueuedPlace(source, self))

    def release(self, place: QueuedPlace) -> None:
        """Forget a place; its job goes on."""
        self._places.pop(place.source, None)
        self._deferred.pop(place.source, None)
        if not place.ended.done():
            place.ended.set_result(None)

    def hurry(self) -> None:
        """Do nothing: what workers do is not ended with the daemon."""

    async def stop(self) -> None:
        """Wait for no crawl any more: workers go on, and plan the next polls."""
        self._stopped.set()
        await self._ticks.stop()
        for place in tuple(self._places.values()):
            self.release(place)
        with suppress(StoreError):
            await self._queue.__aexit__()

    async def defer(self, place: QueuedPlace) -> CrawlExit | None:
        """Put a crawl into the queue unless it is there from before; wait for its end."""
        source = place.source
        planned_at = await asyncio.to_thread(self._planned_at, source)
        if planned_at is None:
            return None
        if source not in await self._queue.unfinished():  # a daemon before this one may have left it there
            await self._queue.defer(source, self._url_of(source), planned_at=planned_at)
        self._deferred[source] = place
        ending = await place.ended
        if ending is None and await asyncio.to_thread(self._planned_at, source) == planned_at:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), UNPLANNED_DELAY)
        return ending

    def _planned_at(self, source: str) -> datetime | None:
        schedule = self._store.schedules.get(source)
        return None if schedule is None else schedule.next_poll_at

    async def _watch(self) -> None:
        """End the wait for crawls that have left the queue."""
        waiting = tuple(self._deferred.values())
        if not waiting:
            return
        try:
            unfinished = await self._queue.unfinished()
        except StoreError as error:
            logger.debug("%s", error)  # the daemon's own writes tell that the database is away
            return
        for place in waiting:
            if place.source not in unfinished and not place.ended.done():
                place.ended.set_result(None)

    async def _rescue(self) -> None:
        """Close the runs of workers that sent no heartbeat for too long, and give their jobs to others."""
        try:
            for job in await self._queue.stalled():
                await self._rescue_job(job)
        except PresswatchError as error:
            logger.debug("%s", error)

    async def _rescue_job(self, job: StalledJob) -> None:
        if job.order is None:
            await self._queue.requeue(job)
            return
        # First the run, so that a worker that wakes writes nothing beside the one that gets its job.
        process = job.order.run_process(job.attempts)
        why = f"its worker sent no heartbeat for {format_duration(STALE_AFTER)}; its job was given to another one"
        lost = RunFailure(status=RunStatus.INTERRUPTED, cause=FailureCause.LEASE, error=why)
        await asyncio.to_thread(self._store.runs.close_for_process, process, lost, now=datetime.now(UTC))
        source = job.order.source
        if job.attempts + 1 < MAX_ATTEMPTS:
            if await self._queue.requeue(job):
                logger.warning("%s: %s", source, why)
            return
        if await self._queue.give_up(job) and (place := self._deferred.get(source)) and not place.ended.done():
            error = f"{MAX_ATTEMPTS} workers ended while they crawled it"
            place.ended.set_result(
                CrawlExit(source=source, status=RunStatus.CRASHED, error=error, cause=FailureCause.CRASH)
            )

    async def _forget(self) -> None:
        with suppress(StoreError):
            await self._queue.forget_failed(KEEP_FAILED)
