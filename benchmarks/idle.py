"""Measure the cost when there is nothing new: a poll that is answered 304, and the daemon between two polls."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import uvloop

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ENVIRONMENT, run
from scraper.crawl.options import CrawlOptions
from scraper.crawl.selection import RecrawlMode
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from scraper.sources import get_source
from storage.config import logging_setup
from storage.config.config_file import load_config
from storage.store import open_store
from tests.support.site import Site, generate_articles

ARTICLES = 40
POLLS = 20
CHILD_POLLS = 5
WARM_UP = 3
REST = 20.0  # seconds
START_TIMEOUT = 60.0  # seconds
POLL_CPU = Goal("poll-with-nothing-new-in-process-cpu-ms", 120)
POLL_REQUESTS = Goal("poll-with-nothing-new-requests", 2)  # robots.txt and the feed
REST_MEMORY = Goal("daemon-at-rest-mb", 90)
REST_CPU = Goal("daemon-at-rest-cpu-seconds-an-hour", 15)
SETTINGS = """
[scraper]
delay = "0 s"
autothrottle = false

[sources.caliber]
base_url = "{url}"
interval = "6 h"
channels = [{{ feed = "/rss.xml" }}]
"""


@dataclass(frozen=True, slots=True)
class Poll:
    """Hold the cost of one poll with nothing new."""

    cpu: float  # seconds
    requests: int
    sent: int  # bytes by the site, heads and bodies
    not_modified: int  # answers of 304


@dataclass(frozen=True, slots=True)
class Rest:
    """Hold the cost of the daemon between two polls."""

    resident: float  # MB
    cpu: float  # seconds, while it was watched
    seconds: float

    @property
    def cpu_an_hour(self) -> float:
        """Extrapolate the CPU seconds to an hour."""
        return self.cpu / self.seconds * 3600


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.idle", description=__doc__)
    parser.add_argument("--polls", type=int, default=POLLS)
    parser.add_argument("--child-polls", type=int, default=CHILD_POLLS)
    parser.add_argument("--rest", type=float, default=REST, help="seconds for which the daemon is watched")
    chosen = parser.parse_args(arguments)
    with Site.start() as site, tempfile.TemporaryDirectory() as name:
        site.publish_many(generate_articles(ARTICLES))
        folder = Path(name)
        (folder / "presswatch.toml").write_text(SETTINGS.format(url=site.url), encoding="utf-8")
        inside = list(polls_in_process(site, folder, chosen.polls))
        children = list(polls_of_children(site, folder, chosen.child_polls))
        print(poll_table(inside, children))
        first, later = (rest(folder, "fresh.db", chosen.rest) for _ in range(2))
        print(rest_table(first, later))
    print("\n".join(goals(inside, later)))


def polls_in_process(site: Site, folder: Path, polls: int) -> Iterator[Poll]:
    """Poll from this process, after some crawls that warm it up."""
    logging_setup.configure(level="error", form="text")
    config = load_config(folder / "presswatch.toml", database=f"sqlite:///{folder}/inside.db")
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with open_store(config.storage.database) as store, closing(StoreThread()) as writer, loop as runner:
        for number in range(WARM_UP + polls):
            site.clear_requests()
            before = time.process_time()
            runner.run(crawl(get_source("caliber"), store, writer, config, CrawlOptions(recrawl=RecrawlMode.NONE)))
            if number >= WARM_UP:
                yield poll(site, time.process_time() - before)


def polls_of_children(site: Site, folder: Path, polls: int) -> Iterator[Poll]:
    """Poll as the daemon does, each time in a process of its own."""
    crawl_all = ("presswatch", "crawl", "caliber", "--recrawl", "none", "--database", "sqlite:///whole.db")
    command = [sys.executable, "-m", *crawl_all]
    run(command, folder, ENVIRONMENT)
    for _ in range(polls):
        site.clear_requests()
        cost = run(command, folder, ENVIRONMENT)
        yield poll(site, cost.cpu)


def poll(site: Site, cpu: float) -> Poll:
    """Count the requests of the last poll in the site's log; RuntimeError if it fetched anything new."""
    requests = site.requests
    not_modified = [one for one in requests if one.status == 304]
    if [one.path for one in requests if one.path not in {"/robots.txt", "/rss.xml"}] or not not_modified:
        raise RuntimeError(f"a poll with nothing new requested {[(one.target, one.status) for one in requests]}")
    return Poll(cpu=cpu, requests=len(requests), sent=sum(one.sent for one in requests), not_modified=len(not_modified))


def rest(folder: Path, database: str, seconds: float) -> Rest:
    """Start the daemon, let it make its first poll, and watch it for some seconds."""
    log = folder / "log"
    with log.open("w", encoding="utf-8") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "presswatch", "daemon", "--database", f"sqlite:///{database}"],
            cwd=folder,
            env={**os.environ, **ENVIRONMENT},
            stderr=output,
        )
    try:
        wait_for(log, "watching caliber")
        time.sleep(5)  # the first poll, if it is due, and the tasks that follow a start
        before = cpu_of(daemon.pid)
        time.sleep(seconds)
        return Rest(resident=resident(daemon.pid), cpu=cpu_of(daemon.pid) - before, seconds=seconds)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(START_TIMEOUT)


def wait_for(log: Path, words: str) -> None:
    """Wait until the log has these words; RuntimeError after START_TIMEOUT."""
    ends_at = time.monotonic() + START_TIMEOUT
    while words not in (text := log.read_text(encoding="utf-8")):
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the daemon does not log {words!r}: {text}")
        time.sleep(0.2)


def cpu_of(pid: int) -> float:
    """Read the CPU seconds of a process so far, without its children (proc_pid_stat(5), fields 14 and 15)."""
    after_command = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(after_command[11]) + int(after_command[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """Read the resident memory of a process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def poll_table(inside: Sequence[Poll], children: Sequence[Poll]) -> str:
    """Write the costs of a poll, in this process and in one of its own."""
    lines = [
        "a poll with nothing new: robots.txt and a feed that is answered 304",
        "                           CPU ms   min    max  requests  304  bytes",
    ]
    for name, polls in (("in a process that runs", inside), ("as a whole process", children)):
        times = [one.cpu * 1000 for one in polls]
        lines.append(
            f"{name:<24} {statistics.median(times):>8.1f} {min(times):>5.0f} {max(times):>6.0f} "
            f"{polls[-1].requests:>9} {polls[-1].not_modified:>4} {polls[-1].sent:>6}"
        )
    return "\n".join(lines)


def rest_table(first: Rest, later: Rest) -> str:
    """Write the costs of the daemon at rest."""
    lines = [
        "",
        f"the daemon at rest, watched for {first.seconds:.0f} s",
        "                           MB  CPU ms  CPU s an hour (extrapolated)",
    ]
    for name, one in (("after its first start", first), ("after any later start", later)):
        lines.append(f"{name:<24} {one.resident:>5.0f} {one.cpu * 1000:>7.0f} {one.cpu_an_hour:>14.1f}")
    return "\n".join(lines)


def goals(inside: Sequence[Poll], later: Rest) -> Iterator[str]:
    """Compare a poll in a running process, and the daemon after a later start, with their limits."""
    yield goal_line(POLL_CPU, 1000 * statistics.median(one.cpu for one in inside))
    yield goal_line(POLL_REQUESTS, max(one.requests for one in inside))
    yield goal_line(REST_MEMORY, later.resident)
    yield goal_line(REST_CPU, later.cpu_an_hour)


if __name__ == "__main__":
    main()
