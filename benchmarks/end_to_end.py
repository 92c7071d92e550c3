"""Crawl 1,000 articles from feed to rows: Presswatch beside a bare spider, pair by pair on the same pages."""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ENVIRONMENT, Cost, run
from tests.support.site import Site, generate_articles

ARTICLES = 1000
PAIRS = 5
CPU_RATIO = Goal("crawl-cpu-ratio", 1.30)
AGAIN_REQUESTS = Goal("crawl-with-nothing-new-requests", 2)  # robots.txt and the feed
SETTINGS = """
[scraper]
delay = "0 s"
autothrottle = false
concurrency = 8
max_requests = 2000

[sources.caliber]
channels = [{ feed = "/rss.xml" }]
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Hold both costs on the same pages, one right after the other, and that of a second crawl with nothing new."""

    ours: Cost
    bare: Cost
    again: Cost
    again_requests: int

    @property
    def ratio(self) -> float:
        """Divide our CPU time by the bare spider's."""
        return self.ours.cpu / self.bare.cpu


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    chosen = parser.parse_args(arguments)
    with Site.start() as site:
        site.feed_style(limit=chosen.articles)
        site.publish_many(generate_articles(chosen.articles))
        pairs = [measure(site, number, chosen.articles) for number in range(chosen.pairs)]
    print(f"{chosen.articles} articles end to end, CPU seconds of the whole process")
    print(table(pairs))
    print("\n".join(goals(pairs)))


def measure(site: Site, number: int, articles: int) -> Pair:
    """Measure one pair; ours goes first when `number` is even."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "presswatch.toml").write_text(SETTINGS, encoding="utf-8")
        if number % 2 == 0:
            ours, rival = crawl(site, folder), bare(site, folder)
        else:
            rival, ours = bare(site, folder), crawl(site, folder)
        check(folder, articles)
        site.clear_requests()
        again = crawl(site, folder)
        return Pair(ours, rival, again, len(site.requests))


def crawl(site: Site, folder: Path) -> Cost:
    """Crawl with Presswatch."""
    command = [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url, "--recrawl", "none"]
    return run(command, folder, ENVIRONMENT)


def bare(site: Site, folder: Path) -> Cost:
    """Crawl with the bare spider."""
    return run([sys.executable, "-m", "benchmarks.bare", site.url, "bare.db"], folder, ENVIRONMENT)


def check(folder: Path, articles: int) -> None:
    """Raise RuntimeError unless both have stored everything, for the figures would compare nothing."""
    for file in ("presswatch.db", "bare.db"):
        with closing(sqlite3.connect(folder / file)) as database:
            (count,) = database.execute("SELECT count(*) FROM articles").fetchone()
        if count != articles:
            raise RuntimeError(f"{file} holds {count} articles, not {articles}")


def table(pairs: Sequence[Pair]) -> str:
    """Write a line a pair; only ratios within a pair mean anything."""
    lines = ["  pair  presswatch  bare spider  ratio    MB  bare MB  again CPU  requests"]
    for number, pair in enumerate(pairs, start=1):
        lines.append(
            f"{number:>6} {pair.ours.cpu:>11.2f} {pair.bare.cpu:>12.2f} {pair.ratio:>6.2f} {pair.ours.peak:>5.0f} "
            f"{pair.bare.peak:>8.0f} {pair.again.cpu:>10.2f} {pair.again_requests:>9}"
        )
    return "\n".join(lines)


def goals(pairs: Sequence[Pair]) -> Iterator[str]:
    """Compare the median ratio and the most requests of a second crawl with their limits."""
    yield goal_line(CPU_RATIO, statistics.median(pair.ratio for pair in pairs))
    yield goal_line(AGAIN_REQUESTS, max(pair.again_requests for pair in pairs))


if __name__ == "__main__":
    main()
