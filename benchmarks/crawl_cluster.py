"""Run a daemon and workers of its queue, each a process of its own, on one PostgreSQL, until all hosts are crawled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg

from benchmarks.loopback_hosts import LoopbackHosts, Request
from benchmarks.measure import ENVIRONMENT

QUEUE = "presswatch_queue"
POLL_INTERVAL = 0.25  # seconds
START_TIMEOUT = 180.0  # seconds
STOP_TIMEOUT = 90.0  # seconds
SETTINGS = """
[scraper]
delay = "{delay:.3f} s"
autothrottle = false
concurrency = {concurrency}

[scheduler]
engine = "procrastinate"
sources = {names}
crawls_per_worker = {slots}
metrics_listen = ""

[log]
level = "warning"
"""
SOURCE = """
[sources.{name}]
home = "{url}"
language = "en"
timezone = "Etc/UTC"
article = '/news/\\d+'
channels = [{{ feed = "/rss.xml" }}]
page.body = ".text"
interval = "6 h"
"""
_STORED = """
SELECT (SELECT count(*) FROM articles) AS stored,
       (SELECT count(*) FROM crawl_runs WHERE finished_at IS NULL) AS open_runs,
       (SELECT count(*) FROM crawl_runs) AS runs,
       (SELECT count(*) FROM presswatch_queue.procrastinate_jobs
        WHERE status IN ('todo', 'doing') AND task_name = 'crawl') AS jobs
