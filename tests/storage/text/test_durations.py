"""Durations and times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.model.records import DatePrecision
from storage.text.durations import format_duration, format_time


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0 s"),
        (timedelta(seconds=-5), "0 s"),
        (timedelta(milliseconds=400), "0 s"),
        (timedelta(seconds=30), "30 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(seconds=119.7), "2 min"),
        (timedelta(seconds=150), "2 min"),
        (timedelta(minutes=12, seconds=31), "13 min"),
        (timedelta(minutes=59, seconds=40), "1 h"),
        (timedelta(hours=1, minutes=30), "1 h 30 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(hours=23, minutes=59, seconds=45), "1 d"),
        (timedelta(days=2, hours=4, minutes=29), "2 d 4 h"),
        (timedelta(days=2, minutes=29), "2 d"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_duration_reads_in_its_two_largest_units(duration: timedelta, text: str) -> None:
    assert format_duration(duration) == text


def test_a_time_reads_to_the_minute_or_as_its_day() -> None:
    at = datetime(2026, 11, 24, 14, 20, 59, tzinfo=UTC)
    assert format_time(at) == "2026-11-24 14:20"
    assert format_time(at, DatePrecision.DAY) == "2026-11-24"
    assert format_time(None) == "-"
    assert format_time(datetime(987, 1, 2, tzinfo=UTC)) == "0987-01-02 00:00"
