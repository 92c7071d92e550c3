"""Whose failure it is: what fails on our side is named, tried again soon and never held against the source."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.planner import RETRY_BUSY_AFTER, Planner
from scraper.sources import get_source
from storage.config.settings import Config
from storage.crawling.fencing import LEASE
from storage.crawling.runs import list_runs
from storage.crawling.worker_messages import CrawlReport
from storage.model.errors import (
    AlreadyRunningError,
    ConfigError,
    DiskError,
    LostLeaseError,
    PresswatchError,
    RateLimitedError,
    StoreError,
    failure_cause,
)
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus, Trigger
from storage.scheduling.schedules import Schedule
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.processes import own_process
from tests.support.rows import HOUR, NOON, Rows
from tests.support.site import Site, bad

FAR = 'interval = "6 h"'


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (StoreError("locked"), FailureCause.DATABASE),
        (DiskError("full"), FailureCause.DISK),
        (OSError(28, "No space left on device"), FailureCause.DISK),
        (OSError(12, "Cannot allocate memory"), FailureCause.MEMORY),
        (MemoryError(), FailureCause.MEMORY),
        (ConfigError("unknown setting"), FailureCause.CONFIGURATION),
        (ModuleNotFoundError("No module named 'lxml'"), FailureCause.WORKER),
        (OSError(24, "Too many open files"), FailureCause.WORKER),
        (AlreadyRunningError("crawled already"), FailureCause.BUSY),
        (LostLeaseError("taken over"), FailureCause.LEASE),
        (RateLimitedError("asked to be left alone"), FailureCause.SOURCE),
        (PresswatchError("a page"), FailureCause.SOURCE),
        (KeyError("x"), FailureCause.CRASH),
    ],
)
def test_the_cause_of_an_exception(error: Exception, cause: FailureCause) -> None:
    assert failure_cause(error) is cause


@pytest.mark.parametrize(
    ("exit_code", "report", "cause"),
    [
        (None, CrawlReport(crawl_id="1", source="s"), None),
        (
            None,
            CrawlReport(crawl_id="1", source="s", cause=FailureCause.DATABASE, error="locked"),
            FailureCause.DATABASE,
        ),
        (1, None, FailureCause.WORKER),
        (0, None, FailureCause.WORKER),
        (2, None, FailureCause.CONFIGURATION),
        (3, None, FailureCause.BUSY),
    ],
)
def test_the_cause_of_a_crawl_that_opened_no_run(
    exit_code: int | None, report: CrawlReport | None, cause: FailureCause | None
) -> None:
    ending = CrawlExit(source="s", exit_code=exit_code, report=report)
    assert ending.failure_cause is cause
    assert ending.has_succeeded == (report is not None and cause is None)


def test_a_crawl_that_was_taken_over_is_no_failure_of_its_source(rows: Rows) -> None:
    """Whoever took it over plans its next poll; its run stays as that one closed it."""
    sources = {"caliber": get_source("caliber")}
    tasks = DaemonTasks(
        rows.store, Config(), sources, Planner(rows.store, Config(), sources), clock=lambda: NOON + 2 * LEASE
    )
    rows.store.schedules.set(Schedule(source="caliber", next_poll_at=NOON, interval=HOUR, reason=""))
    with own_process() as process:
        rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON)
    with own_process():
        rows.store.runs.open("caliber", Trigger.SCHEDULED, now=NOON + LEASE)
    report = CrawlReport(crawl_id=process, source="caliber", cause=FailureCause.LEASE, error="lost its lease")
    ending = CrawlExit(source="caliber", crawl_id=process, report=report)
    planned = asyncio.run(tasks.finish(ending, launched_at=NOON))
    assert planned is not None
    assert (planned.consecutive_failures, planned.local_failures) == (0, 0)
    assert planned.next_poll_at == NOON + 2 * LEASE + RETRY_BUSY_AFTER
    _, first = list_runs(rows.store)
    assert (first.status, first.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.LEASE)
    assert "took over" in (first.error or "")


@contextmanager
def locked(runner: DaemonRunner) -> Iterator[None]:
    """Hold the write lock of the database."""
    with closing(sqlite3.connect(runner.folder / "news.db", timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()


@pytest.mark.long
def test_a_database_that_is_locked_for_long_is_not_held_against_the_source(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.command("status")  # makes the tables, which the other reader of this test would wait for
    runner.settle(schedule='interval = "15 s"', more='\n[storage]\nbusy_timeout = "1 s"\n')
    daemon = runner.start()
    runner.wait(lambda: "next poll at" in runner.log)
    with locked(runner):
        before = runner.log.count("crawling caliber")
        runner.wait(lambda: runner.log.count("crawling caliber") > before)
        time.sleep(patient(3))  # its start waits for a second, and says so only if no other task did in this minute
    runner.wait_for("events", 1, kind="local_failure")
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    runner.wait(lambda: all(event.closed_at for event in runner.rows("events", kind="local_failure")))
    [schedule] = runner.rows("schedules")
    assert (schedule.consecutive_failures, schedule.local_failures) == (0, 0)
    assert runner.log.count("the database answers again") == 1
    assert end(daemon) == 0
    assert "Traceback" not in runner.log


def _missing_module(runner: DaemonRunner) -> None:
    """Have the interpreter of the crawls to come refuse a module that they need."""
    (runner.folder / "sitecustomize.py").write_text(
        "import sys\nif 'crawl' in sys.orig_argv: sys.modules['scrapy.crawler'] = None\n", encoding="utf-8"
    )


def _missing_command(runner: DaemonRunner) -> None:
    (runner.folder / "sitecustomize.py").write_text(
        "import sys\nif 'crawl' in sys.orig_argv: sys.modules['presswatch.cli.commands.crawl'] = None\n",
        encoding="utf-8",
    )


def _dies_at_once(runner: DaemonRunner) -> None:
    (runner.folder / "sitecustomize.py").write_text(
        "import sys\nif 'crawl' in sys.orig_argv: sys.exit('libfoo.so: cannot open shared object file')\n",
        encoding="utf-8",
    )


@pytest.mark.parametrize(
    "spoil",
    [_missing_module, *(pytest.param(one, marks=pytest.mark.long) for one in (_missing_command, _dies_at_once))],
)
@pytest.mark.long
def test_a_crawl_process_that_cannot_start_is_named_with_its_last_words(
    runner: DaemonRunner, site: Site, spoil: Callable[[DaemonRunner], None]
) -> None:
    site.publish(plain_article("one"))
    spoil(runner)
    daemon = runner.start()
    [schedule] = runner.wait_for("schedules", 1, local_failure_cause="worker")
    assert schedule.consecutive_failures == 0
    [event] = runner.wait_for("events", 1, kind="local_failure")
    assert "could not start" in event.details["sentence"]
    [run] = runner.wait_for("crawl_runs", 1, failure_cause="worker")
    assert run.stderr_tail
    assert run.error
    status = runner.command("status")
    assert status.returncode == 1
    assert "caliber: local failure" in status.stdout
    (runner.folder / "sitecustomize.py").unlink()
    runner.wait_for("articles", 1)
    runner.wait_for("schedules", 1, local_failures=0)
    assert end(daemon) == 0


@pytest.mark.parametrize(
    "invalid",
    [
        "\n[log]\nnonsense = 1\n",
        pytest.param("\n[log\n", marks=pytest.mark.long),
        pytest.param('\n[sources.nosuch]\ninterval = "1 s"\n', marks=pytest.mark.long),
        pytest.param('\n[storage]\nbusy_timeout = "9 s"\n', marks=pytest.mark.long),
    ],
    ids=["unknown setting", "no toml", "unknown source", "database"],
)
@pytest.mark.long
def test_an_invalid_configuration_leaves_the_old_one_in_force(runner: DaemonRunner, site: Site, invalid: str) -> None:
    site.publish(plain_article("one"))
    daemon = runner.start()
    runner.wait_for("articles", 1)
    runner.settle(more=invalid)
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "configuration not loaded" in runner.log)
    [event] = runner.wait_for("events", 1, kind="local_failure")
    assert event.subject == "daemon"
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    status = runner.command("status", "--config", os.devnull)
    assert status.returncode == 1
    assert "problem: configuration not loaded" in status.stdout
    assert "stays in force" in status.stdout
    runner.settle()
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "configuration loaded again" in runner.log)
    runner.wait(lambda: all(event.closed_at for event in runner.rows("events")))
    [schedule] = runner.rows("schedules")
    assert (schedule.consecutive_failures, schedule.local_failures) == (0, 0)
    assert end(daemon) == 0
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_a_hang_up_loads_the_configuration_for_daemon_and_crawls(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    daemon = runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    runner.settle(more='\n[log]\nformat = "json"\n')
    assert len(runner.rows("crawl_runs")) == 1
    daemon.send_signal(signal.SIGHUP)
    runner.wait_for("crawl_runs", 2, status="succeeded")  # by the new interval of a second
    runner.wait(lambda: '"message": "crawling caliber"' in runner.log)
    assert daemon.poll() is None
    assert end(daemon) == 0


@pytest.mark.long
def test_a_run_is_found_by_its_process_though_the_clock_was_set_back(runner: DaemonRunner, site: Site) -> None:
    """Its start lies before that of its process, as after a clock that was set back meanwhile."""
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="running")
    with closing(sqlite3.connect(runner.folder / "news.db", timeout=30)) as connection:
        connection.execute("UPDATE crawl_runs SET started_at = '2020-01-01 00:00:00.000000'")
        connection.commit()
    os.kill(run.pid, signal.SIGKILL)
    [run] = runner.wait_for("crawl_runs", 1, status="crashed")
    assert run.failure_cause is FailureCause.CRASH
