"""Test what a daemon does with its queue: it waits for crawls, and gives up one of which many workers died."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta

import pytest
from procrastinate.jobs import Status
from sqlalchemy import update

from scheduler.cluster import engine as engine_module
from scheduler.cluster.engine import ClusterEngine
from scheduler.cluster.job_queue import MAX_ATTEMPTS, JobQueue
from scheduler.daemon.jobs import DaemonTask
from storage.crawling.runs import list_runs
from storage.database.daemon_tables import schedules
from storage.model.errors import LostLeaseError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus, Trigger
from storage.scheduling.schedules import Schedule
from storage.store import Store, open_store
from tests.support.rows import HOUR, NOON, Rows

Work = Callable[[ClusterEngine, JobQueue, Store], Awaitable[None]]


def with_engine(database: str, work: Work) -> None:
    """Run an engine with a source that is due, and a second connection to its queue."""
    Rows(database).store.close()

    async def run() -> None:
        with closing(open_store(database)) as store:
            store.schedules.set(Schedule(source="caliber", next_poll_at=NOON, interval=HOUR, reason=""))
            own, other = (JobQueue(store, busy_timeout=timedelta(seconds=30)) for _ in range(2))
            engine = ClusterEngine(store, own, {"caliber": "https://caliber.az"}.__getitem__)
            await engine.start()
            try:
                async with other:
                    await work(engine, other, store)
            finally:
                await engine.stop()

    asyncio.run(run())


async def deferred(queue: JobQueue) -> None:
    while not await queue.unfinished():  # noqa: ASYNC110  (a test waits for another task)
        await asyncio.sleep(0.01)


async def lose(queue: JobQueue) -> str:
    """Take the job by a worker that is lost then; return the id of its run's process."""
    worker = await queue.app.job_manager.register_worker()
    job = None
    while job is None:
        await asyncio.sleep(0.01)
        job = await queue.app.job_manager.fetch_job(queues=None, worker_id=worker)
    await queue.app.job_manager.unregister_worker(worker)
    return f"{job.task_kwargs['crawl_id']}-{job.attempts}"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WATCH_INTERVAL", "RESCUE_INTERVAL"):
        monkeypatch.setattr(engine_module, name, timedelta(milliseconds=50))


def test_a_crawl_has_ended_once_its_job_has_left_the_queue_and_its_worker_has_planned(postgres_database: str) -> None:
    async def work(engine: ClusterEngine, queue: JobQueue, store: Store) -> None:
        place = engine.reserve("caliber")
        assert place is not None
        crawl = asyncio.create_task(place.crawl())
        await deferred(queue)
        assert engine.crawl_count == 1
        worker = await queue.app.job_manager.register_worker()
        job = await queue.app.job_manager.fetch_job(queues=None, worker_id=worker)
        assert job is not None
        with store.write() as connection:
            connection.execute(update(schedules).values(next_poll_at=NOON + HOUR))
        assert not crawl.done()
        await queue.app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
        assert await crawl is None
        place.release()
        assert engine.crawl_count == 0

    with_engine(postgres_database, work)


def test_a_run_of_a_lost_worker_is_closed_before_its_job_is_given_away(postgres_database: str) -> None:
    async def work(engine: ClusterEngine, queue: JobQueue, store: Store) -> None:
        place = engine.reserve("caliber")
        assert place is not None
        crawl = asyncio.create_task(place.crawl())
        await deferred(queue)
        worker = await queue.app.job_manager.register_worker()
        job = await queue.app.job_manager.fetch_job(queues=None, worker_id=worker)
        assert job is not None
        process = f"{job.task_kwargs['crawl_id']}-{job.attempts}"
        run = store.runs.open("caliber", Trigger.SCHEDULED, now=NOON, process=process)
        await queue.app.job_manager.unregister_worker(worker)
        await lose(queue)
        with pytest.raises(LostLeaseError, match=f"run {run} .*sent no heartbeat for 20 s"):
            store.runs.heartbeat(run, now=NOON)
        (closed,) = list_runs(store)
        assert (closed.status, closed.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.LEASE)
        crawl.cancel()

    with_engine(postgres_database, work)


