"""Read lists from an index in their order on PostgreSQL, too.

On a few rows its planner rightly reads them all; where it may neither do so nor sort, the plan shows what it can do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.crawling.runs import list_runs
from tests.support.rows import DAY, HOUR, NOON, Rows

BY_DATE = "Index Scan Backward using ix_articles_published_at_id"
BY_SOURCE = "Index Scan Backward using ix_articles_source_published_at_id"
BY_SECTION = "using ix_article_sections_section_published_at_article_id"
BY_VIEWS = "Index Scan Backward using ix_articles_view_count_id"
BY_ID = "Index Scan Backward using pk_articles"
FORBIDDEN = ("enable_seqscan", "enable_sort", "enable_bitmapscan")


@pytest.fixture
def rows(postgres_database: str) -> Iterator[Rows]:
    made = Rows(postgres_database)
    for number in range(60):
        dated = None if number % 7 == 0 else NOON - number * HOUR
        made.article(f"a{number}", published_at=dated, view_count=number if number % 5 else None)
    yield made
    made.store.close()


@pytest.fixture
def plans(rows: Rows) -> list[str]:
    """The plan of each statement of the store from now on, as a text."""
    found: list[str] = []

    def explain(connection: Connection, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT") and "FROM sources" not in statement:
            with connection.connection.cursor() as cursor:
                for setting in FORBIDDEN:
                    cursor.execute(f"SET LOCAL {setting} = off")
                cursor.execute(f"EXPLAIN (COSTS OFF) {statement}", values)
                found.append("\n".join(line for (line,) in cursor.fetchall()))

    event.listen(rows.store.engine, "before_cursor_execute", explain)
    return found


@pytest.mark.parametrize(
    ("wanted", "sort", "after", "index"),
    [
        ({}, Sort.DATE, None, BY_DATE),
        ({"since": NOON - DAY, "until": NOON}, Sort.DATE, None, BY_DATE),
        ({"source": "caliber"}, Sort.DATE, None, BY_SOURCE),
        ({"source": "caliber", "section": "politics"}, Sort.DATE, None, BY_SECTION),
        ({"since": NOON - DAY, "section": "politics"}, Sort.VIEWS, None, BY_VIEWS),
        ({}, Sort.STORED, None, BY_ID),
        ({}, Sort.DATE, Cursor(NOON - DAY, 20), BY_DATE),
        ({}, Sort.VIEWS, Cursor(30, 31), BY_VIEWS),
    ],
    ids=str,
)
def test_a_list_comes_out_of_its_index_in_order(
    rows: Rows, plans: list[str], wanted: dict[str, Any], sort: Sort, after: Cursor | None, index: str
) -> None:
    assert list(rows.store.articles.find(ArticleFilter(**wanted), sort=sort, after=after, limit=5))
    assert index in plans[0]
    assert ("Index Cond: " in plans[0] and "ROW(" in plans[0]) == (after is not None)
    assert not [plan for plan in plans if "Sort" in plan or "Seq Scan" in plan]


def test_past_crawls_of_a_source_come_out_of_their_index(rows: Rows, plans: list[str]) -> None:
    rows.run()
    assert list(list_runs(rows.store, source="caliber", limit=5))
    assert "ix_crawl_runs_source_started_at" in plans[0]
