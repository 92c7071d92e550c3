"""Estimate the publication rates of a source: expected new articles an hour in each of the 168 hours of its week."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol, Self
from zoneinfo import ZoneInfo

RateSegment = tuple[datetime, datetime, float]
"""Start, end, and the articles an hour between the two."""

HOURS_PER_WEEK = 168
ONE_HOUR = timedelta(hours=1)
DEFAULT_PER_DAY = 24.0
"""Articles a day expected of a source without history."""

DEFAULT_DAY_PROFILE = (0.3,) * 6 + (0.6, 0.8, 1.1) + (1.5,) * 9 + (1.1,) * 3 + (0.8, 0.6, 0.4)
"""Prior of the hours of a day: a newsroom sleeps, works from nine to six, tapers off. It counts in the first weeks."""
DEFAULT_WEEK_PROFILE = (1.1,) * 5 + (0.75,) * 2
CAUTIOUS_DAY_SHAPE = (0.1,) * 6 + (0.5,) * 2 + (1.0,) * 12 + (0.6,) * 2 + (0.2,) * 2
CAUTIOUS_WEEK_SHAPE = (1.0,) * 5 + (0.25,) * 2
"""Few articles at night and at weekends, so that the first ones of a source are not reported as silence."""

LEVEL_PRIOR_WEIGHT = 0.5
DAY_PRIOR_WEIGHT = 6.0
HOUR_PRIOR_WEIGHT = 3.0
CELL_PRIOR_WEIGHT = 12.0
"""Weight of the prior, in articles: 1/v² if the prior is off by a share v.

The level may be off by more than 100 %, a day or an hour of the day by half, and an hour of the week, given its day and
its hour, by 30 %. Counted in articles, not in weeks, so the prior of a busy source soon counts little.
"""
MIN_RATE = 1e-3
"""Minimum rate of any hour, in articles an hour."""


class ExpectedCount(Protocol):
    """Predict the number of new articles in a period; silence is judged by it."""

    def expected(self, start: datetime, end: datetime) -> float:
        """Count the articles to expect from `start` to `end`; 0 if `end` is not later."""
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class PublishRates:
    """Expected new articles an hour, from Monday 00:00 in the source's time zone on; each finite and not negative.

    Raises ValueError if they are not 168 such numbers.
    """

    rates: tuple[float, ...]
    timezone: ZoneInfo

    def __post_init__(self) -> None:
        if len(self.rates) != HOURS_PER_WEEK or not all(0 <= rate < float("inf") for rate in self.rates):
            raise ValueError(
                f"publication rates are {HOURS_PER_WEEK} finite numbers of 0 or more, one for each hour of the week"
            )

    @classmethod
    def default(
        cls, *, per_day: float = DEFAULT_PER_DAY, timezone: ZoneInfo | None = None, is_cautious: bool = False
    ) -> Self:
        """Create the rates assumed for a source without history: `per_day` articles on the average day.

        With `is_cautious` few of them are expected at night and at weekends.
        """
        day, week = (
            (CAUTIOUS_DAY_SHAPE, CAUTIOUS_WEEK_SHAPE) if is_cautious else (DEFAULT_DAY_PROFILE, DEFAULT_WEEK_PROFILE)
        )
        shape = [of_day * of_hour for of_day in week for of_hour in day]
        factor = 7 * per_day / sum(shape)
        return cls(tuple(factor * share for share in shape), timezone or ZoneInfo("UTC"))

    @property
    def mean(self) -> float:
        """Average the articles an hour over the whole week."""
        return sum(self.rates) / HOURS_PER_WEEK

    def rate(self, at: datetime) -> float:
        """Return the articles an hour at a time."""
        return self.rates[hour_of_week(at, self.timezone)]

    def expected(self, start: datetime, end: datetime) -> float:
        """Count the articles to expect from `start` to `end`; 0 if `end` is not later.

        The integral of `rate` over real time: an hour that a change to summer time skips brings nothing, one that is
        repeated in autumn brings its articles twice.
        """
        return sum(rate * ((until - at) / ONE_HOUR) for at, until, rate in self.segments(start, end))

    def segments(self, start: datetime, end: datetime) -> Iterator[RateSegment]:
        """Split the period from `start` to `end` at the source's full hours: start, end (UTC), articles an hour."""
        for at, until in pairwise(_hour_boundaries(start, end, self.timezone)):
            yield at, until, self.rate(at)

    def scaled(self, factor: float) -> PublishRates:
        """Multiply every rate by `factor`."""
        return replace(self, rates=tuple(factor * rate for rate in self.rates))


