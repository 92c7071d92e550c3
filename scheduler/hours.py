"""How many articles a source lists in an hour of its week, learned from when it listed them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

WEEKS = timedelta(weeks=8)
"""How far back arrivals are learned from: long enough for eight of each hour, short enough to follow a season."""
PRIOR = 4.0
"""Arrivals that the declared default counts for: enough to be quiet in a first night, forgotten within a day or two."""
KIN = 5.0
"""Hours of that kind of day that the default's shape counts for."""
OWN = 4.0
"""Weeks that the same hour of the other days of its kind counts for, against the hour of the very day."""
BUSIEST = 0.98
"""Hours over this share of the source's busy hours count as much as it: one list after our own downtime is no rate."""
HOUR = timedelta(hours=1)
SATURDAY = 5
SLOTS = 7 * 24

DAY_SHAPE = (0.1,) * 6 + (0.5,) * 2 + (1.0,) * 12 + (0.6,) * 2 + (0.2,) * 2
WEEKEND = 0.25
"""The default's shape: few articles at night and at weekends, so that a source's first ones are not called silent."""


class Expectation(Protocol):
    """What silence is judged by."""

    def expected(self, start: datetime, end: datetime) -> float:
        """How many articles the source is expected to list from `start` to `end`; 0 if `end` is not later."""
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class HourRates:
    """Articles an hour for each of the 168 hours of the source's local week, Monday 0:00 first."""

    timezone: ZoneInfo
    rates: tuple[float, ...]

    @classmethod
    def learn(
        cls,
        arrivals: Sequence[datetime],
        *,
        timezone: ZoneInfo,
        since: datetime,
        until: datetime,
        default_per_day: float,
    ) -> HourRates:
        """Learn from when articles were first listed, in any order, within `WEEKS` before `until`.

        `since` is when the source's first good look was over: what that one listed had been there before and is no
        arrival. `until` should be the last arrival, so that a silence does not lower what is expected during it.

        The rate of an hour is a mean, shrunk twice (James-Stein in its plainest form, with fixed weights):
        (weeks * own + OWN * kin) / (weeks + OWN), where own is the hour with its neighbours (1:2:1) and kin the same
        hour on all days of its kind, workday or weekend, shrunk in the same way towards a declared shape at the
        source's level, (PRIOR + arrivals) / (PRIOR / default_per_day + days). Raises ValueError unless
        `default_per_day` is positive.
        """
        if default_per_day <= 0:
            raise ValueError("default_per_day must be more than 0")
        start = max(since, until - WEEKS)
        seen = _exposure(start, until, timezone)
        counts = _counts([at for at in arrivals if start < at <= until], timezone)
        level = (PRIOR + sum(counts)) / (PRIOR / default_per_day * 24 + sum(seen))
        kin = _kin(counts, seen, level)
        return cls(timezone, tuple(_rate(slot, counts, seen, kin[slot]) for slot in range(SLOTS)))

    def expected(self, start: datetime, end: datetime) -> float:
        """Articles expected from `start` to `end`, local hours counted as they pass: 23 or 25 on a day of DST."""
        return sum(self.rates[slot] * hours for slot, hours in _hours(start, end, self.timezone))


def _hours(start: datetime, end: datetime, timezone: ZoneInfo) -> Iterator[tuple[int, float]]:
    """The local hours between two moments, each with how much of it lies between them, in hours."""
    at, end = start.astimezone(UTC), end.astimezone(UTC)
    while at < end:
        local = at.astimezone(timezone)
        whole = HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        following = min(at + whole, end)
        yield local.weekday() * 24 + local.hour, (following - at) / HOUR
        at = following


def _exposure(start: datetime, end: datetime, timezone: ZoneInfo) -> list[float]:
    seen = [0.0] * SLOTS
    for slot, hours in _hours(start, end, timezone):
        seen[slot] += hours
    return seen


def _counts(arrivals: Sequence[datetime], timezone: ZoneInfo) -> list[float]:
    by_hour = Counter(at.astimezone(UTC).replace(minute=0, second=0, microsecond=0) for at in arrivals)
    busy = sorted(by_hour.values())
    most = busy[int(BUSIEST * (len(busy) - 1))] if busy else 0
    counts = [0.0] * SLOTS
    for hour, count in by_hour.items():
        local = hour.astimezone(timezone)
        counts[local.weekday() * 24 + local.hour] += min(count, most)
    return counts


def _kin(counts: Sequence[float], seen: Sequence[float], level: float) -> list[float]:
    """For each hour of the week, the rate of that hour over all days of its kind."""
    told, watched = dict.fromkeys(KINDS, 0.0), dict.fromkeys(KINDS, 0.0)
    for kind, count, hours in zip(KINDS, counts, seen, strict=True):
        told[kind] += count
        watched[kind] += hours
    return [
        (told[kind] + KIN * level * usual) / (watched[kind] + KIN) for kind, usual in zip(KINDS, SHAPE, strict=True)
    ]


def _rate(slot: int, counts: Sequence[float], seen: Sequence[float], kin: float) -> float:
    around = ((slot - 1) % SLOTS, slot, slot, (slot + 1) % SLOTS)
    watched = sum(seen[near] for near in around)
    own = sum(counts[near] for near in around) / watched if watched else 0.0
    return (seen[slot] * own + OWN * kin) / (seen[slot] + OWN)


def _shape() -> tuple[float, ...]:
    raw = [DAY_SHAPE[slot % 24] * (WEEKEND if slot // 24 >= SATURDAY else 1.0) for slot in range(SLOTS)]
    return tuple(SLOTS * weight / sum(raw) for weight in raw)


KINDS = tuple((slot // 24 >= SATURDAY, slot % 24) for slot in range(SLOTS))
"""What the hours of a week have in common: workday or weekend, and the hour."""
SHAPE = _shape()
"""The declared default for each hour of the week; its mean is 1."""
