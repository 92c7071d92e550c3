"""Detect silence of a source that is polled successfully, from its publication rates and its longest pauses.

Time is measured in expected articles, so nights and weekends are short and a newsroom's morning long. On that scale
a Poisson source is silent for longer than E with probability exp(-E). Real ones come in bursts, so the
tail is fitted to the source's own pauses (peaks over threshold, with an exponential tail: Pickands 1975; Coles, An
Introduction to Statistical Modeling of Extreme Values, 2001, chapter 4)::

    threshold = onset + scale * a * (exp(L / a) - 1),   L = ln(TAIL / p)

onset      what TAIL of the pauses so far exceed
scale      the larger of what median and 90th percentile of their excess give, x / ln 2 and x / ln 10 (quantiles, so
           that an outage in the history does not stretch it); at least 1
p          FALSE_ALARM_RATE / pauses a month: the chance a single pause may have of being called silence by mistake
a          PRIOR + pauses / scale: a rate known from few articles is uncertain (zero of a gamma-Poisson), which raises
           the threshold of a young source; with many the term goes to L
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from math import exp, log
from statistics import fmean
from zoneinfo import ZoneInfo

from scheduler.health.findings import Finding, iso
from scheduler.health.latency import nearest_rank
from scheduler.planning.publish_rates import ExpectedCount, PublishRates, estimate_rates
from storage.model.event_kinds import EventKind
from storage.text.counts import counted
from storage.text.durations import format_duration

WEEKS = timedelta(weeks=8)
"""Period of arrivals that rates are estimated from: eight of each hour of the week, short enough to follow a season."""
PRIOR = 4.0
"""Weight of the default rate, in arrivals."""
BUSY_HOUR_QUANTILE = 0.98
"""Quantile of the arrivals an hour at which hours are capped."""
FALSE_ALARM_RATE = 0.001
"""Target number of false alarms a source-month. Real pauses have a heavier tail than an exponential (a slow day makes
all of its pauses long): simulated newsrooms with bursts and moods gave 1 in 408, see
tests/scheduler/health/test_silence_histories.py."""
MIN_EXPECTED_ARRIVALS = 7.0
"""Minimum number of overdue articles: exp(-7) is a probability under 0.001."""
MIN_SILENCE = timedelta(hours=2)
"""Minimum length of a silence, however busy the source: a short fault ends by itself."""
TAIL_QUANTILE = 0.1
MIN_GAPS_FOR_TAIL = 100
"""Minimum number of pauses to fit the tail; with fewer all give the scale, by mean or 90th percentile / ln 10."""
MAX_GAPS = 1000
WARMUP = timedelta(days=14)
"""Age of a source until which its threshold is doubled: its first weekend is unknown, and its first week may have been
a busy one."""
CLOSE_RATIO = 0.5
"""Share of the threshold under which an open silence closes without an arrival, as after new estimates."""
SLOW_WINDOWS = (timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""Periods before the last arrival in which a slow source is expected to stay slow: holidays, summer, a strike."""
MIN_PACE = 0.1
SHRINKAGE = 3.0
"""Articles added to both sides of the ratio of a slow period, so that few articles are not called slow by chance."""
ONE_MONTH = timedelta(days=30)


def detect_silence(
    arrivals: Sequence[datetime],
    *,
    timezone: ZoneInfo,
    since: datetime,
    now: datetime,
    last_success_at: datetime | None,
    default_per_day: float,
    expectation: ExpectedCount | None = None,
) -> Finding | None:
    """Detect silence of a source, or None.

    `arrivals` are the times when its articles were first listed, in any order, over at least `WEEKS` before the newest.
    `since` is the end of its first successful poll. `last_success_at` is the oldest of its channels' last successful
    polls; silence is counted only up to there, so a source that cannot be polled is never silent (it is failing).
    `default_per_day` is expected of a source without history. `expectation` replaces the rates estimated here.

    A finding with `opens=False` keeps an open silence and opens none: without a successful poll, or over half of the
    threshold. Recovery is the first arrival.
    """
    listed = sorted(at for at in arrivals if since < at <= now)
    last = listed[-1] if listed else since
    if last_success_at is None:
        return _never_polled(now)
    until = min(last_success_at, now)
    if until - last < MIN_SILENCE:
        return None
    prior = PublishRates.default(per_day=default_per_day, timezone=timezone, is_cautious=True)
    rate = expectation or publish_rates(listed, prior, since=since, until=last)
    overdue = rate.expected(last, until)
    if overdue < CLOSE_RATIO * MIN_EXPECTED_ARRIVALS:
        return None
    expected, limit = overdue * _rate_ratio(listed, rate, since, last), silence_threshold(listed, rate, since=since)
    if expected < CLOSE_RATIO * limit:
        return None
    return _finding(listed, last=last, until=until, now=now, expected=expected, limit=limit)


