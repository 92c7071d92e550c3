"""Whose failure it is: what fails on our side is named, tried again soon and never held against the source."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from scheduler.daemon.workers import WorkerExit
from storage.crawling.crawl_reports import CrawlReport, parse_reports
from storage.model.errors import (
    AlreadyRunningError,
    ConfigError,
    DiskError,
    PresswatchError,
    RateLimitedError,
    StoreError,
    failure_cause,
)
from storage.model.failure_causes import FailureCause
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
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
        (RateLimitedError("asked to be left alone"), FailureCause.SOURCE),
        (PresswatchError("a page"), FailureCause.SOURCE),
        (KeyError("x"), FailureCause.CRASH),
    ],
)
def test_the_cause_of_an_exception(error: Exception, cause: FailureCause) -> None:
    assert failure_cause(error) is cause


@pytest.mark.parametrize(
    ("exit_code", "reports", "cause"),
    [
        (0, [CrawlReport(source="s")], None),
        (1, [CrawlReport(source="s", cause=FailureCause.DATABASE, error="locked")], FailureCause.DATABASE),
        (1, [CrawlReport(source="other")], FailureCause.WORKER),
        (1, [], FailureCause.WORKER),
        (2, [], FailureCause.CONFIGURATION),
        (3, [], FailureCause.BUSY),
    ],
)
def test_the_cause_of_a_crawl_that_opened_no_run(
    exit_code: int, reports: list[CrawlReport], cause: FailureCause | None
) -> None:
    output = "\n".join(["not json", "[]", '{"source": 1}', *(report.as_line() for report in reports)]).encode()
    ending = WorkerExit(sources=("s",), exit_code=exit_code, reports=parse_reports(output))
    assert ending.cause_of("s") is cause


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
