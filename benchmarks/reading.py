"""`python -m benchmarks.reading DIR`: read real pages without selectors, and score what was found by their truth.

DIR holds `index.jsonl.gz`, a JSON object a line (set, file, url, fetched, expected: title, authors, date, body, with,
without, of which a set knows some), and the pages as files, gzip'd and in UTF-8. Pages of others are not part of this
repository. Trafilatura reads the same pages in the same run, if it is installed (`requirements-bench.txt`).
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.goals import Bound, Goal, goal_line, missed
from benchmarks.reading_scores import NOTHING, Reading, score, total
from presswatch.cli.commands.parse import undeclared_source
from scraper.errors import PageError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from storage.model.records import ArticleData, DatePrecision

HTML = "text/html; charset=utf-8"
"""The pages are in UTF-8 whatever their own meta says."""
NO_ADDRESS = "https://site.example/page"
"""Address of a page whose own is not known."""
NEVER_BEFORE = timedelta(days=1)
"""A page may be saved by a clock that goes behind the site's."""
COLUMNS = ("title", "headline", "day", "instant", "authors", "any author", "body F1", "p10", "pieces F1")

GOALS: Mapping[str, Mapping[str, Goal]] = {
    "fundus": {
        "headline": Goal("reading-fundus-headline-percent", 98.5, Bound.AT_LEAST),
        "instant": Goal("reading-fundus-instant-percent", 98.5, Bound.AT_LEAST),
        "authors": Goal("reading-fundus-authors-percent", 88, Bound.AT_LEAST),
        "any author": Goal("reading-fundus-any-author-percent", 92, Bound.AT_LEAST),
        "body F1": Goal("reading-fundus-body-percent", 97, Bound.AT_LEAST),
    },
    "wcxb": {
        "title": Goal("reading-wcxb-title-percent", 84, Bound.AT_LEAST),
        "body F1": Goal("reading-wcxb-body-percent", 96, Bound.AT_LEAST),
    },
    "mediacloud": {"day": Goal("reading-mediacloud-day-percent", 92, Bound.AT_LEAST)},
}
"""Goals of a set by the start of its name."""
CPU = Goal("reading-cpu-to-trafilatura-ratio", 0.4)

Read = Callable[[Mapping[str, Any], bytes], Reading]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables and the goals; return 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of index.jsonl.gz and the pages")
    parser.add_argument("--pages", type=int, help="maximum number of pages of a set")
    chosen = parser.parse_args(arguments)
    rows = list(_rows(chosen.folder, chosen.pages))
    ours = _read_all(read_page, rows, chosen.folder)
    _print_table("Presswatch", rows, ours)
    rival = trafilatura_reader()
    theirs = _read_all(rival, rows, chosen.folder) if rival is not None else None
    if theirs is None:
        print("\ntrafilatura is not installed (requirements-bench.txt): CPU is not compared")
    else:
        _print_table("trafilatura", rows, theirs)
    lines = list(_goal_lines(rows, ours, theirs))
    print()
    print("\n".join(lines))
    return 1 if missed(lines) else 0


