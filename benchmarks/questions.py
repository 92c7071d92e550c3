"""`python -m benchmarks.questions [--articles N] [--file FILE]`: questions to a million articles, ours and by hand.

A list and a count are asked in process of an open store, and by the same SQL through sqlite3 on an open connection:
once for the rows as the database has them, once made into the same values (aware times, tuples, enums, a dataclass an
article). Both answers are compared before they are timed. The page cache is warm: the whole file is read before.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from benchmarks import full_text, million, pairs, saves, starts
from benchmarks.measure import run
from benchmarks.pairs import Compared
from storage.articles.counts import By, counts
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.results import ArticleSummary
from storage.articles.view_gains import top_gains
from storage.model.records import DatePrecision, EditKind
from storage.search.index import reindex
from storage.store import Store, open_store

NOW = million.END.replace(tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = 50
RATIO, MOST = 1.5, 10.0

SUMMARY = tuple(field.name for field in fields(ArticleSummary) if field.name not in {"source_title", "terms"})
SECTIONS = (
    "(SELECT group_concat(section, '|') FROM (SELECT section FROM article_sections"
    " WHERE article_id = articles.id AND position > 0 ORDER BY position))"
)
COLUMNS = ", ".join({"fetched_at": "fetched_at", "sections": SECTIONS}.get(name, name) for name in SUMMARY)
ORDER = "ORDER BY published_at DESC, id DESC"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print every table; `arguments` are those of the command line unless given."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.questions", description=__doc__)
    parser.add_argument("--articles", type=int, default=million.ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "articles.db"
        if not file.exists():
            million.make(file, chosen.articles)
        index(file)
        report(file)
        exported(Path(folder))
        starts.report(Path(folder))
        saves.report(file, Path(folder))


def report(file: Path) -> None:
    """Print the table of what is asked in process."""
    size = warm(file)
    with open_store(f"sqlite:///{file}") as store, closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        print(f"{count} articles, {size / 1e9:.1f} GB, page cache warm; medians of {pairs.PAIRS} interleaved pairs")
        print(pairs.HEAD)
        told = (
            lists(store, connection),
            full_text.asked(store, connection, COLUMNS, NOW),
            counted(store, connection),
            views_and_past(store),
        )
        for one in chain.from_iterable(told):
            print(pairs.line(one), flush=True)


def index(file: Path) -> None:
    """Fill the full-text index with what it lacks; of a million articles it takes a while the first time."""
    with open_store(f"sqlite:///{file}") as store:
        reindex(store)


def exported(folder: Path) -> None:
    """The benchmark of exports, in a process of its own: ours is by now too large for its children's memory to show."""
    here = {"PYTHONPATH": str(starts.ROOT)}
    print(f"\n{run([sys.executable, '-m', 'benchmarks.exports'], folder, here).output}", end="", flush=True)


def warm(file: Path) -> int:
    """Read it all once; its size in bytes."""
    with file.open("rb", buffering=0) as opened:
        while opened.read(1 << 24):
            pass
    return file.stat().st_size


def lists(store: Store, connection: sqlite3.Connection) -> Iterator[Compared]:
    """Pages of 50: each as rows, and as the values that a list consists of."""
    since, until = NOW - 700 * DAY, NOW - 600 * DAY
    dates = "AND published_at >= ? AND published_at < ?"
    wide = [million.kept(moment.replace(tzinfo=None)) for moment in (since, until)]
    yield from a_page(store, connection, "newest 50", {}, "", [])
    source = {"source": "varenia", "since": since, "until": until}
    yield from a_page(store, connection, "of a source, 100 days", source, f"AND source = ? {dates}", ["varenia", *wide])
    for section in ("politics", "interview", "weather", "archive"):
        (found,) = connection.execute("SELECT count(*) FROM articles WHERE section = ?", [section]).fetchone()
        asked = "AND id IN (SELECT article_id FROM article_sections WHERE section = ?)"
        name = f"of section {section} (the first of {found})"
        yield from a_page(store, connection, name, {"section": section}, asked, [section])
    yield from a_page(store, connection, "in Azerbaijani", {"language": "az"}, "AND language = ?", ["az"])
    (half,) = connection.execute("SELECT count(*) / 2 FROM articles").fetchone()
    deep = connection.execute(f"SELECT published_at, id FROM articles {ORDER} LIMIT 1 OFFSET {half}").fetchone()
    after = Cursor(datetime.fromisoformat(f"{deep[0]}+00:00"), deep[1])
    name = f"behind the cursor of article {half}"
    yield from a_page(store, connection, name, {}, "AND (published_at, id) < (?, ?)", deep, after)


