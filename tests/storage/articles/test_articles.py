"""Lists of articles: what each filter lets through, in what order, page by page."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.articles.filters import ArticleFilter, Sort
from storage.articles.results import ArticleByGrowth, ArticleSummary
from storage.search.query import parse
from tests.support.examples import examples
from tests.support.rows import DAY, HOUR, NOON, Rows

UNASKED = [sort for sort in Sort if sort is not Sort.RANK]
"""Sort keys of a list without a query."""


def slugs(rows: Rows, sort: Sort = Sort.DATE, limit: int | None = None, **wanted: Any) -> list[str]:
    found = rows.store.articles.find(ArticleFilter(**wanted), sort=sort, limit=limit)
    return [article.url.rpartition("/")[2] for article in found]


def test_the_newest_come_first_and_the_undated_last(rows: Rows) -> None:
    rows.article("undated", published_at=None)
    rows.article("old", published_at=NOON - DAY)
    rows.article("twin-a", published_at=NOON)
    rows.article("twin-b", published_at=NOON)
    assert slugs(rows) == ["twin-b", "twin-a", "old", "undated"]


@pytest.mark.parametrize("sort", Sort)
def test_a_listed_article_is_one_that_its_constructor_makes(rows: Rows, sort: Sort) -> None:
    """It is made by its slots: none is left out, and none has another's value."""
    rows.article("a", title="Gas", section="politics")
    (article,) = rows.store.articles.find(ArticleFilter(query=parse("gas")), sort=sort)
    assert replace(article) == article
    full = rows.store.articles.get(article.id)
    common = {field.name for field in fields(ArticleSummary)}
    assert {name: getattr(full, name) for name in common} == {name: getattr(article, name) for name in common}


@pytest.mark.dialect
def test_the_most_viewed_come_first_and_the_uncounted_last(rows: Rows) -> None:
    rows.article("uncounted", view_count=None)
    rows.article("none", view_count=0)
    rows.article("many", view_count=900)
    assert slugs(rows, Sort.VIEWS) == ["many", "none", "uncounted"]


def test_the_last_stored_come_first(rows: Rows) -> None:
    rows.article("first", published_at=NOON, view_count=9)
    rows.article("second", published_at=NOON - DAY, view_count=1)
    assert slugs(rows, Sort.STORED) == ["second", "first"]


@pytest.mark.parametrize("sort", UNASKED)
def test_times_are_those_of_the_date_or_else_at_the_first_sight(rows: Rows, sort: Sort) -> None:
    rows.article("before", published_at=NOON - timedelta(microseconds=1))
    rows.article("at-since", published_at=NOON)
    rows.article("at-until", published_at=NOON + DAY)
    rows.article("undated-inside", published_at=None, first_seen_at=NOON + HOUR)
    rows.article("undated-outside", published_at=None, first_seen_at=NOON - HOUR)
    found = slugs(rows, sort, since=NOON, until=NOON + DAY)
    assert sorted(found) == ["at-since", "undated-inside"]


@pytest.mark.parametrize("sort", UNASKED)
def test_an_open_end_asks_for_nothing(rows: Rows, sort: Sort) -> None:
    rows.article("early", published_at=NOON - DAY)
    rows.article("late", published_at=NOON + DAY)
    assert slugs(rows, sort, since=NOON) == ["late"]
    assert slugs(rows, sort, until=NOON) == ["early"]


def test_times_of_another_zone_are_the_same_moments(rows: Rows) -> None:
    rows.article("here", published_at=NOON)
    baku = datetime.fromisoformat("2026-11-04T16:00+04:00")
    assert slugs(rows, since=baku, until=baku + HOUR) == ["here"]


@pytest.mark.dialect
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"section": "politics"}, ["both", "first"]),
        ({"section": " POLITICS "}, ["both", "first"]),
        ({"section": "foreign policy"}, ["both"]),
        ({"section": "Foreign  Policy"}, ["both"]),
        ({"section": "İqtisadiyyat"}, ["azeri"]),
        ({"section": "foreign"}, []),
        ({"section": "%"}, []),
        ({"section": "politic_"}, []),
        ({"section": "|"}, []),
    ],
)
def test_a_section_is_any_of_an_articles_sections_and_taken_literally(
    rows: Rows, asked: dict[str, Any], found: list[str]
) -> None:
    rows.article("first", section="politics", sections=("politics",))
    rows.article("both", section="politics", sections=("foreign policy", "politics"))
    rows.article("azeri", section="iqtisadiyyat", sections=("iqtisadiyyat",))
    rows.article("none", section=None, sections=())
    assert slugs(rows, **asked) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"language": "ru"}, ["russian"]),
        ({"language": "RU"}, ["russian"]),
        ({"source": "apa"}, ["other"]),
        ({"source": "nobody"}, []),
        ({"min_views": 500}, ["seen"]),
        ({"max_views": 0}, ["unseen"]),
        ({"min_views": 0, "max_views": 99}, ["unseen"]),
        ({"edited_since": NOON}, ["edited"]),
        ({"edited_since": NOON + timedelta(seconds=1)}, []),
        ({"gone": True}, ["gone"]),
        ({"language": "en", "source": "caliber", "min_views": 500, "gone": False}, ["seen"]),
    ],
    ids=str,
)
def test_a_filter_lets_through_what_it_names(rows: Rows, asked: dict[str, Any], found: list[str]) -> None:
    rows.source("apa", title="APA")
    rows.article("russian", language="ru")
    rows.article("other", source="apa")
    rows.article("seen", view_count=500)
    rows.article("unseen", view_count=0)
    rows.article("uncounted", view_count=None)
    rows.article("edited", revised_at=NOON)
    rows.article("gone", gone_at=NOON)
    assert slugs(rows, **asked) == found


