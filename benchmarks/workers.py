"""Measure the polls of a daemon with nothing new to fetch, its workers included, and whether a worker grows.

`--soak CRAWLS` gives one worker so many crawls, each with one new article, and prints what it holds after each tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import psutil

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ENVIRONMENT
from scheduler.daemon import workers
from scheduler.daemon.program import Program
from scheduler.daemon.worker import WorkerLimits
from scraper.declarations.source_text import source_as_toml
from scraper.sources import get_source
from tests.support.plain_articles import plain_article
from tests.support.site import Site, generate_articles

ARTICLES = 40
SOURCES = 30
INTERVAL = 10.0  # seconds
WATCHED = 60.0  # seconds
REST = 20.0  # seconds
LONG_INTERVAL = 6 * 3600.0  # seconds
SETTLING_TIME = 8.0  # seconds
POLLS_AN_HOUR = 30 * SOURCES
"""Of 30 sources that are polled every 2 minutes."""
START_TIMEOUT = 300.0  # seconds
POLL_CPU = Goal("daemon-poll-with-nothing-new-cpu-ms", 120)
HOUR_CPU = Goal("thirty-sources-every-two-minutes-cpu-seconds-an-hour", 60)
GROWTH = Goal("worker-growth-of-the-second-half-mb", 6)
SETTINGS = """
[scraper]
delay = "0 s"
autothrottle = false

[scheduler]
sources = {names}

[log]
level = "warning"
"""
SOURCE = """
[sources.{name}]
base_url = "{url}"
interval = "{interval}"
channels = [{{ feed = "/rss.xml" }}]
"""


@dataclass(frozen=True, slots=True)
class Watched:
    """CPU seconds of a daemon and its children while it was watched, and the crawls that ended meanwhile."""

    seconds: float
    daemon: float
    workers: float
    polls: int

    @property
    def cpu(self) -> float:
        """Add up the CPU seconds of all processes."""
        return self.daemon + self.workers


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.workers", description=__doc__)
    parser.add_argument("--interval", type=float, default=INTERVAL, help="seconds between two polls of a source")
    parser.add_argument("--watched", type=float, default=WATCHED, help="seconds for which the polls are watched")
    parser.add_argument("--rest", type=float, default=REST, help="seconds for which the daemon is watched at rest")
    parser.add_argument("--soak", type=int, metavar="CRAWLS", help="give one worker so many crawls instead")
    chosen = parser.parse_args(arguments)
    with Site.start() as site, tempfile.TemporaryDirectory() as name:
        site.publish_many(generate_articles(ARTICLES))
        if chosen.soak is not None:
            print("\n".join(soak(site, Path(name), chosen.soak)))
            return
        polls, rest = watch(site, Path(name), chosen.interval, seconds=chosen.watched, rest=chosen.rest)
    print(table(polls, rest))
    print("\n".join(goals(polls, rest)))


def watch(site: Site, folder: Path, interval: float, *, seconds: float, rest: float) -> tuple[Watched, Watched]:
    """Run a daemon that has polled every source; watch it for some seconds, and then at rest, by a long interval."""
    settle(site, folder, interval)
    with daemon(folder) as process:
        wait_until_polled(folder)
        polling = watched(process.pid, folder, seconds)
        settle(site, folder, LONG_INTERVAL)
        process.send_signal(signal.SIGHUP)
        time.sleep(interval + SETTLING_TIME)  # the last polls that the short interval planned
        return polling, watched(process.pid, folder, rest)


def watched(pid: int, folder: Path, seconds: float) -> Watched:
    """Measure a daemon and its children for some seconds."""
    before, polls_before, since = cpu_by_process(pid), ended_polls(folder), time.monotonic()
    time.sleep(seconds)
    after, polls, lasted = cpu_by_process(pid), ended_polls(folder), time.monotonic() - since
    spent = {found: cpu - before.get(found, 0.0) for found, cpu in after.items()}
    own = spent.pop(pid)
    return Watched(seconds=lasted, daemon=own, workers=sum(spent.values()), polls=polls - polls_before)


def settle(site: Site, folder: Path, interval: float) -> None:
    """Declare the sources, all of them at one site, with a fixed interval."""
    names = [f"press{number:02}" for number in range(SOURCES)]
    (folder / "sources.d").mkdir(exist_ok=True)
    for name in names:
        source = replace(get_source("caliber"), name=name, title=name, base_url=f"https://{name}.example")
        (folder / "sources.d" / f"{name}.toml").write_text(source_as_toml(source), encoding="utf-8")
    tables = [SOURCE.format(name=name, url=site.url, interval=f"{interval:.0f} s") for name in names]
    settings = SETTINGS.format(names=json.dumps(names)) + "".join(tables)
    (folder / "presswatch.toml").write_text(settings, encoding="utf-8")


@contextmanager
def daemon(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon in a folder."""
    command = [sys.executable, "-m", "presswatch", "daemon", "--database", "sqlite:///polls.db"]
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **ENVIRONMENT}, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_TIMEOUT)


