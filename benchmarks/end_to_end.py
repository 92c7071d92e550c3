"""1,000 articles from feed to rows: Presswatch against a bare spider, pair by pair on the same pages."""

from __future__ import annotations

import sqlite3
import statistics
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Cost, run
from tests.support.site import Site, generate_articles

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = 1000
PAIRS = 5
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
    """Both on the same pages, one right after the other, and our second crawl with nothing new."""

    ours: Cost
    bare: Cost
    again: Cost
    again_requests: int

    @property
    def ratio(self) -> float:
        return self.ours.cpu / self.bare.cpu


def main() -> None:
    """Print the table."""
    with Site.start() as site:
        site.feed_style(limit=ARTICLES)
        site.publish_many(generate_articles(ARTICLES))
        pairs = [measure(site, number) for number in range(PAIRS)]
    print(table(pairs))


def measure(site: Site, number: int) -> Pair:
    """One pair; who goes first alternates."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "presswatch.toml").write_text(SETTINGS, encoding="utf-8")
        steps = [lambda: crawl(site, folder), lambda: bare(site, folder)]
        first, second = (step() for step in (steps if number % 2 == 0 else steps[::-1]))
        ours, rival = (first, second) if number % 2 == 0 else (second, first)
        check(folder)
        site.clear_requests()
        again = crawl(site, folder)
        return Pair(ours, rival, again, len(site.requests))


def crawl(site: Site, folder: Path) -> Cost:
    command = [sys.executable, "-m", "presswatch", "crawl", "caliber", "--base-url", site.url, "--recrawl", "none"]
    return run(command, folder, {"PYTHONPATH": str(ROOT)})


def bare(site: Site, folder: Path) -> Cost:
    return run([sys.executable, "-m", "benchmarks.bare", site.url, "bare.db"], folder, {"PYTHONPATH": str(ROOT)})


def check(folder: Path) -> None:
    """Both must have stored everything, or the figures compare nothing."""
    for file in ("presswatch.db", "bare.db"):
        with closing(sqlite3.connect(folder / file)) as database:
            (count,) = database.execute("SELECT count(*) FROM articles").fetchone()
        if count != ARTICLES:
            raise RuntimeError(f"{file} holds {count} articles, not {ARTICLES}")


def table(pairs: list[Pair]) -> str:
    """The figures, a line a pair and the medians; only ratios within a pair mean anything."""
    lines = [
        f"{ARTICLES} articles end to end, CPU seconds of the whole process",
        "  pair  presswatch  bare spider  ratio    MB  bare MB  again CPU  requests",
    ]
    for number, pair in enumerate(pairs, start=1):
        lines.append(
            f"{number:>6} {pair.ours.cpu:>11.2f} {pair.bare.cpu:>12.2f} {pair.ratio:>6.2f} {pair.ours.peak:>5.0f} "
            f"{pair.bare.peak:>8.0f} {pair.again.cpu:>10.2f} {pair.again_requests:>9}"
        )
    ratio = statistics.median(pair.ratio for pair in pairs)
    most = max(pair.again_requests for pair in pairs)
    lines.append(
        f"median ratio {ratio:.2f} (at most 1.30 wanted); a second crawl makes {most} requests (at most 2 a channel)"
    )
    return "\n".join(lines)