def hour_of_week(at: datetime, timezone: ZoneInfo) -> int:
    """Return the hour of the week in `timezone`; 0 is Monday from 00:00 to 01:00."""
    local = at.astimezone(timezone)
    return 24 * local.weekday() + local.hour


def _hour_boundaries(start: datetime, end: datetime, timezone: ZoneInfo) -> Iterator[datetime]:
    """Yield `start`, every full hour of the time zone between, and `end`, in UTC.

    Clocks are only ever changed on a full hour (Newfoundland's 00:01 ended in 2011), so no segment hides a change.
    """
    at, end = start.astimezone(UTC), end.astimezone(UTC)
    while at < end:
        yield at
        local = at.astimezone(timezone)
        at += ONE_HOUR - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    yield end


def estimate_rates(
    times: Iterable[datetime],
    *,
    timezone: ZoneInfo,
    since: datetime,
    until: datetime,
    prior: PublishRates | None = None,
) -> PublishRates:
    """Estimate the rates from articles that appeared at `times`; those outside `since` … `until` do not count.

    Pass published times where they can be trusted, first-listed times elsewhere, and leave out the links of the very
    first poll. Counts are shrunk step by step (a gamma prior on a Poisson rate at each): the level, the seven days and
    the 24 hours toward `prior` (by default `PublishRates.default`), and each hour of the week toward day × hour. So a
    few days are enough to learn the night, and a month to learn that Sunday evenings are busy.
    """
    prior = replace(prior, timezone=timezone) if prior else PublishRates.default(timezone=timezone)
    counts, exposure = [0.0] * HOURS_PER_WEEK, [0.0] * HOURS_PER_WEEK
    for at in times:
        if since <= at < until:
            counts[hour_of_week(at, timezone)] += 1
    for at, end in pairwise(_hour_boundaries(since, until, timezone)):
        exposure[hour_of_week(at, timezone)] += (end - at) / ONE_HOUR
    assumed = _day_times_hour(counts, exposure, prior)
    shrunk = (_shrink(*cell, CELL_PRIOR_WEIGHT) for cell in zip(counts, exposure, assumed, strict=True))
    return PublishRates(tuple(shrunk), timezone)


def _shrink(count: float, time: float, assumed: float, weight: float) -> float:
    """Compute the posterior mean of a gamma prior (mean `assumed`, shape `weight`) after `count` in `time` hours."""
    assumed = max(assumed, MIN_RATE)
    return (count + weight) / (time + weight / assumed)


def _day_times_hour(counts: list[float], exposure: list[float], prior: PublishRates) -> list[float]:
    """Estimate each hour of the week from the level, the day and the hour of the day alone."""
    level = _shrink(sum(counts), sum(exposure), prior.mean, LEVEL_PRIOR_WEIGHT)
    shape = prior.scaled(1 / prior.mean).rates if prior.mean else (1.0,) * HOURS_PER_WEEK
    of_day = [
        _factor(counts, exposure, shape, level, DAY_PRIOR_WEIGHT, slice(24 * day, 24 * day + 24)) for day in range(7)
    ]
    of_hour = [_factor(counts, exposure, shape, level, HOUR_PRIOR_WEIGHT, slice(hour, None, 24)) for hour in range(24)]
    return [level * day * hour for day in of_day for hour in of_hour]


def _factor(
    counts: list[float], exposure: list[float], shape: Sequence[float], level: float, weight: float, part: slice
) -> float:
    """Estimate the ratio of a day, or an hour of the day, to the level."""
    assumed = level * sum(shape[part]) / len(shape[part])
    return _shrink(sum(counts[part]), sum(exposure[part]), assumed, weight) / level
