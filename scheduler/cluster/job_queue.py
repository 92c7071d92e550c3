"""Keep the queue of crawls: one job a source, on the PostgreSQL of the store, in a schema of its own.

The lock of a job is the registrable domain of its source, so that a domain is crawled by one worker at a time; its
queueing lock is the source. The periodic tasks of a daemon are jobs, too, each once at a time and after the crawls that
wait. A job with a lock never gets a time in the future, which a constraint of the table holds:
such a job would hold up every other job of its lock until it is due. The next poll in the store is the only clock.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Self

import psycopg
from procrastinate import App, PsycopgConnector, exceptions
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager

from scheduler.cluster.domains import registrable_domain
from scheduler.daemon.jobs import DaemonTask
from storage.crawling.processes import new_process_id
from storage.database.engine import connection_error, psycopg_arguments
from storage.scheduling.queue_status import QUEUE_SCHEMA, STALE_AFTER
from storage.store import Store

logger = logging.getLogger(__name__)

SCHEMA = QUEUE_SCHEMA
TASK = "crawl"
TASK_QUEUE = "daemon tasks"
"""Queue of the periodic tasks, which a worker on some sources alone does not take."""
PRIORITIES = {
    TASK: 40,
    DaemonTask.NOTIFY: 30,
    DaemonTask.CHECK_HEALTH: 20,
    DaemonTask.PRUNE: 10,
    DaemonTask.REINDEX: 0,
}
"""Of the jobs that wait, that with the highest number is taken first."""
MAX_ATTEMPTS = 5
"""Workers that may die of one job, after which it counts as a crashed crawl."""
MAX_QUEUE_NAME = 40
"""Characters of the name of a queue, which is a part of the name of a channel, of at most 63."""
SETUP_LOCK = 7_791_010
OPEN_TIMEOUT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOrder:
    """Order the crawl of a source that was planned for a time, as a job does; `crawl_id` begins the id of its runs."""

    source: str
    planned_at: str  # as the store has it
    crawl_id: str

    def run_process(self, attempts: int) -> str:
        """Return the `process_id` of the run of an attempt."""
        return f"{self.crawl_id}-{attempts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StalledJob:
    """A job whose worker sent no heartbeat for too long."""

    id: int
    attempts: int
    worker_id: int | None
    order: CrawlOrder | None
    """None of a periodic task."""


class OwnedJobs(JobManager):
    """Finish a job only for the worker that has it: one that was frozen would finish that of its successor."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Finish a job unless another worker has it by now."""
        finished = await self.connector.execute_query_all_async(
            query=_FINISH_OWN,
            job_id=job.id,
            worker_id=job.worker_id,
            status=status.value,
            delete_job=delete_job,
        )
        if not finished:
            logger.warning("%s: its job was given to another worker", job.queueing_lock)


