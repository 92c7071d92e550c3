"""`python -m benchmarks.view_lists [--articles N]`: time lists of views and of a past moment on generated articles.

The articles are of two years, the newest a few minutes or, of few, some days old. A window is at least so long that
some articles were published in it, for a list without rows measures nothing.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select

from benchmarks.goals import Goal, goal_line
from storage.articles.filters import ArticleFilter, Sort
from storage.articles.view_gains import top_gains
from storage.database.article_sections import add_sections, without_sections
from storage.database.tables import articles, revisions, sources, view_readings
from storage.model.records import EditKind
from storage.store import Store, open_store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARTICLES = 100_000
PERIOD = timedelta(days=730)
MIN_ARTICLES = 20
"""Number of articles published in a window at least: one in six has the source and section of the narrow list, and one
in ten is edited."""
READINGS = 20
ROUNDS = 5
BATCH = 5_000
EDITED = 0.1
BODY = "Ministers met in the capital and agreed on a paper. " * 50  # 2.6 KB, near the median of the seed pages
PAGE_TIME = Goal("page-of-50-among-view-readings-ms", 10)
LIST_TIME = Goal("slowest-view-or-past-list-ms", 1000)
"""A person waits a second at most."""
PAGE = "query, newest 50"

Lists = Mapping[str, Callable[[], Sequence[Any]]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.view_lists", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "many.db"
        is_filled = file.exists()
        with open_store(f"sqlite:///{file}") as store:
            if not is_filled:
                fill(store, chosen.articles)
            with store.read() as connection:
                count = connection.scalar(select(func.count()).select_from(articles)) or 0
            report(count, measure(lists(store, count), chosen.rounds))


def lists(store: Store, count: int) -> Lists:
    """Build the lists by their names; `count` is the number of articles in the store."""
    day, week = window(timedelta(days=1), count), window(timedelta(days=7), count)
    past, long_ago = NOW - timedelta(days=20), NOW - timedelta(days=400)
    politics = ArticleFilter(source="one", section="politics", since=NOW - week)
    edited = partial(newest, store, Sort.DATE, edited_since=NOW - week, edit_kinds=(EditKind.MINOR,))
    gains = partial(top_gains, store, until=NOW, limit=20)
    return {
        f"views --top 20 --window {text(day)}": partial(gains, ArticleFilter(), since=NOW - day),
        f"views --top 20 --window {text(week)}": partial(gains, ArticleFilter(), since=NOW - week),
        "the same of a source, a section": partial(gains, politics, since=NOW - week),
        PAGE: partial(newest, store, Sort.DATE),
        "query --as-of 20 days ago, newest 50": partial(newest, store, Sort.DATE, as_of=past),
        "query --as-of 400 days ago, newest 50": partial(newest, store, Sort.DATE, as_of=long_ago),
        "query --as-of 20 days ago, most viewed 50": partial(newest, store, Sort.VIEWS, as_of=past),
        f"query --edited-since {text(week)} --edit-kind minor": edited,
    }


def window(length: timedelta, count: int) -> timedelta:
    """Lengthen a window to whole hours in which MIN_ARTICLES of `count` articles were published."""
    needed = PERIOD * min(1, MIN_ARTICLES / count)
    return max(length, timedelta(hours=-(-needed // timedelta(hours=1))))


def text(length: timedelta) -> str:
    """Write whole hours as the option --window has them."""
    hours = length // timedelta(hours=1)
    return f"{hours // 24}d" if hours % 24 == 0 and hours > 24 else f"{hours}h"


def newest(store: Store, sort: Sort, **conditions: Any) -> list[Any]:
    """List the first page."""
    return list(store.articles.find(ArticleFilter(**conditions), sort=sort, limit=50))


def measure(lists: Lists, rounds: int) -> dict[str, float]:
    """Time every list in each round; return the medians in CPU milliseconds."""
    times = [{name: timed(name, call) for name, call in lists.items()} for _ in range(rounds)]
    return {name: statistics.median(one[name] for one in times) for name in lists}


def timed(name: str, call: Callable[[], Sequence[Any]]) -> float:
    """Measure the CPU milliseconds of one call; RuntimeError if the list has no rows."""
    began = time.process_time()
    rows = call()
    milliseconds = 1000 * (time.process_time() - began)
    if not rows:
        raise RuntimeError(f"{name}: no rows, so nothing was measured")
    return milliseconds


def report(count: int, medians: Mapping[str, float]) -> None:
    """Print the medians and the goals."""
    print(f"{count} articles with {READINGS} view readings each; medians in CPU ms")
    for name, milliseconds in medians.items():
        print(f"{name:<44}{milliseconds:8.1f}")
    print(goal_line(PAGE_TIME, medians[PAGE]))
    print(goal_line(LIST_TIME, max(medians.values())))


def fill(store: Store, count: int) -> None:
    """Insert articles evenly over PERIOD until NOW, each with READINGS view readings over its first month."""
    with store.write() as connection:
        empty = {"home": "", "terms": "", "timezone": "UTC"}
        source_rows = [{"name": name, "title": name, **empty} for name in ("one", "two")]
        connection.execute(insert(sources), source_rows)
        for start in range(1, count + 1, BATCH):
            ids = range(start, min(start + BATCH, count + 1))
            article_rows = [_article(one, count) for one in ids]
            connection.execute(insert(articles), list(map(without_sections, article_rows)))
            add_sections(connection, [(article["id"], article) for article in article_rows])
            connection.execute(insert(view_readings), [row for one in ids for row in _readings(one, count)])
            edited = [row for one in ids for row in _revisions(one, count)]
            connection.execute(insert(revisions), edited)
        connection.exec_driver_sql("ANALYZE")


def _published(number: int, count: int) -> datetime:
    return NOW - (count - number + 1) * (PERIOD / count)


def _article(number: int, count: int) -> dict[str, Any]:
    published = _published(number, count)
    later = published + timedelta(hours=30) if _is_edited(number) else None
    moments = dict.fromkeys(("first_seen_at", "last_seen_at", "stored_at", "fetched_at"), published)
    return moments | {
        "id": number,
        "source": "one" if number % 2 else "two",
        "url": f"https://one.example/en/post/{number}",
        "language": "en",
        "section": "politics" if number % 3 else "economy",
        "sections": ("politics",) if number % 3 else ("economy",),
        "title": f"Round {number} of the talks in the capital",
        "body": BODY,
        "published_at": published,
        "view_count": number % 5000,
        "content_hash": str(number),
        "problems": (),
        "revised_at": later,
        "parser_version": 1,
    }


def _is_edited(number: int) -> bool:
    return number % round(1 / EDITED) == 0


def _readings(number: int, count: int) -> Iterator[dict[str, Any]]:
    dice = random.Random(number)
    published, views = _published(number, count), 0
    for reading in range(1, READINGS + 1):
        views += dice.randrange(400)
        measured_at = published + timedelta(days=30) * (reading / READINGS) ** 3
        yield {"article_id": number, "measured_at": measured_at, "view_count": views}


def _revisions(number: int, count: int) -> Iterator[dict[str, Any]]:
    if _is_edited(number):
        published = _published(number, count)
        yield {
            "article_id": number,
            "revision_number": 1,
            "title": f"Round {number}",
            "body": BODY,
            "sections": ("politics",),
            "published_at": published,
            "content_hash": f"-{number}",
            "seen_from": published,
            "seen_until": published + timedelta(hours=30),
            "edit_kind": EditKind.MINOR,
            "is_stealth": False,
        }


if __name__ == "__main__":
    main()
