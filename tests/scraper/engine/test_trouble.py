"""Test crawls with a locked database, a full disk or a killed process: nothing lost, duplicated or partial."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.model.errors import AlreadyRunningError
from storage.model.records import Outcome, RunStatus, Trigger
from tests.support.crawl_env import CrawlEnv
from tests.support.patience import patient, wait_until
from tests.support.plain_articles import NOW, plain_article
from tests.support.site import Site, bad

BUSY = 6.0
"""Seconds that a database is locked: longer than SQLite waits by itself."""


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the write lock of a database, as another process would."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@pytest.mark.long
def test_a_database_that_is_locked_for_a_while_only_delays_the_crawl(env: CrawlEnv, site: Site) -> None:
    env.store().close()
    site.publish_many([plain_article(f"story-{number}") for number in range(3)])
    crawling = ThreadPoolExecutor(1)
    with crawling, locked(env.folder / "env.db"):
        crawled = crawling.submit(env.crawl)
        time.sleep(BUSY)
        assert not crawled.done()
    run = crawled.result()
    assert (run.status, run.new, run.pending) == (RunStatus.SUCCEEDED, 3, 0)


def test_a_lock_that_outlasts_the_patience_ends_in_one_line(env: CrawlEnv, site: Site) -> None:
    env.store().close()
    (env.folder / "presswatch.toml").write_text('[storage]\nbusy_timeout = "500 ms"\n', encoding="utf-8")
    site.publish(plain_article("one"))
    with locked(env.folder / "env.db"):
        done = env.crawl_command()
    assert done.returncode == 1
    assert "locked" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_ends_in_one_line_and_the_next_crawl_has_it_all(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", body=(f"{number} " * 9000,)) for number in range(30)])
    env.crawl(limit=1)
    size = (env.folder / "env.db-wal").stat().st_size if (env.folder / "env.db-wal").exists() else 0
    size = max(size, (env.folder / "env.db").stat().st_size)

    def no_more_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, size + 200_000))

    done = subprocess.run(
        [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url],
        cwd=env.folder,
        env=env.environment(),
        preexec_fn=no_more_room,
        capture_output=True,
        text=True,
        timeout=patient(60),
        check=False,
    )
    assert done.returncode == 1
    assert "free" in done.stderr
    assert "Traceback" not in done.stderr
    with sqlite3.connect(env.folder / "env.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    run = env.crawl()
    assert run.status is RunStatus.SUCCEEDED
    assert len(env.rows("articles")) == 30
    assert run.pending == 0


def test_a_damaged_database_ends_in_one_line_that_says_what_to_do(env: CrawlEnv) -> None:
    env.store().close()
    file = env.folder / "env.db"
    file.write_bytes(file.read_bytes()[:8192] + b"\xaa" * 100_000)
    for command in (["query"], ["crawl", "caliber"], ["db", "info"]):
        done = env.command(*command)
        assert done.returncode == 1
        assert "restore the file from a backup" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("after", [0, 5, 20], ids=lambda count: f"after {count} articles")
@pytest.mark.long_after(1)
def test_a_killed_crawl_loses_nothing_and_stores_nothing_twice(after: int, env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(40)])
    env.store().close()
    if after == 0:
        site.misbehave("/en/category/politics", bad.slow(600))
    command = [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url]
    with subprocess.Popen(command, cwd=env.folder, env=env.environment()) as process:
        wait_for_articles(env.folder / "env.db", site, after)
        os.kill(process.pid, signal.SIGKILL)
    site.behave()
    killed = len(env.rows("articles"))
    assert after <= killed < 40
    run = env.crawl()
    assert (run.status, run.new, run.pending) == (RunStatus.SUCCEEDED, 40 - killed, 0)
    assert len({row.url for row in env.rows("articles")}) == len(env.rows("articles")) == 40
    with env.store() as store, store.read() as connection:
        runs = connection.exec_driver_sql("SELECT status, new_count, finished_at FROM crawl_runs ORDER BY id").all()
    assert runs[0][:2] == ("interrupted", killed)
    assert all(finished is not None for _, _, finished in runs)


def wait_for_articles(file: Path, site: Site, count: int) -> None:
    """Until so many articles are stored; with none wanted, until the crawl has asked for its list."""
    with closing(sqlite3.connect(file)) as database:

        def is_there() -> bool:
            if count == 0:
                return bool(site.requests_for("/en/category/politics"))
            stored: int = database.execute("SELECT count(*) FROM articles").fetchone()[0]
            return stored >= count

        wait_until(is_there, every=0.005)


def test_a_crawl_that_gets_sigterm_ends_in_good_order(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(40)])
    (env.folder / "presswatch.toml").write_text('[scraper]\ndelay = "200 ms"\n', encoding="utf-8")
    env.store().close()
    command = [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url]
    with subprocess.Popen(
        command, cwd=env.folder, env=env.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for_articles(env.folder / "env.db", site, 2)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=patient(30))
    assert process.returncode == 1
    assert "interrupted" in output
    assert "Traceback" not in errors
    assert env.crawl().pending == 0


@pytest.mark.long
def test_one_open_run_a_source(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    with env.store() as store:
        store.sources.declare(name="caliber", title="", home="", terms="", timezone="UTC")
        run_id = store.runs.open("caliber", Trigger.MANUAL, now=datetime.now(UTC))
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"):
            store.runs.open("caliber", Trigger.MANUAL, now=datetime.now(UTC))
        done = env.crawl_command()
        assert done.returncode == 3
        assert "being crawled already" in done.stderr
        assert done.stderr.count("\n") == 1
        assert "Traceback" in env.crawl_command("--debug").stderr
        store.runs.close(run_id, RunStatus.SUCCEEDED, now=datetime.now(UTC))
    assert env.crawl_command().returncode == 0


def test_two_crawls_of_one_address_store_it_once(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    env.crawl()
    with env.store() as store:
        known = store.links.known("caliber", [site.url_of("one")], now=NOW, all_articles=False)
    assert known[site.url_of("one")].outcome is Outcome.STORED
    env.crawl(urls=(site.url_of("one"),))
    assert len(env.rows("articles")) == 1