def test_a_crawl_of_which_many_workers_died_counts_as_crashed(postgres_database: str) -> None:
    async def work(engine: ClusterEngine, queue: JobQueue, _store: Store) -> None:
        place = engine.reserve("caliber")
        assert place is not None
        crawl = asyncio.create_task(place.crawl())
        await deferred(queue)
        processes = [await lose(queue) for _ in range(MAX_ATTEMPTS)]
        ending = await crawl
        assert ending is not None
        assert (ending.status, ending.failure_cause) == (RunStatus.CRASHED, FailureCause.CRASH)
        assert len(set(processes)) == MAX_ATTEMPTS
        assert await queue.unfinished() == frozenset()

    with_engine(postgres_database, work)


class Counted:
    """Tasks of a daemon that count how often they were done here."""

    def __init__(self) -> None:
        self.done: list[DaemonTask] = []

    async def run(self, task: DaemonTask) -> None:
        self.done.append(task)


def test_a_periodic_task_that_no_worker_takes_is_done_by_the_daemon(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(engine: ClusterEngine, queue: JobQueue, _store: Store) -> None:
        tasks = Counted()
        await engine.run_task(DaemonTask.NOTIFY, tasks)
        await engine.run_task(DaemonTask.NOTIFY, tasks)
        assert (tasks.done, await queue.unfinished()) == ([], frozenset()), "no crawl"
        monkeypatch.setattr(engine_module, "TASK_PATIENCE", timedelta(0))
        while tasks.done != [DaemonTask.NOTIFY]:  # noqa: ASYNC110  (the daemon looks at it from time to time)
            await asyncio.sleep(0.01)
        assert await lost_task(queue) is None, "it was taken back"

    with_engine(postgres_database, work)


def test_a_periodic_task_is_not_done_twice_at_once_and_survives_its_worker(postgres_database: str) -> None:
    async def work(engine: ClusterEngine, queue: JobQueue, _store: Store) -> None:
        manager = queue.app.job_manager
        worker = await manager.register_worker()
        await engine.run_task(DaemonTask.NOTIFY, Counted())
        running = await manager.fetch_job(queues=None, worker_id=worker)
        assert running is not None
        assert await queue.defer_task(DaemonTask.NOTIFY), "the next one waits"
        assert await manager.fetch_job(queues=None, worker_id=worker) is None
        assert not await queue.withdraw_task(DaemonTask.NOTIFY)
        await manager.finish_job(running, Status.SUCCEEDED, delete_job=True)
        assert await lost_task(queue) == "notify"
        while await lost_task(queue) != "notify":  # noqa: ASYNC110  (the daemon gives it to another worker)
            await asyncio.sleep(0.01)

    with_engine(postgres_database, work)


def test_crawls_are_taken_before_periodic_tasks(postgres_database: str) -> None:
    async def work(_engine: ClusterEngine, queue: JobQueue, _store: Store) -> None:
        for task in reversed(DaemonTask):
            assert await queue.defer_task(task)
        await queue.defer("caliber", "https://caliber.az", planned_at=NOON)
        worker = await queue.app.job_manager.register_worker()
        taken = [await queue.app.job_manager.fetch_job(queues=None, worker_id=worker) for _ in range(5)]
        assert [job.task_name for job in taken if job is not None] == ["crawl", *DaemonTask]

    with_engine(postgres_database, work)


async def lost_task(queue: JobQueue) -> str | None:
    """Take a job by a worker that is lost then; return the task, None if nothing waits."""
    worker = await queue.app.job_manager.register_worker()
    job = await queue.app.job_manager.fetch_job(queues=None, worker_id=worker)
    await queue.app.job_manager.unregister_worker(worker)
    return None if job is None else job.task_name
