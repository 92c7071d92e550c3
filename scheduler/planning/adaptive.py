"""Adapt the mean interval between polls of a source, and distribute the polls over the hours of the week.

The mean interval is the average time between two polls over a week. Each poll adjusts it by the number of new links,
and it reverts to the interval that the estimated publication rates call for. The rates decide how the polls are
distributed over the week.

*Distribution.* Let r(t) be the rate of new articles and q(t) that of polls. An article waits for the next poll about
half an interval, 1/(2q), so the articles together wait ∫ r/(2q) dt. With the polls ∫ q dt given, Lagrange's condition
r/(2q²) = μ makes q proportional to √r: hours that bring four times as many articles get twice as many polls. (The
same optimum: Sia, Cho, Cho, "Efficient Monitoring Algorithm for Fast News Alerts", IEEE TKDE 19, 2007.) The next poll
is due when the integral of √r, scaled to a mean of 1, reaches the mean interval; the integral runs on into the coming
hours, which is why a quiet night does not slow the morning.

*Number.* The same theorem holds between sources: polls a day grow with the root of articles a day, and so does the
target number of new items per poll.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log, sqrt

from scheduler.planning.publish_rates import HOURS_PER_WEEK, ONE_HOUR, PublishRates, RateSegment

ONE_DAY = timedelta(days=1)

TARGET_NEW = 1.5
TARGET_AT_RATE = 90.0
"""Target of 1.5 new items per poll for a source of 90 articles a day: 60 polls a day, one in 15 min by day."""
MAX_NEW_SHARE = 1 / 8
"""Maximum share of a list that the target may be: the list still holds a burst of eight times the rate."""

STEP_GAIN = 0.07
"""Factor e^-0.07 on the mean interval for a poll with twice the expected number of new items.

Chosen together with REVERSION on eight months that are not those of `benchmarks.polling`. At 0.2 the interval follows
chance, and most of the gain at the ninth decile is lost; at 0 it is as wrong as the estimated rates.
"""
REVERSION = 0.15
"""Mean reversion of one poll toward the initial interval, so that a burst is forgotten within a dozen polls."""
MAX_LOG_STEP = log(2)
"""One poll at most halves or doubles the mean interval."""

MIN_RATE_SHARE = 0.1
"""Minimum rate of an hour as a share of the average: publication rates change."""
QUIET_RATE_SHARE = 0.5
"""Share of the average rate below which an hour is quiet."""


@dataclass(frozen=True, slots=True)
class IntervalBounds:
    """Limit the time between two polls."""

    minimum: timedelta
    maximum: timedelta

    def clamp(self, interval: timedelta) -> timedelta:
        """Limit an interval to the bounds."""
        return max(self.minimum, min(self.maximum, interval))


def target_new_items(rates: PublishRates, listed: int) -> float:
    """Compute the target number of new items per poll; `listed` is the length of the list, 0 if unknown."""
    target = TARGET_NEW * sqrt(max(24 * rates.mean, 0.1) / TARGET_AT_RATE)
    return min(target, listed * MAX_NEW_SHARE) if listed else target


def initial_interval(rates: PublishRates, listed: int, bounds: IntervalBounds) -> timedelta:
    """Compute the mean interval of a source without a poll yet from its publication rates."""
    return bounds.clamp(min(bounds.maximum, ONE_HOUR * (target_new_items(rates, listed) / max(rates.mean, 1e-6))))


def adjust_interval(
    mean_interval: timedelta,
    rates: PublishRates,
    *,
    start: datetime,
    end: datetime,
    listed: int,
    fresh: int,
    bounds: IntervalBounds,
) -> timedelta:
    """Adjust the mean interval after a poll at `end` found `fresh` new links since the poll at `start`.

    `fresh` is compared with the number expected in that period at the interval that meets the target, so neither a
    night nor a late poll moves the interval: at that interval, the mean of the surplus is zero.
    """
    share = rates.expected(start, end) / rates.mean if rates.mean else (end - start) / ONE_HOUR
    due = ONE_HOUR * share / mean_interval * target_new_items(rates, listed)
    surplus = (fresh - due) / max(1.0, due)
    if listed and fresh >= listed:
        surplus = max(surplus, MAX_LOG_STEP / STEP_GAIN)  # no known link on the list: links were missed
    step = max(-MAX_LOG_STEP, min(MAX_LOG_STEP, STEP_GAIN * surplus))
    reversion = (initial_interval(rates, listed, bounds) / mean_interval) ** REVERSION
    return bounds.clamp(mean_interval * reversion * exp(-step))


def time_to_next(
    mean_interval: timedelta, rates: PublishRates, start: datetime, bounds: IntervalBounds, *, factor: float = 1.0
) -> timedelta:
    """Compute the time from `start` to the next poll, times `factor` (its jitter), within the bounds.

    Unless the bounds forbid it, the poll comes at most an hour after the end of a quiet period.
    """
    latest = start + bounds.maximum
    wait = _integrate_to_one_poll(mean_interval, rates, rates.segments(start, latest))
    wait = bounds.maximum if wait is None else wait * factor
    quiet_end = end_of_quiet(rates, start, latest)
    return bounds.clamp(min(wait, quiet_end + ONE_HOUR - start) if quiet_end else wait)


def end_of_quiet(rates: PublishRates, start: datetime, latest: datetime) -> datetime | None:
    """Find the end of the quiet period around `start`; None if `start` is not quiet or `latest` still is."""
    threshold = QUIET_RATE_SHARE * rates.mean
    if rates.rate(start) >= threshold:
        return None
    return next((at for at, _, rate in rates.segments(start, latest) if rate >= threshold), None)


def time_since_last(mean_interval: timedelta, rates: PublishRates, end: datetime, bounds: IntervalBounds) -> timedelta:
    """Estimate the time from the previous poll to one planned for `end`, from mean interval and publication rates."""
    reverse_segments = reversed(list(rates.segments(end - bounds.maximum, end)))
    return bounds.clamp(_integrate_to_one_poll(mean_interval, rates, reverse_segments) or bounds.maximum)


def _integrate_to_one_poll(
    mean_interval: timedelta, rates: PublishRates, segments: Iterable[RateSegment]
) -> timedelta | None:
    """Integrate the poll density over the segments up to one poll; None if they end before."""
    mean = rates.mean
    average = sum(_weight(rate, mean) for rate in rates.rates) / HOURS_PER_WEEK
    remaining, elapsed = mean_interval, timedelta(0)
    for at, until, rate in segments:
        density = _weight(rate, mean) / average
        if density * (until - at) >= remaining:
            return elapsed + remaining / density
        remaining -= density * (until - at)
        elapsed += until - at
    return None


def _weight(rate: float, mean: float) -> float:
    return sqrt(max(rate / mean, MIN_RATE_SHARE)) if mean else 1.0
