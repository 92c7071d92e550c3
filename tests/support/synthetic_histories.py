"""Seeded histories of invented sources: when a newsroom lists its articles, and what its pages give."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp
from zoneinfo import ZoneInfo

BAKU = ZoneInfo("Asia/Baku")
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 9, 7, tzinfo=UTC)
POLL = timedelta(minutes=15)
STEP = timedelta(minutes=15)


def always(_: datetime) -> float:
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """A source that publishes by day, little at weekends, nothing at night, and in bursts."""

    per_workday: float
    timezone: ZoneInfo = BAKU
    weekend: float = 0.3
    night: float = 0.0
    burst: float = 2.0  # articles about one event, on average, within an hour
    moods: float = 0.3  # how much one day's level differs from another's (sigma of a lognormal)
    pace: Callable[[datetime], float] = always

    def events_per_hour(self, at: datetime) -> float:
        """News events an hour at a moment, before the day's mood."""
        local = at.astimezone(self.timezone)
        by_hour = self.night if local.hour < 7 or local.hour == 23 else (1.5 if 9 <= local.hour < 19 else 0.6)
        by_day = self.weekend if local.weekday() >= 5 else 1.0
        return self.per_workday / 18.6 / self.burst * by_hour * by_day * self.pace(at)

    def arrivals(self, start: datetime, length: timedelta, *, seed: int) -> list[datetime]:
        """Return the times at which its articles are first listed, by a poll every 15 minutes."""
        chance, at, moments = random.Random(seed), start, []
        moods: dict[object, float] = {}
        while at < start + length:
            day = at.astimezone(self.timezone).date()
            mood = moods.setdefault(day, exp(chance.gauss(-(self.moods**2) / 2, self.moods)))
            for _ in range(poisson(self.events_per_hour(at) * mood * (STEP / timedelta(hours=1)), chance)):
                moments.extend(self._burst(at, chance))
            at += STEP
        return sorted(listed(moments, start, start + length))

    def _burst(self, at: datetime, chance: random.Random) -> Iterator[datetime]:
        yield at + chance.random() * STEP
        while chance.random() > 1 / self.burst:
            yield at + chance.random() * timedelta(hours=1)


def poisson(mean: float, chance: random.Random) -> int:
    """A Poisson number, by counting exponential waits."""
    count, passed = 0, chance.expovariate(1.0)
    while passed < mean:
        count, passed = count + 1, passed + chance.expovariate(1.0)
    return count


def listed(moments: list[datetime], start: datetime, end: datetime) -> Iterator[datetime]:
    for moment in moments:
        seen = start + (int((moment - start) / POLL) + 1) * POLL
        if seen < end:
            yield seen