def publish_rates(
    arrivals: Sequence[datetime], prior: PublishRates, *, since: datetime, until: datetime
) -> PublishRates:
    """Estimate the publication rates from the arrivals of the last `WEEKS` before `until`.

    `until` should be the last arrival, so that a silence does not lower what is expected during it. An hour counts at
    most as many arrivals as the busy hours of the source had: a list after our own downtime is no measure of the rate.
    """
    busy = sorted(Counter(map(_hour, arrivals)).values())
    most = busy[int(BUSY_HOUR_QUANTILE * (len(busy) - 1))] if busy else 0
    counted = [at for _, group in groupby(sorted(arrivals), key=_hour) for at in list(group)[:most]]
    return estimate_rates(counted, timezone=prior.timezone, since=max(since, until - WEEKS), until=until, prior=prior)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def silence_threshold(arrivals: Sequence[datetime], rate: ExpectedCount, *, since: datetime) -> float:
    """Compute the number of overdue articles that is silence, by the formula above; `arrivals` are sorted."""
    moments = list(dict.fromkeys(arrivals))[-MAX_GAPS - 1 :]
    pauses = [rate.expected(before, after) for before, after in pairwise(moments)]
    onset, scale, share = _tail(pauses)
    known = PRIOR + len(moments) / scale
    unlikely = log(share * max(1.0, _monthly_budget(moments)) / FALSE_ALARM_RATE)
    limit = onset + scale * known * (exp(unlikely / known) - 1)
    young = not arrivals or arrivals[-1] - since < WARMUP
    return max(MIN_EXPECTED_ARRIVALS, limit) * (2 if young else 1)


def _tail(pauses: Sequence[float]) -> tuple[float, float, float]:
    """Fit onset, scale and share of the longest pauses."""
    if len(pauses) < MIN_GAPS_FOR_TAIL:
        return (0.0, max(1.0, fmean(pauses), nearest_rank(pauses, 90) / log(10)), 1.0) if pauses else (0.0, 1.0, 1.0)
    ordered = sorted(pauses)
    onset = nearest_rank(ordered, 100 - 100 * TAIL_QUANTILE)
    beyond = [pause - onset for pause in ordered if pause > onset] or [0.0]
    return onset, max(1.0, nearest_rank(beyond, 50) / log(2), nearest_rank(beyond, 90) / log(10)), TAIL_QUANTILE


def _monthly_budget(moments: Sequence[datetime]) -> float:
    if len(moments) < 2:
        return 1.0
    return len(moments) * (ONE_MONTH / max(moments[-1] - moments[0], timedelta(days=1)))


def _rate_ratio(arrivals: Sequence[datetime], rate: ExpectedCount, since: datetime, last: datetime) -> float:
    """Compute the ratio of recent arrivals to expected ones: 1, or less in a slow period."""
    paces = [1.0]
    for period in SLOW_WINDOWS:
        start = max(since, last - period)
        listed = sum(start < at <= last for at in arrivals)
        paces.append((listed + SHRINKAGE) / (rate.expected(start, last) + SHRINKAGE))
    return max(MIN_PACE, min(paces))


def _never_polled(now: datetime) -> Finding:
    sentence = "a channel was never polled successfully, so silence cannot be detected"
    details = {"sentence": sentence, "found_at": iso(now)}
    return Finding(kind=EventKind.SILENT, subject="", details=details, opens=False)


def _finding(
    arrivals: Sequence[datetime], *, last: datetime, until: datetime, now: datetime, expected: float, limit: float
) -> Finding:
    learned = len(arrivals)
    basis = (
        f"its own rate ({counted(learned, 'article')} in {format_duration(min(WEEKS, last - arrivals[0]))})"
        if learned
        else "default"
    )
    sentence = (
        f"nothing new for {format_duration(until - last)}, since {iso(last)}; {expected:.1f} articles were "
        f"expected by {basis}, and the limit is {limit:.1f}; open its pages and see whether it still publishes"
    )
    details = {
        "sentence": sentence,
        "last_arrival_at": iso(last) if learned else None,
        "last_good_look_at": iso(until),
        "found_at": iso(now),
        "silent_hours": round((until - last).total_seconds() / 3600, 2),
        "expected": round(expected, 2),
        "patience": round(limit, 2),
        "arrivals_known": learned,
    }
    return Finding(kind=EventKind.SILENT, subject="", details=details, opens=expected >= limit)
