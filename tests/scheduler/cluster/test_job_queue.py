"""Test the queue of crawls on a real PostgreSQL: one job a source, one crawl a domain, no job that waits for a time."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from scheduler.cluster.job_queue import TASK, JobQueue, queue_name
from storage.store import open_store
from tests.support.paths import ROOT
from tests.support.rows import HOUR, NOON

BBC, BBC_SPORT, CALIBER = "https://www.bbc.co.uk", "https://sport.bbc.co.uk", "https://caliber.az"


def with_queue(database: str, work: Callable[[JobQueue], Awaitable[None]]) -> None:
    async def run() -> None:
        with closing(open_store(database)) as store:
            async with JobQueue(store, busy_timeout=timedelta(seconds=30)) as queue:
                await work(queue)

    asyncio.run(run())


async def fetch(queue: JobQueue, worker: int) -> Job | None:
    return await queue.app.job_manager.fetch_job(queues=None, worker_id=worker)


async def execute(queue: JobQueue, statement: str) -> list[dict[str, Any]]:
    return await queue.app.connector.execute_query_all_async(query=statement)  # type: ignore[arg-type]


async def outdate(queue: JobQueue, worker: int) -> None:
    late = f"UPDATE procrastinate_workers SET last_heartbeat = now() - interval '21 s' WHERE id = {worker} RETURNING id"
    await execute(queue, late)


def test_a_domain_is_crawled_by_one_worker_at_a_time_and_a_source_is_queued_once(postgres_database: str) -> None:
    async def work(queue: JobQueue) -> None:
        worker = await queue.app.job_manager.register_worker()
        for source, url in (("bbc", BBC), ("sport", BBC_SPORT), ("caliber", CALIBER), ("bbc", BBC)):
            await queue.defer(source, url, planned_at=NOON)
        assert await queue.unfinished() == {"bbc", "sport", "caliber"}
        first, second = await fetch(queue, worker), await fetch(queue, worker)
        assert first is not None
        assert second is not None
        assert [job.queueing_lock for job in (first, second)] == ["bbc", "caliber"]
        assert await fetch(queue, worker) is None
        await queue.app.job_manager.finish_job(first, Status.SUCCEEDED, delete_job=True)
        third = await fetch(queue, worker)
        assert third is not None
        assert (third.queueing_lock, third.lock) == ("sport", "domain:bbc.co.uk")
        assert third.task_kwargs["planned_at"] == NOON.isoformat()

    with_queue(postgres_database, work)


def test_no_job_with_a_lock_gets_a_time(postgres_database: str) -> None:
    """Such a job would hold up all others of its lock until it is due: the table refuses it, whoever writes it."""

    async def work(queue: JobQueue) -> None:
        locked = {"lock": "domain:bbc.co.uk", "queueing_lock": "bbc"}
        for later in ({"schedule_at": NOON + 10**4 * HOUR}, {"schedule_in": {"hours": 1}}):
            with pytest.raises(ConnectorException):
                await queue.app.configure_task(TASK, **locked, **later).defer_async()
        await queue.defer("bbc", BBC, planned_at=NOON + 10**4 * HOUR)
        worker = await queue.app.job_manager.register_worker()
        job = await fetch(queue, worker)
        assert job is not None, "the time that a crawl was planned for is none of its job"
        with pytest.raises(ConnectorException):
            await queue.app.job_manager.retry_job(job, retry_at=NOON + 10**4 * HOUR)

    with_queue(postgres_database, work)


def test_no_line_of_the_room_names_a_time_or_a_retry_of_a_job() -> None:
    named = {
        keyword.arg
        for path in (ROOT / "scheduler" / "cluster").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    }
    assert named >= {"lock", "queueing_lock"}
    assert not named & {"schedule_at", "schedule_in", "retry", "retry_at", "wait"}


def test_a_job_of_a_lost_worker_is_given_to_another_one_and_the_first_cannot_finish_it(postgres_database: str) -> None:
    async def work(queue: JobQueue) -> None:
        manager = queue.app.job_manager
        lost, other = await manager.register_worker(), await manager.register_worker()
        await queue.defer("bbc", BBC, planned_at=NOON)
        frozen = await fetch(queue, lost)
        assert frozen is not None
        assert await queue.stalled() == []
        await outdate(queue, lost)
        (stalled,) = await queue.stalled()
        await manager.update_heartbeat(lost)
        assert not await queue.requeue(stalled), "it lives after all"
        await outdate(queue, lost)
        assert await queue.requeue(stalled)
        assert not await queue.requeue(stalled), "another daemon has done it"
        taken = await fetch(queue, other)
        assert taken is not None
        assert (taken.id, taken.attempts, taken.scheduled_at) == (frozen.id, 1, None)
        await manager.finish_job(frozen, Status.SUCCEEDED, delete_job=True)
        assert await queue.unfinished() == {"bbc"}
        await manager.finish_job(taken, Status.SUCCEEDED, delete_job=True)
        assert await queue.unfinished() == frozenset()

    with_queue(postgres_database, work)


def test_a_stalled_job_is_dropped_if_the_next_one_of_its_source_waits(postgres_database: str) -> None:
    async def work(queue: JobQueue) -> None:
        lost = await queue.app.job_manager.register_worker()
        await queue.defer("bbc", BBC, planned_at=NOON)
        await fetch(queue, lost)
        await queue.defer("bbc", BBC, planned_at=NOON + HOUR)
        await outdate(queue, lost)
        (stalled,) = await queue.stalled()
        assert await queue.requeue(stalled)
        (left,) = await execute(queue, "SELECT args FROM procrastinate_jobs")
        assert left["args"]["planned_at"] == (NOON + HOUR).isoformat()

    with_queue(postgres_database, work)


def test_the_queue_is_made_once_by_however_many_begin(postgres_database: str) -> None:
    async def run() -> None:
        with closing(open_store(postgres_database)) as store:

            async def begin() -> None:
                async with JobQueue(store, busy_timeout=timedelta(seconds=30)) as queue:
                    assert await queue.unfinished() == frozenset()

            await asyncio.gather(*(begin() for _ in range(4)))

    asyncio.run(run())
    open_store(postgres_database).close()  # its own tables are known as before


def test_the_name_of_a_queue_fits_the_name_of_a_channel() -> None:
    assert queue_name("caliber") == "caliber"
    assert len(queue_name("a" * 41)) == 32
    assert queue_name("a" * 41) != queue_name("a" * 42)
