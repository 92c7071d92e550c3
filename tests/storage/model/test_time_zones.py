"""When days of a zone begin, and what its offsets are: as zoneinfo has them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.config.parsers import point_in_time
from storage.model.time_zones import (
    day_exists,
    first_day_from,
    in_zone,
    offset_if_twice,
    offset_periods,
    start_of_day,
    zone_named,
)

NAMES = ("Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "America/Toronto", "Asia/Beirut")
SECOND = timedelta(seconds=1)
NOW = datetime(2026, 10, 26, 9, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@given(name=st.sampled_from(NAMES), day=st.dates(date(1915, 1, 1), date(2040, 1, 1)))
def test_a_day_begins_with_its_first_moment(name: str, day: date) -> None:
    zone = zone_named(name)
    begin = start_of_day(day, zone)
    assert begin.astimezone(zone).date() >= day > (begin - SECOND).astimezone(zone).date()
    assert first_day_from(begin, zone) >= day
    assert first_day_from(begin - SECOND, zone) <= day


@given(name=st.sampled_from(NAMES), hours=st.integers(0, 24 * 365 * 160))
def test_the_offsets_are_those_of_zoneinfo(name: str, hours: int) -> None:
    zone, at = zone_named(name), datetime(1880, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    periods = offset_periods(zone, at - timedelta(days=400), at + timedelta(days=40))
    current = [period.offset for period in periods if period.since <= at][-1]
    assert current == at.astimezone(zone).utcoffset()


@pytest.mark.parametrize(
    ("name", "day", "begin"),
    [
        ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00"),
        ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00"),
        ("Asia/Beirut", "2026-03-29", "2026-03-28T22:00"),  # at one o'clock
        ("America/Toronto", "1919-03-31", "1919-03-31T04:30"),  # at half past midnight
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # left out: the day after begins
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_days_that_do_not_begin_at_midnight(name: str, day: str, begin: str) -> None:
    assert start_of_day(date.fromisoformat(day), zone_named(name)) == datetime.fromisoformat(f"{begin}+00:00")


def test_a_day_that_was_left_out_is_none() -> None:
    apia = zone_named("Pacific/Apia")
    assert [day_exists(date(2011, 12, day), apia) for day in (29, 30, 31)] == [True, False, True]


def test_the_ends_of_the_calendar_have_no_other_zone() -> None:
    for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        assert {in_zone(at, zone_named(name)).year for name in ("Asia/Baku", "America/St_Johns")} == {at.year}
        assert start_of_day(at.date(), zone_named("Asia/Baku")).year == at.year


def test_a_time_that_comes_twice_has_its_offset() -> None:
    first, second = (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=fold) for fold in (0, 1))
    assert (offset_if_twice(first), offset_if_twice(second)) == ("+02:00", "+01:00")
    assert offset_if_twice(datetime(2026, 10, 25, 3, 30, tzinfo=BERLIN)) == ""


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("today", "2026-10-25T23:00"),
        ("yesterday", "2026-10-24T22:00"),  # a day of 25 hours
        ("2026-10-25", "2026-10-24T22:00"),
        ("2026-11", "2026-10-31T23:00"),
        ("2026", "2025-12-31T23:00"),
        ("7 days", "2026-10-19T08:00"),  # as late by the clock
        ("36h", "2026-10-24T21:00"),
        ("1 month", "2026-09-26T08:00"),
        ("2026-10-25T12:00", "2026-10-25T11:00"),
        ("2026-10-25T12:00Z", "2026-10-25T12:00"),
    ],
)
def test_times_are_typed_by_the_clocks_of_the_zone(typed: str, expected: str) -> None:
    assert point_in_time(typed, now=NOW, zone=BERLIN) == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize("name", ["", "localtime", "right/Europe/Berlin", "../etc/passwd", "Nowhere/At_All", "\0"])
def test_what_is_no_zone_of_the_database_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be the name of a time zone"):
        zone_named(name)
