"""Test what is told of the queue: nothing without one; with one its workers, its depth and what is stalled in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

import presswatch
from presswatch.output.status_text import render_status
from scheduler.cluster.job_queue import JobQueue
from scheduler.daemon.metrics import metrics_text
from scheduler.health.status import status_report
from storage.scheduling.queue_status import queue_status
from storage.store import open_store
from tests.support.postgres.server import READER, Server
from tests.support.rows import NOON, Rows
from tests.support.web_server import WebServer

SOURCES = {"bbc": "https://www.bbc.co.uk", "caliber": "https://caliber.az", "apa": "https://apa.az"}
AGES = """
UPDATE presswatch_queue.procrastinate_events SET at = now() - interval '3 min';
UPDATE presswatch_queue.procrastinate_workers SET last_heartbeat = now() - interval '21 s' WHERE id = 1;
"""


@pytest.fixture
def rows(postgres_database: str) -> Iterator[Rows]:
    made = Rows(postgres_database)
    with made.store:
        yield made


def fill(database: str, work: Callable[[JobQueue], Awaitable[None]]) -> None:
    async def run() -> None:
        with closing(open_store(database)) as store:
            async with JobQueue(store, busy_timeout=timedelta(seconds=30)) as queue:
                await work(queue)

    asyncio.run(run())


async def busy(queue: JobQueue) -> None:
    """Let one of two workers die with a crawl; the other one runs one, and one waits."""
    manager = queue.app.job_manager
    for source, url in SOURCES.items():
        await queue.defer(source, url, planned_at=NOON)
    for _ in range(2):
        await manager.fetch_job(queues=None, worker_id=await manager.register_worker())


def of_queue(rows: Rows) -> list[str]:
    """Return what status and metrics tell of the queue."""
    report = status_report(rows.store, now=NOON)
    gauges = metrics_text(report, crawling=0, tasks=1).decode().splitlines()
    return [
        *(line for line in render_status(report) if line.startswith("queue")),
        *(line for line in gauges if line.startswith("presswatch_queue_") and "_seconds" not in line),
    ]


def test_nothing_is_told_without_a_queue(postgres_database: str, tmp_path: Path) -> None:
    for database in (postgres_database, f"sqlite:///{tmp_path}/news.db"):
        rows = Rows(database)
        with rows.store:
            assert of_queue(rows) == []
        asked = CliRunner().invoke(presswatch.main, ["status", "--format", "json", "--database", database])
        assert "queue" not in json.loads(asked.stdout)


def test_the_queue_is_told_of_in_status_metrics_and_pages(rows: Rows, tmp_path: Path) -> None:
    fill(rows.database, lambda _queue: asyncio.sleep(0))
    assert of_queue(rows)[0] == "queue: 0 workers, 0 crawls running, 0 waiting"
    fill(rows.database, busy)
    with rows.store.write() as connection:
        connection.execute(text(AGES))
    told = of_queue(rows)
    line = "1 worker, 1 crawl running, 1 waiting (for up to 3 min), 1 stalled (begun up to 3 min ago)"
    assert told == [
        f"queue: {line}",
        "presswatch_queue_workers 1.0",
        "presswatch_queue_waiting 1.0",
        "presswatch_queue_running 1.0",
        "presswatch_queue_stalled 1.0",
    ]
    found = queue_status(rows.store)
    assert found is not None
    assert found.oldest_waiting is not None
    assert found.oldest_stalled is not None
    assert found.oldest_waiting >= timedelta(minutes=3)
    assert found.oldest_stalled >= timedelta(minutes=3)
    asked = CliRunner().invoke(presswatch.main, ["status", "--format", "json", "--database", rows.database])
    shown = json.loads(asked.stdout)["queue"]
    assert (shown["worker_count"], shown["waiting_count"], shown["stalled_count"]) == (1, 1, 1)
    assert shown["oldest_waiting"] >= 180
    with WebServer(tmp_path, rows.database) as server:
        assert f"<p>Queue: {line}.</p>" in server.ask("/sources").text


def test_one_who_may_not_read_the_queue_sees_the_status_without_it(rows: Rows, postgres: Server) -> None:
    fill(rows.database, busy)
    reader = postgres.address(rows.database.rpartition("/")[2], user=READER)
    with closing(open_store(reader)) as store:
        assert queue_status(store) is None


def test_the_queue_is_made_with_the_tables(postgres: Server, tmp_path: Path) -> None:
    with postgres.database(tables=False) as empty:
        for engine, count in (("local", 0), ("procrastinate", 1), ("procrastinate", 1)):
            config = tmp_path / f"{engine}.toml"
            settings = f'[storage]\ndatabase = "{empty.address}"\n[scheduler]\nengine = "{engine}"\n'
            config.write_text(settings, encoding="utf-8")
            done = CliRunner().invoke(presswatch.main, ["db", "upgrade", "--config", str(config)])
            assert done.exit_code == 0, done.output
            with closing(open_store(empty.address)) as store, store.read() as connection:
                made = text("SELECT count(*) FROM pg_tables WHERE tablename = 'procrastinate_jobs'")
                assert connection.execute(made).scalar() == count
