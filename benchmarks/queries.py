"""`python -m benchmarks.queries [--articles N] [--file FILE]`: query a million articles, ours and by hand.

A list and a count run in process on an open store, and as the same SQL through sqlite3 on an open connection: once for
the rows as the database has them, once made into the same values (aware times, tuples, enums, a dataclass an article).
Both results are compared before they are timed. The page cache is warm: the whole file is read before.
"""

from __future__ import annotations

import argparse
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from benchmarks import full_text, million, pairs
from benchmarks.goals import Goal
from benchmarks.pairs import Comparison
from storage.articles.counts import counts
from storage.articles.filters import ArticleFilter, By, Cursor, Sort
from storage.articles.results import ArticleSummary
from storage.articles.view_gains import top_gains
from storage.model.records import DatePrecision, EditKind
from storage.store import Store, open_store

NOW = million.END.replace(tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = 50
VALUES_RATIO = Goal("page-of-50-to-same-values-by-hand-ratio", 1.50)
PAGE_TIME = Goal("page-of-50-ms", 10)
COUNT_RATIO = Goal("count-by-to-sql-ratio", 1.50)
MIN_COUNTED = 100_000
"""Number of articles from which counts are compared with their goal: of fewer, most is the fixed cost of a query."""
PAST_TIME = Goal("views-or-past-list-ms", 1000)
"""A person waits a second at most."""

SUMMARY = tuple(field.name for field in fields(ArticleSummary) if field.name not in {"source_title", "terms"})
SECTIONS = (
    "(SELECT group_concat(section, '|') FROM (SELECT section FROM article_sections"
    " WHERE article_id = articles.id AND position > 0 ORDER BY position))"
)
COLUMNS = ", ".join(SECTIONS if name == "sections" else f"articles.{name}" for name in SUMMARY)
ORDER = "ORDER BY published_at DESC, id DESC"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals; `arguments` default to those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.queries", description=__doc__)
    parser.add_argument("--articles", type=int, default=million.ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--pairs", type=int, default=pairs.PAIRS)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "articles.db"
        million.prepare(file, chosen.articles, full_text=True)
        print("\n".join(report(file, chosen.pairs)))


def report(file: Path, rounds: int) -> list[str]:
    """Print a row a query and return the lines of the goals."""
    size = warm(file)
    with open_store(f"sqlite:///{file}") as store, closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM articles").fetchone()
        print(
            f"{count} articles, {size / 1e9:.1f} GB, page cache warm; medians of {rounds} interleaved pairs, CPU time"
        )
        print(pairs.HEAD)
        measurements = []
        for comparison in chain(
            lists(store, connection),
            full_text.comparisons(store, connection, COLUMNS, NOW),
            counted(store, connection),
            views_and_past(store),
        ):
            measurements.append(pairs.measure(comparison, rounds))
            print(pairs.row(measurements[-1]), flush=True)
    return pairs.goals(measurements)


def warm(file: Path) -> int:
    """Read the whole file once, so that the page cache has it; return its size in bytes."""
    with file.open("rb", buffering=0) as opened:
        while opened.read(1 << 24):
            pass
    return file.stat().st_size


def lists(store: Store, connection: sqlite3.Connection) -> Iterator[Comparison]:
    """Compare pages of 50, each as rows and as the values of a list."""
    since, until = NOW - 700 * DAY, NOW - 600 * DAY
    dates = "AND published_at >= ? AND published_at < ?"
    wide = [million.sqlite_time(moment.replace(tzinfo=None)) for moment in (since, until)]
    yield from page(store, connection, "newest 50", {}, "", [])
    source = {"source": "varenia", "since": since, "until": until}
    yield from page(store, connection, "of a source, 100 days", source, f"AND source = ? {dates}", ["varenia", *wide])
    for section in ("politics", "interview", "weather", "archive"):
        (found,) = connection.execute("SELECT count(*) FROM articles WHERE section = ?", [section]).fetchone()
        condition = "AND id IN (SELECT article_id FROM article_sections WHERE section = ?)"
        name = f"of section {section} (the first of {found})"
        yield from page(store, connection, name, {"section": section}, condition, [section])
    yield from page(store, connection, "in Azerbaijani", {"language": "az"}, "AND language = ?", ["az"])
    (half,) = connection.execute("SELECT count(*) / 2 FROM articles").fetchone()
    deep = connection.execute(f"SELECT published_at, id FROM articles {ORDER} LIMIT 1 OFFSET {half}").fetchone()
    after = Cursor(datetime.fromisoformat(f"{deep[0]}+00:00"), deep[1])
    name = f"after the cursor of article {half}"
    yield from page(store, connection, name, {}, "AND (published_at, id) < (?, ?)", deep, after)


def page(
    store: Store,
    connection: sqlite3.Connection,
    name: str,
    conditions: dict[str, Any],
    where: str,
    values: Any,
    after: Cursor | None = None,
) -> Iterator[Comparison]:
    """Compare one page; `where` and `values` are the filter's conditions in SQL. RuntimeError if the pages differ.

    Bare rows make nothing of the text of the database, no times and no articles: beside them there is no goal.
    """
    statement = f"SELECT {COLUMNS} FROM articles WHERE published_at IS NOT NULL {where} {ORDER} LIMIT {PAGE}"

    def ours() -> list[ArticleSummary]:
        return list(store.articles.find(ArticleFilter(**conditions), limit=PAGE, after=after))

    def rows() -> list[Any]:
        return connection.execute(statement, values).fetchall()

    def made() -> list[ArticleSummary]:
        titles = {row[0]: row[1:] for row in connection.execute("SELECT name, title, terms FROM sources")}
        return [summary(row, *titles[row[1]]) for row in rows()]

    if [article for article in ours() if article.published_at is not None] != made():
        raise RuntimeError(f"{name}: the two results differ")
    shared: dict[str, Any] = {"ours": ours, "milliseconds": PAGE_TIME, "calls": 10}
    yield Comparison(name=f"{name}: bare rows", plain=rows, **shared)
    ratio = VALUES_RATIO if len(rows()) >= full_text.MIN_ROWS else None
    yield Comparison(name=f"{name}: same values", plain=made, ratio=ratio, **shared)


def summary(row: tuple[Any, ...], title: str, terms: str) -> ArticleSummary:
    """Make an article of its row, as a person would write it."""
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


def counted(store: Store, connection: sqlite3.Connection) -> Iterator[Comparison]:
    """Compare counts of all articles; by day beside the best SQL for it, and beside the plain GROUP BY."""
    yield counts_by(store, connection, "count by day, both halves out of an index", By.DAY, DAYS)
    yield counts_by(store, connection, "count by day, the plain GROUP BY", By.DAY, PLAIN_DAYS)
    for by in (By.SOURCE, By.SECTION, By.LANGUAGE):
        statement = f"SELECT {by}, count(*) FROM articles GROUP BY 1 ORDER BY 2 DESC, 1"
        yield counts_by(store, connection, f"count by {by}", by, statement)


def counts_by(store: Store, connection: sqlite3.Connection, name: str, by: By, statement: str) -> Comparison:
    """Compare the counts by a field. RuntimeError if they differ."""

    def ours() -> list[tuple[Any, ...]]:
        return list(counts(store, ArticleFilter(), [by]))

    def plain() -> list[tuple[Any, ...]]:
        return connection.execute(statement).fetchall()

    if ours() != plain():
        raise RuntimeError(f"{name}: the two results differ")
    return Comparison(
        name=name, ours=ours, plain=plain, ratio=COUNT_RATIO if sum(row[-1] for row in plain()) >= MIN_COUNTED else None
    )


def views_and_past(store: Store) -> Iterator[Comparison]:
    """Time lists of views and of past moments, with which nothing compares."""

    def gained(days: int) -> Any:
        return top_gains(store, ArticleFilter(), since=NOW - days * DAY, until=NOW, limit=20)

    def newest(sort: Sort, **conditions: Any) -> Any:
        return list(islice(store.articles.find(ArticleFilter(**conditions), sort=sort, limit=PAGE), PAGE))

    month, year, week = NOW - 30 * DAY, NOW - 365 * DAY, NOW - 7 * DAY
    minor: dict[str, Any] = {"edited_since": week, "edit_kinds": (EditKind.MINOR,)}
    for name, ours in (
        ("views --top 20 --window 24h", partial(gained, 1)),
        ("views --top 20 --window 7d", partial(gained, 7)),
        ("query --as-of 30 days ago", partial(newest, Sort.DATE, as_of=month)),
        ("query --as-of a year ago", partial(newest, Sort.DATE, as_of=year)),
        ("query --edited-since 7d --edit-kind minor", partial(newest, Sort.DATE, **minor)),
    ):
        yield Comparison(name=name, ours=ours, milliseconds=PAST_TIME)
    # It reads every article, so its time grows with their number: it has no goal.
    yield Comparison(name="query --as-of 30 days ago --sort views", ours=partial(newest, Sort.VIEWS, as_of=month))


if __name__ == "__main__":
    main()
