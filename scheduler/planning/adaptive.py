"""Adapt the mean interval between polls of a source, and deal the polls out over the hours of the week.

Two decisions, one number. The **pace** is the average time between two looks over a week: overlap moves it from look
to look, and it tends back to what the weeks have taught. The rhythm deals the looks out over the week.

*Dealing out.* Let r(t) be the rate of new articles and q(t) that of looks. An article waits for the next look about
half a gap, 1/(2q), so the articles together wait ∫ r/(2q) dt. With the looks ∫ q dt given, Lagrange's condition
r/(2q²) = μ makes q proportional to √r: hours that bring four times as many articles get twice as many looks. (The
same optimum: Sia, Cho, Cho, "Efficient Monitoring Algorithm for Fast News Alerts", IEEE TKDE 19, 2007.) The next look
is where the integral of √r, scaled to a mean of 1, reaches the pace; it runs on into the coming hours, which is why a
quiet night does not slow the morning.

*How many.* Between sources the same theorem holds, so looks a day grow with the root of articles a day, and the new
articles a look is to bring, its **aim**, too.
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
"""A source of 90 articles a day is to bring 1.5 new ones a look: 60 looks a day, one in 15 min by day."""
MAX_NEW_SHARE = 1 / 8
"""Never more than this share of a list is aimed to be new: what a burst of eight times the rate would still fit on."""

STEP_GAIN = 0.07
"""How strongly one look moves the pace: by e^-0.07 for as many surplus articles as were expected.

Chosen with HOMING on eight months that are not those of `benchmarks.polling`. At 0.2 the pace follows chance, and most
of the gain at the ninth decile is lost; at 0 it is as wrong as what was learned.
"""
REVERSION = 0.15
"""How far one look takes the pace back to the learned one, so that a burst is forgotten within a dozen looks."""
MAX_LOG_STEP = log(2)
"""One look at most halves or doubles the pace."""

MIN_RATE_SHARE = 0.1
"""Hours are looked at as if they brought at least this share of the average: rhythms change."""
QUIET_RATE_SHARE = 0.5
"""Below this share of the average rate an hour is quiet; articles begin to come where it is reached again."""


@dataclass(frozen=True, slots=True)
class IntervalBounds:
    """The least and the most time between two looks."""

    least: timedelta
    most: timedelta

    def clamp(self, interval: timedelta) -> timedelta:
        return max(self.least, min(self.most, interval))


def target_new_items(rhythm: PublishRates, listed: int) -> float:
    """New articles that a look is to bring on average, from a list of so many links (0: not known)."""
    wanted = TARGET_NEW * sqrt(max(24 * rhythm.mean, 0.1) / TARGET_AT_RATE)
    return min(wanted, listed * MAX_NEW_SHARE) if listed else wanted


def initial_interval(rhythm: PublishRates, listed: int, bounds: IntervalBounds) -> timedelta:
    """The pace of a source that was never looked at before, from what its rhythm says."""
    return bounds.clamp(min(bounds.most, ONE_HOUR * (target_new_items(rhythm, listed) / max(rhythm.mean, 1e-6))))


def adjust_interval(
    pace: timedelta,
    rhythm: PublishRates,
    *,
    start: datetime,
    end: datetime,
    listed: int,
    fresh: int,
    bounds: IntervalBounds,
) -> timedelta:
    """The pace after a look at `end` found `fresh` new links since the look at `start`.

    It is compared with what that very stretch of time would bring at the pace that meets the aim, so neither a night
    nor a late look moves the pace: at that pace, the mean of the surplus is zero.
    """
    share = rhythm.expected(start, end) / rhythm.mean if rhythm.mean else (end - start) / ONE_HOUR
    due = ONE_HOUR * share / pace * target_new_items(rhythm, listed)
    surplus = (fresh - due) / max(1.0, due)
    if listed and fresh >= listed:
        surplus = max(surplus, MAX_LOG_STEP / STEP_GAIN)  # nothing was known: links were missed
    step = max(-MAX_LOG_STEP, min(MAX_LOG_STEP, STEP_GAIN * surplus))
    homing = (initial_interval(rhythm, listed, bounds) / pace) ** REVERSION
    return bounds.clamp(pace * homing * exp(-step))


def time_to_next(
    pace: timedelta, rhythm: PublishRates, start: datetime, bounds: IntervalBounds, *, factor: float = 1.0
) -> timedelta:
    """The time from `start` to the next look, times `factor` (its jitter).

    Within bounds, and unless these forbid it never past the hour in which articles begin to come.
    """
    latest = start + bounds.most
    wait = _time_to_next_article(pace, rhythm, rhythm.segments(start, latest))
    wait = bounds.most if wait is None else wait * factor
    dawn = end_of_quiet(rhythm, start, latest)
    return bounds.clamp(min(wait, dawn + ONE_HOUR - start) if dawn else wait)


def end_of_quiet(rhythm: PublishRates, start: datetime, latest: datetime) -> datetime | None:
    """The end of the quiet in which `start` lies; None if it lies in none, or if that goes on past `latest`."""
    line = QUIET_RATE_SHARE * rhythm.mean
    if rhythm.rate(start) >= line:
        return None
    return next((at for at, _, rate in rhythm.segments(start, latest) if rate >= line), None)


def time_since_last(pace: timedelta, rhythm: PublishRates, end: datetime, bounds: IntervalBounds) -> timedelta:
    """The time from the look before to one planned for `end`, as far as pace and rhythm tell."""
    backwards = reversed(list(rhythm.segments(end - bounds.most, end)))
    return bounds.clamp(_time_to_next_article(pace, rhythm, backwards) or bounds.most)


def _time_to_next_article(pace: timedelta, rhythm: PublishRates, stretches: Iterable[RateSegment]) -> timedelta | None:
    """How far along the stretches the integral of the looks' density reaches one look; None if they end before."""
    mean = rhythm.mean
    average = sum(_weight(rate, mean) for rate in rhythm.rates) / HOURS_PER_WEEK
    left, passed = pace, timedelta(0)
    for at, until, rate in stretches:
        density = _weight(rate, mean) / average
        if density * (until - at) >= left:
            return passed + left / density
        left -= density * (until - at)
        passed += until - at
    return None


def _weight(rate: float, mean: float) -> float:
    return sqrt(max(rate / mean, MIN_RATE_SHARE)) if mean else 1.0
