"""What a series of view readings says: gains, resets, views at an age. Pure, and nothing is ever extrapolated.

A count that falls was reset (or corrected) by the site: what was gained over the fall is not known and counts as
nothing, and a new segment begins. Within a segment counts never fall, so no gain is negative. Between two readings of
a segment views are taken to grow evenly; how far the two lie apart, the gap, is always told. The order in which
readings are given does not matter; of two at one moment the higher counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from storage.answers import ViewReading

AGES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(days=7))
"""Ages after publication at which articles are compared."""

LEAST_FOR_A_RATE = timedelta(minutes=10)
"""Over less there is no rate an hour: a handful of views in three seconds would be tens of thousands of it. Two looks
as planned lie 15 min apart at least (storage.relooks.RUNGS)."""

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)


class Basis(StrEnum):
    """What a number of views at a moment rests on; without the first two there is no number."""

    READ = "read"
    INTERPOLATED = "interpolated"
    BEFORE_FIRST = "before the first reading"
    AFTER_LAST = "after the last reading"
    RESET = "reset between the readings"
    NEVER_READ = "never read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One reading and what was gained since the one before; None for the first, and where the count was reset."""

    read_at: datetime
    view_count: int
    gap: timedelta | None
    gained: int | None
    is_reset: bool

    @property
    def per_hour(self) -> float | None:
        """Views gained an hour since the reading before; None over less than LEAST_FOR_A_RATE."""
        return None if self.gained is None or self.gap is None else _hourly(self.gained, self.gap)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The views at a moment, rounded down; `gap` is how far the readings around it lie apart (zero: read just then)."""

    at: datetime
    view_count: int | None
    gap: timedelta | None
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAge:
    """The views at an age after publication."""

    age: timedelta
    views: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What was gained in a window, as far as readings cover it: from `since` until `until`, both None if nowhere."""

    gained: int
    since: datetime | None
    until: datetime | None
    reset_count: int

    @property
    def per_hour(self) -> float | None:
        """Views gained an hour of the covered part; None if that is less than LEAST_FOR_A_RATE."""
        if self.since is None or self.until is None:
            return None
        return _hourly(self.gained, self.until - self.since)


def _hourly(gained: int, length: timedelta) -> float | None:
    return None if length < LEAST_FOR_A_RATE else gained / (length / HOUR)


def in_order(readings: Iterable[ViewReading]) -> tuple[ViewReading, ...]:
    """The readings, oldest first, one a moment: the highest of those that share one."""
    ordered = sorted(readings, key=lambda reading: (reading.read_at, reading.view_count))
    return tuple({reading.read_at: reading for reading in ordered}.values())


def steps(readings: Iterable[ViewReading]) -> tuple[Step, ...]:
    """Each reading with its gain, oldest first."""
    ordered = in_order(readings)
    first = tuple(_step(None, reading) for reading in ordered[:1])
    return first + tuple(_step(before, reading) for before, reading in pairwise(ordered))


def _step(before: ViewReading | None, reading: ViewReading) -> Step:
    fell = before is not None and reading.view_count < before.view_count
    return Step(
        read_at=reading.read_at,
        view_count=reading.view_count,
        gap=None if before is None else reading.read_at - before.read_at,
        gained=None if before is None or fell else reading.view_count - before.view_count,
        is_reset=fell,
    )


def views_at(readings: Iterable[ViewReading], moment: datetime) -> Estimate:
    """The views at a moment: as read, or evenly between the two readings around it; else None, with the reason."""
    ordered = in_order(readings)
    before = [reading for reading in ordered if reading.read_at <= moment]
    after = ordered[len(before) :]
    if before and before[-1].read_at == moment:
        return Estimate(at=moment, view_count=before[-1].view_count, gap=timedelta(0), basis=Basis.READ)
    if before and after:
        return _between(before[-1], after[0], moment)
    basis = Basis.AFTER_LAST if before else Basis.BEFORE_FIRST if after else Basis.NEVER_READ
    return Estimate(at=moment, view_count=None, gap=None, basis=basis)


def _between(before: ViewReading, after: ViewReading, moment: datetime) -> Estimate:
    gap = after.read_at - before.read_at
    if after.view_count < before.view_count:
        return Estimate(at=moment, view_count=None, gap=gap, basis=Basis.RESET)
    grown = share(after.view_count - before.view_count, moment - before.read_at, gap)
    return Estimate(at=moment, view_count=before.view_count + grown, gap=gap, basis=Basis.INTERPOLATED)


def share(rise: int, part: timedelta, whole: timedelta) -> int:
    """That part of a rise which falls to a part of its time, rounded down. `whole` is positive."""
    return rise * (part // TICK) // (whole // TICK)


def at_ages(
    readings: Iterable[ViewReading], published_at: datetime, ages: Sequence[timedelta] = AGES
) -> tuple[AtAge, ...]:
    """The views at each age after publication that the calendar, which ends with 9999, still has."""
    ordered = in_order(readings)
    left = LAST_MOMENT - published_at
    return tuple(AtAge(age=age, views=views_at(ordered, published_at + age)) for age in ages if age <= left)


def gain(readings: Iterable[ViewReading], *, since: datetime, until: datetime) -> Gain:
    """What was gained after `since`, as was known at `until`: later readings are not looked at.

    Of a rise that began before `since` the even share of the time after it counts. What a count had at its first
    reading was gained at times nobody knows, and counts in no window; neither does a fall.
    """
    known = [reading for reading in in_order(readings) if reading.read_at <= until]
    pairs = [(before, after) for before, after in pairwise(known) if after.read_at > since]
    if not pairs:
        return Gain(gained=0, since=None, until=None, reset_count=0)
    return Gain(
        gained=sum(_risen(before, after, since) for before, after in pairs),
        since=max(since, pairs[0][0].read_at),
        until=pairs[-1][1].read_at,
        reset_count=sum(after.view_count < before.view_count for before, after in pairs),
    )


def _risen(before: ViewReading, after: ViewReading, since: datetime) -> int:
    rise = max(0, after.view_count - before.view_count)
    inside = after.read_at - max(before.read_at, since)
    return share(rise, inside, after.read_at - before.read_at)
