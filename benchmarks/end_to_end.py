"""Crawl 1,000 articles from feed to rows: Presswatch beside a bare spider, pair by pair on the same pages.

The pages are of two sizes: slim ones of 15 KB, of which a crawl is mostly fetching and storing, and of 65 KB, the
median of real ones, of which it is mostly reading. Then fewer articles from a site that takes 50 ms to answer, by the
clock.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ENVIRONMENT, Cost, run
from tests.support.site import Site, generate_articles
from tests.support.site.misbehaviour import slow

ARTICLES = 1000
PAIRS = 5
CPU_RATIOS = {15_000: Goal("crawl-cpu-ratio", 1.30), 65_000: Goal("crawl-of-65-kb-pages-cpu-ratio", 0.95)}
"""Goals by the bytes of a page."""
SLOW_ARTICLES = 300
SLOW_SECONDS = 0.05
WALL_RATIO = Goal("crawl-of-slow-site-wall-ratio", 1.05)
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
    def cpu_ratio(self) -> float:
        """Divide our CPU time by the bare spider's."""
        return self.ours.cpu / self.bare.cpu

    @property
    def wall_ratio(self) -> float:
        """Divide our time from start to end by the bare spider's."""
        return self.ours.seconds / self.bare.seconds


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.end_to_end", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    chosen = parser.parse_args(arguments)
    lines = []
    with Site.start() as site:
        for size, goal in CPU_RATIOS.items():
            publish(site, chosen.articles, size)
            pairs = [measure(site, number, chosen.articles) for number in range(chosen.pairs)]
            print(f"{chosen.articles} articles of {size // 1000} KB end to end, CPU seconds of the whole process")
            print(table(pairs))
            lines.append(goal_line(goal, statistics.median(pair.cpu_ratio for pair in pairs)))
        lines.append(goal_line(AGAIN_REQUESTS, max(pair.again_requests for pair in pairs)))
        slow_articles = min(chosen.articles, SLOW_ARTICLES)
        publish(site, slow_articles, min(CPU_RATIOS))
        site.misbehave("*", slow(SLOW_SECONDS))
        pairs = [measure(site, number, slow_articles) for number in range(chosen.pairs)]
        print(f"{slow_articles} articles behind {SLOW_SECONDS * 1000:.0f} ms, seconds by the clock")
        print(wall_table(pairs))
        lines.append(goal_line(WALL_RATIO, statistics.median(pair.wall_ratio for pair in pairs)))
    print("\n".join(lines))


def publish(site: Site, articles: int, size: int) -> None:
    """Publish so many articles, on pages of so many bytes, and nothing else."""
    site.reset()
    site.feed_style(limit=articles)
    site.page_style(weight=size)
    site.publish_many(generate_articles(articles))


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
            f"{number:>6} {pair.ours.cpu:>11.2f} {pair.bare.cpu:>12.2f} {pair.cpu_ratio:>6.2f} {pair.ours.peak:>5.0f} "
            f"{pair.bare.peak:>8.0f} {pair.again.cpu:>10.2f} {pair.again_requests:>9}"
        )
    return "\n".join(lines)


def wall_table(pairs: Sequence[Pair]) -> str:
    """Write a line a pair."""
    lines = ["  pair  presswatch  bare spider  ratio"]
    for number, pair in enumerate(pairs, start=1):
        lines.append(f"{number:>6} {pair.ours.seconds:>11.2f} {pair.bare.seconds:>12.2f} {pair.wall_ratio:>6.2f}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
