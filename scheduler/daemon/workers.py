"""Keep the workers: start one when it is needed, give it crawls, and replace it before it is worn or out of date.

A crawl that hangs is stopped alone. One that blocks its loop, leaks or crashes costs what its worker holds and nothing
else; a source whose last crawl did so has a worker of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTask, Tasks
from scheduler.daemon.program import Program, ProgramStamp
from scheduler.daemon.worker import Worker, WorkerLimits, WorkerProgram
from storage.config.settings import Config
from storage.text.counts import counted
from storage.text.durations import format_duration

logger = logging.getLogger(__name__)

MAX_CRAWLS = 1_000
"""Crawls of a worker: what its libraries keep of each cannot add up over months, and a start costs a second of CPU."""
MAX_GROWTH_SHARE = 0.25
"""Growth of a worker since its start, as a share of its memory limit, at which it is replaced in good order."""
IDLE_TIMEOUT = timedelta(minutes=10)
"""Time without a crawl after which a worker ends: longer than the shortest adaptive interval, 5 min, so that a busy
source finds it warm; one that is polled each hour does not keep 100 MB for the rest of it."""


def worker_limits(config: Config) -> WorkerLimits:
    """Return what the settings allow a crawl, a worker and all of them."""
    settings = config.scheduler
    return WorkerLimits(
        deadline=settings.crawl_timeout,
        grace=settings.shutdown_grace_period,
        memory=settings.memory_limit,
        workers=settings.max_workers,
        crawls=settings.crawls_per_worker,
    )


def process_environment(config: Config) -> dict[str, str]:
    """Return the variables by which a process beside has the same database and configuration."""
    named = {} if config.path is None else {"PRESSWATCH_CONFIG": str(config.path)}
    return {"PRESSWATCH_DATABASE": config.storage.database, **named}


@dataclass(eq=False)
class _Slot:
    """A worker, the crawls that have a place in it, and why it gets no more."""

    worker: Worker
    stamp: ProgramStamp
    is_isolated: bool
    places: set[Place] = field(default_factory=set)
    retired: str | None = None
    idling: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Place of one crawl in a worker, to be released."""

    source: str
    slot: _Slot
    pool: WorkerPool
    crawl_id: str | None = None

    async def crawl(self) -> CrawlExit:
        """Crawl the source in the worker. Raises OSError if it cannot be started."""
        return await self.slot.worker.crawl(self.source, self.crawl_id)

    def stop(self) -> None:
        """Ask for the end of the crawl, which has an id: in good order, and the second time now."""
        if self.crawl_id is not None:
            self.slot.worker.stop_crawl(self.crawl_id)

    async def end(self) -> None:
        """End the worker, with all that it crawls: SIGKILL after the grace period."""
        await self.slot.worker.end()

    def release(self) -> None:
        """Give the place back; a second call does nothing."""
        self.pool.release(self)


