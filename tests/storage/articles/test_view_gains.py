"""Rank articles by gained views: the database agrees with the pure function, and reads no more than it must."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from storage.articles.filters import ArticleFilter
from storage.articles.results import ViewReading
from storage.articles.view_gains import top_gains
from storage.articles.view_series import gain
from storage.database.tables import view_readings
from tests.support.examples import examples
from tests.support.rows import DAY, HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

SINCE, UNTIL = NOON, NOON + DAY


def ranked(rows: Rows, limit: int = 20, **wanted: Any) -> list[tuple[int, int]]:
    found = top_gains(rows.store, ArticleFilter(**wanted), since=SINCE, until=UNTIL, limit=limit)
    return [(one.article.id, one.gain.gained) for one in found]


def read(rows: Rows, article_id: int, series: dict[datetime, int]) -> None:
    if series:
        values = [{"article_id": article_id, "measured_at": at, "view_count": count} for at, count in series.items()]
        with rows.store.write() as connection:
            connection.execute(insert(view_readings), values)


def test_equal_gains_come_in_the_order_of_ids(rows: Rows) -> None:
    for slug, last in {"a": 50, "b": 90, "c": 50, "d": 50}.items():
        read(rows, rows.article(slug), {NOON: 0, NOON + HOUR: last})
    assert ranked(rows) == [(2, 90), (1, 50), (3, 50), (4, 50)]
    assert ranked(rows, limit=3) == [(2, 90), (1, 50), (3, 50)]


def test_what_gained_nothing_is_left_out_and_a_reset_is_no_gain(rows: Rows) -> None:
    read(rows, rows.article("once"), {NOON + HOUR: 900})
    read(rows, rows.article("still"), {NOON: 900, NOON + HOUR: 900})
    read(rows, rows.article("fell"), {NOON: 900, NOON + HOUR: 3})
    read(rows, rows.article("fell-and-rose"), {NOON: 900, NOON + HOUR: 3, NOON + 2 * HOUR: 8})
    read(rows, rows.article("before"), {NOON - 2 * HOUR: 1, NOON - HOUR: 900})
    assert ranked(rows) == [(4, 5)]


def test_a_rise_from_before_the_window_counts_by_its_share(rows: Rows) -> None:
    read(rows, rows.article("a"), {NOON - 9 * DAY: 0, NOON + DAY: 1000})
    assert ranked(rows) == [(1, 100)]


def test_large_counts_and_long_gaps_do_not_overflow(rows: Rows) -> None:
    read(rows, rows.article("a"), {NOON - 3650 * DAY: 0, NOON + DAY: 2**31 - 1})
    assert ranked(rows) == [(1, (2**31 - 1) // 3651)]


def test_filters_name_what_may_be_in_the_list(rows: Rows) -> None:
    rows.source("apa", title="APA")
    for slug, facts in {
        "first": {},
        "apa": {"source": "apa"},
        "economy": {"section": "economy", "sections": ("economy",)},
        "old": {"published_at": NOON - 9 * DAY},
    }.items():
        read(rows, rows.article(slug, **facts), {NOON: 0, NOON + HOUR: 10})
    assert [one for one, _ in ranked(rows)] == [1, 2, 3, 4]
    assert [one for one, _ in ranked(rows, source="apa")] == [2]
    assert [one for one, _ in ranked(rows, section="economy")] == [3]
    assert [one for one, _ in ranked(rows, since=NOON - DAY)] == [1, 2, 3]


SECONDS = st.integers(-86_400, 2 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds))
SERIES = st.dictionaries(SECONDS, st.integers(0, 20) | st.integers(0, 2**31 - 1), max_size=6)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SERIES, max_size=5), st.integers(1, 6))
def test_the_database_ranks_as_the_pure_function_reckons(
    rows: Rows, kept: list[dict[datetime, int]], limit: int
) -> None:
    rows.clear("view_readings")
    rows.clear("articles")
    expected = []
    for place, series in enumerate(kept):
        article_id = rows.article(f"a{place}")
        read(rows, article_id, series)
        readings = [ViewReading(measured_at=at, view_count=count) for at, count in series.items()]
        expected.append((article_id, gain(readings, since=SINCE, until=UNTIL).gained))
    expected = sorted((one for one in expected if one[1]), key=lambda one: (-one[1], one[0]))
    assert ranked(rows, limit) == expected[:limit]
