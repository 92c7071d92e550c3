"""Kill daemons and workers at random moments, and hold afterwards that nothing is lost or stored twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import psutil
from sqlalchemy import Row

from tests.support.daemon_env import DaemonEnv
from tests.support.daemon_process import end
from tests.support.site import bad

SLOW_ANSWER = 0.5
"""Seconds each request takes, so that a crawl of a few articles can be hit in the middle."""
OPEN_RUN_SHARE = 0.85
"""Share of the kills that hit an open run; the others may hit a process that starts."""


@dataclass(frozen=True, slots=True)
class KillRounds:
    """Kills by SIGKILL, and how many of them hit a process with an open run."""

    kills: int
    hits: int


def kill_at_random(runner: DaemonEnv, *, kills: int, seed: int) -> KillRounds:
    """Kill the daemon or its workers `kills` times while articles come, then let a daemon finish.

    Raises AssertionError if an article is lost or stored twice, if a source had two open runs, or if a run stays open.
    """
    chance = random.Random(seed)
    runner.publish(3)
    for site in runner.sites.values():
        site.misbehave("*", bad.slow(SLOW_ANSWER))
        site.feed_style(limit=2 * kills + 10)  # a crawl that is killed before its poll must find all in the next one
    daemon = runner.start()
    runner.wait_for("schedules", len(runner.sites))
    hits = 0
    for number in range(kills):
        runner.publish()
        runner.ask_for_all()  # after a kill a source waits, unless a crawl is requested
        runner.wait(lambda pid=daemon.pid: crawls_of(pid))
        time.sleep(chance.uniform(0, 2 * SLOW_ANSWER))
        if chance.random() < OPEN_RUN_SHARE:
            runner.wait(lambda pid=daemon.pid: opens_run(runner, pid))
        crawls = crawls_of(daemon.pid)
        hits += has_open_run(runner, daemon.pid)
        if number % 2:
            end(daemon, signal.SIGKILL)
            if chance.random() < 0.5:  # else they finish their requests, and meet those of the next daemon
                kill(crawls)
            daemon = runner.start()
        else:
            kill(crawls)
        assert_one_open_run_a_source(runner)
    runner.wait(lambda: is_all_there(runner), patience=300)
    assert end(daemon) == 0
    assert "Traceback" not in runner.log
    assert "unexpected" not in runner.log
    assert_nothing_is_lost_or_doubled(runner)
    return KillRounds(kills, hits)


def crawls_of(pid: int) -> list[psutil.Process]:
    """Return the workers of a daemon."""
    return psutil.Process(pid).children()


def has_open_run(runner: DaemonEnv, pid: int) -> bool:
    """Return whether a living worker of a daemon crawls; one that is idle does not, nor one that was killed."""
    pids = {crawl.pid for crawl in crawls_of(pid)}
    return any(run.pid in pids for run in runner.rows("crawl_runs", status="running"))


def opens_run(runner: DaemonEnv, pid: int) -> bool:
    """Return whether a living worker of a daemon crawls; if none does, each source is asked for."""
    if has_open_run(runner, pid):
        return True
    runner.ask_for_all()
    return False


def kill(processes: list[psutil.Process]) -> None:
    """Send SIGKILL to processes, of which some may have ended."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def is_all_there(runner: DaemonEnv) -> bool:
    """Return whether everything published is stored; a source that backs off after a kill is asked for."""
    if len(runner.rows("articles")) == len(runner.published):
        return True
    runner.ask_for_all()
    time.sleep(2)
    return False


def assert_one_open_run_a_source(runner: DaemonEnv) -> None:
    running = Counter(run.source for run in runner.rows("crawl_runs") if run.finished_at is None)
    assert all(count == 1 for count in running.values()), running


def assert_nothing_is_lost_or_doubled(runner: DaemonEnv) -> None:
    assert Counter(row.url for row in runner.rows("articles")) == Counter(runner.published)
    assert {row.outcome.value for row in runner.rows("links")} == {"stored"}
    found = Counter(row.link_id for row in runner.rows("fetches") if row.result.value == "new")
    assert set(found.values()) == {1}
    assert runner.rows("revisions") == []
    runs = runner.rows("crawl_runs")
    assert [run for run in runs if run.finished_at is None] == []
    for name in runner.sites:
        mine = opened_runs(runs, name)
        overlaps = [(one, other) for one, other in pairwise(mine) if one.finished_at > other.started_at]
        assert not overlaps, overlaps


def opened_runs(runs: list[Row[Any]], source: str) -> list[Row[Any]]:
    """Return the runs of a source without those of processes that ended before they opened one.

    Such a run covers the life of its process, beside which that of a killed daemon may crawl; its only heartbeat is
    its end.
    """
    return [run for run in runs if run.source == source and run.heartbeat_at < run.finished_at]
