"""Silence on simulated histories: how often it is called by mistake, and how soon a real one is found.

Measured with these newsrooms over 18 seeds each (2, 8, 40 and 150 articles a workday, alone, in twos and in fours):
FIGURES
The tests below run a part of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from tests.scheduler.histories import BERLIN, Newsroom
from tests.scheduler.judging import false_alarms, time_to_detect

HOUR = timedelta(hours=1)
ROOMS = [
    Newsroom(per_workday=per_workday, burst=burst, timezone=BERLIN)
    for per_workday in (3, 20, 100)
    for burst in (1.0, 2.0)
]


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: f"{room.per_workday} a day in {room.burst:.0f}s")
def test_a_normal_month_with_nights_weekends_and_bursts_is_never_silent(room: Newsroom) -> None:
    """The first month of a source, so that its first night and weekend are in it."""
    assert [found.sentence for seed in range(3) for found in false_alarms(room, days=30, seed=seed)] == []


def test_a_known_source_is_never_silent_across_the_change_of_dst() -> None:
    """Berlin's clocks go back on 25 October 2026, in the seventh week."""
    known = timedelta(weeks=5)
    found = [one for seed in range(3) for one in false_alarms(ROOMS[3], days=63, seed=seed, after=known)]
    assert [one.sentence for one in found] == []


def test_a_newsroom_that_rests_at_weekends_is_not_silent_then() -> None:
    room = Newsroom(per_workday=40, weekend=0.0)
    assert [found.sentence for seed in range(3) for found in false_alarms(room, days=30, seed=seed)] == []


@pytest.mark.parametrize(
    ("per_workday", "stops_at", "least", "most"),
    [
        (150, datetime(2026, 10, 20, 6, tzinfo=UTC), 2 * HOUR, 5 * HOUR),  # Tuesday 10:00 in Baku
        (150, datetime(2026, 10, 20, 19, tzinfo=UTC), 9 * HOUR, 15 * HOUR),  # 23:00: found in the morning
        (40, datetime(2026, 10, 20, 6, tzinfo=UTC), 4 * HOUR, 14 * HOUR),
        (40, datetime(2026, 10, 20, 19, tzinfo=UTC), 12 * HOUR, 24 * HOUR),
        (8, datetime(2026, 10, 20, 6, tzinfo=UTC), 24 * HOUR, 7 * 24 * HOUR),
    ],
)
def test_a_real_silence_is_found(per_workday: float, stops_at: datetime, least: timedelta, most: timedelta) -> None:
    room = Newsroom(per_workday=per_workday)
    found = [time_to_detect(room, stops_at=stops_at, seed=seed) for seed in range(7)]
    assert least <= median(found) <= most
