"""Compute gains, resets and views at an age from a series of view readings; pure, and never extrapolated.

A count that falls was reset (or corrected) by the site: what was gained over the fall is not known and counts as
nothing, and a new segment begins. Within a segment counts never fall, so no gain is negative. Between two readings of
a segment views are taken to grow evenly; how far the two lie apart, the gap, is always given. The order in which
readings are given does not matter; of two at one moment the higher counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from storage.articles.results import ViewReading

MEASURED_AGES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(days=7))
"""Ages after publication at which articles are compared."""

MIN_RATE_DURATION = timedelta(minutes=10)
"""Over less there is no rate an hour: a handful of views in three seconds would be tens of thousands of it. Two
recrawls as planned are 15 min apart at least (storage.model.recrawl.RECRAWL_AGES)."""

ONE_HOUR = timedelta(hours=1)
CLOCK_TICK = timedelta(microseconds=1)
MAX_TIME = datetime.max.replace(tzinfo=UTC)


class EstimateBasis(StrEnum):
    """Basis of an estimated view count; without the first two there is none."""

    MEASURED = "read"
    INTERPOLATED = "interpolated"
    BEFORE_FIRST = "before the first reading"
    AFTER_LAST = "after the last reading"
    RESET = "reset between the readings"
    NEVER_READ = "never read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDelta:
    """One reading and what was gained since the one before; None for the first, and where the count was reset."""

    read_at: datetime
    view_count: int
    duration: timedelta | None
    gained: int | None
    is_reset: bool

    @property
    def per_hour(self) -> float | None:
        """Views gained an hour since the reading before; None over less than MIN_RATE_DURATION."""
        return None if self.gained is None or self.duration is None else _per_hour(self.gained, self.duration)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewEstimate:
    """The views at a moment, rounded down; `gap` is how far the readings around it lie apart (zero: read just then)."""

    at: datetime
    view_count: int | None
    gap: timedelta | None
    basis: EstimateBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsAtAge:
    """The views at an age after publication."""

    age: timedelta
    views: ViewEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewGain:
    """Views gained in a window as far as readings cover it: from `since` until `until`, both None if nowhere."""

    gained: int
    since: datetime | None
    until: datetime | None
    reset_count: int

    @property
    def per_hour(self) -> float | None:
        """Views gained an hour of the covered part; None if that is less than MIN_RATE_DURATION."""
        if self.since is None or self.until is None:
            return None
        return _per_hour(self.gained, self.until - self.since)


def _per_hour(gained: int, length: timedelta) -> float | None:
    return None if length < MIN_RATE_DURATION else gained / (length / ONE_HOUR)


def normalize(readings: Iterable[ViewReading]) -> tuple[ViewReading, ...]:
    """The readings, oldest first, one a moment: the highest of those that share one."""
    ordered = sorted(readings, key=lambda reading: (reading.measured_at, reading.view_count))
    return tuple({reading.measured_at: reading for reading in ordered}.values())


def deltas(readings: Iterable[ViewReading]) -> tuple[ViewDelta, ...]:
    """Each reading with its gain, oldest first."""
    ordered = normalize(readings)
    first = tuple(_step(None, reading) for reading in ordered[:1])
    return first + tuple(_step(before, reading) for before, reading in pairwise(ordered))


def _step(before: ViewReading | None, reading: ViewReading) -> ViewDelta:
    fell = before is not None and reading.view_count < before.view_count
    return ViewDelta(
        read_at=reading.measured_at,
        view_count=reading.view_count,
        duration=None if before is None else reading.measured_at - before.measured_at,
        gained=None if before is None or fell else reading.view_count - before.view_count,
        is_reset=fell,
    )


def views_at(readings: Iterable[ViewReading], moment: datetime) -> ViewEstimate:
    """The views at a moment: as read, or evenly between the two readings around it; else None, with the reason."""
    ordered = normalize(readings)
    before = [reading for reading in ordered if reading.measured_at <= moment]
    after = ordered[len(before) :]
    if before and before[-1].measured_at == moment:
        return ViewEstimate(at=moment, view_count=before[-1].view_count, gap=timedelta(0), basis=EstimateBasis.MEASURED)
    if before and after:
        return _interpolate(before[-1], after[0], moment)
    basis = EstimateBasis.AFTER_LAST if before else EstimateBasis.BEFORE_FIRST if after else EstimateBasis.NEVER_READ
    return ViewEstimate(at=moment, view_count=None, gap=None, basis=basis)


def _interpolate(before: ViewReading, after: ViewReading, moment: datetime) -> ViewEstimate:
    gap = after.measured_at - before.measured_at
    if after.view_count < before.view_count:
        return ViewEstimate(at=moment, view_count=None, gap=gap, basis=EstimateBasis.RESET)
    grown = prorate(after.view_count - before.view_count, moment - before.measured_at, gap)
    return ViewEstimate(at=moment, view_count=before.view_count + grown, gap=gap, basis=EstimateBasis.INTERPOLATED)


def prorate(rise: int, part: timedelta, whole: timedelta) -> int:
    """Return the part of a rise that falls to a part of its time, rounded down. `whole` is positive."""
    return rise * (part // CLOCK_TICK) // (whole // CLOCK_TICK)


def at_ages(
    readings: Iterable[ViewReading], published_at: datetime, ages: Sequence[timedelta] = MEASURED_AGES
) -> tuple[ViewsAtAge, ...]:
    """The views at each age after publication that the calendar, which ends with 9999, still has."""
    ordered = normalize(readings)
    left = MAX_TIME - published_at
    return tuple(ViewsAtAge(age=age, views=views_at(ordered, published_at + age)) for age in ages if age <= left)


def gain(readings: Iterable[ViewReading], *, since: datetime, until: datetime) -> ViewGain:
    """Return the views gained after `since`, as known at `until`: later readings are ignored.

    Of a rise that began before `since` the even share of the time after it counts. What a count had at its first
    reading was gained at times nobody knows, and counts in no window; neither does a fall.
    """
    known = [reading for reading in normalize(readings) if reading.measured_at <= until]
    pairs = [(before, after) for before, after in pairwise(known) if after.measured_at > since]
    if not pairs:
        return ViewGain(gained=0, since=None, until=None, reset_count=0)
    return ViewGain(
        gained=sum(_positive_delta(before, after, since) for before, after in pairs),
        since=max(since, pairs[0][0].measured_at),
        until=pairs[-1][1].measured_at,
        reset_count=sum(after.view_count < before.view_count for before, after in pairs),
    )


def _positive_delta(before: ViewReading, after: ViewReading, since: datetime) -> int:
    rise = max(0, after.view_count - before.view_count)
    inside = after.measured_at - max(before.measured_at, since)
    return prorate(rise, inside, after.measured_at - before.measured_at)
