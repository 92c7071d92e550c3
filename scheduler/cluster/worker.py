"""Run the crawls of the queue in this process, until it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from procrastinate import JobContext
from procrastinate.worker import Worker

from scheduler.cluster.job_queue import TASK, CrawlOrder, JobQueue, queue_names
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.planner import Planner
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.worker_messages import CrawlJob, CrawlReport
from storage.model.errors import PresswatchError, StoreError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from storage.scheduling.queue_status import STALE_AFTER
from storage.store import Store

logger = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = timedelta(seconds=5)
FETCH_INTERVAL = timedelta(seconds=1)
"""Interval of looks into the queue: nobody is told of a lock that was released."""
RECONNECT_DELAY = timedelta(seconds=2)
WRITE_FAILURES = frozenset({FailureCause.DATABASE, FailureCause.DISK})

Crawl = Callable[[CrawlJob], Awaitable[CrawlReport]]
"""Runs one crawl and reports its end; cancelled once, it finishes the requests under way."""


class FailedWriteError(PresswatchError):
    """A crawl could not write all that it had fetched."""


class ClusterWorker:
    """Take crawls from the queue, run them by a coroutine, and plan the next poll of their sources."""

    def __init__(
        self,
        store: Store,
        config: Config,
        sources: Mapping[str, Source],
        crawl: Crawl,
        *,
        concurrency: int,
        only: Collection[str] = (),
    ) -> None:
        self._store = store
        self._limits = config.scheduler
        self._sources = sources
        self._crawl = crawl
        self._concurrency = concurrency
        self._only = only
        self._busy_timeout = config.storage.busy_timeout
        self._outage = OutageLog()
        self._planner = Planner(store, config, sources)
        self._tasks = DaemonTasks(store, config, sources, self._planner, clock=_now, outage=self._outage)
        self._stopping = asyncio.Event()
        self._worker: Worker | None = None
        self._crawls: set[asyncio.Task[CrawlReport]] = set()

    def stop(self) -> None:
        """Take no more crawls; those that run may end within the grace period. Again: finish their requests alone."""
        if self._stopping.is_set():
            for crawl in tuple(self._crawls):
                crawl.cancel()
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()  # type: ignore[no-untyped-call]

    async def run(self) -> None:
        """Run crawls until `stop` is called; while the database is away, wait for it."""
        while not self._stopping.is_set():
            try:
                async with JobQueue(
                    self._store, busy_timeout=self._busy_timeout, connections=self._concurrency + 3
                ) as queue:
                    self._outage.answered()
                    await self._work(queue)
            except StoreError as error:
                self._outage.failed(error)
            except Exception as error:  # noqa: BLE001  (whatever the driver raises when its server goes away)
                self._outage.failed(error, "the queue of crawls failed: %s")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RECONNECT_DELAY.total_seconds())

    async def _work(self, queue: JobQueue) -> None:
        queue.app.task(name=TASK, pass_context=True)(self._run_job)
        self._worker = worker = Worker(
            queue.app,
            queues=queue_names(self._only),
            concurrency=self._concurrency,
            fetch_job_polling_interval=FETCH_INTERVAL.total_seconds(),
            shutdown_graceful_timeout=self._limits.shutdown_grace_period.total_seconds(),
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_INTERVAL.total_seconds(),
            stalled_worker_timeout=STALE_AFTER.total_seconds(),
        )
        heart = asyncio.create_task(self._beat(queue, worker))
        try:
            await worker.run()  # type: ignore[no-untyped-call]
        finally:
            self._worker = None
            heart.cancel()
            with suppress(asyncio.CancelledError):
                await heart

    async def _beat(self, queue: JobQueue, worker: Worker) -> None:
        """Send heartbeats to the end of the last crawl: those of the library end with the wish to stop."""
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL.total_seconds())
            if self._stopping.is_set() and worker.worker_id is not None:
                with suppress(Exception):
                    await queue.app.job_manager.update_heartbeat(worker.worker_id)

    async def _run_job(self, context: JobContext, *, source: str, planned_at: str, crawl_id: str) -> None:
        """Crawl a source and plan its next poll, unless that was done since the job was deferred.

        Raises FailedWriteError, or StoreError if the plan could not be written.
        """
        order = CrawlOrder(source=source, planned_at=planned_at, crawl_id=crawl_id)
        if not await asyncio.to_thread(self._is_due, order):
            logger.info("%s was crawled meanwhile", source)
            return
        launched_at = _now()
        logger.info("crawling %s", source)
        ending = await self._crawl_in_time(CrawlJob(crawl_id=order.run_process(context.job.attempts), source=source))
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

    def _is_due(self, order: CrawlOrder) -> bool:
        schedule = self._store.schedules.get(order.source)
        return schedule is not None and schedule.next_poll_at == datetime.fromisoformat(order.planned_at)

    async def _crawl_in_time(self, job: CrawlJob) -> CrawlExit:
        """Run a crawl; stop it at its deadline or when this is cancelled: in good order, then now."""
        crawl = asyncio.ensure_future(self._crawl(job))
        self._crawls.add(crawl)
        crawl.add_done_callback(self._crawls.discard)
        limits, is_late = self._limits, False
        try:
            await asyncio.wait({crawl}, timeout=limits.crawl_timeout.total_seconds())
            is_late = not crawl.done()
        except asyncio.CancelledError:
            pass
        while not crawl.done():
            crawl.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait({crawl}, timeout=limits.shutdown_grace_period.total_seconds() / 2)
        report = crawl.result()
        if not is_late or report.cause is None:
            return CrawlExit(source=job.source, crawl_id=job.crawl_id, pid=os.getpid(), report=report)
        return CrawlExit(
            source=job.source,
            crawl_id=job.crawl_id,
            pid=os.getpid(),
            report=report,
            status=RunStatus.TIMED_OUT,
            error=f"it took longer than {limits.crawl_timeout} and was ended",
            cause=FailureCause.LIMIT,
        )


def _now() -> datetime:
    return datetime.now(UTC)