def _rows(folder: Path, most: int | None) -> Iterator[Mapping[str, Any]]:
    """Yield the pages of the index by set, each set as long as wanted."""
    with gzip.open(folder / "index.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: row["set"])
    for _, of_set in groupby(rows, key=lambda row: row["set"]):
        yield from list(of_set)[:most]


def _read_all(read: Read, rows: Sequence[Mapping[str, Any]], folder: Path) -> list[Reading]:
    """Read each page once; the first one twice, for what it loads."""
    pages = ((row, gzip.decompress((folder / row["file"]).read_bytes())) for row in (*rows[:1], *rows))
    return [read(row, page) for row, page in pages][1:]


def read_page(row: Mapping[str, Any], page: bytes) -> Reading:
    """Read a page as `presswatch parse` does one of no source."""
    url = row["url"] or NO_ADDRESS
    source = undeclared_source(url, "UTC")
    fetched = row.get("fetched")
    now = datetime.fromisoformat(fetched).replace(tzinfo=UTC) + NEVER_BEFORE if fetched else datetime.now(UTC)
    urls = SourceUrls(source)
    started = time.process_time()
    try:
        reader = ArticlePage(page, url=url, source=source, urls=urls, fetched_at=now, content_type=HTML)
        article = reader.parse().article
    except PageError:
        return replace(NOTHING, cpu_ms=_since(started))
    cpu_ms = _since(started)
    return Reading(
        title=article.title,
        headlines=[candidate.value.title for candidate in reader.evidence().get("title", ())],
        date=_stated_date(article),
        authors=article.authors,
        body="\n".join(filter(None, (article.subtitle, article.body))),
        cpu_ms=cpu_ms,
    )


def _stated_date(article: ArticleData) -> datetime | None:
    """Return the date in the offset that the page states: the sets know days by the clock of the site."""
    if article.published_at is None:
        return None
    if article.published_precision is DatePrecision.DAY:
        return article.published_at.replace(tzinfo=None)
    try:
        zone = datetime.fromisoformat(article.published_raw or "").tzinfo
    except ValueError:  # printed
        zone = None
    return article.published_at.astimezone(zone or UTC)


def _since(started: float) -> float:
    return 1000 * (time.process_time() - started)


def trafilatura_reader() -> Read | None:
    """Return the reader of trafilatura with its metadata; None if it is not installed."""
    try:
        trafilatura = importlib.import_module("trafilatura")
    except ImportError:
        return None

    def read(row: Mapping[str, Any], page: bytes) -> Reading:
        started = time.process_time()
        found = trafilatura.bare_extraction(page.decode("utf-8", "replace"), url=row["url"], with_metadata=True)
        cpu_ms = _since(started)
        if found is None:
            return replace(NOTHING, cpu_ms=cpu_ms)
        authors = [name.strip() for name in (found.author or "").split(";")]
        date = datetime.fromisoformat(found.date) if found.date else None
        return Reading(title=found.title or "", date=date, authors=authors, body=found.text or "", cpu_ms=cpu_ms)

    return read


def _by_set(rows: Sequence[Mapping[str, Any]], readings: Sequence[Reading]) -> dict[str, list[tuple[Any, Reading]]]:
    sets: dict[str, list[tuple[Any, Reading]]] = {}
    for row, reading in zip(rows, readings, strict=True):
        sets.setdefault(row["set"], []).append((row["expected"], reading))
    return sets


def _figures(pages: Sequence[tuple[Any, Reading]]) -> dict[str, float]:
    return total([score(expected, reading) for expected, reading in pages])


def _print_table(name: str, rows: Sequence[Mapping[str, Any]], readings: Sequence[Reading]) -> None:
    print(f"\n{name}, in percent; CPU in ms, the median page")
    print(f"{'set':<12}{'pages':>6}" + "".join(f"{column:>11}" for column in COLUMNS) + f"{'CPU':>8}")
    for of, pages in _by_set(rows, readings).items():
        figures = _figures(pages)
        cells = "".join(f"{figures[column]:>11.1f}" if column in figures else f"{'-':>11}" for column in COLUMNS)
        cpu = statistics.median(reading.cpu_ms for _, reading in pages)
        print(f"{of:<12}{len(pages):>6}{cells}{cpu:>8.1f}")


def _goal_lines(
    rows: Sequence[Mapping[str, Any]], ours: Sequence[Reading], theirs: Sequence[Reading] | None
) -> Iterator[str]:
    for of, pages in _by_set(rows, ours).items():
        figures = _figures(pages)
        goals = next((goals for start, goals in GOALS.items() if of.startswith(start)), {})
        yield from (goal_line(goal, figures.get(name, float("nan"))) for name, goal in goals.items())
    if theirs is not None:
        yield goal_line(CPU, sum(one.cpu_ms for one in ours) / sum(one.cpu_ms for one in theirs))


if __name__ == "__main__":
    sys.exit(main())
