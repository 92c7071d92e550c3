"""View readings as a series: what holds for every order, gap and reset."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from storage.articles.results import ViewReading
from storage.articles.view_series import MEASURED_AGES, EstimateBasis, at_ages, deltas, gain, normalize, views_at
from tests.support.rows import DAY, HOUR, NOON

MOMENTS = st.integers(0, 3 * 86_400).map(lambda seconds: NOON + timedelta(seconds=seconds))
READINGS = st.lists(st.builds(ViewReading, measured_at=MOMENTS, view_count=st.integers(0, 2**31 - 1)), max_size=12)
SMALL = st.lists(st.builds(ViewReading, measured_at=MOMENTS, view_count=st.integers(0, 9)), max_size=12)
ANY = READINGS | SMALL


def series(*counts: int, every: timedelta = HOUR, start: datetime = NOON) -> list[ViewReading]:
    return [ViewReading(measured_at=start + place * every, view_count=count) for place, count in enumerate(counts)]


def segments(readings: list[ViewReading]) -> list[list[ViewReading]]:
    """Split the readings where the count fell."""
    parts: list[list[ViewReading]] = []
    for reading in normalize(readings):
        if not parts or reading.view_count < parts[-1][-1].view_count:
            parts.append([])
        parts[-1].append(reading)
    return parts


def test_a_gain_has_its_gap_and_by_the_hour() -> None:
    first, second = deltas(series(100, 400, every=2 * HOUR))
    assert (first.gained, first.duration, first.per_hour, first.is_reset) == (None, None, None, False)
    assert (second.gained, second.duration, second.per_hour) == (300, 2 * HOUR, 150.0)


def test_there_is_no_rate_over_a_moment() -> None:
    assert deltas(series(100, 144, every=timedelta(minutes=9)))[1].per_hour is None
    assert gain(series(0, 44, every=timedelta(seconds=3)), since=NOON - DAY, until=NOON + DAY).per_hour is None


def test_a_count_that_falls_was_reset_and_gains_nothing() -> None:
    fallen = deltas(series(100, 40, 45))
    assert [step.gained for step in fallen] == [None, None, 5]
    assert [step.is_reset for step in fallen] == [False, True, False]
    assert [[one.view_count for one in part] for part in segments(series(100, 40, 45))] == [[100], [40, 45]]


def test_views_at_an_age_lie_evenly_between_readings_with_the_gap() -> None:
    found = at_ages(series(100, 400, every=4 * HOUR, start=NOON), NOON - HOUR)
    estimates = [(one.views.view_count, one.views.gap, one.views.basis) for one in found]
    assert estimates == [
        (100, timedelta(0), EstimateBasis.MEASURED),
        (None, None, EstimateBasis.AFTER_LAST),
        (None, None, EstimateBasis.AFTER_LAST),
        (None, None, EstimateBasis.AFTER_LAST),
    ]
    between = views_at(series(100, 400, every=4 * HOUR), NOON + HOUR)
    assert (between.view_count, between.gap, between.basis) == (175, 4 * HOUR, EstimateBasis.INTERPOLATED)


def test_nothing_is_estimated_outside_the_readings_nor_across_a_reset() -> None:
    assert views_at(series(1, 2), NOON - timedelta(seconds=1)).basis is EstimateBasis.BEFORE_FIRST
    assert views_at([], NOON).basis is EstimateBasis.NEVER_READ
    across = views_at(series(100, 5), NOON + HOUR / 2)
    assert (across.view_count, across.gap, across.basis) == (None, HOUR, EstimateBasis.RESET)


def test_a_rise_that_began_before_the_window_counts_by_its_share() -> None:
    won = gain(series(0, 100, 160), since=NOON + HOUR / 4, until=NOON + DAY)
    assert (won.gained, won.since, won.until) == (135, NOON + HOUR / 4, NOON + 2 * HOUR)
    assert won.per_hour == 135 / 1.75


def test_what_a_count_had_at_first_and_what_fell_is_in_no_window() -> None:
    won = gain(series(5000, 5010, 3, 8), since=NOON - DAY, until=NOON + DAY)
    assert (won.gained, won.reset_count) == (15, 1)
    alone = gain(series(5000), since=NOON - DAY, until=NOON + DAY)
    assert (alone.gained, alone.since, alone.per_hour) == (0, None, None)


@given(ANY)
def test_time_is_monotone_and_every_moment_is_there_once(readings: list[ViewReading]) -> None:
    moments = [step.read_at for step in deltas(readings)]
    assert all(before < after for before, after in pairwise(moments))
    assert set(moments) == {reading.measured_at for reading in readings}
    assert all(step.duration > timedelta(0) for step in deltas(readings)[1:] if step.duration is not None)


@given(ANY)
def test_no_gain_is_negative_and_each_segment_adds_up(readings: list[ViewReading]) -> None:
    steps = deltas(readings)
    assert all(step.gained >= 0 for step in steps if step.gained is not None)
    parts = segments(readings)
    assert tuple(one for part in parts for one in part) == normalize(readings)
    assert max(len(parts) - 1, 0) == sum(step.is_reset for step in steps)
    risen = sum(part[-1].view_count - part[0].view_count for part in parts)
    assert risen == sum(step.gained or 0 for step in steps)
    assert all(a.view_count <= b.view_count for part in parts for a, b in pairwise(part))


@given(ANY, MOMENTS, MOMENTS, st.randoms(use_true_random=False))
def test_the_order_of_readings_does_not_matter(
    readings: list[ViewReading], one: datetime, other: datetime, random: Random
) -> None:
    mixed = readings.copy()
    random.shuffle(mixed)
    assert deltas(mixed) == deltas(readings)
    assert views_at(mixed, one) == views_at(readings, one)
    assert gain(mixed, since=min(one, other), until=max(one, other)) == gain(
        readings, since=min(one, other), until=max(one, other)
    )


@given(ANY, MOMENTS)
def test_an_estimate_lies_between_the_readings_around_it_or_is_none(
    readings: list[ViewReading], moment: datetime
) -> None:
    estimate = views_at(readings, moment)
    before = [one for one in normalize(readings) if one.measured_at <= moment]
    after = [one for one in normalize(readings) if one.measured_at >= moment]
    assert (estimate.view_count is not None) == (estimate.basis in {EstimateBasis.MEASURED, EstimateBasis.INTERPOLATED})
    if not before or not after:
        assert (estimate.view_count, estimate.gap) == (None, None)
    else:
        assert estimate.gap == after[0].measured_at - before[-1].measured_at
    if estimate.view_count is not None:
        assert before[-1].view_count <= estimate.view_count <= after[0].view_count


@given(ANY, MOMENTS, MOMENTS, MOMENTS)
def test_a_longer_window_gains_no_less_and_later_readings_change_nothing(
    readings: list[ViewReading], one: datetime, two: datetime, three: datetime
) -> None:
    early, since, until = sorted([one, two, three])
    won = gain(readings, since=since, until=until)
    assert 0 <= won.gained <= gain(readings, since=early, until=until).gained
    assert won == gain([r for r in readings if r.measured_at <= until], since=since, until=until)
    assert won.gained <= gain(readings, since=since, until=until + DAY).gained
    if won.since is not None and won.until is not None:
        assert since <= won.since < won.until <= until


@given(ANY)
def test_within_a_segment_views_only_grow_with_age(readings: list[ViewReading]) -> None:
    for part in segments(readings):
        estimates = [
            one.views.view_count
            for one in at_ages(part, NOON, [*MEASURED_AGES, 30 * HOUR, 2 * DAY])
            if one.age < 3 * DAY
        ]
        known = [count for count in estimates if count is not None]
        assert known == sorted(known)