class JobQueue:
    """Defer, list and rescue the jobs of one database. Every method raises StoreError if it cannot be reached."""

    def __init__(self, store: Store, *, busy_timeout: timedelta, connections: int = 4) -> None:
        self._store = store
        arguments = psycopg_arguments(store.engine, busy_timeout)
        arguments["options"] = f"{arguments['options']} -c search_path={SCHEMA}"
        connector = PsycopgConnector(
            kwargs=arguments, min_size=1, max_size=connections, timeout=OPEN_TIMEOUT.total_seconds()
        )
        self.app = App(connector=connector)
        self.app.job_manager = OwnedJobs(connector)

    async def __aenter__(self) -> Self:
        async with self._translated():
            await self.app.open_async()
        try:
            await self._create_schema()
        except BaseException:
            await self.app.close_async()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        async with self._translated():
            await self.app.close_async()

    async def _create_schema(self) -> None:
        """Create the tables of procrastinate, once: whoever comes second waits, and finds them."""
        if await self._has_tables():
            return
        schema = SchemaManager.get_schema().replace("%", "%%")
        begin = f"SELECT pg_advisory_xact_lock({SETUP_LOCK}); CREATE SCHEMA IF NOT EXISTS {SCHEMA};"
        try:
            async with self._translated():
                await self.app.connector.execute_query_async(query=f"{begin}\n{schema}\n{_NO_WAITING_LOCKS}")
        except Exception:
            if not await self._has_tables():
                raise
        else:
            logger.info("the queue of crawls was created in the schema %s", SCHEMA)

    async def _has_tables(self) -> bool:
        (row,) = await self._rows(f"SELECT to_regclass('{SCHEMA}.procrastinate_jobs') IS NOT NULL AS found")
        return bool(row["found"])

    async def defer(self, source: str, url: str, *, planned_at: datetime) -> None:
        """Defer the crawl of a source; nothing if it is in the queue already. `url` is where it is crawled."""
        order = CrawlOrder(source=source, planned_at=planned_at.isoformat(), crawl_id=new_process_id())
        deferrer = self.app.configure_task(
            TASK,
            queue=queue_name(source),
            lock=f"domain:{registrable_domain(url)}",
            queueing_lock=source,
            priority=PRIORITIES[TASK],
        )
        async with self._translated():
            try:
                await deferrer.defer_async(source=order.source, planned_at=order.planned_at, crawl_id=order.crawl_id)
            except exceptions.AlreadyEnqueued:
                logger.debug("%s is queued already", source)

    async def defer_task(self, task: DaemonTask) -> bool:
        """Defer a periodic task; return False if it waits in the queue already."""
        lock = f"task:{task}"
        deferrer = self.app.configure_task(
            task, queue=TASK_QUEUE, lock=lock, queueing_lock=lock, priority=PRIORITIES[task]
        )
        async with self._translated():
            try:
                await deferrer.defer_async()
            except exceptions.AlreadyEnqueued:
                return False
        return True

    async def withdraw_task(self, task: DaemonTask) -> bool:
        """Take back a periodic task that waits; return False if a worker has it, or does the one before."""
        return bool(await self._rows(_WITHDRAW, task=task.value))

    async def unfinished(self) -> frozenset[str]:
        """Return the sources whose crawls wait or run."""
        return frozenset(row["source"] for row in await self._rows(_UNFINISHED))

    async def stalled(self) -> list[StalledJob]:
        """Return the jobs of workers that sent no heartbeat for too long."""
        rows = await self._rows(_STALLED, stale=STALE_AFTER)
        return [
            StalledJob(
                id=row["id"],
                attempts=row["attempts"],
                worker_id=row["worker_id"],
                order=as_order(row["args"]) if row["task_name"] == TASK else None,
            )
            for row in rows
        ]

    async def requeue(self, job: StalledJob) -> bool:
        """Give a stalled job to another worker; return False if its own one lives after all, or it has ended.

        It is dropped if the next crawl of its source, or the same task, waits already.
        """
        given = {"job_id": job.id, "worker_id": job.worker_id, "stale": STALE_AFTER}
        try:
            return bool(await self._rows(_REQUEUE, **given))
        except _DuplicateError:
            return bool(await self._rows(_DROP, **given))

    async def give_up(self, job: StalledJob) -> bool:
        """Mark a stalled job as failed; return False as `requeue` does."""
        return bool(await self._rows(_GIVE_UP, job_id=job.id, worker_id=job.worker_id, stale=STALE_AFTER))

    async def forget_failed(self, age: timedelta) -> None:
        """Delete failed jobs after a while: the history of crawls is that of the store."""
        async with self._translated():
            await self.app.job_manager.delete_old_jobs(
                nb_hours=age // timedelta(hours=1), include_failed=True, include_aborted=True, include_cancelled=True
            )

    async def _rows(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        async with self._translated():
            return await self.app.connector.execute_query_all_async(query=query, **arguments)

    @asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        """Translate the errors of procrastinate into one line."""
        try:
            yield
        except exceptions.UniqueViolation as error:
            raise _DuplicateError from error
        except exceptions.ConnectorException as error:
            raise connection_error(self._store.engine, f"the queue of crawls: {error.__cause__ or error}") from error
        except (psycopg.Error, OSError) as error:
            raise connection_error(self._store.engine, f"the queue of crawls: {error}") from error


class _DuplicateError(Exception):
    """The next crawl of the source, or the same task, waits already."""


def as_order(arguments: dict[str, Any]) -> CrawlOrder:
    """Return the order of the arguments of a job."""
    return CrawlOrder(**{name: str(arguments[name]) for name in ("source", "planned_at", "crawl_id")})


def queue_name(source: str) -> str:
    """Return the name of the queue of a source: its own, so that a worker can take some sources alone."""
    if len(source.encode()) <= MAX_QUEUE_NAME:
        return source
    return blake2b(source.encode(), digest_size=16).hexdigest()


def queue_names(sources: Collection[str]) -> list[str] | None:
    """Return the queues of some sources; None, which is all queues, without any."""
    return [queue_name(source) for source in sources] or None


_NO_WAITING_LOCKS = """
ALTER TABLE procrastinate_jobs
    ADD CONSTRAINT presswatch_no_waiting_lock CHECK (lock IS NULL OR scheduled_at IS NULL);
"""
_UNFINISHED = f"""
SELECT DISTINCT queueing_lock AS source FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing') AND task_name = '{TASK}'
"""  # noqa: S608
_WITHDRAW = """
DELETE FROM procrastinate_jobs AS waiting WHERE task_name = %(task)s AND status = 'todo' AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs AS other WHERE other.task_name = waiting.task_name AND other.status = 'doing'
) RETURNING id
"""
_FINISH_OWN = """
SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s)
    FROM (SELECT id FROM procrastinate_jobs
        WHERE id = %(job_id)s AND status = 'doing' AND worker_id = %(worker_id)s FOR UPDATE) AS own
"""
_IS_STALLED = """
status = 'doing' AND NOT EXISTS (SELECT 1 FROM procrastinate_workers AS alive
    WHERE alive.id = procrastinate_jobs.worker_id AND alive.last_heartbeat >= now() - %(stale)s::interval)
"""
_STALLED = f"SELECT id, attempts, worker_id, task_name, args FROM procrastinate_jobs WHERE {_IS_STALLED}"  # noqa: S608
_OWN_STALLED = f"id = %(job_id)s AND worker_id IS NOT DISTINCT FROM %(worker_id)s::bigint AND {_IS_STALLED}"
_REQUEUE = f"""
UPDATE procrastinate_jobs SET status = 'todo', attempts = attempts + 1, worker_id = NULL
    WHERE {_OWN_STALLED} RETURNING id
"""  # noqa: S608
_GIVE_UP = f"UPDATE procrastinate_jobs SET status = 'failed' WHERE {_OWN_STALLED} RETURNING id"  # noqa: S608
_DROP = f"DELETE FROM procrastinate_jobs WHERE {_OWN_STALLED} RETURNING id"  # noqa: S608
