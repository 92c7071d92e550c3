"""Thin view readings: all answers after the limit are as before, and those before it within what is promised."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.articles.results import ViewReading
from storage.articles.view_series import at_ages, gain, normalize, views_at
from storage.retention.thinning import surplus_readings
from tests.support.rows import DAY, HOUR, NOON

MOMENTS = st.integers(0, 12 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds))
COUNTS = st.integers(0, 9) | st.integers(0, 10**6)
SERIES = st.lists(st.builds(ViewReading, measured_at=MOMENTS, view_count=COUNTS), max_size=40).map(normalize)
BORN = st.none() | MOMENTS
LATER = st.integers(0, 6 * 86_400).map(lambda seconds: timedelta(seconds=seconds))


def thinned(series: tuple[ViewReading, ...], before: datetime, born: datetime | None = None) -> list[ViewReading]:
    surplus = surplus_readings(series, published_at=born, before=before)
    return [reading for reading in series if reading not in surplus]


@given(SERIES, BORN, MOMENTS, LATER, LATER)
def test_answers_after_the_limit_are_as_before(
    series: tuple[ViewReading, ...], born: datetime | None, before: datetime, since: timedelta, length: timedelta
) -> None:
    kept = thinned(series, before, born)
    moment = before + since
    assert views_at(kept, moment) == views_at(series, moment)
    window = {"since": moment, "until": moment + length}
    assert gain(kept, **window) == gain(series, **window)


@given(SERIES, BORN, MOMENTS)
def test_totals_resets_and_views_at_ages_are_as_before(
    series: tuple[ViewReading, ...], born: datetime | None, before: datetime
) -> None:
    kept = thinned(series, before, born)
    whole = {"since": NOON - DAY, "until": NOON + 20 * DAY}
    assert gain(kept, **whole) == gain(series, **whole)
    assert [kept[:1], kept[-1:]] == [list(series[:1]), list(series[-1:])]
    if born is not None:
        assert at_ages(kept, born) == at_ages(series, born)


@given(SERIES, BORN, MOMENTS)
def test_what_was_counted_at_the_end_of_each_day_stays(
    series: tuple[ViewReading, ...], born: datetime | None, before: datetime
) -> None:
    kept = thinned(series, before, born)
    for days in range(13):
        midnight = datetime.combine((NOON + days * DAY).date(), time(), NOON.tzinfo)
        counted = [
            [reading for reading in some if reading.measured_at < midnight][-1:] for some in (kept, list(series))
        ]
        assert counted[0] == counted[1]


@given(SERIES, BORN, MOMENTS, LATER)
def test_pruning_at_one_limit_and_then_at_a_later_one_is_pruning_at_the_later_one_but_for_the_last_before_it(
    series: tuple[ViewReading, ...], born: datetime | None, before: datetime, later: timedelta
) -> None:
    once = tuple(thinned(series, before, born))
    assert thinned(once, before, born) == list(once)
    assert set(thinned(series, before + later, born)) >= set(thinned(once, before + later, born))


def test_a_day_of_readings_becomes_one() -> None:
    series = tuple(ViewReading(measured_at=NOON + hours * HOUR, view_count=hours) for hours in range(72))
    kept = thinned(series, NOON + 71 * HOUR)
    assert [reading.view_count for reading in kept] == [0, 11, 35, 59, 70, 71]