"""
_TWICE = """
SELECT (SELECT count(*) - count(DISTINCT url) FROM articles)
     + (SELECT count(*) - count(DISTINCT link_id) FROM fetches WHERE result = 'new')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Declare how a cluster crawls: seconds of delay and requests at once to a host, and crawls at once of a worker."""

    delay: float
    concurrency: int = 2
    slots: int = 4


@dataclass(frozen=True, slots=True)
class Progress:
    """Hold what is stored and what is under way."""

    stored: int
    open_runs: int
    runs: int
    jobs: int


class Cluster:
    """A daemon that watches the hosts, and its workers; it ends all of them when it is left."""

    def __init__(self, folder: Path, address: str, hosts: LoopbackHosts, pace: Pace) -> None:
        self.folder = folder
        self.workers: list[subprocess.Popen[bytes]] = []
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._hosts = hosts
        self._environment = {**os.environ, **ENVIRONMENT, "PRESSWATCH_DATABASE": address}
        self._address = address.replace("postgresql+psycopg://", "postgresql://")
        self._settle(pace)

    def _settle(self, pace: Pace) -> None:
        urls = {f"press{number:03}": url for number, url in enumerate(self._hosts.urls())}
        text = SETTINGS.format(
            delay=pace.delay, concurrency=pace.concurrency, names=json.dumps(list(urls)), slots=pace.slots
        )
        sources = "".join(SOURCE.format(name=name, url=url) for name, url in urls.items())
        (self.folder / "presswatch.toml").write_text(text + sources, encoding="utf-8")

    def start(self, workers: int) -> None:
        """Start workers, and when they wait for crawls the daemon, so that no crawl waits for a start."""
        for _ in range(workers):
            self.start_worker()
        self.wait(lambda: self._ready_workers() >= workers, START_TIMEOUT)
        self.start_daemon()

    def start_daemon(self) -> None:
        """Start one more daemon, which stands by while another one leads."""
        self._daemons.append(self._run("daemon"))

    def replace_leader(self) -> None:
        """Kill the daemon that leads, at once, and start another one, which stands by."""
        [(pid,)] = self.rows("SELECT pid FROM leases")
        [leader] = [daemon for daemon in self._daemons if daemon.pid == pid]
        self._daemons.remove(leader)
        leader.kill()
        leader.wait()
        self.start_daemon()

    def freeze(self, worker: subprocess.Popen[bytes]) -> Callable[[], None]:
        """Stop a worker and its processes as they are; return what lets them go on."""
        root = psutil.Process(worker.pid)
        frozen = [root, *root.children()]
        for process in frozen:
            process.suspend()

        def thaw() -> None:
            for process in frozen:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

        return thaw

    def start_worker(self) -> None:
        """Start one more worker."""
        self.workers.append(self._run("worker"))

    def replace(self, workers: Sequence[subprocess.Popen[bytes]]) -> None:
        """Kill workers, at once, start others in their place, and wait until these are there."""
        [(last,)] = self.rows(f"SELECT coalesce(max(id), 0) FROM {QUEUE}.procrastinate_workers")
        for worker in workers:
            self.kill(worker)
            self.start_worker()
        registered = f"SELECT count(*) FROM {QUEUE}.procrastinate_workers WHERE id > {last}"
        self.wait(lambda: self.rows(registered) == [(len(workers),)], START_TIMEOUT)

    def kill(self, worker: subprocess.Popen[bytes]) -> None:
        """Kill a worker, at once."""
        self.workers.remove(worker)
        worker.kill()
        worker.wait()

    def _run(self, command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "presswatch", command],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for a condition; return False after so many seconds. Raises RuntimeError if a process has ended."""
        ends_at = time.monotonic() + seconds
        while not condition():
            if any(process.poll() is not None for process in self._processes()):
                raise RuntimeError(f"a process has ended: {(self.folder / 'log').read_text(encoding='utf-8')[-2000:]}")
            if time.monotonic() > ends_at:
                return False
            time.sleep(POLL_INTERVAL)
        return True

    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [*self.workers, *self._daemons]

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        with psycopg.connect(self._address) as connection:
            return connection.execute(statement.encode()).fetchall()

    def _ready_workers(self) -> int:
        if self.rows(f"SELECT to_regclass('{QUEUE}.procrastinate_workers') IS NULL") == [(True,)]:
            return 0
        [(count,)] = self.rows(f"SELECT count(*) FROM {QUEUE}.procrastinate_workers")
        return int(count)

    def progress(self) -> Progress:
        """Return what is stored and what is under way."""
        [counts] = self.rows(_STORED)
        return Progress(*counts)

    def is_done(self) -> bool:
        """Return whether each host was crawled and nothing is under way."""
        progress = self.progress()
        return progress.runs >= self._hosts.layout.hosts and progress.jobs == progress.open_runs == 0

    def lost(self) -> int:
        """Count the articles of the hosts that are not stored."""
        published = {url + path for url in self._hosts.urls() for path in self._hosts.layout.paths()}
        return len(published - {url for (url,) in self.rows("SELECT url FROM articles")})

    def twice(self) -> int:
        """Count the articles that were stored a second time, as a row or as a new article."""
        [(count,)] = self.rows(_TWICE)
        return int(count)

    def cpu(self) -> dict[str, float]:
        """Read the CPU seconds so far of the workers and of the daemons."""
        spent = {"workers": sum(cpu_of_tree(worker.pid) for worker in self.workers)}
        return spent | {"daemon": sum(_cpu(daemon.pid) for daemon in self._daemons)}

    def memory(self) -> float:
        """Add up the MB of the workers and their processes."""
        roots = [psutil.Process(worker.pid) for worker in self.workers]
        tree = [process for root in roots for process in (root, *root.children())]
        return sum(process.memory_info().rss for process in tree) / 1e6

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        processes = self._processes()
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def cpu_of_tree(pid: int) -> float:
    """Read the CPU seconds so far of a process, its children, and those of its children that have ended."""
    root = psutil.Process(pid)
    own = root.cpu_times()
    ended = own.children_user + own.children_system
    return own.user + own.system + ended + sum(_cpu(child.pid) for child in root.children())


def gaps(requests: Iterable[Request]) -> list[float]:
    """Return the seconds between one request to a host and the next, in ascending order."""
    arrivals: Mapping[str, list[float]] = defaultdict(list)
    for request in requests:
        arrivals[request.host].append(request.arrived_at)
    return sorted(after - before for times in arrivals.values() for before, after in pairwise(sorted(times)))