def test_what_is_gone_is_listed_unless_it_is_not_wanted(rows: Rows) -> None:
    rows.article("gone", gone_at=NOON)
    rows.article("there")
    assert slugs(rows) == ["there", "gone"]
    assert slugs(rows, gone=False) == ["there"]


@pytest.mark.dialect
def test_hostile_names_are_only_names(rows: Rows) -> None:
    rows.article("one")
    assert slugs(rows, source="x' OR 1=1 --") == []
    assert slugs(rows, section='"; DROP TABLE articles; --') == []
    assert slugs(rows) == ["one"]


def test_every_entry_says_whose_it_is_and_on_what_terms(rows: Rows) -> None:
    rows.source("apa", title="APA", terms="Ask first")
    rows.article("ours")
    rows.article("theirs", source="apa")
    found = {article.source: article for article in rows.store.articles.find()}
    assert (found["caliber"].source_title, found["apa"].source_title) == ("Caliber.az", "APA")
    assert found["apa"].terms == "Ask first"
    assert found["apa"].fetched_at == NOON


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 9])
def test_a_limit_counts_across_the_dated_and_the_undated(rows: Rows, limit: int) -> None:
    for slug, published_at in {"d": NOON, "c": NOON - HOUR, "b": None, "a": None}.items():
        rows.article(slug, published_at=published_at)
    assert slugs(rows, limit=limit) == ["d", "c", "a", "b"][:limit]


@pytest.mark.dialect
@pytest.mark.parametrize("sort", UNASKED)
@pytest.mark.parametrize("page", [1, 2, 3, 7])
def test_pages_by_cursor_make_up_the_whole_list(rows: Rows, sort: Sort, page: int) -> None:
    dates = [NOON, NOON, None, NOON - DAY, None, NOON, NOON - HOUR]
    for number, date in enumerate(dates):
        rows.article(f"a{number}", published_at=date, view_count=[5, None, 5, 7, None, 0, 5][number])
    whole = [article.id for article in rows.store.articles.find(sort=sort)]
    paged: list[int] = []
    after = None
    while part := list(rows.store.articles.find(sort=sort, limit=page, after=after)):
        paged += [article.id for article in part]
        after = part[-1].cursor(sort)
    assert len(whole) == 7
    assert paged == whole


def test_a_list_by_growth_goes_on_as_of_its_first_page(rows: Rows) -> None:
    for slug, counts in {
        "some": (0, 20),
        "most": (0, 50),
        "none": (7, 7),
        "one-reading": (9,),
        "less": (0, 10),
    }.items():
        rows.readings(rows.article(slug), *counts)
    now = NOON + HOUR
    first = list(rows.store.articles.find(sort=Sort.GROWTH, limit=2, now=now))
    assert [(one.id, one.view_gain, one.until) for one in first if isinstance(one, ArticleByGrowth)] == [
        (2, 50, now),
        (1, 20, now),
    ]
    rows.readings(rows.article("later"), 0, 0, 90)
    rest = rows.store.articles.find(sort=Sort.GROWTH, after=first[-1].cursor(Sort.GROWTH), now=now + DAY)
    assert [(one.id, one.view_gain) for one in rest if isinstance(one, ArticleByGrowth)] == [
        (5, 10),
        (6, None),
        (4, None),
        (3, None),
    ]


def test_growth_is_over_a_day(rows: Rows) -> None:
    rows.readings(rows.article("before"), 0, 50)
    rows.article("never")
    found = rows.store.articles.find(sort=Sort.GROWTH, now=NOON + DAY + 2 * HOUR)
    assert [one.view_gain for one in found if isinstance(one, ArticleByGrowth)] == [None, None]


def test_a_list_can_be_left_half_read(rows: Rows) -> None:
    rows.article("one")
    rows.article("two")
    reading = rows.store.articles.find()
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    rows.article("three")
    assert slugs(rows) == ["three", "two", "one"]


MOMENTS = st.none() | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
KEPT = st.lists(st.tuples(MOMENTS, st.none() | st.integers(0, 3)), max_size=8)


@pytest.mark.dialect
@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(KEPT, MOMENTS, st.sampled_from(UNASKED), st.none() | st.integers(0, 3))
def test_the_database_filters_and_sorts_as_python_would(
    rows: Rows,
    kept: list[tuple[datetime | None, int | None]],
    since: datetime | None,
    sort: Sort,
    least: int | None,
) -> None:
    for table in ("view_readings", "articles"):
        rows.clear(table)
    ids = [rows.article(f"a{place}", published_at=date, view_count=count) for place, (date, count) in enumerate(kept)]
    for article_id, (_, count) in zip(ids, kept, strict=True):
        rows.readings(article_id, 0, count or 0)
    passed = [
        (date, count, article_id)
        for (date, count), article_id in zip(kept, ids, strict=True)
        if (since is None or (date or NOON) >= since) and (least is None or (count is not None and count >= least))
    ]
    key = {
        Sort.DATE: lambda row: row[0],
        Sort.VIEWS: lambda row: row[1],
        Sort.STORED: lambda row: row[2],
        Sort.GROWTH: lambda row: row[1] or None,
    }[sort]
    keyed = sorted((row for row in passed if key(row) is not None), key=lambda row: (key(row), row[2]))
    bare = [row for row in passed if key(row) is None]
    found = rows.store.articles.find(ArticleFilter(since=since, min_views=least), sort=sort, now=NOON + HOUR)
    assert [article.id for article in found] == [row[2] for row in [*keyed[::-1], *bare[::-1]]]
