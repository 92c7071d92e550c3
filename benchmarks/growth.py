"""Measure what a daemon does again and again beside a thousand, thirty thousand and a million stored articles.

`python -m benchmarks.growth [--articles N,N,N] [--folder FOLDER] [--only sqlite]`. The databases are those of
`benchmarks.grown`: what the daemon looks at is the same in all of them, the rest is older. Each row is measured on each
database in turns, as CPU time of this process and, on PostgreSQL, of the process of its session. The figure of a row is
the median ratio within a round of the largest database to the smallest.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from benchmarks.goals import Goal, goal_line
from benchmarks.grown import END, MAIN, fill
from scheduler.daemon.metrics import metrics_text
from scheduler.health.check import check_source
from scheduler.health.status import status_report
from scheduler.notifications.enqueuing import enqueue_event_alerts, match_saved_searches
from scraper.crawl.selection import SelectionPolicy
from scraper.crawl.selection import select as select_links
from scraper.sources import get_source
from storage.crawling.channels import PollResult
from storage.crawling.crawls import ChannelPoll, CrawlStart
from storage.crawling.runs import CrawlCounts
from storage.crawling.sources import SourceDeclaration
from storage.database.tables import links, listings
from storage.model.records import Link, RunStatus, Trigger
from storage.scheduling.health_queries import arrival_times, first_crawl_end
from storage.store import Store, open_store
from tests.support.postgres.server import Server

SIZES = (1_000, 30_000, 1_000_000)
ROUNDS = 5
LISTED = 50
"""Links that a channel lists at a poll."""
LARGE_FEED = 10_000
CHANNEL = f"https://{MAIN}.example/rss.xml"
SOURCE = replace(get_source("caliber"), name=MAIN)
DECLARED = SourceDeclaration(name=MAIN, title=MAIN, home="", terms="", timezone="Asia/Baku")
ROWS = {
    "poll": "a poll that lists 50 known links",
    "unchanged-poll": "a poll that is answered 304",
    "crawl-row": "a crawl begins and ends",
    "health-check": "a health check of a source",
    "planning": "the next poll of a source is planned",
    "ticks": "the daemon looks for requests, matches and alerts",
    "status": "presswatch status",
    "scrape": "a scrape of /metrics",
    "feed": "a feed of new links is recorded and selected from",
}
"""Rows of the table, by name."""
CALLS = {"poll": 20, "unchanged-poll": 40, "crawl-row": 40, "planning": 40, "ticks": 40}
CALLS |= {"health-check": 5, "status": 5, "scrape": 5}
"""Calls of one measurement, for rows of few milliseconds."""
KINDS = ("sqlite", "postgresql")
GOALS = {(kind, name): Goal(f"growth-{kind}-{name}-ratio", 1.2) for kind in KINDS for name in ROWS}


class Watch:
    """Do on one database what a daemon and its crawls do."""

    def __init__(self, store: Store, articles: int, large_feed: int) -> None:
        self.articles = articles
        self._store = store
        self._large_feed = large_feed
        self._polls = 0
        with store.read() as connection:
            self._last_link = connection.scalar(select(func.max(links.c.id))) or 0
            own = select(links.c.url).where(links.c.source == MAIN, links.c.article_id.is_not(None))
            self._known = list(connection.scalars(own.order_by(links.c.id.desc()).limit(LISTED)))
        self.channel = self._begin().channels[CHANNEL]
        self.calls = {
            "poll": lambda: self._poll([_link(url) for url in self._known]),
            "unchanged-poll": lambda: self._poll([]),
            "crawl-row": self._begin,
            "health-check": self._check_health,
            "planning": self._plan,
            "ticks": self._tick,
            "status": lambda: status_report(store, now=END),
            "scrape": lambda: metrics_text(status_report(store, now=END), crawling=0, tasks=9),
            "feed": self._record_feed,
        }

    def measure(self, name: str) -> float:
        """Return the CPU milliseconds of a call of a row."""
        calls, clock = CALLS.get(name, 1), self._clock()
        began = time.process_time() + next(clock)
        for _ in range(calls):
            self.calls[name]()
        took = time.process_time() + next(clock) - began
        if name == "feed":
            self._forget_feed()
        return 1000 * took / calls

    def _clock(self) -> Iterator[float]:
        """Yield the CPU seconds of the server's process; zero without one."""
        pid = None
        if self._store.engine.dialect.name == "postgresql":
            with self._store.read() as connection:
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        while True:
            yield 0.0 if pid is None else int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9

    def _begin(self) -> CrawlStart:
        started = self._store.crawls.begin(DECLARED, [CHANNEL], Trigger.SCHEDULED, base_url="", now=self._now())
        self._store.crawls.end(started.run_id, RunStatus.SUCCEEDED, now=self._now(), counts=CrawlCounts())
        return started

    def _now(self) -> datetime:
        """Return a later moment at each call, within the second after the end of the stored time."""
        self._polls += 1
        return END + self._polls * timedelta(microseconds=1)

    def _poll(self, listed: Sequence[Link]) -> int:
        """Record a poll of these links, or of none that changed, and select from them; return the known links."""
        now = self._now()
        result = replace(POLLED, changed=bool(listed))
        polls = [ChannelPoll(state=self.channel, links=listed, result=result)]
        by_url = {link.url: link for link in listed}
        record = self._store.crawls.record_polls(MAIN, polls, by_url, now=now, run_id=None)
        plan = select_links(by_url, record.known, now=now, policy=SelectionPolicy())
        self._store.crawls.record_selection(polls, filtered=plan.filtered, pending=plan.pending, now=now)
        return len(record.known)

    def _record_feed(self) -> None:
        self._poll([_link(f"https://{MAIN}.example/post/of-a-feed-{number}") for number in range(self._large_feed)])

    def _forget_feed(self) -> None:
        with self._store.write() as connection:
            connection.execute(delete(listings).where(listings.c.link_id > self._last_link))
            connection.execute(delete(links).where(links.c.id > self._last_link))

    def _check_health(self) -> None:
        check_source(self._store, SOURCE, self._store.schedules.all()[MAIN], now=END)

    def _plan(self) -> None:
        self._store.schedules.last_crawl(MAIN)
        first_crawl_end(self._store, MAIN)
        arrival_times(self._store, MAIN, since=END - timedelta(weeks=8))

    def _tick(self) -> None:
        self._store.schedules.all()
        match_saved_searches(self._store, now=END)
        enqueue_event_alerts(self._store, ["json://127.0.0.1:9"], now=END)
        self._store.alerts.due_targets(END)
        self._store.alerts.counts(END)


