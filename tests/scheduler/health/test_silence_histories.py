"""Silence on simulated histories: how often it is called by mistake, and how soon a real one is found.

Measured over 17 seeds of each of twelve newsrooms (2, 8, 40 and 150 articles a workday; alone, in twos, in fours):
one false alarm in 408 source-months, 204 of them a source's first month and 204 with four weeks known; it was one of
2 articles a day that come in fours. Median time until a real silence is called, six weeks known, 15 seeds each, when
the last article was on a Tuesday at 10:00, a Tuesday at 23:00, a Friday at 19:00 (local time):

    articles a workday      alone               in twos              in fours
    150                     2.5  12   14 h      3.8  13   17 h       5    15   23 h
    40                      6    16   26 h      12   18   60 h       32   43   71 h
    8                       35   43   87 h      5.3  6.5  5.8 d      9.1  8.7  10.7 d
    2                       7.3  7.8  8.6 d     9.4  12.8 12.1 d     16   21   28 d

The tests below run a part of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import median

import pytest

from tests.support.silence_eval import false_alarms, time_to_detect
from tests.support.synthetic_histories import BERLIN, Newsroom

HOUR = timedelta(hours=1)
ROOMS = [
    Newsroom(per_workday=per_workday, burst=burst, timezone=BERLIN) for per_workday in (3, 20) for burst in (1.0, 2.0)
]
BUSY_ROOMS = [Newsroom(per_workday=100, burst=burst, timezone=BERLIN) for burst in (1.0, 2.0)]


@pytest.mark.parametrize(
    "room",
    [*ROOMS, *(pytest.param(room, marks=pytest.mark.long) for room in BUSY_ROOMS)],
    ids=lambda room: f"{room.per_workday} a day in {room.burst:.0f}s",
)
@pytest.mark.long_after(2)
def test_a_normal_month_with_nights_weekends_and_bursts_is_never_silent(room: Newsroom) -> None:
    """The first month of a source, so that its first night and weekend are in it."""
    assert [found.sentence for seed in range(3) for found in false_alarms(room, days=30, seed=seed)] == []


@pytest.mark.long
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
        pytest.param(  # Tuesday 10:00 in Baku
            150, datetime(2026, 10, 20, 6, tzinfo=UTC), 2 * HOUR, 5 * HOUR, marks=pytest.mark.long
        ),
        pytest.param(  # 23:00: found in the morning
            150, datetime(2026, 10, 20, 19, tzinfo=UTC), 9 * HOUR, 15 * HOUR, marks=pytest.mark.long
        ),
        (40, datetime(2026, 10, 20, 6, tzinfo=UTC), 4 * HOUR, 14 * HOUR),
        pytest.param(40, datetime(2026, 10, 20, 19, tzinfo=UTC), 12 * HOUR, 24 * HOUR, marks=pytest.mark.long),
        (8, datetime(2026, 10, 20, 6, tzinfo=UTC), 24 * HOUR, 7 * 24 * HOUR),
    ],
)
def test_a_real_silence_is_found(per_workday: float, stops_at: datetime, least: timedelta, most: timedelta) -> None:
    room = Newsroom(per_workday=per_workday)
    found = [time_to_detect(room, stops_at=stops_at, seed=seed) for seed in range(7)]
    assert least <= median(found) <= most
