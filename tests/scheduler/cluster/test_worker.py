"""Test the worker of a queue inside the process of the test."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import closing

import pytest

from scheduler.cluster.job_queue import JobQueue
from scheduler.cluster.worker import ClusterWorker, pool_limits
from scheduler.daemon.workers import WorkerPool, process_environment
from scraper.sources import load_crawl_config
from storage.store import open_store
from tests.support.patience import patient


def test_a_stop_while_the_queue_is_opened_is_kept(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = JobQueue.__aenter__

    async def open_and_stop(self: JobQueue) -> JobQueue:
        queue = await opened(self)
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(0.01)  # the loop reads the signal from its pipe
        return queue

    monkeypatch.setattr(JobQueue, "__aenter__", open_and_stop)
    config = load_crawl_config(toml="", database=postgres_database)

    async def run() -> None:
        with closing(open_store(postgres_database)) as store:
            worker = ClusterWorker(store, config, lambda _config: {}, concurrency=1)
            await asyncio.wait_for(worker.run(), patient(60))

    asyncio.run(run())


@pytest.mark.parametrize("concurrency", [1, 4, 5, 16])
def test_a_crawl_apart_from_others_holds_up_none_of_them(concurrency: int) -> None:
    asyncio.run(reserve_beside_one_apart(concurrency))


async def reserve_beside_one_apart(concurrency: int) -> None:
    config = load_crawl_config(toml="", database="sqlite:///unused.db")
    pool = WorkerPool(pool_limits(config, concurrency), process_environment(config), config.toml)
    apart = pool.reserve("apart", isolated=True)
    assert apart is not None
    others = [pool.reserve(f"site-{number}") for number in range(concurrency - 1)]
    assert None not in others
    apart.release()
    assert pool.reserve("the next"), "while the process of the crawl apart ends"