def _link(url: str) -> Link:
    return Link(url=url, channel=CHANNEL, title="A headline of some words", sections=("politics",), language="en")


POLLED = PollResult(
    etag='"1"',
    last_modified=None,
    body_hash="1",
    fingerprint="1",
    validators_trusted=True,
    conditional=True,
    changed=True,
)

Times = Mapping[str, Mapping[int, Sequence[float]]]
"""CPU milliseconds of each round, by row and number of articles."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table and the goals of each kind of database."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--articles", type=_sizes, default=SIZES, help="numbers of articles, joined by commas")
    parser.add_argument("--links", type=int, default=LARGE_FEED, help="links of the large feed")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--folder", type=Path, help="keep SQLite's databases here, and use those that are there")
    parser.add_argument("--only", choices=KINDS, help="the other kind is left out")
    chosen = parser.parse_args(arguments)
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            if chosen.only in {None, kind}:
                lines += report(kind, chosen.folder or Path(folder), chosen)
    print("\n".join(lines))


def _sizes(words: str) -> tuple[int, ...]:
    return tuple(sorted(map(int, words.split(","))))


def report(kind: str, folder: Path, chosen: argparse.Namespace) -> list[str]:
    """Print the table of one kind of database and return the lines of its goals."""
    with ExitStack() as stack:
        stores = databases(kind, folder, chosen.articles, stack)
        watches = [Watch(store, size, chosen.links) for size, store in stores.items()]
        times = measure(watches, chosen.rounds)
    print(f"{kind}: CPU ms, medians of {chosen.rounds} interleaved rounds; a feed of {chosen.links} links")
    print(f"{'articles':<52}" + "".join(f"{size:>11,}" for size in chosen.articles) + f"{'ratio':>8}")
    found = []
    for name, by_size in times.items():
        ratio = ratio_of(by_size)
        figures = "".join(f"{statistics.median(each):>11.2f}" for each in by_size.values())
        print(f"{ROWS[name]:<52}{figures}{ratio:>8.2f}", flush=True)
        found.append(goal_line(GOALS[kind, name], ratio))
    return found


def databases(kind: str, folder: Path, sizes: Sequence[int], stack: ExitStack) -> dict[int, Store]:
    """Open a database of each size, filled unless it is there."""
    server = None
    if kind == "postgresql":
        server = Server()
        stack.callback(server.stop)
    stores = {}
    for size in sizes:
        file = folder / f"{size}.db"
        is_filled = server is None and file.exists()
        address = f"sqlite:///{file}" if server is None else server.database().address
        stores[size] = stack.enter_context(open_store(address))
        if not is_filled:
            fill(stores[size], size)
    return stores


def measure(watches: Sequence[Watch], rounds: int) -> Times:
    """Measure every row on every database in each round; one more round before warms them up."""
    times: dict[str, dict[int, list[float]]] = {name: {watch.articles: [] for watch in watches} for name in ROWS}
    for number in range(rounds + 1):
        for name in ROWS:
            for watch in watches if number % 2 else reversed(watches):
                took = watch.measure(name)
                if number:
                    times[name][watch.articles].append(took)
    return times


def ratio_of(by_size: Mapping[int, Sequence[float]]) -> float:
    """Return the median ratio within a round of the largest database to the smallest."""
    smallest, *_, largest = by_size.values()
    return statistics.median(large / small for small, large in zip(smallest, largest, strict=True))


if __name__ == "__main__":
    main()
