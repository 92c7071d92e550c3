"""Coverage reads the rows of its period by an index, whatever else is stored: with and without statistics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, update
from sqlalchemy.event import listen, remove

from benchmarks.grown import END, MAIN, fill
from storage.articles.filters import ArticleFilter
from storage.coverage.absence import absent
from storage.coverage.coverage import coverage
from storage.coverage.firsts import first_statements
from storage.database.tables import crawl_runs
from storage.search.query import parse
from storage.store import Store, open_store

GROWING = ("articles", "links", "crawl_runs", "events", "revisions", "listings", "fetches")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path: Path = tmp_path_factory.mktemp("plans") / "news.db"
    with open_store(f"sqlite:///{path}") as store:
        fill(store, 3_000)
        with store.write() as connection:
            connection.execute(update(crawl_runs).values(channels_read=True))
            connection.exec_driver_sql("ANALYZE")
        yield store


def statements(store: Store) -> dict[str, Any]:
    """All that the functions ask for a day of one source, with the values of each statement."""
    found: dict[str, Any] = {}

    def record(_connection: Connection, _cursor: Any, text: str, values: Any, *_rest: Any) -> None:
        found.setdefault(text, values)

    listen(Engine, "before_cursor_execute", record)
    try:
        period = {"since": END - DAY, "until": END - DAY / 2}
        coverage(store, sources=[MAIN], now=END, **period)
        coverage(store, sources=[MAIN], now=END, since=None)
        wanted = ArticleFilter(query=parse("government OR president"), section="politics", language="en", **period)
        absent(store, wanted, sources=[MAIN], now=END)
        first_statements(store, wanted, sources=[MAIN], now=END)
    finally:
        remove(Engine, "before_cursor_execute", record)
    return {text: values for text, values in found.items() if text.lstrip().startswith(("SELECT", "WITH"))}


@pytest.mark.parametrize("analysed", [True, False])
def test_no_statement_reads_all_rows_of_a_source_or_a_table(grown: Store, analysed: bool) -> None:
    if not analysed:
        with grown.write() as connection:
            connection.exec_driver_sql("DELETE FROM sqlite_stat1")
    grown.engine.dispose()  # a connection keeps what it knew
    asked = statements(grown)
    assert len(asked) > 10
    faults = []
    with grown.read() as connection:
        for text, values in asked.items():
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {text}", values)
            steps = [row[3] for row in cursor.fetchall()]
            faults += [f"{step}: {' '.join(text.split())}" for step in steps if _is_fault(step, text)]
    assert not faults, "\n".join(faults)


def _is_fault(step: str, text: str) -> bool:
    kind, *rest = step.split()
    table = rest[0] if rest else ""
    if table not in GROWING:
        return False
    # Of rows in the order of the index, with no other condition, the limit reads no more than it returns.
    is_limited = "ix_crawl_runs_channels_read" in step and "LIMIT" in text
    return kind == "SCAN" or (step.endswith("(source=?)") and not is_limited)
