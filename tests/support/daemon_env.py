"""Several sources for one daemon: a copy of the site for each, declared as a person does, in sources.d."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil

from scraper.declarations.source_text import source_as_toml
from scraper.sources import get_source
from tests.support.daemon_process import DaemonRunner
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.site import Site

TABLE = """
[sources.{name}]
base_url = "{url}"
interval = "1 s"
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Resources of a process."""

    resident: int  # bytes
    handles: int
    threads: int
    tasks: int  # of its asyncio loop

    @classmethod
    def of(cls, pid: int, tasks: int) -> Size:
        process = psutil.Process(pid)
        return cls(process.memory_info().rss, process.num_fds(), process.num_threads(), tasks)


class DaemonEnv(DaemonRunner):
    """Run daemons that watch several sources, each with a site of its own."""

    def __init__(self, folder: Path, sites: dict[str, Site], database: str = "") -> None:
        self.sites = sites
        self.port = free_port()
        self._published = 0
        super().__init__(folder, next(iter(sites.values())), database)
        (folder / "sources.d").mkdir()
        for name in sites:
            if name != "caliber":
                source = replace(get_source("caliber"), name=name, title=name, base_url=f"https://{name}.example")
                (folder / "sources.d" / f"{name}.toml").write_text(source_as_toml(source), encoding="utf-8")
        tables = [TABLE.format(name=name, url=site.url) for name, site in sites.items() if name != "caliber"]
        self.settle(listen=f"127.0.0.1:{self.port}", watched=list(sites), more="".join(tables))

    def publish(self, count: int = 1) -> None:
        """Publish `count` new articles on every site."""
        numbers = range(self._published, self._published + count)
        self._published += count
        for site in self.sites.values():
            site.publish_many(plain_article(f"story-{number}") for number in numbers)

    @property
    def published(self) -> list[str]:
        """Return the URLs of everything published."""
        return [f"{site.url}/en/post/story-{n}" for site in self.sites.values() for n in range(self._published)]

    def size(self, pid: int) -> Size:
        """Measure the resources of a daemon; the number of its tasks is its own metric."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=patient(30)) as answer:
            lines = answer.read().decode().splitlines()
        [tasks] = [float(line.split()[1]) for line in lines if line.startswith("presswatch_tasks ")]
        return Size.of(pid, int(tasks))

    def ended(self) -> int:
        """Count the crawls that have ended."""
        return sum(run.finished_at is not None for run in self.rows("crawl_runs"))

    def ask_for_all(self) -> None:
        """Request a crawl of each source now."""
        with self.store() as store:
            for name in self.sites:
                store.schedules.request_crawl(name, now=datetime.now(UTC))


@contextmanager
def daemon_env(folder: Path, names: Sequence[str], database: str = "") -> Iterator[DaemonEnv]:
    """Start these sites, one of them caliber, for daemons; stop all of them in the end. Default: a SQLite file."""
    with ExitStack() as stack:
        sites = {name: stack.enter_context(Site.start()) for name in names}
        yield stack.enter_context(DaemonEnv(folder, sites, database))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
