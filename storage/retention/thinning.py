"""Choose the view readings of an article that its answers do without; pure.

After a moment, all answers are as before: the last reading before it stays. For the time before it stay the first
reading, the last of each day (UTC), both sides of each fall, so that totals and resets are the same, and the two
readings around each age at which articles are compared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from storage.articles.results import ViewReading
from storage.articles.view_series import MAX_TIME, MEASURED_AGES


def surplus_readings(
    readings: Sequence[ViewReading], *, published_at: datetime | None, before: datetime
) -> list[ViewReading]:
    """Return the readings before `before` that are not kept; `readings` are all of an article, oldest first."""
    old = [reading for reading in readings if reading.measured_at < before]
    kept = {reading.measured_at for reading in (*old[:1], *old[-1:])}
    for earlier, later in pairwise(old):
        if earlier.measured_at.date() != later.measured_at.date():
            kept.add(earlier.measured_at)
        if later.view_count < earlier.view_count:
            kept |= {earlier.measured_at, later.measured_at}
    kept |= _around_ages(old, published_at)
    return [reading for reading in old if reading.measured_at not in kept]


def _around_ages(readings: Sequence[ViewReading], published_at: datetime | None) -> set[datetime]:
    """Return the times of the last reading until each compared age, and of the first after it."""
    if published_at is None:
        return set()
    times = [reading.measured_at for reading in readings]
    kept: set[datetime] = set()
    for age in MEASURED_AGES:
        if age <= MAX_TIME - published_at:
            place = bisect_right(times, published_at + age)
            kept.update(times[max(place - 1, 0) : place + 1])
    return kept
