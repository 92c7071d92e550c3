"""`python -m benchmarks.view_lists`: lists of views and of a past moment on a made-up database of realistic sizes."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from storage.articles.filters import ArticleFilter, Sort
from storage.articles.view_gains import top_gains
from storage.database.article_sections import add_sections, without_sections
from storage.database.tables import articles, revisions, sources, view_readings
from storage.model.records import EditKind
from storage.store import Store, open_store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ARTICLES = 100_000
READINGS = 20
BATCH = 5_000
EDITED = 0.1
BODY = "Ministers met in the capital and agreed on a paper. " * 50  # 2.6 KB, near the median of the seed pages


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.view_lists", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "many.db"
        made = file.exists()
        with open_store(f"sqlite:///{file}") as store:
            if not made:
                fill(store, chosen.articles)
            report(store)


def report(store: Store) -> None:
    """Prints the best of three of each question, in milliseconds."""
    day, week = NOW - timedelta(days=1), NOW - timedelta(days=7)
    politics = ArticleFilter(source="one", section="politics", since=week)
    past, long_ago = NOW - timedelta(days=20), NOW - timedelta(days=400)
    for name, ask in (
        ("views --top 20 --window 24h", lambda: top_gains(store, ArticleFilter(), since=day, until=NOW, limit=20)),
        ("views --top 20 --window 7d", lambda: top_gains(store, ArticleFilter(), since=week, until=NOW, limit=20)),
        ("the same of a source, a section", lambda: top_gains(store, politics, since=week, until=NOW, limit=20)),
        ("query, newest 50", lambda: newest(store, Sort.DATE)),
        ("query --as-of 20 days ago, newest 50", lambda: newest(store, Sort.DATE, as_of=past)),
        ("query --as-of 400 days ago, newest 50", lambda: newest(store, Sort.DATE, as_of=long_ago)),
        ("query --as-of 20 days ago, most viewed 50", lambda: newest(store, Sort.VIEWS, as_of=past)),
        (
            "query --edited-since 7d --edit-kind minor",
            lambda: newest(store, Sort.DATE, edited_since=week, changes=MINOR),
        ),
    ):
        print(f"{name:<44}{1000 * best(ask):8.0f} ms")


MINOR = (EditKind.MINOR,)


def newest(store: Store, sort: Sort, **asked: Any) -> list[Any]:
    return list(store.articles.find(ArticleFilter(**asked), sort=sort, limit=50))


def best(ask: Callable[[], Sequence[Any]]) -> float:
    return min(_timed(ask) for _ in range(3))


def _timed(ask: Callable[[], Sequence[Any]]) -> float:
    begun = time.perf_counter()
    assert ask()
    return time.perf_counter() - begun


def fill(store: Store, count: int) -> None:
    """Articles of the last two years, the newest a few minutes old, with twenty readings each over its first month."""
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


def _born(number: int, count: int) -> datetime:
    return NOW - (count - number + 1) * (timedelta(days=730) / count)


def _article(number: int, count: int) -> dict[str, Any]:
    born = _born(number, count)
    later = born + timedelta(hours=30) if _is_edited(number) else None
    moments = dict.fromkeys(("first_seen_at", "last_seen_at", "stored_at", "fetched_at"), born)
    return moments | {
        "id": number,
        "source": "one" if number % 2 else "two",
        "url": f"https://one.example/en/post/{number}",
        "language": "en",
        "section": "politics" if number % 3 else "economy",
        "sections": ("politics",) if number % 3 else ("economy",),
        "title": f"Story {number} of the talks in the capital",
        "body": BODY,
        "published_at": born,
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
    born, views = _born(number, count), 0
    for place in range(READINGS):
        views += dice.randrange(400)
        read_at = born + timedelta(days=30) * ((place + 1) / READINGS) ** 3
        yield {"article_id": number, "measured_at": read_at, "view_count": views}


def _revisions(number: int, count: int) -> Iterator[dict[str, Any]]:
    if _is_edited(number):
        born = _born(number, count)
        yield {
            "article_id": number,
            "revision_number": 1,
            "title": f"Story {number}",
            "body": BODY,
            "sections": ("politics",),
            "published_at": born,
            "content_hash": f"-{number}",
            "seen_from": born,
            "seen_until": born + timedelta(hours=30),
            "edit_kind": EditKind.MINOR,
            "is_stealth": False,
        }


if __name__ == "__main__":
    main()