def wait_until_polled(folder: Path) -> None:
    """Wait until each source was polled twice, the second time with nothing new. Raises RuntimeError after a while."""
    ends_at = time.monotonic() + START_TIMEOUT
    while ended_polls(folder) < 2 * SOURCES:
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the daemon does not poll: {(folder / 'log').read_text(encoding='utf-8')}")
        time.sleep(0.5)
    time.sleep(2)  # what follows the last of them


def ended_polls(folder: Path) -> int:
    """Count the crawls that succeeded."""
    if not (folder / "polls.db").exists():
        return 0
    with closing(sqlite3.connect(folder / "polls.db", timeout=30)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'crawl_runs'").fetchone()[0]
        if not tables:
            return 0
        counted: int = connection.execute("SELECT count(*) FROM crawl_runs WHERE status = 'succeeded'").fetchone()[0]
        return counted


def cpu_by_process(pid: int) -> dict[int, float]:
    """Read the CPU seconds so far of a process and its descendants."""
    root = psutil.Process(pid)
    times = {process.pid: process.cpu_times() for process in (root, *root.children(recursive=True))}
    return {found: spent.user + spent.system for found, spent in times.items()}


def poll_cpu(polls: Watched, rest: Watched) -> float:
    """Compute the CPU seconds of one poll, without those of the daemon at rest."""
    return (polls.cpu - rest.cpu * polls.seconds / rest.seconds) / max(1, polls.polls)


def table(polls: Watched, rest: Watched) -> str:
    """Write the costs of daemon and workers."""
    lines = [
        f"a daemon with {SOURCES} sources and nothing new, its workers included",
        "              seconds  polls  daemon CPU s  workers CPU s  CPU ms a poll",
    ]
    for name, one in (("polling", polls), ("at rest", rest)):
        each = f"{1000 * one.cpu / one.polls:>14.1f}" if one.polls else ""
        lines.append(f"{name:<12} {one.seconds:>8.0f} {one.polls:>6} {one.daemon:>13.2f} {one.workers:>14.2f} {each}")
    return "\n".join(lines)


def goals(polls: Watched, rest: Watched) -> Iterator[str]:
    """Compare a poll, with all that the daemon did meanwhile, and an hour of 900 polls and of rest."""
    yield goal_line(POLL_CPU, 1000 * polls.cpu / max(1, polls.polls))
    hour = POLLS_AN_HOUR * poll_cpu(polls, rest) + 3600 * rest.cpu / rest.seconds
    yield goal_line(HOUR_CPU, hour)


def soak(site: Site, folder: Path, crawls: int) -> Iterator[str]:
    """Give one worker many crawls, one after another, and yield its size after each tenth, and the goal."""
    settle(site, folder, 1)
    workers.MAX_CRAWLS = crawls + 1
    sizes = asyncio.run(_soak(site, folder, crawls))
    yield "crawls     MB  handles  threads"
    for number, (resident, handles, threads) in sizes.items():
        yield f"{number:>6} {resident:>6.1f} {handles:>8} {threads:>8}"
    half = list(sizes.values())[len(sizes) // 2 :]
    yield goal_line(GROWTH, half[-1][0] - half[0][0])


async def _soak(site: Site, folder: Path, crawls: int) -> dict[int, tuple[float, int, int]]:
    environment = {
        "PRESSWATCH_DATABASE": f"sqlite:///{folder}/soak.db",
        "PRESSWATCH_CONFIG": str(folder / "presswatch.toml"),
        **ENVIRONMENT,
    }
    limits = WorkerLimits(deadline=timedelta(minutes=5), grace=timedelta(seconds=20), memory=10**9, workers=1)
    pool = workers.WorkerPool(limits, environment, program=Program([]))  # whatever is edited meanwhile
    sizes: dict[int, tuple[float, int, int]] = {}
    try:
        for number in range(1, crawls + 1):
            await asyncio.to_thread(site.publish, plain_article(f"soak-{number}"))
            place = pool.reserve(f"press{number % SOURCES:02}")
            if place is None:
                raise RuntimeError("the worker has no room")
            ending = await place.crawl()
            place.release()
            if not ending.has_succeeded:
                raise RuntimeError(f"crawl {number} failed: {ending.error_line}")
            if number % max(1, crawls // 20) == 0:
                process = psutil.Process(ending.pid)
                sizes[number] = process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()
    finally:
        await pool.stop()
    return sizes


if __name__ == "__main__":
    main()
