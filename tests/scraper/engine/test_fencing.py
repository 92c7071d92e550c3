"""Test crawls that lose the lease of their source while they sleep: they write nothing, and end in good order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, func, select

from scraper.engine.extensions import RunRecorder
from storage.crawling.fencing import fenced_write
from storage.database.tables import articles, crawl_runs, fetches
from storage.model.errors import LostLeaseError, StoreError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus, Trigger
from storage.saving.saving import ArticleWriter
from storage.store import Store, open_store
from tests.support.crawl_env import CrawlEnv
from tests.support.patience import patient, wait_until
from tests.support.plain_articles import plain_article
from tests.support.site import Site

LEASE = timedelta(seconds=2)
COUNT = 40


@pytest.fixture
def env(tmp_path: Path, site: Site, database: str) -> CrawlEnv:
    """An environment for each kind of database."""
    return CrawlEnv(tmp_path, site, database)


def runs(store: Store) -> list[Row[Any]]:
    with store.read() as connection:
        return list(connection.execute(select(crawl_runs).order_by(crawl_runs.c.id)))


def count(store: Store, *what: Any) -> int:
    with store.read() as connection:
        return connection.scalar(select(func.count()).where(*what)) or 0


@contextmanager
def frozen(process: subprocess.Popen[str], database: str) -> Iterator[None]:
    """Stop a process between two of its transactions, and continue it."""

    def holds_nothing() -> bool:
        process.send_signal(signal.SIGSTOP)
        try:
            with closing(open_store(database, busy_timeout=timedelta(0))) as store:
                (run,) = [run for run in runs(store) if run.finished_at is None]
                with store.write() as connection:
                    connection.execute(
                        select(crawl_runs.c.id).where(crawl_runs.c.id == run.id).with_for_update(nowait=True)
                    )
        except StoreError:
            process.send_signal(signal.SIGCONT)
            return False
        return True

    wait_until(holds_nothing)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.mark.long
def test_a_crawl_that_is_stopped_for_longer_than_its_lease_writes_nothing_when_it_wakes(
    env: CrawlEnv, site: Site
) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(COUNT)])
    lease = f'[scraper]\ndelay = "200 ms"\nlease = "{LEASE.total_seconds():.0f} s"\n'
    (env.folder / "presswatch.toml").write_text(lease, encoding="utf-8")
    command = [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url]
    crawling = subprocess.Popen(
        command, cwd=env.folder, env=env.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with closing(env.store()) as store, crawling as process:
        wait_until(lambda: count(store, articles.c.id.is_not(None)) >= 2)
        with frozen(process, env.database):
            wait_until(lambda: datetime.now(UTC) - runs(store)[0].heartbeat_at >= LEASE)
            written = count(store, fetches.c.id.is_not(None))
            env.slow_down(lease=LEASE)
            second = env.crawl()
            site.clear_requests()
        _, errors = process.communicate(timeout=patient(60))
        first = runs(store)[0]
        assert (second.status, second.new, second.pending) == (RunStatus.SUCCEEDED, COUNT - written, 0)
        assert count(store, fetches.c.run_id == first.id) == written == first.new_count
        assert count(store, articles.c.id.is_not(None)) == COUNT
    assert (first.status, first.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.LEASE)
    assert f"process {os.getpid()} on" in first.error
    assert "took over" in first.error
    assert process.returncode == 1
    assert len(site.requests) <= 3, "those under way, and no others"
    assert "Traceback" not in errors
    (line,) = [line for line in errors.splitlines() if "lost its lease" in line]
    assert f"caliber: run {first.id} lost its lease" in line


def test_a_refused_save_ends_the_crawl_drops_its_requests_and_is_counted(
    env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Take the source over before the first save of the crawl."""
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(COUNT)])
    env.slow_down(concurrency=1, delay=timedelta(milliseconds=20))
    stats: dict[str, Any] = {}
    save_all, close = ArticleWriter.save_all, RunRecorder.close

    def late(writer: ArticleWriter, *given: Any, **options: Any) -> Any:
        with env.store() as store:
            (run,) = runs(store)
            if run.finished_at is None:
                store.runs.open("caliber", Trigger.MANUAL, now=run.heartbeat_at + LEASE, lease=LEASE)
        return save_all(writer, *given, **options)

    async def recorded(recorder: RunRecorder, reason: str) -> None:
        await close(recorder, reason)
        stats.update(recorder.crawler.stats.get_stats())

    monkeypatch.setattr(ArticleWriter, "save_all", late)
    monkeypatch.setattr(RunRecorder, "close", recorded)
    with pytest.raises(LostLeaseError, match="caliber: run 1 lost its lease"):
        env.crawl()
    assert stats["lease/refused_writes"] >= 1
    assert stats["lease/refused_writes"] + stats["lease/dropped_requests"] == COUNT
    assert stats["lease/dropped_requests"] > 0
    with env.store() as store:
        assert count(store, fetches.c.id.is_not(None)) == 0
        first, second = runs(store)
        assert (first.failure_cause, second.finished_at) == (FailureCause.LEASE, None)
        with fenced_write(store, second.id):
            assert count(store, articles.c.id.is_not(None)) == 0
