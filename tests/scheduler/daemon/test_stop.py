"""A stop: said at once, queued requests dropped, every run closed as interrupted, a second signal heard."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad

BOTH = pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)], ids=["SIGINT", "SIGTERM"]
)
LONG_GRACE = "10 min"


def crawl(runner: DaemonRunner, *arguments: str) -> subprocess.Popen[str]:
    """A crawl by hand, as from a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "presswatch", "crawl", "caliber", *arguments],
        cwd=runner.folder,
        env=runner.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said_by(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=patient(60))[1]


def only_run_is_interrupted(runner: DaemonRunner) -> None:
    [run] = runner.rows("crawl_runs")
    assert (run.status, run.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.STOP)
    assert run.finished_at is not None


@BOTH
def test_a_crawl_by_hand_drops_its_queue(runner: DaemonRunner, site: Site, number: signal.Signals) -> None:
    count = 12
    site.publish_many([plain_article(f"story-{index}") for index in range(count)])
    for index in range(count):
        site.misbehave(f"/en/post/story-{index}", bad.slow(1))
    settings = runner.folder / "presswatch.toml"
    settings.write_text(settings.read_text("utf-8").replace("concurrency = 8", "concurrency = 1"), encoding="utf-8")
    crawling = crawl(runner)
    runner.wait(lambda: any(request.path.startswith("/en/post/") for request in site.requests))
    crawling.send_signal(number)
    said = said_by(crawling)
    assert "stopping…" in said
    assert "Traceback" not in said
    assert crawling.returncode == 1
    only_run_is_interrupted(runner)
    results = [fetch.result for fetch in runner.rows("fetches")]
    assert set(results) == {"new"}
    assert len(results) < count


@BOTH
@pytest.mark.long
def test_a_second_signal_drops_the_requests_under_way(runner: DaemonRunner, site: Site, number: signal.Signals) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/post/one", bad.slow(FOREVER))
    crawling = crawl(runner)
    runner.wait(lambda: site.requests_for("/en/post/one"))
    crawling.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        crawling.wait(1)
    crawling.send_signal(number)
    said = said_by(crawling)
    assert "stopping…" in said
    assert "stopping now" in said
    assert "Traceback" not in said
    only_run_is_interrupted(runner)
    assert runner.rows("fetches") == []


@BOTH
@pytest.mark.long
def test_a_second_signal_ends_a_crawl_that_waits_for_the_database(
    runner: DaemonRunner, site: Site, number: signal.Signals
) -> None:
    site.publish(plain_article("one"))
    assert runner.command("crawl", "caliber").returncode == 0
    with closing(sqlite3.connect(runner.folder / "news.db", timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        runner.settle(more='\n[storage]\nbusy_timeout = "1 h"\n')
        crawling = crawl(runner)
        runner.wait(lambda: _listens(crawling.pid))
        lines = []
        for _ in range(3):  # one after the other is heard: equal signals that wait are one
            crawling.send_signal(number)
            lines.append(crawling.stderr.readline() if crawling.stderr else "")
        said = "".join(lines) + said_by(crawling)
        connection.rollback()
    assert crawling.returncode == 130
    assert "ended before its run was closed" in said
    assert "Traceback" not in said
    assert all(run.finished_at is not None for run in runner.rows("crawl_runs"))
    assert runner.command("crawl", "caliber").returncode == 0


def _listens(pid: int) -> bool:
    """Return whether a process handles SIGTERM: it does when its loop runs, SIGINT from the start."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    [caught] = [int(line.split()[1], 16) for line in lines if line.startswith("SigCgt:")]
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@BOTH
@pytest.mark.long
def test_a_daemon_that_is_told_twice_ends_its_crawls_now(
    runner: DaemonRunner, site: Site, number: signal.Signals
) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/post/one", bad.slow(FOREVER))
    runner.settle(grace=LONG_GRACE)
    daemon = runner.start()
    runner.wait(lambda: site.requests_for("/en/post/one"))
    daemon.send_signal(number)
    runner.wait(lambda: "stopping…" in runner.log)
    assert daemon.poll() is None
    assert end(daemon, number) == 0
    only_run_is_interrupted(runner)
    [schedule] = runner.rows("schedules")
    assert (schedule.consecutive_failures, schedule.local_failures) == (0, 0)
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_a_crawl_that_a_stopping_daemon_has_to_kill_has_not_crashed(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    runner.settle(grace="1 s")
    daemon = runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="running")
    os.kill(run.pid, signal.SIGSTOP)
    assert end(daemon) == 0
    only_run_is_interrupted(runner)
    assert runner.rows("events") == []


@pytest.mark.long
def test_a_crawl_that_somebody_terminates_has_not_failed(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    daemon = runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="running")
    os.kill(run.pid, signal.SIGTERM)
    runner.wait_for("crawl_runs", 1, status="interrupted")
    assert end(daemon) == 0
    [schedule] = runner.rows("schedules")
    assert (schedule.consecutive_failures, schedule.local_failures) == (0, 0)
