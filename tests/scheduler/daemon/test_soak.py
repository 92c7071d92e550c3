"""A soak in the time that CI has: hundreds of crawls without growth, and kills at random moments without a loss.

A child process costs 0.8 s of CPU to start, so the daemon's crawls come eight to a child; the crawls of a long-lived
worker, which starts none, come on top.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from statistics import median

import psutil
import pytest

from storage.model.records import RunStatus
from tests.support.daemon_env import DaemonEnv, Size, daemon_env
from tests.support.daemon_process import end
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.site import bad

NAMES = ("caliber", "courier", "gazette", "herald", "journal", "monitor", "observer", "tribune")
DAEMONS_CRAWLS = 200
WORKERS_CRAWLS = 320
WARM_UP = 1 / 3
"""Of the crawls: caches, the pool of threads and the allocator's arenas fill up."""
MEMORY = 6_000_000
"""Bytes that the median of the last third may lie above that of the middle one: less than 60 kB a crawl of a worker,
where a session that is kept alive costs 200; the allocator's own ups and downs are 1 to 3 MB."""
HANDLES = 3
KILLS_OF_EACH = 6
TASKS = 3
"""A measurement finds a crawl just beginning, or not."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def grown(sizes: list[Size]) -> Size:
    """Return how much larger the process was in the last third than in the middle one, by medians."""
    third = len(sizes) // 3
    middle, last = sizes[third : 2 * third], sizes[2 * third :]

    def step(figure: Callable[[Size], int]) -> int:
        return int(median(map(figure, last)) - median(map(figure, middle)))

    return Size(
        step(lambda one: one.resident),
        step(lambda one: one.handles),
        step(lambda one: one.threads),
        step(lambda one: one.tasks),
    )


def assert_steady(sizes: list[Size]) -> None:
    assert len(sizes) >= 9
    more = grown(sizes)
    assert more.resident <= MEMORY, sizes
    assert more.handles <= HANDLES, sizes
    assert more.threads <= 1, sizes
    assert more.tasks <= TASKS, sizes


def test_the_daemon_does_not_grow_over_hundreds_of_crawls(tmp_path: Path) -> None:
    with daemon_env(tmp_path, NAMES) as runner:
        runner.publish(5)
        daemon = runner.start()
        runner.wait_for("crawl_runs", len(NAMES), status="succeeded")
        sizes: list[Size] = []
        while (ended := runner.ended()) < DAEMONS_CRAWLS:
            assert daemon.poll() is None, f"only {ended} crawls; the log says:\n{runner.log[-3000:]}"
            runner.publish()
            sizes.append(runner.size(daemon.pid))
            time.sleep(1)
        assert end(daemon) == 0
        assert {run.status for run in runner.rows("crawl_runs")} <= {RunStatus.SUCCEEDED, RunStatus.INTERRUPTED}
        assert "Traceback" not in runner.log
        print(f"daemon: {ended} crawls, grown by {grown(sizes)} to {sizes[-1]}")
    assert_steady(sizes)


def test_a_long_lived_worker_does_not_grow_over_hundreds_of_crawls(tmp_path: Path) -> None:
    """The same coroutine in one loop, as a worker would run it: nothing of a crawl stays in the process."""
    worker = subprocess.run(
        [sys.executable, "-m", "tests.support.daemon_worker", str(tmp_path), str(WORKERS_CRAWLS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patient(600),
        check=False,
    )
    assert worker.returncode == 0, worker.stderr
    sizes = [Size(**json.loads(line)) for line in worker.stdout.splitlines()]
    print(f"worker: {WORKERS_CRAWLS} crawls, grown by {grown(sizes)} to {sizes[-1]}")
    assert_steady(sizes)


def test_kills_at_random_moments_lose_nothing_and_store_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(20261124)
    victims = ["crawl", "daemon"] * KILLS_OF_EACH
    chance.shuffle(victims)
    with daemon_env(tmp_path, NAMES[:4]) as runner:
        runner.publish(3)
        for site in runner.sites.values():
            site.misbehave("*", bad.slow(0.5))  # so that a crawl takes a few seconds
        daemon = runner.start()
        runner.wait_for("schedules", len(runner.sites))
        for victim in victims:
            runner.publish(3)
            runner.ask_for_all()  # after a kill a source waits for ten minutes, unless somebody asks
            runner.wait(lambda pid=daemon.pid: crawls_of(pid))
            if chance.random() < 0.7:  # in the middle of it; else while it starts
                runner.wait(lambda: runner.rows("crawl_runs", status="running"))
            time.sleep(chance.uniform(0, 0.7))
            if victim == "crawl":
                for crawl in crawls_of(daemon.pid):
                    kill(crawl)
            else:
                crawls = crawls_of(daemon.pid)
                end(daemon, signal.SIGKILL)
                for crawl in crawls if chance.random() < 0.5 else []:
                    kill(crawl)  # else they live on and meet those of the next daemon
                daemon = runner.start()
            assert_one_open_run_a_source(runner)
        runner.wait(lambda: is_all_there(runner), patience=200)
        assert end(daemon) == 0
        assert "Traceback" not in runner.log
        assert "unexpected" not in runner.log
        assert_nothing_is_lost_or_doubled(runner)
        runs = Counter(run.status for run in runner.rows("crawl_runs"))
        assert runs[RunStatus.CRASHED] + runs[RunStatus.INTERRUPTED] >= 2, (
            runs
        )  # the others were killed before they began
        print(f"runs: {runs}")


def crawls_of(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children()


def kill(process: psutil.Process) -> None:
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
        mine = [run for run in runs if run.source == name]
        assert all(one.finished_at <= other.started_at for one, other in pairwise(mine))
