"""Compute with intervals of time: half-open, from `since` up to and without `until`. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Interval(NamedTuple):
    """A stretch of time; `since` belongs to it, `until` does not."""

    since: datetime
    until: datetime

    @property
    def duration(self) -> timedelta:
        """Return its length, never below zero."""
        return max(timedelta(0), self.until - self.since)

    def overlaps(self, other: Interval) -> bool:
        """Return whether they have a moment in common."""
        return self.since < other.until and other.since < self.until

    def within(self, bounds: Interval) -> Interval:
        """Return the part of it that lies in `bounds`; it may be empty."""
        return Interval(max(self.since, bounds.since), min(self.until, bounds.until))


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time in as few intervals as possible, in order; empty ones are left out."""
    found: list[Interval] = []
    for one in sorted(intervals):
        if one.duration == timedelta(0):
            continue
        if found and one.since <= found[-1].until:
            found[-1] = Interval(found[-1].since, max(found[-1].until, one.until))
        else:
            found.append(one)
    return found


def total(intervals: Iterable[Interval]) -> timedelta:
    """Return the time that lies in at least one of them."""
    return sum((one.duration for one in merged(intervals)), timedelta(0))


def complement(intervals: Iterable[Interval], bounds: Interval) -> list[Interval]:
    """Return the time of `bounds` that lies in none of them."""
    left, since = [], bounds.since
    for one in merged(interval.within(bounds) for interval in intervals):
        left.append(Interval(since, one.since))
        since = one.until
    return merged([*left, Interval(since, bounds.until)])
