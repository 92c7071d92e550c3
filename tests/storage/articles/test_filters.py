"""Refuse invalid filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from storage.articles.filters import ArticleFilter
from storage.model.records import EditKind
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

TWICE = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
"""In summer time; its clocks show it again an hour later, when fold is 1."""


@pytest.mark.parametrize("name", ["since", "until", "edited_since"])
def test_a_time_without_a_zone_is_refused_by_its_name(name: str) -> None:
    wanted: dict[str, Any] = {name: datetime(2026, 11, 4)}  # noqa: DTZ001
    with pytest.raises(ValueError, match=rf"{name} = 2026-11-04 00:00:00 has no zone"):
        ArticleFilter(**wanted)


@pytest.mark.parametrize("until", [NOON, NOON - HOUR])
def test_times_that_nothing_lies_between_are_refused(until: datetime) -> None:
    with pytest.raises(ValueError, match="nothing lies since 2026-11-04 12:00"):
        ArticleFilter(since=NOON, until=until)


@pytest.mark.parametrize("name", ["since", "until", "edited_since", "as_of"])
def test_an_hour_that_clocks_show_twice_is_two(name: str) -> None:
    """Python finds two such times of one zone equal, and so would whatever is kept by them."""
    first, second = (ArticleFilter(**{name: TWICE.replace(fold=fold)}) for fold in (0, 1))  # type: ignore[arg-type]
    assert first != second
    assert getattr(second, name) - getattr(first, name) == HOUR
    assert ArticleFilter(since=TWICE, until=TWICE.replace(fold=1)).since == TWICE.astimezone(UTC)


def test_a_list_since_such_an_hour_is_not_the_one_since_the_hour_before(database: str) -> None:
    rows = Rows(database)
    rows.article("early", published_at=TWICE.astimezone(UTC))
    late = rows.article("late", published_at=TWICE.astimezone(UTC) + HOUR)
    found = [
        [article.id for article in rows.store.articles.find(ArticleFilter(since=TWICE.replace(fold=fold)))]
        for fold in (0, 1)
    ]
    rows.store.close()
    assert (len(found[0]), found[1]) == (2, [late])


@pytest.mark.parametrize("name", ["since", "until", "edited_since", "as_of"])
def test_a_time_that_is_outside_of_the_calendar_in_utc_is_refused(name: str) -> None:
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=4)))
    with pytest.raises(ValueError, match=rf"{name} = 0001-01-01 00:00:00\+04:00 lies outside of the calendar"):
        ArticleFilter(**{name: first})  # type: ignore[arg-type]


@pytest.mark.parametrize("one", [Fraction(3), Decimal(3), 3.0, 3])
def test_a_number_of_any_type_is_the_same_number(database: str, one: Any) -> None:
    """A value that a driver cannot take must not be in the statement that equal numbers share."""
    rows = Rows(database)
    found = [rows.article(slug, view_count=count) for slug, count in (("few", 2), ("some", 3), ("many", 4))]
    for wanted, ids in (({"min_views": one}, found[1:]), ({"max_views": one}, found[:2])):
        for number in (one, 3):
            passing = rows.store.articles.find(ArticleFilter(**dict.fromkeys(wanted, number)))
            assert sorted(article.id for article in passing) == ids
    rows.store.close()


def test_one_is_yes(database: str) -> None:
    """PostgreSQL compares no truth with a number, which must not be in the statement of the equal truth either."""
    rows = Rows(database)
    edited = rows.article("edited")
    rows.revision(edited, 1, is_stealth=True)
    for yes in (1, True):
        wanted = ArticleFilter(is_stealth=yes, gone=not yes)  # type: ignore[arg-type]
        assert [article.id for article in rows.store.articles.find(wanted)] == [edited]
    rows.store.close()


def test_counts_are_whole() -> None:
    between = ArticleFilter(min_views=1.5, max_views=3.5)  # type: ignore[arg-type]
    assert between == ArticleFilter(min_views=2, max_views=3)
    assert type(ArticleFilter(min_views=True).min_views) is int


def test_view_counts_that_nothing_lies_between_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 5 and at most 4 views"):
        ArticleFilter(min_views=5, max_views=4)
    assert ArticleFilter(min_views=5, max_views=5).min_views == 5


def test_kinds_of_edits_may_be_a_list(rows: Rows) -> None:
    wanted = ArticleFilter(edit_kinds=[EditKind.TITLE])  # type: ignore[arg-type]
    assert wanted == ArticleFilter(edit_kinds=(EditKind.TITLE,))
    assert list(rows.store.articles.find(wanted)) == []
