"""Read lists from an index in their order: no plan sorts, none scans a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event

from storage.articles import conditions
from storage.articles.counts import count, counts
from storage.articles.details import link_details
from storage.articles.filters import ArticleFilter, By, Cursor, Sort
from storage.crawling.runs import list_runs
from storage.database import article_sections
from storage.search import fulltext
from storage.search.query import parse
from tests.support.rows import DAY, HOUR, NOON, Rows

BY_DATE = "USING INDEX ix_articles_published_at_id"
BY_SOURCE = "USING INDEX ix_articles_source_published_at_id"
BY_SECTION = "USING COVERING INDEX ix_article_sections_section_published_at_article_id"
BY_VIEWS = "USING INDEX ix_articles_view_count_id"


class Plans:
    """Everything SQLite says of how it runs the statements of the store from now on."""

    def __init__(self, rows: Rows) -> None:
        self.steps: list[str] = []
        self.statements: list[list[str]] = []
        """The steps of each."""
        event.listen(rows.store.engine, "before_cursor_execute", self._explain)

    def _explain(self, connection: Connection, cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if statement.startswith("SELECT") and "FROM sources" not in statement:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            self.statements.append([row[3] for row in cursor.fetchall()])
            self.steps += self.statements[-1]


@pytest.fixture
def rows(sqlite_database: str) -> Iterator[Rows]:
    made = Rows(sqlite_database)
    yield made
    made.store.close()


@pytest.fixture
def plans(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> Plans:
    monkeypatch.setattr(article_sections, "FEW", 9)  # what a section of these has more of is common
    rows.source("apa", title="APA")
    for number in range(60):
        dated = None if number % 7 == 0 else NOON - number * HOUR
        counted = None if number % 5 == 0 else number
        source = "apa" if number % 2 else "caliber"
        # One is edited: of a partial index that is empty ANALYZE tells nothing, and the planner takes it for large.
        revised = NOON - 9 * DAY if number == 59 else None
        rows.article(f"a{number}", published_at=dated, view_count=counted, source=source, revised_at=revised)
    with rows.store.write() as connection:
        connection.exec_driver_sql("ANALYZE")
    return Plans(rows)


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        ({}, Sort.DATE, BY_DATE),
        ({"since": NOON - DAY}, Sort.DATE, BY_DATE),
        ({"since": NOON - DAY, "until": NOON}, Sort.DATE, BY_DATE),
        ({"source": "apa"}, Sort.DATE, BY_SOURCE),
        ({"source": "apa", "since": NOON - DAY}, Sort.DATE, BY_SOURCE),
        ({"section": "politics"}, Sort.DATE, BY_SECTION),
        ({"section": "politics", "since": NOON - DAY}, Sort.DATE, BY_SECTION),
        ({"section": "politics", "source": "apa"}, Sort.DATE, BY_SECTION),
        ({"language": "en", "gone": False}, Sort.DATE, BY_DATE),
        ({"min_views": 10}, Sort.DATE, BY_DATE),
        ({}, Sort.VIEWS, BY_VIEWS),
        ({"min_views": 10}, Sort.VIEWS, BY_VIEWS),
        ({"since": NOON - DAY, "section": "politics"}, Sort.VIEWS, BY_VIEWS),
    ],
    ids=str,
)
def test_a_list_comes_out_of_its_index_in_order(
    rows: Rows, plans: Plans, wanted: dict[str, Any], sort: Sort, index: str
) -> None:
    assert list(rows.store.articles.find(ArticleFilter(**wanted), sort=sort))
    assert any(index in step for step in plans.steps), plans.steps
    assert not [step for step in plans.steps if "TEMP B-TREE" in step or step == "SCAN articles"]


def test_the_last_stored_come_by_their_ids(rows: Rows, plans: Plans) -> None:
    assert list(rows.store.articles.find(sort=Sort.STORED, limit=5))
    assert plans.steps[0] == "SCAN articles"  # by rowid, backwards


@pytest.mark.parametrize(
    ("sort", "after", "index"),
    [(Sort.DATE, Cursor(NOON - DAY, 20), BY_DATE), (Sort.VIEWS, Cursor(30, 30), BY_VIEWS)],
    ids=["date", "views"],
)
def test_a_list_goes_on_in_the_middle_of_its_index(
    rows: Rows, plans: Plans, sort: Sort, after: Cursor, index: str
) -> None:
    assert list(rows.store.articles.find(sort=sort, after=after, limit=5))
    assert index in plans.steps[0]
    assert plans.steps[0].startswith("SEARCH")
    assert "<" in plans.steps[0]


def test_rows_of_an_article_or_a_link_are_found_by_key(rows: Rows, plans: Plans) -> None:
    article = rows.article("whole")
    rows.readings(article, 1, 2)
    rows.revision(article, 1)
    link = rows.link("https://caliber.az/en/post/listed")
    rows.listing(link, "https://caliber.az/rss.xml")
    rows.fetch(link)
    plans.steps.clear()
    assert rows.store.articles.get("https://caliber.az/en/post/whole")
    assert len(rows.store.articles.readings(article)) == 2
    assert len(rows.store.articles.revisions(article)) == 1
    assert link_details(rows.store, "https://caliber.az/en/post/listed")
    assert len(plans.steps) >= 6
    assert {step for step in plans.steps if step.startswith("SCAN")} == {"SCAN named"}  # an article's few sections


def test_past_crawls_of_a_source_come_out_of_their_index(rows: Rows, plans: Plans) -> None:
    rows.run()
    plans.steps.clear()
    assert list(list_runs(rows.store, source="caliber", limit=5))
    assert "ix_crawl_runs_source_started_at" in plans.steps[0]
    assert not [step for step in plans.steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize("sort", [Sort.DATE, Sort.VIEWS, Sort.STORED])
def test_few_answers_are_found_before_the_articles_are_read(rows: Rows, plans: Plans, sort: Sort) -> None:
    assert list(rows.store.articles.find(ArticleFilter(query=parse("a7")), sort=sort))
    _languages, _how_many, (first, article, *_order) = plans.statements
    assert first.startswith("SCAN articles_fts VIRTUAL TABLE")
    assert article == "SEARCH articles USING INTEGER PRIMARY KEY (rowid=?)"


@pytest.mark.parametrize(("sort", "index"), [(Sort.DATE, BY_DATE), (Sort.VIEWS, BY_VIEWS)], ids=["date", "views"])
def test_common_answers_come_out_of_the_index_of_their_order(
    rows: Rows, plans: Plans, monkeypatch: pytest.MonkeyPatch, sort: Sort, index: str
) -> None:
    monkeypatch.setattr(fulltext, "RANK_LIMIT", 3)
    assert list(rows.store.articles.find(ArticleFilter(query=parse("source:apa")), sort=sort, limit=5))
    assert index in plans.statements[3][0]  # after the languages and two counts
    assert not [step for step in plans.steps if "TEMP B-TREE" in step]


def test_ranking_reads_no_article_that_is_not_shown(rows: Rows, plans: Plans) -> None:
    assert list(rows.store.articles.find(ArticleFilter(query=parse("source:apa")), limit=5))
    ranking = plans.steps[plans.steps.index("MATERIALIZE first") :]
    assert [step for step in ranking if " articles " in step] == ["SEARCH articles USING INTEGER PRIMARY KEY (rowid=?)"]


@pytest.mark.parametrize("text", ["source:apa source:ap*", '"a7 a7" OR a7'])
def test_a_query_that_is_slow_to_count_is_run_once(rows: Rows, plans: Plans, text: str) -> None:
    """FTS5 compares the places of all that has the words, and that is most of the time of a page."""
    assert list(rows.store.articles.find(ArticleFilter(query=parse(text)), limit=50))
    assert len([step for step in plans.steps if step.startswith("SCAN articles_fts VIRTUAL TABLE")]) == 1


@pytest.mark.parametrize(
    ("wanted", "by"),
    [
        ({}, By.DAY),
        ({"since": NOON - DAY}, By.DAY),
        ({"since": NOON - DAY}, By.SECTION),
        ({"source": "apa"}, By.DAY),
        ({"section": "politics"}, By.DAY),
        ({}, By.SOURCE),
        ({}, By.SECTION),
        ({}, By.LANGUAGE),
    ],
    ids=str,
)
def test_what_has_a_date_is_counted_out_of_an_index_alone(
    rows: Rows, plans: Plans, wanted: dict[str, Any], by: By
) -> None:
    assert list(counts(rows.store, ArticleFilter(**wanted), [by]))
    reads = [step for step in plans.steps if "articles" in step and "articles_fts" not in step]
    assert "COVERING INDEX" in reads[0], plans.steps
    assert not [step for step in reads if step == "SCAN articles"]


def test_how_many_there_are_since_a_time_is_counted_out_of_an_index_alone(rows: Rows, plans: Plans) -> None:
    assert count(rows.store, ArticleFilter(since=NOON - DAY)) == 21 + 9  # with a date, and without
    assert "COVERING INDEX ix_articles_published_at_id" in plans.steps[0]


@pytest.mark.parametrize("sort", [Sort.DATE, Sort.VIEWS, Sort.STORED])
def test_few_edited_articles_are_found_before_the_others_are_read(rows: Rows, plans: Plans, sort: Sort) -> None:
    edited = rows.article("edited", revised_at=NOON)
    assert [one.id for one in rows.store.articles.find(ArticleFilter(edited_since=NOON), sort=sort)] == [edited]
    assert all("ix_articles_revised_at" in step for step in plans.steps if "lately" in step), plans.steps
    assert not [step for step in plans.steps if "SCAN articles" in step or BY_DATE in step or BY_VIEWS in step]


def test_many_edited_articles_are_not_looked_up_one_by_one(
    rows: Rows, plans: Plans, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "FEW_EDITED_LIMIT", 1)
    edited = [rows.article(f"edited-{number}", revised_at=NOON) for number in range(2)]
    assert [one.id for one in rows.store.articles.find(ArticleFilter(edited_since=NOON))] == edited[::-1]
    assert len([step for step in plans.steps if "lately" in step]) == 1  # they are counted, as far as it takes
