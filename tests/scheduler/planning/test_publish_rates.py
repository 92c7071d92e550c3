"""The rhythm: exact over summer time, additive, and learned from what was published."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.planning.publish_rates import HOURS_PER_WEEK, PublishRates, estimate_rates, hour_of_week
from tests.support.simulation import DAY_SHAPE, HOUR_SHAPE, KYIV, MONTH, NewsSite

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    ["UTC", "Asia/Baku", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
)
RATES = st.lists(st.floats(0, 100), min_size=HOURS_PER_WEEK, max_size=HOURS_PER_WEEK).map(tuple)
RHYTHMS = st.builds(PublishRates, RATES, ZONES.map(ZoneInfo))
TIMES = st.floats(0, 365 * 24).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours))
WEEK = timedelta(weeks=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)


@given(RHYTHMS, TIMES, st.floats(0, 400), st.floats(0, 400))
def test_what_is_expected_adds_up(rhythm: PublishRates, start: datetime, first: float, second: float) -> None:
    middle = start + timedelta(hours=first)
    end = middle + timedelta(hours=second)
    both = rhythm.expected(start, middle) + rhythm.expected(middle, end)
    assert rhythm.expected(start, end) == pytest.approx(both, abs=1e-6)


@given(RHYTHMS, TIMES, st.floats(-400, 400))
def test_it_is_never_negative_and_nothing_backwards(rhythm: PublishRates, start: datetime, hours: float) -> None:
    expected = rhythm.expected(start, start + timedelta(hours=hours))
    assert expected >= 0
    assert expected <= max(rhythm.rates) * max(hours, 0) + 1e-6
    if hours <= 0:
        assert expected == 0


@given(RHYTHMS, TIMES, st.floats(0, 400), st.floats(0, 50))
def test_it_scales(rhythm: PublishRates, start: datetime, hours: float, factor: float) -> None:
    end = start + timedelta(hours=hours)
    assert rhythm.scaled(factor).expected(start, end) == pytest.approx(factor * rhythm.expected(start, end), abs=1e-6)


@given(RHYTHMS, TIMES)
def test_a_short_time_brings_the_rate(rhythm: PublishRates, start: datetime) -> None:
    start = start.replace(minute=15, second=0, microsecond=0)
    assert rhythm.expected(start, start + timedelta(minutes=6)) == pytest.approx(rhythm.rate(start) / 10)


@given(RHYTHMS, TIMES)
def test_a_week_without_a_change_of_clocks_brings_every_hour_once(rhythm: PublishRates, start: datetime) -> None:
    zone, end = rhythm.timezone, start + WEEK
    moments = [start + timedelta(hours=hour) for hour in range(169)]
    if len({moment.astimezone(zone).utcoffset() for moment in moments}) == 1:
        assert rhythm.expected(start, end) == pytest.approx(sum(rhythm.rates), abs=1e-6)


def only(hour: int, zone: ZoneInfo) -> PublishRates:
    """Six articles in that hour of every day, none else."""
    return PublishRates(tuple(6.0 if one % 24 == hour else 0.0 for one in range(HOURS_PER_WEEK)), zone)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        ((2026, 3, 28), 2, 6.0),
        ((2026, 3, 29), 2, 0.0),  # skipped
        ((2026, 3, 29), 3, 6.0),
        ((2026, 10, 25), 2, 12.0),  # twice
        ((2026, 10, 25), 1, 6.0),
        ((2026, 10, 25), 3, 6.0),
    ],
)
def test_days_of_23_and_25_hours(day: tuple[int, int, int], hour: int, expected: float) -> None:
    start = datetime(*day, tzinfo=BERLIN)
    end = start + timedelta(days=1)  # the next midnight on these clocks
    assert only(hour, BERLIN).expected(start, end) == pytest.approx(expected)


def test_half_hours_between_zones_are_cut_where_the_source_cuts_them() -> None:
    india = only(9, ZoneInfo("Asia/Kolkata"))  # 03:30 to 04:30 UTC
    assert india.expected(MONDAY + timedelta(hours=3), MONDAY + timedelta(hours=4)) == pytest.approx(3.0)
    assert india.rate(MONDAY + timedelta(hours=4, minutes=29)) == 6.0
    assert india.rate(MONDAY + timedelta(hours=4, minutes=30)) == 0.0


def test_the_default_brings_what_it_says_sleeps_at_night_and_rests_at_the_weekend() -> None:
    rhythm = PublishRates.default(per_day=48)
    assert rhythm.expected(MONDAY, MONDAY + WEEK) == pytest.approx(7 * 48)
    assert rhythm.rate(MONDAY + timedelta(hours=3)) < rhythm.mean / 2 < rhythm.rate(MONDAY + timedelta(hours=11))
    assert rhythm.rate(MONDAY + timedelta(days=5, hours=11)) < rhythm.rate(MONDAY + timedelta(hours=11))


@pytest.mark.parametrize(
    "rates",
    [(1.0,) * 167, (-1.0,) * HOURS_PER_WEEK, (float("nan"),) * HOURS_PER_WEEK, (float("inf"),) * HOURS_PER_WEEK],
)
def test_invalid_rates_are_refused(rates: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="168 finite"):
        PublishRates(rates, BERLIN)


def test_hours_are_counted_from_monday_on_the_source_s_clocks() -> None:
    assert hour_of_week(MONDAY, ZoneInfo("UTC")) == 0
    assert hour_of_week(MONDAY, ZoneInfo("Asia/Baku")) == 4
    assert hour_of_week(MONDAY, ZoneInfo("America/New_York")) == 6 * 24 + 19


def test_without_any_article_the_rhythm_tends_to_nothing_but_is_not_nothing() -> None:
    quiet = estimate_rates([], timezone=KYIV, since=MONDAY - 4 * WEEK, until=MONDAY)
    assert 0 < quiet.mean < 0.05
    assert min(quiet.rates) > 0


def test_with_no_time_passed_the_prior_is_kept() -> None:
    prior = PublishRates.default(per_day=90, timezone=KYIV)
    learned = estimate_rates([], timezone=KYIV, since=MONDAY, until=MONDAY, prior=prior)
    assert learned.mean == pytest.approx(prior.mean, rel=0.02)
    assert max(learned.rates) == pytest.approx(max(prior.rates), rel=0.05)


def test_times_outside_the_window_do_not_count() -> None:
    outside = [MONDAY - timedelta(seconds=1), MONDAY + WEEK]
    window = {"timezone": KYIV, "since": MONDAY, "until": MONDAY + WEEK}
    assert estimate_rates(outside, **window) == estimate_rates([], **window)  # type: ignore[arg-type]
    assert estimate_rates([MONDAY], **window) != estimate_rates([], **window)  # type: ignore[arg-type]


@pytest.mark.parametrize(("per_day", "off"), [(200.0, 0.25), (90.0, 0.3), (20.0, 0.45)])
def test_a_month_teaches_the_rhythm(per_day: float, off: float) -> None:
    """The learned rhythm is far nearer to the truth than the declared default at the right level."""
    start, end = MONTH
    site = NewsSite.simulated(5, start=start, days=30, timezone=KYIV, per_day=per_day, bursts=0)
    learned = estimate_rates(site.published, timezone=KYIV, since=start, until=end)
    truth = [truth_of(hour, per_day) for hour in range(HOURS_PER_WEEK)]
    wrong = sum(abs(a - b) for a, b in zip(learned.rates, truth, strict=True)) / sum(truth)
    default = PublishRates.default(per_day=per_day, timezone=KYIV).rates
    assert wrong < off
    assert wrong < 0.9 * sum(abs(a - b) for a, b in zip(default, truth, strict=True)) / sum(truth)


def truth_of(hour: int, per_day: float) -> float:
    return per_day * HOUR_SHAPE[hour % 24] * DAY_SHAPE[hour // 24] * 7 / sum(HOUR_SHAPE) / sum(DAY_SHAPE)


def test_more_articles_at_an_hour_never_make_it_look_quieter() -> None:
    rng = random.Random(2)
    times = [MONDAY + WEEK * rng.random() for _ in range(300)]
    window = {"timezone": KYIV, "since": MONDAY, "until": MONDAY + WEEK}
    extra = MONDAY + timedelta(days=2, hours=10)
    assert estimate_rates([*times, extra], **window).rate(extra) > estimate_rates(times, **window).rate(extra)  # type: ignore[arg-type]
