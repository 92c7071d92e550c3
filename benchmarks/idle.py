"""What it costs when there is nothing new: a look that is answered 304, and the daemon between two looks."""

from __future__ import annotations

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

from benchmarks.measure import run
from scraper.crawl.options import CrawlOptions, RecrawlMode
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from scraper.sources import get_source
from storage.config import logging_setup
from storage.config.settings import load_config
from storage.store import open_store
from tests.support.site import Site, generate_articles

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = 40
LOOKS = 20
WARM_UP = 3
REST = 20.0  # seconds
PATIENCE = 60.0  # seconds
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
class Look:
    """One look with nothing new."""

    cpu: float  # seconds
    requests: int
    sent: int  # bytes by the site, heads and bodies
    not_modified: int  # answers of 304


@dataclass(frozen=True, slots=True)
class Rest:
    """The daemon between two looks."""

    resident: float  # MB
    cpu: float  # seconds, while it was watched
    seconds: float

    @property
    def an_hour(self) -> float:
        """CPU seconds an hour, extrapolated."""
        return self.cpu / self.seconds * 3600


def main() -> None:
    """Print the tables."""
    with Site.start() as site, tempfile.TemporaryDirectory() as name:
        site.publish_many(generate_articles(ARTICLES))
        folder = Path(name)
        (folder / "presswatch.toml").write_text(SETTINGS.format(url=site.url), encoding="utf-8")
        inside, whole = list(looks_inside(site, folder)), list(looks_of_children(site, folder))
        first, later = (rest(folder, "fresh.db") for _ in range(2))
    print(table(inside, whole, first, later))


def looks_inside(site: Site, folder: Path) -> Iterator[Look]:
    """Looks in this process, which has crawled before."""
    logging_setup.configure(level="error", form="text")
    config = load_config(folder / "presswatch.toml", database=f"sqlite:///{folder}/inside.db")
    loop = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    with open_store(config.storage.database) as store, closing(StoreThread()) as writer, loop as runner:
        for number in range(WARM_UP + LOOKS):
            site.clear_requests()
            before = time.process_time()
            runner.run(crawl(get_source("caliber"), store, writer, config, CrawlOptions(recrawl=RecrawlMode.NONE)))
            if number >= WARM_UP:
                yield look(site, time.process_time() - before)


def looks_of_children(site: Site, folder: Path) -> Iterator[Look]:
    """Looks as the daemon makes them, each in a process of its own."""
    command = [
        sys.executable,
        "-m",
        "presswatch",
        "crawl",
        "caliber",
        "--recrawl",
        "none",
        "--database",
        "sqlite:///whole.db",
    ]
    run(command, folder, {"PYTHONPATH": str(ROOT)})
    for _ in range(5):
        site.clear_requests()
        cost = run(command, folder, {"PYTHONPATH": str(ROOT)})
        yield look(site, cost.cpu)


def look(site: Site, cpu: float) -> Look:
    """What the site saw of the look that is over. RuntimeError if it had anything new."""
    asked = site.requests
    not_modified = [one for one in asked if one.status == 304]
    if [one.path for one in asked if one.path not in {"/robots.txt", "/rss.xml"}] or not not_modified:
        raise RuntimeError(f"a look with nothing new asked for {[(one.target, one.status) for one in asked]}")
    return Look(cpu=cpu, requests=len(asked), sent=sum(one.sent for one in asked), not_modified=len(not_modified))


def rest(folder: Path, database: str) -> Rest:
    """Start the daemon, let it make its first look and settle, and watch it for a while."""
    log = folder / "log"
    with log.open("w", encoding="utf-8") as output:
        daemon = subprocess.Popen(
            [sys.executable, "-m", "presswatch", "daemon", "--database", f"sqlite:///{database}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=output,
        )
    try:
        wait(log, "watching caliber")
        time.sleep(5)  # the first look, if it is due, and what comes after a start
        before = cpu_of(daemon.pid)
        time.sleep(REST)
        return Rest(resident=resident(daemon.pid), cpu=cpu_of(daemon.pid) - before, seconds=REST)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(PATIENCE)


def wait(log: Path, words: str) -> None:
    ends_at = time.monotonic() + PATIENCE
    while words not in (said := log.read_text(encoding="utf-8")):
        if time.monotonic() > ends_at:
            raise RuntimeError(f"the daemon does not say {words!r}: {said}")
        time.sleep(0.2)


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far, without its children (proc_pid_stat(5), fields 14 and 15)."""
    after_command = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(after_command[11]) + int(after_command[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> float:
    """MB of memory a process has in use."""
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def table(inside: Sequence[Look], whole: Sequence[Look], first: Rest, later: Rest) -> str:
    """The figures."""
    lines = [
        "a look with nothing new: robots.txt and a feed that is answered 304",
        "                           CPU ms   min    max  requests  304  bytes",
    ]
    for name, found in (("in a process that runs", inside), ("as a whole process", whole)):
        times = [one.cpu * 1000 for one in found]
        lines.append(
            f"{name:<24} {statistics.median(times):>8.1f} {min(times):>5.0f} {max(times):>6.0f} "
            f"{found[-1].requests:>9} {found[-1].not_modified:>4} {found[-1].sent:>6}"
        )
    lines += [
        "",
        f"the daemon at rest, watched for {REST:.0f} s",
        "                           MB  CPU ms  CPU s an hour (extrapolated)",
    ]
    for name, found in (("after its first start", first), ("after any later start", later)):
        lines.append(f"{name:<24} {found.resident:>5.0f} {found.cpu * 1000:>7.0f} {found.an_hour:>14.1f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