def a_page(
    store: Store,
    connection: sqlite3.Connection,
    name: str,
    asked: dict[str, Any],
    where: str,
    values: Any,
    after: Cursor | None = None,
) -> Iterator[Compared]:
    statement = f"SELECT {COLUMNS} FROM articles WHERE published_at IS NOT NULL {where} {ORDER} LIMIT {PAGE}"

    def ours() -> list[ArticleSummary]:
        return list(store.articles.find(ArticleFilter(**asked), limit=PAGE, after=after))

    def rows() -> list[Any]:
        return connection.execute(statement, values).fetchall()

    def made() -> list[ArticleSummary]:
        titles = {row[0]: row[1:] for row in connection.execute("SELECT name, title, terms FROM sources")}
        return [summary(row, *titles[row[1]]) for row in rows()]

    if [article for article in ours() if article.published_at is not None] != made():
        raise RuntimeError(f"{name}: the two answers differ")
    yield Compared(name=f"{name}: same columns", ours=ours, plain=rows, wanted=RATIO, most=MOST, rounds=10)
    yield Compared(name=f"{name}: same values", ours=ours, plain=made, wanted=RATIO, most=MOST, rounds=10)


def summary(row: tuple[Any, ...], title: str, terms: str) -> ArticleSummary:
    """An article as a person would make it of its row."""
    values = dict(zip(SUMMARY, row, strict=True))
    for name, value in values.items():
        if value is not None and name.endswith("_at"):
            values[name] = datetime.fromisoformat(value).replace(tzinfo=UTC)
    values["sections"] = tuple(name for name in values["sections"].split("|") if name)
    precision = values["published_precision"]
    values["published_precision"] = None if precision is None else DatePrecision(precision)
    return ArticleSummary(**values, source_title=title, terms=terms)


DAYS = """
SELECT day, sum(n) FROM (
    SELECT substr(published_at, 1, 10) AS day, count(*) AS n FROM articles WHERE published_at IS NOT NULL GROUP BY 1
    UNION ALL
    SELECT substr(first_seen_at, 1, 10), count(*) FROM articles WHERE published_at IS NULL GROUP BY 1
) GROUP BY day ORDER BY day DESC
"""
PLAIN_DAYS = """
SELECT substr(coalesce(published_at, first_seen_at), 1, 10) AS day, count(*) FROM articles GROUP BY 1 ORDER BY 1 DESC
"""


def counted(store: Store, connection: sqlite3.Connection) -> Iterator[Compared]:
    """Counts of all articles; by day beside the best SQL for it, and beside the first that comes to mind."""
    yield tally(store, connection, "count by day, both halves out of an index", By.DAY, DAYS)
    yield tally(store, connection, "count by day, the plain GROUP BY", By.DAY, PLAIN_DAYS)
    for by in (By.SOURCE, By.SECTION, By.LANGUAGE):
        statement = f"SELECT {by}, count(*) FROM articles GROUP BY 1 ORDER BY 2 DESC, 1"
        yield tally(store, connection, f"count by {by}", by, statement)


def tally(store: Store, connection: sqlite3.Connection, name: str, by: By, statement: str) -> Compared:
    def ours() -> list[tuple[Any, ...]]:
        return list(counts(store, ArticleFilter(), [by]))

    def plain() -> list[tuple[Any, ...]]:
        return connection.execute(statement).fetchall()

    if ours() != plain():
        raise RuntimeError(f"{name}: the two answers differ")
    return Compared(name=name, ours=ours, plain=plain, wanted=RATIO)


def views_and_past(store: Store) -> Iterator[Compared]:
    """Nothing to compare with: absolute times."""

    def gained(days: int) -> Any:
        return top_gains(store, ArticleFilter(), since=NOW - days * DAY, until=NOW, limit=20)

    def newest(sort: Sort, **asked: Any) -> Any:
        return list(islice(store.articles.find(ArticleFilter(**asked), sort=sort, limit=PAGE), PAGE))

    month, year = NOW - 30 * DAY, NOW - 365 * DAY
    yield Compared(name="views --top 20 --window 24h", ours=partial(gained, 1))
    yield Compared(name="views --top 20 --window 7d", ours=partial(gained, 7))
    yield Compared(name="query --as-of 30 days ago", ours=partial(newest, Sort.DATE, as_of=month))
    yield Compared(name="query --as-of a year ago", ours=partial(newest, Sort.DATE, as_of=year))
    viewed = partial(newest, Sort.VIEWS, as_of=month)
    yield Compared(name="query --as-of 30 days ago --sort views", ours=viewed)
    edited = partial(newest, Sort.DATE, edited_since=NOW - 7 * DAY, changes=(EditKind.MINOR,))
    yield Compared(name="query --edited-since 7d --edit-kind minor", ours=edited)


if __name__ == "__main__":
    main()
