"""Take crawls and periodic tasks from the queue, and have the crawls run by worker processes, until asked to stop.

The worker processes are those of a daemon that crawls itself, with its limits of time and memory. This process crawls
nothing, so that no page keeps its heartbeat from the server.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from procrastinate import JobContext
from procrastinate.worker import Worker

from scheduler.cluster.job_queue import TASK, CrawlOrder, JobQueue, queue_names
from scheduler.daemon.configuration import Configuration
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTask, DaemonTasks
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.planner import Planner
from scheduler.daemon.stop_request import StopRequest
from scheduler.daemon.worker import WorkerLimits
from scheduler.daemon.workers import Place, WorkerPool, process_environment, worker_limits
from scraper.source import Source
from storage.config import logging_setup
from storage.config.settings import Config
from storage.model.errors import ConfigError, PresswatchError, StoreError, failure_cause
from storage.model.failure_causes import FailureCause
from storage.scheduling.queue_status import STALE_AFTER
from storage.store import Store

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = timedelta(seconds=5)
FETCH_INTERVAL = timedelta(seconds=1)
"""Interval of looks into the queue: nobody is told of a lock that was released."""
RECONNECT_DELAY = timedelta(seconds=2)
CONFIGURATIONS_AGREE_WITHIN = timedelta(hours=1)
"""Time in which the settings of all machines are changed: until then a target may be new and not gone."""
WRITE_FAILURES = frozenset({FailureCause.DATABASE, FailureCause.DISK})


class FailedWriteError(PresswatchError):
    """A crawl could not write all that it had fetched."""


class ClusterWorker:
    """Have crawls of the queue run by processes, and plan the next poll of their sources."""

    def __init__(
        self,
        store: Store,
        config: Config,
        watched: Callable[[Config], Mapping[str, Source]],
        load: Callable[[], Config] | None = None,
        *,
        concurrency: int,
        only: Collection[str] = (),
    ) -> None:
        """`watched` returns the sources of a configuration that is in order; it raises ConfigError."""
        self._store = store
        self._watched = watched
        self._configuration = Configuration(config, load, now=_now())
        self._sources = dict(watched(config))  # one for all components: loading again changes it in place
        self._concurrency = concurrency
        self._only = only
        self._outage = OutageLog()
        self._planner = Planner(store, config, self._sources)
        self._tasks = DaemonTasks(
            store,
            config,
            self._sources,
            self._planner,
            clock=_now,
            outage=self._outage,
            forget_targets_after=CONFIGURATIONS_AGREE_WITHIN,
        )
        self._pool = WorkerPool(pool_limits(config, concurrency), process_environment(config), config.toml)
        self._room = asyncio.Event()
        self._pool.on_room = self._room.set
        self._stop = StopRequest(on_hurry=self._hurry)
        self._worker: Worker | None = None
        self._hurrying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Run crawls until SIGTERM or SIGINT; while the database is away, wait for it."""
        self._stop.listen()
        if hasattr(signal, "SIGHUP"):  # not on Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        stopping = asyncio.create_task(self._end_when_asked())
        try:
            with suppress(OSError):  # the first crawl says so
                await self._pool.warm()  # so that whoever is registered can crawl at once
            while not self._stop.is_set:
                await self._work_until_outage()
                await self._stop.comes_within(RECONNECT_DELAY)
        finally:
            stopping.cancel()
            await asyncio.gather(self._tasks.stop(), self._pool.stop())

    async def _end_when_asked(self) -> None:
        """Take no more jobs once a stop was asked for; crawls that run may end within the grace period."""
        await self._stop.wait()
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]
        await self._tasks.stop()

    def _hurry(self) -> None:
        """End the processes: crawls drop the requests under way."""
        self._pool.hurry()
        self._hurrying = asyncio.create_task(self._pool.stop())

    def _reload(self) -> None:
        """Load the configuration again, for processes to come, too; keep the one in force if it is invalid."""
        try:
            config = self._configuration.read()
            sources = self._watched(config)
        except ConfigError as error:
            self._configuration.keep(error)
            return
        for name in self._sources.keys() - sources.keys():
            del self._sources[name]
        self._sources.update(sources)
        self._planner.configure(config)
        self._tasks.configure(config)
        self._pool.configure(pool_limits(config, self._concurrency), config.toml)
        logging_setup.configure(level=config.log.level, form=config.log.format, traces=logging_setup.DEBUG.get())
        self._configuration.use(config, now=_now())

    async def _work_until_outage(self) -> None:
        try:
            timeout = self._configuration.config.storage.busy_timeout
            async with JobQueue(self._store, busy_timeout=timeout, connections=self._concurrency + 3) as queue:
                self._outage.answered()
                await self._work(queue)
        except StoreError as error:
            self._outage.failed(error)
        except Exception as error:  # noqa: BLE001  (whatever the driver raises when its server goes away)
            self._outage.failed(error, "the queue of crawls failed: %s")

    async def _work(self, queue: JobQueue) -> None:
        queue.app.task(name=TASK, pass_context=True)(self._run_crawl)
        for task in DaemonTask:
            queue.app.task(name=task.value)(self._task(task))
        self._worker = worker = Worker(
            queue.app,
            queues=queue_names(self._only),
            concurrency=self._concurrency,
            fetch_job_polling_interval=FETCH_INTERVAL.total_seconds(),
            shutdown_graceful_timeout=self._configuration.config.scheduler.shutdown_grace_period.total_seconds(),
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_INTERVAL.total_seconds(),
            stalled_worker_timeout=STALE_AFTER.total_seconds(),
        )
        heart = asyncio.create_task(self._beat(queue, worker))
        try:
            if not self._stop.is_set:  # asked while the queue was opened; the library would forget it
                await worker.run()  # type: ignore[no-untyped-call]
        finally:
            self._worker = None
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

    async def _beat(self, queue: JobQueue, worker: Worker) -> None:
        """Send heartbeats to the end of the last crawl: those of the library end with a stop, or an outage."""
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL.total_seconds())
            if worker.worker_id is not None:
                with suppress(Exception):
                    await queue.app.job_manager.update_heartbeat(worker.worker_id)

    def _task(self, task: DaemonTask) -> Callable[[], object]:
        """Return a periodic task of the daemon, as a job."""

        async def run() -> None:
            self._tasks.problem = await asyncio.to_thread(self._problem)
            await self._tasks.run(task)

        return run

    async def _run_crawl(self, context: JobContext, *, source: str, planned_at: str, crawl_id: str) -> None:
        """Crawl a source and plan its next poll, unless that was done since the job was deferred.

        Raises FailedWriteError, or StoreError if the plan could not be written.
        """
        order = CrawlOrder(source=source, planned_at=planned_at, crawl_id=crawl_id)
        schedule = await asyncio.to_thread(self._store.schedules.get, source)
        if schedule is None or schedule.next_poll_at != datetime.fromisoformat(planned_at):
            logger.info("%s was crawled meanwhile", source)
            return
        place = await self._reserve(source, order.run_process(context.job.attempts), isolated=schedule.run_isolated)
        if place is None:
            return
        launched_at = _now()
        logger.info("crawling %s", source)
        try:
            ending = await self._end_of(place)
        except OSError as error:  # no further process allowed
            self._outage.failed(error, f"{source} could not be crawled: %s")
            ending = CrawlExit(source=source, error=str(error), cause=failure_cause(error))
        finally:
            place.release()
        if ending.failure_cause is FailureCause.LEASE:
            return  # whoever took over plans the next poll
        self._tasks.problem = await asyncio.to_thread(self._problem)
        await self._tasks.finish(ending, launched_at=launched_at)
        if ending.failure_cause in WRITE_FAILURES:
            raise FailedWriteError(ending.error_line)

    def _problem(self) -> str | None:
        """Return the trouble of the daemon, which the health of every source tells."""
        daemon = self._store.leases.holder()
        return None if daemon is None else daemon.problem

    async def _reserve(self, source: str, crawl_id: str, *, isolated: bool) -> Place | None:
        """Wait for a place in a process, one of its own if it is isolated; None if a stop comes first."""
        while not self._stop.is_set:
            self._room.clear()
            place = self._pool.reserve(source, isolated=isolated, crawl_id=crawl_id)
            if place is not None:
                return place
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room.wait(), FETCH_INTERVAL.total_seconds())
        return None

    async def _end_of(self, place: Place) -> CrawlExit:
        """Wait for the end of a crawl; cancelled, ask for it: in good order, then now; then end its process."""
        crawl = asyncio.ensure_future(place.crawl())
        with suppress(asyncio.CancelledError):
            await asyncio.wait({crawl})
        grace = self._configuration.config.scheduler.shutdown_grace_period
        for _ in range(2):
            if not crawl.done():
                place.stop()
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({crawl}, timeout=grace.total_seconds() / 2)
        if not crawl.done():
            await place.end()
        return await crawl


def pool_limits(config: Config, concurrency: int) -> WorkerLimits:
    """Return the limits of the settings, with as many processes as `concurrency` crawls at once need, and one.

    A crawl apart from others, or a process that ends after its crawls, must not hold up the rest.
    """
    limits = worker_limits(config)
    crawls = min(limits.crawls, concurrency)
    return replace(limits, workers=-(-concurrency // crawls) + 1, crawls=crawls)


def _now() -> datetime:
    return datetime.now(UTC)
