"""Times and durations as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from storage.config.parsers import duration, point_in_time

NOW = datetime(2026, 11, 4, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "moment"),
    [
        ("now", NOW),
        ("today", datetime(2026, 11, 4, tzinfo=UTC)),
        ("Yesterday", datetime(2026, 11, 3, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-02", datetime(2026, 11, 2, tzinfo=UTC)),
        ("2.11.2026", datetime(2026, 11, 2, tzinfo=UTC)),
        ("02.11.2026 08:00", datetime(2026, 11, 2, 8, tzinfo=UTC)),
        ("2026-11-02T08:00", datetime(2026, 11, 2, 8, tzinfo=UTC)),
        ("2026-11-02 08:00+04:00", datetime(2026, 11, 2, 4, tzinfo=UTC)),
        ("7d", NOW - timedelta(days=7)),
        ("7 days", NOW - timedelta(days=7)),
        ("1 week ago", NOW - timedelta(days=7)),
        ("1w", NOW - timedelta(days=7)),
        (" 1W ", NOW - timedelta(days=7)),
        ("1 month", NOW.replace(month=10)),
        ("11 Months ago", NOW.replace(year=2025, month=12)),
        ("1y", NOW.replace(year=2025)),
        ("2 years", NOW.replace(year=2024)),
    ],
)
def test_a_time_is_read_in_utc(typed: str, moment: datetime) -> None:
    assert point_in_time(typed, now=NOW) == moment


def test_a_month_before_a_day_that_it_lacks_is_its_last_day() -> None:
    moment = datetime(2026, 3, 31, 8, tzinfo=UTC)
    assert point_in_time("1 month", now=moment) == datetime(2026, 2, 28, 8, tzinfo=UTC)
    with pytest.raises(ValueError, match="is not a date"):
        point_in_time("9999 years", now=moment)


def test_today_is_the_day_of_utc_wherever_the_clock_stands() -> None:
    in_baku = NOW.astimezone(timezone(-timedelta(hours=4)))  # there it is still the third
    assert point_in_time("today", now=in_baku) == datetime(2026, 11, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "someday",
        "2026-13",
        "0000",
        "2026-1",
        "",
        "ago",
        "99999-01",
        "-7 days",
        "7 moons",
        "2.13.2026",
        "2.11.26",
        "2/11/2026",
    ],
)
def test_what_is_no_time_is_refused_with_the_forms(typed: str) -> None:
    with pytest.raises(ValueError, match='is not a date: write "today", "yesterday", "7d", "2026-11"'):
        point_in_time(typed, now=NOW)


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("30 s", timedelta(seconds=30)),
        ("30 seconds", timedelta(seconds=30)),
        ("10 min", timedelta(minutes=10)),
        ("1 minute", timedelta(minutes=1)),
        ("1.5 hours", timedelta(minutes=90)),
        ("7 days", timedelta(days=7)),
        ("1w", timedelta(days=7)),
        ("2 weeks", timedelta(days=14)),
    ],
)
def test_a_duration_has_units_as_letters_and_as_words(typed: str, length: timedelta) -> None:
    assert duration(typed) == length


@pytest.mark.parametrize("typed", ["7", "7 moons", "1 month", "", "week", "7 days ago"])
def test_what_is_no_duration_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(ValueError, match="must be a duration such as"):
        duration(typed)
