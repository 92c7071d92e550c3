"""Crawl many loopback hosts by 1, 4 and 16 workers, and compare with the ceiling that delays and slots set.

A daemon and its workers are processes of `presswatch`, the store is a real PostgreSQL, and the gaps between two
requests to a host are those that the hosts saw. A second table, without latency and delay, says what a core gives.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from benchmarks.crawl_cluster import Cluster, Pace, cpu_of_tree, gaps
from benchmarks.goals import Bound, Goal, goal_line
from benchmarks.loopback_hosts import Layout, LoopbackHosts
from tests.support.postgres.server import Server

HOSTS = 200
ARTICLES = 20
DELAY = 0.5  # seconds
WORKERS = (1, 4, 16)
CPU_WORKERS = (1, 2)
CPU_PACE = Pace(delay=0, concurrency=8, slots=4)
CPU_PAGE = 65_000
"""Bytes of a page where the CPU is the limit: as long as real ones."""
RATIOS = {
    1: Goal("scale-of-1-worker-to-ceiling-ratio", 0.95, Bound.AT_LEAST),
    4: Goal("scale-of-4-workers-to-ceiling-ratio", 0.95, Bound.AT_LEAST),
    16: Goal("scale-of-16-workers-to-ceiling-ratio", 0.85, Bound.AT_LEAST),
}
GAP = Goal("scale-smallest-gap-to-delay-ratio", 0.9, Bound.AT_LEAST)
LOST = Goal("scale-lost-articles", 0)
TWICE = Goal("scale-articles-stored-twice", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: pages and seconds from the first request to the last, what the hosts saw, and what it cost."""

    workers: int
    pages: int  # requests that the hosts saw
    seconds: float
    ceiling: float  # pages a second
    gaps: list[float]  # seconds, in ascending order
    lost: int
    twice: int
    cpu: dict[str, float]  # seconds, by part
    memory: float  # MB of all workers
    load: float

    @property
    def rate(self) -> float:
        """Return the pages a second."""
        return self.pages / self.seconds

    @property
    def ratio(self) -> float:
        """Return the part of the ceiling that was reached."""
        return self.rate / self.ceiling


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--hosts", type=int, default=HOSTS)
    parser.add_argument("--articles", type=int, default=ARTICLES, help="articles of a host")
    parser.add_argument("--workers", type=_counts, default=WORKERS, help="such as 1,4,16")
    parser.add_argument("--slots", type=int, default=4, help="crawls at once of a worker")
    parser.add_argument("--cpu-articles", type=int, default=40, help="articles of each of 32 hosts without latency")
    chosen = parser.parse_args(arguments)
    pace = Pace(delay=DELAY, slots=chosen.slots)
    polite = Layout(hosts=chosen.hosts, articles=chosen.articles)
    eager = Layout(hosts=32, articles=chosen.cpu_articles, page_size=CPU_PAGE, fastest=0.0, slowest=0.0)
    server = Server(max_connections="400", shared_buffers="128MB")
    try:
        measured = []
        print(heading(polite, pace), flush=True)
        for workers in chosen.workers:
            measured.append(measure(server, polite, pace, workers))
            print(line(measured[-1]), flush=True)
        print(f"\n{cpu_heading(eager, CPU_PACE)}", flush=True)
        for workers in CPU_WORKERS:
            print(cpu_line(measure(server, eager, CPU_PACE, workers)), flush=True)
    finally:
        server.stop()
    print("\n".join(goals(measured)))


def _counts(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(",")))


def measure(server: Server, layout: Layout, pace: Pace, workers: int) -> Measured:
    """Crawl all hosts once by so many workers, into an empty database."""
    with (
        LoopbackHosts(layout) as hosts,
        server.database() as database,
        tempfile.TemporaryDirectory() as folder,
        Cluster(Path(folder), database.address, hosts, pace) as cluster,
    ):
        least = ideal_seconds(layout, pace, workers)
        cluster.start(workers)
        before = cluster.cpu() | {"PostgreSQL": cpu_of_tree(server.pid)}
        cluster.wait(cluster.is_done, 120 + 5 * least + layout.hosts * layout.articles / 10)
        after = cluster.cpu() | {"PostgreSQL": cpu_of_tree(server.pid)}
        requests = hosts.requests()
        return Measured(
            workers=workers,
            pages=len(requests),
            seconds=max(request.arrived_at for request in requests) - min(one.arrived_at for one in requests),
            ceiling=layout.hosts * (layout.articles + 2) / least if least else float("inf"),
            gaps=gaps(requests),
            lost=cluster.lost(),
            twice=cluster.twice(),
            cpu={part: spent - before.get(part, 0.0) for part, spent in after.items()},
            memory=cluster.memory(),
            load=os.getloadavg()[0],
        )


def ideal_seconds(layout: Layout, pace: Pace, workers: int) -> float:
    """Compute the least time from the first request to the last, of crawls in turns.

    Each requests robots.txt, the feed and its articles; a slot takes its next crawl when the last page has arrived.
    """
    turns = ceil(layout.hosts / (workers * pace.slots))
    return turns * (layout.articles + 1) * pace.delay + (turns - 1) * layout.latency


def heading(layout: Layout, pace: Pace) -> str:
    """Write the size of a run and the names of the columns."""
    return (
        f"{layout.hosts} hosts of {layout.articles} articles that answer after {1000 * layout.fastest:.0f} to "
        f"{1000 * layout.slowest:.0f} ms; delay {pace.delay} s, {pace.slots} crawls a worker\n"
        "workers  pages  pages/s  ceiling  ratio  gap min    1 %  median  lost  twice     MB  load"
    )


def line(one: Measured) -> str:
    """Write a run as a line."""
    percentile, median = one.gaps[len(one.gaps) // 100], one.gaps[len(one.gaps) // 2]
    return (
        f"{one.workers:>7} {one.pages:>6} {one.rate:>8.1f} {one.ceiling:>8.1f} {one.ratio:>6.3f} {one.gaps[0]:>8.3f} "
        f"{percentile:>6.3f} {median:>7.3f} {one.lost:>5} {one.twice:>6} {one.memory:>6.0f} {one.load:>5.1f}"
    )


def cpu_heading(layout: Layout, pace: Pace) -> str:
    """Write the size of a run without latency and the names of the columns."""
    return (
        f"{layout.hosts} hosts of {layout.articles} articles of {layout.page_size // 1000} KB, no latency, no delay, "
        f"{pace.slots} crawls a worker; CPU ms a page\n"
        "workers  pages  pages/s  worker  daemon  PostgreSQL    all  lost  twice  load"
    )


def cpu_line(one: Measured) -> str:
    """Write a run without latency as a line."""
    each = {part: 1000 * spent / one.pages for part, spent in one.cpu.items()}
    return (
        f"{one.workers:>7} {one.pages:>6} {one.rate:>8.1f} {each['workers']:>7.1f} {each['daemon']:>7.1f} "
        f"{each['PostgreSQL']:>11.1f} {sum(each.values()):>6.1f} {one.lost:>5} {one.twice:>6} {one.load:>5.1f}"
    )


def goals(measured: Sequence[Measured]) -> Iterator[str]:
    """Compare the runs with the ceiling, and the least polite and the least careful of them with what is promised."""
    for one in measured:
        if one.workers in RATIOS:
            yield goal_line(RATIOS[one.workers], one.ratio)
    yield goal_line(GAP, min(one.gaps[0] for one in measured) / DELAY)
    yield goal_line(LOST, sum(one.lost for one in measured))
    yield goal_line(TWICE, sum(one.twice for one in measured))


if __name__ == "__main__":
    main()