class WorkerPool:
    """Give crawls places in workers. `on_room` is called whenever there may be a place again."""

    outlives_daemon = False

    def __init__(
        self,
        limits: WorkerLimits,
        environment: Mapping[str, str],
        configuration: str | None = None,
        *,
        program: Program | None = None,
    ) -> None:
        self.on_room: Callable[[], None] = lambda: None
        self._environment = {**os.environ, **environment}
        self._files = program or Program()
        self._slots: list[_Slot] = []
        self._stopped = False
        self._hurry = asyncio.Event()
        self._limits, self._configuration = limits, configuration

    def configure(self, limits: WorkerLimits, configuration: str | None) -> None:
        """Set the limits and the configuration, as TOML, of the workers to come; those that run are replaced."""
        if (limits, configuration) != (self._limits, self._configuration):
            self._limits, self._configuration = limits, configuration
            for slot in tuple(self._slots):
                self._retire(slot, "the configuration has changed")

    async def start(self) -> None:
        """Do nothing: a worker is started by its first crawl."""

    async def warm(self) -> None:
        """Start a worker before its first crawl, and wait until it is ready. Raises OSError if it cannot be started."""
        await self._new_slot(self._files.stamp(), is_isolated=False).worker.start()

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the workers."""
        return tuple(slot.worker.pid for slot in self._slots if slot.worker.pid)

    @property
    def crawl_count(self) -> int:
        """Return the number of crawls that have a place."""
        return sum(len(slot.places) for slot in self._slots)

    async def run_task(self, task: DaemonTask, tasks: Tasks) -> None:
        """Run a task of the daemon, here."""
        await tasks.run(task)

    def reserve(self, source: str, *, isolated: bool = False, crawl_id: str | None = None) -> Place | None:
        """Reserve a place for a crawl; None if there is none, until `on_room` is called.

        The process of its run has the id `crawl_id`, or one of its worker. An isolated crawl has a worker of its own.
        The others fill the fullest worker first, so that few are started.
        """
        if self._stopped:
            return None
        stamp = self._files.stamp()
        for slot in tuple(self._slots):
            if slot.stamp != stamp:
                self._retire(slot, "the program has changed")
        found = None if isolated else self._with_room()
        if found is None and len(self._slots) < self._limits.workers:
            found = self._new_slot(stamp, is_isolated=isolated)
        if found is None:
            if isolated:
                self._make_room()
            return None
        if found.idling is not None:
            found.idling.cancel()
            found.idling = None
        place = Place(source, found, self, crawl_id)
        found.places.add(place)
        return place

    def _with_room(self) -> _Slot | None:
        shared = (
            slot
            for slot in self._slots
            if slot.retired is None and not slot.is_isolated and not slot.worker.is_stopping
        )
        with_room = [slot for slot in shared if len(slot.places) < self._limits.crawls]
        return max(with_room, key=lambda slot: len(slot.places), default=None)

    def _new_slot(self, stamp: ProgramStamp, *, is_isolated: bool) -> _Slot:
        program = WorkerProgram(environment=self._environment, toml=self._configuration)
        worker = Worker(program=program, limits=self._limits, hurry=self._hurry, on_end=self._remove)
        slot = _Slot(worker, stamp, is_isolated)
        self._slots.append(slot)
        return slot

    def _make_room(self) -> None:
        """Let the worker with the fewest crawls end after them, unless another one ends already."""
        if all(slot.retired is None for slot in self._slots):
            self._retire(min(self._slots, key=lambda slot: len(slot.places)), "a crawl needs a worker of its own")

    def release(self, place: Place) -> None:
        """Take a place back; its worker is replaced if it is worn, and ends if it stays idle."""
        slot = place.slot
        if place not in slot.places:
            return
        slot.places.discard(place)
        worn = self._wear(slot)
        if worn is not None:
            self._retire(slot, worn)
        if not slot.places:
            if not slot.worker.has_begun:
                self._remove(slot.worker)
            elif slot.retired is not None:
                slot.worker.finish()
            else:
                idle = f"it was idle for {format_duration(IDLE_TIMEOUT)}"
                loop = asyncio.get_running_loop()
                slot.idling = loop.call_later(IDLE_TIMEOUT.total_seconds(), self._retire, slot, idle)
        self.on_room()

    def _wear(self, slot: _Slot) -> str | None:
        """Return why a worker should take no more crawls; None if it should."""
        worker = slot.worker
        if slot.is_isolated:
            return "its crawl had a worker of its own"
        if worker.crawls >= MAX_CRAWLS:
            return f"it has run {counted(worker.crawls, 'crawl')}"
        growth = worker.rss - worker.first_rss
        if growth > MAX_GROWTH_SHARE * self._limits.memory:
            return f"it has grown by {growth // 10**6} MB"
        return None

    def _retire(self, slot: _Slot, reason: str) -> None:
        """Give a worker no more crawls, and let it end after those that it holds."""
        if slot.retired is not None:
            return
        slot.retired = reason
        logger.info("worker %d ends after %s: %s", slot.worker.pid, counted(slot.worker.crawls, "crawl"), reason)
        if not slot.places:
            slot.worker.finish()

    def _remove(self, worker: Worker) -> None:
        for slot in self._slots:
            if slot.worker is worker:
                self._slots.remove(slot)
                if slot.idling is not None:
                    slot.idling.cancel()
                if not self._stopped:
                    asyncio.get_running_loop().call_soon(self.on_room)
                return

    def hurry(self) -> None:
        """Shorten the stop: a second SIGTERM to each worker, and SIGKILL soon after."""
        self._hurry.set()

    async def stop(self) -> None:
        """End the workers: crawls finish the requests under way, and no others; SIGKILL after the grace period."""
        self._stopped = True
        await asyncio.gather(*(slot.worker.stop() for slot in tuple(self._slots)))
