"""The rate by hour of the week: what is learned from arrivals, and how local hours pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.hours import SHAPE, SLOTS, WEEKS, HourRates
from tests.scheduler.histories import BERLIN, MONDAY, Newsroom

UTC_ZONE = ZoneInfo("UTC")
FLAT = HourRates(UTC_ZONE, (1.0,) * SLOTS)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
EIGHT_WEEKS = MONDAY + WEEKS


def learned(arrivals: list[datetime], *, until: datetime = EIGHT_WEEKS, default: float = 10.0) -> HourRates:
    return HourRates.learn(arrivals, timezone=UTC_ZONE, since=MONDAY, until=until, default_per_day=default)


def a_week(rates: HourRates, start: datetime = MONDAY) -> float:
    return rates.expected(start, start + timedelta(weeks=1))


def test_a_source_nothing_is_known_of_is_expected_to_keep_the_default() -> None:
    assert a_week(learned([], until=MONDAY, default=24.0)) == pytest.approx(7 * 24, rel=1e-9)
    assert sum(SHAPE) == pytest.approx(SLOTS)


def test_the_default_is_quiet_at_night_and_at_weekends() -> None:
    rates = learned([], until=MONDAY)
    assert rates.rates[3] < rates.rates[12] / 5  # Monday 3:00 and 12:00
    assert rates.rates[5 * 24 + 12] < rates.rates[12] / 3


@pytest.mark.parametrize("per_workday", [4.0, 40.0, 150.0])
def test_eight_weeks_teach_the_level_of_a_week(per_workday: float) -> None:
    room = Newsroom(per_workday=per_workday, timezone=UTC_ZONE, moods=0.0, burst=1.0)
    arrivals = room.arrivals(MONDAY, WEEKS, seed=1)
    assert a_week(learned(arrivals)) == pytest.approx(len(arrivals) / 8, rel=0.1)


def test_night_weekend_and_day_are_told_apart() -> None:
    room = Newsroom(per_workday=60, timezone=UTC_ZONE, weekend=0.0)
    rates = learned(room.arrivals(MONDAY, WEEKS, seed=2))
    assert rates.expected(MONDAY + timedelta(hours=0), MONDAY + timedelta(hours=6)) < 0.5
    assert rates.expected(MONDAY + timedelta(days=5, hours=1), MONDAY + timedelta(days=6, hours=23)) < 3
    assert rates.expected(MONDAY + timedelta(hours=9), MONDAY + timedelta(hours=19)) > 30


def test_what_the_first_look_listed_is_no_arrival() -> None:
    assert learned([MONDAY] * 500) == learned([])


def test_one_list_after_our_own_downtime_is_no_rate() -> None:
    arrivals = Newsroom(per_workday=20, timezone=UTC_ZONE).arrivals(MONDAY, WEEKS, seed=3)
    late = MONDAY + timedelta(days=20, hours=3)
    assert a_week(learned([*arrivals, *[late] * 400])) < 1.1 * a_week(learned(arrivals))


def test_older_than_eight_weeks_is_forgotten() -> None:
    old = [MONDAY + timedelta(hours=n) for n in range(1, 200)]
    later = {"timezone": UTC_ZONE, "since": MONDAY, "until": MONDAY + 3 * WEEKS, "default_per_day": 10.0}
    assert HourRates.learn(old, **later) == HourRates.learn([], **later)  # type: ignore[arg-type]


def test_a_default_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="default_per_day must be more than 0"):
        learned([], default=0)


@pytest.mark.parametrize(
    ("day", "hours"),
    [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25), (datetime(2026, 10, 26), 24)],  # noqa: DTZ001
)
def test_a_day_of_dst_has_its_own_number_of_hours(day: datetime, hours: int) -> None:
    rates = HourRates(BERLIN, (1.0,) * SLOTS)
    start, end = day.replace(tzinfo=BERLIN), (day + timedelta(days=1)).replace(tzinfo=BERLIN)
    assert rates.expected(start, end) == pytest.approx(hours)


def test_hours_are_the_local_ones() -> None:
    """Monday 9:00 in Berlin is 7:00 UTC in summer and 8:00 in winter; Kathmandu lies 5:45 ahead."""
    nine = tuple(1.0 if slot == 9 else 0.0 for slot in range(SLOTS))
    berlin = HourRates(BERLIN, nine)
    assert berlin.expected(MONDAY + timedelta(hours=7), MONDAY + timedelta(hours=8)) == 1.0
    winter = MONDAY + timedelta(weeks=8)
    assert berlin.expected(winter + timedelta(hours=8), winter + timedelta(hours=9)) == 1.0
    kathmandu = HourRates(ZoneInfo("Asia/Kathmandu"), nine)
    start = MONDAY + timedelta(hours=3, minutes=15)
    assert kathmandu.expected(start, start + timedelta(minutes=30)) == pytest.approx(0.5)


@given(MOMENTS, st.lists(st.integers(0, 10**7), min_size=2, max_size=2))
def test_what_is_expected_adds_up(start: datetime, seconds: list[int]) -> None:
    first, second = (timedelta(seconds=one) for one in seconds)
    rates = learned([], until=MONDAY)
    parts = rates.expected(start, start + first) + rates.expected(start + first, start + first + second)
    assert rates.expected(start, start + first + second) == pytest.approx(parts)
    assert FLAT.expected(start, start + first) == pytest.approx(first / timedelta(hours=1))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)))
def test_nothing_is_expected_of_a_time_that_runs_backwards(start: datetime, length: timedelta) -> None:
    assert FLAT.expected(start, start - length) == 0


@given(st.lists(st.integers(1, 56 * 24 * 60), max_size=60))
def test_rates_are_positive_whatever_arrived(minutes: list[int]) -> None:
    rates = learned([MONDAY + timedelta(minutes=one) for one in minutes])
    assert len(rates.rates) == SLOTS
    assert all(rate > 0 for rate in rates.rates)
