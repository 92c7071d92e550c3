"""A soak in the time that CI has: hundreds of crawls without growth, and kills at random moments without a loss.

The daemon's crawls run in one worker, which must not grow either; crawls one after another in one loop, whose tasks can
be counted, come on top.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

from storage.model.records import RunStatus
from tests.support.daemon_env import Size, daemon_env
from tests.support.daemon_process import end
from tests.support.kills import crawls_of, kill_at_random
from tests.support.paths import ROOT
from tests.support.patience import patient

NAMES = ("caliber", "courier", "gazette", "herald", "journal", "monitor", "observer", "tribune")
DAEMONS_CRAWLS = 400
WORKERS_CRAWLS = 320
WARM_UP = 1 / 3
"""Of the crawls: caches, the pool of threads and the allocator's arenas fill up."""
MEMORY = 10_000_000
"""Bytes that the median of the last third may lie above that of the middle one: less than 100 kB a crawl of a worker,
where a session that is kept alive costs 200; the allocator's own ups and downs are 1 to 3 MB."""
HANDLES = 3
CRAWL_HANDLES = 16
"""Connections of the crawls that a measurement of a worker finds under way: two of each of eight."""
KILLS = 12
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


def assert_steady(sizes: list[Size], *, handles: int = HANDLES) -> None:
    assert len(sizes) >= 9
    more = grown(sizes)
    assert more.resident <= MEMORY, sizes
    assert more.handles <= handles, sizes
    assert more.threads <= 1, sizes
    assert more.tasks <= TASKS, sizes


def test_the_daemon_and_its_worker_do_not_grow_over_hundreds_of_crawls(tmp_path: Path) -> None:
    with daemon_env(tmp_path, NAMES) as runner:
        runner.publish(5)
        daemon = runner.start()
        runner.wait_for("crawl_runs", len(NAMES), status="succeeded")
        sizes: list[Size] = []
        of_workers: dict[int, list[Size]] = {}
        while (ended := runner.ended()) < DAEMONS_CRAWLS:
            assert daemon.poll() is None, f"only {ended} crawls; the log says:\n{runner.log[-3000:]}"
            runner.publish()
            sizes.append(runner.size(daemon.pid))
            for worker in crawls_of(daemon.pid):
                of_workers.setdefault(worker.pid, []).append(Size.of(worker.pid, 0))
            time.sleep(1)
        assert end(daemon) == 0
        assert {run.status for run in runner.rows("crawl_runs")} <= {RunStatus.SUCCEEDED, RunStatus.INTERRUPTED}
        assert "Traceback" not in runner.log
        print(f"daemon: {ended} crawls, grown by {grown(sizes)} to {sizes[-1]}")
        [of_worker] = of_workers.values()  # eight sources have room in one
        print(f"its worker: grown by {grown(of_worker)} to {of_worker[-1]}")
    assert_steady(sizes)
    assert_steady(of_worker, handles=CRAWL_HANDLES)


def test_a_loop_does_not_grow_over_hundreds_of_crawls(tmp_path: Path) -> None:
    """The coroutine of a worker's crawls, one after another: nothing of a crawl stays in the process."""
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
    with daemon_env(tmp_path, NAMES[:4]) as runner:
        rounds = kill_at_random(runner, kills=KILLS, seed=20261124)
        runs = Counter(run.status for run in runner.rows("crawl_runs"))
        print(f"{rounds}; runs: {runs}")
    assert rounds.hits >= KILLS // 2
