"""Plan the next poll of a source, with its reason. Pure: time and randomness come in.

`next_due = max(planned, now) + interval`, ±10 % jitter; a late look neither lengthens nor shortens the interval. What
the interval is says the source's rule; how the adaptive one comes about stands in `scheduler.planning.adaptive`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scheduler.planning.adaptive import (
    IntervalBounds,
    adjust_interval,
    end_of_quiet,
    initial_interval,
    time_since_last,
    time_to_next,
)
from scheduler.planning.backoff import backoff_delay
from scheduler.planning.publish_rates import PublishRates
from scheduler.planning.rules import (
    CLOCK_TICK,
    INTERVAL_JITTER,
    Cron,
    FixedInterval,
    ScheduleRule,
    bounds_of,
    next_fire,
)
from storage.model.backoff import MAX_RETRY_AFTER, backoff_cap
from storage.model.records import FailureStage
from storage.text.durations import format_duration, format_time

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a clock that is being set right may be behind the plan it has just followed."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When a source is looked at next, and why.

    `interval` is what is remembered from look to look: the source's average time between two over a week (which the
    rhythm of the hour then shortens or stretches), kept as it was through a trouble. None with cron, and before the
    first good look.
    """

    next_poll_at: datetime
    interval: timedelta | None
    reason: str


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What the last crawl of a source's channels showed.

    `listed` links on its lists (0 with `changed` False: not modified, everything known), `fresh` of them never seen
    before. `stage`: the class of the failure, None for a crawl that was killed or crashed. `failures` in a row,
    counting this one, since `first_failure_at`. `rate_limited_until`: what a Retry-After asked for. `since`: when the good look
    before this one ended; without it the plan's own distance is assumed.
    """

    planned_at: datetime
    finished_at: datetime
    ok: bool
    changed: bool
    listed: int
    fresh: int
    stage: FailureStage | None
    failures: int
    first_failure_at: datetime | None
    rate_limited_until: datetime | None
    since: datetime | None = None


def plan_next_poll(
    rule: ScheduleRule,
    last: NextPoll | None,
    look: PollOutcome | None,
    rhythm: PublishRates,
    *,
    now: datetime,
    jitter: float,
) -> NextPoll:
    """When to look next, after the look that `last` had planned; without a look, what stands of `last` at a start.

    `jitter` is a random number from -1 to 1 (ValueError outside). After a good look the plan lies within the rule's
    bounds from `now`; after a failure it backs off, to 6 h in the first day and 24 h after; a Retry-After is honoured
    up to 24 h. It is never before `now`, and nothing that a clock ever said can put it further away.
    """
    if not -1 <= jitter <= 1:
        raise ValueError("jitter must be from -1 to 1")
    now = now.astimezone(UTC)
    if look is None:
        return repair_poll(rule, last, now, in_trouble=True)
    if look.ok:
        plan = _after_success(rule, last, look, rhythm, now, jitter)
    else:
        plan = _after_failure(rule, last, look, now, jitter)
    return _rate_limited(rule, plan, look, now)


def repair_poll(rule: ScheduleRule, last: NextPoll | None, now: datetime, *, in_trouble: bool) -> NextPoll:
    """Clamp a stored plan after a pause of the program or a change of its rule or the clock; `last` if all is well.

    A plan that was missed is due now. A plan of a source without trouble is no later than its rule allows: a shorter
    interval need not wait for the old plan's time. One of a source `in_trouble` (it fails, or the site asked for a
    pause) is no later than the longest back-off.
    """
    if last is None:
        return NextPoll(now, None, "never looked at: due at once")
    planned = f"{format_time(last.next_poll_at)} UTC"
    if last.next_poll_at < now:
        return replace(last, next_poll_at=now, reason=f"was due {planned} and nothing looked: due now")
    if not in_trouble:
        latest = next_fire(rule, now + CLOCK_TOLERANCE) if isinstance(rule, Cron) else now + bounds_of(rule).most
        if last.next_poll_at <= latest:
            return last
        reason = f"planned for {planned}, later than its rule allows: that or the clock has changed"
        return replace(last, next_poll_at=latest, reason=reason)
    if last.next_poll_at <= _latest_possible(rule, now):
        return last
    wait = timedelta(0) if isinstance(rule, Cron) else bounds_of(rule).clamp(last.interval or timedelta(0))
    next_poll_at = next_fire(rule, now) if isinstance(rule, Cron) else now + wait
    reason = f"planned for {planned}, further away than any plan: the clock or the rule has changed"
    return replace(last, next_poll_at=next_poll_at, reason=reason)


def shift_back(rule: ScheduleRule, plan: NextPoll, *, by: timedelta, now: datetime) -> NextPoll:
    """The plan on a clock that was set back by so much to `now`: as far away as it was before."""
    next_poll_at = max(now, plan.next_poll_at - by)
    return replace(
        plan, next_poll_at=next_fire(rule, next_poll_at - CLOCK_TICK) if isinstance(rule, Cron) else next_poll_at
    )


def _after_success(
    rule: ScheduleRule, last: NextPoll | None, look: PollOutcome, rhythm: PublishRates, now: datetime, jitter: float
) -> NextPoll:
    known = _describe_overlap(look.listed, look.fresh)
    if isinstance(rule, Cron):
        return NextPoll(
            next_fire(rule, _first_poll(look, now)), None, f"{known}; cron {rule.expression} ({rule.timezone})"
        )
    bounds, start, factor = bounds_of(rule), _first_poll(look, now), 1 + INTERVAL_JITTER * jitter
    if isinstance(rule, FixedInterval):
        interval, wait = rule.interval, rule.interval * factor
        reason = f"{known}: every {format_duration(interval)}, as set"
    else:
        interval = _adaptive_interval(last, look, rhythm, bounds)
        wait = time_to_next(interval, rhythm, start, bounds, factor=factor)
        reason = _adaptive_reason(known, wait, rhythm, start, bounds)
    return NextPoll(now + bounds.clamp(start + wait - now), interval, reason)


def _first_poll(look: PollOutcome, now: datetime) -> datetime:
    """max(planned, now), unless the plan is of a clock that ran ahead, or the look came early by a person's wish."""
    return look.planned_at if now < look.planned_at <= now + CLOCK_TOLERANCE else now


def _adaptive_interval(
    last: NextPoll | None, look: PollOutcome, rhythm: PublishRates, bounds: IntervalBounds
) -> timedelta:
    """The average interval from here on: steered by overlap, but not by a look that says nothing of it.

    One that came after more than twice its time (trouble, downtime, a clock that jumped) leaves it as it was.
    """
    if last is None or last.interval is None:
        return initial_interval(rhythm, look.listed, bounds)
    pace = bounds.clamp(last.interval)
    start = look.since or look.planned_at - time_since_last(pace, rhythm, look.planned_at, bounds)
    asked = time_to_next(pace, rhythm, start, bounds)
    if not timedelta(0) <= look.finished_at - start <= 2 * asked:
        return pace
    return adjust_interval(
        pace, rhythm, start=start, end=look.finished_at, listed=look.listed, fresh=look.fresh, bounds=bounds
    )


def _adaptive_reason(known: str, wait: timedelta, rhythm: PublishRates, start: datetime, bounds: IntervalBounds) -> str:
    limit = ", the most allowed" if wait == bounds.most else ", the least allowed" if wait == bounds.least else ""
    dawn = end_of_quiet(rhythm, start, start + wait)
    hour = _describe_hour(rhythm, dawn or start)
    return f"{known}: {'next in' if dawn else 'every'} {format_duration(wait)}{limit}; {hour}"


def _after_failure(
    rule: ScheduleRule, last: NextPoll | None, look: PollOutcome, now: datetime, jitter: float
) -> NextPoll:
    first = look.first_failure_at or now
    wait = backoff_delay(look.stage, look.failures, now - first)
    what = f"{look.stage or 'crawl ended without a word'}, failure {max(1, look.failures)} in a row since"
    if isinstance(rule, Cron):
        next_poll_at = next_fire(rule, now + wait)
        return NextPoll(
            next_poll_at, None, f"{what} {format_time(first)} UTC: next at {format_time(next_poll_at)} UTC, by cron"
        )
    # a person's own interval is never undercut, the adaptive one may be: a slow source should not lose half a day
    floor = rule.interval if isinstance(rule, FixedInterval) else rule.minimum
    wait = max(floor, wait)
    most = max(backoff_cap(now - first), floor * (1 + INTERVAL_JITTER))
    next_poll_at = now + max(bounds_of(rule).least, min(most, wait * (1 + INTERVAL_JITTER * jitter)))
    interval = rule.interval if isinstance(rule, FixedInterval) else last.interval if last else None
    return NextPoll(next_poll_at, interval, f"{what} {format_time(first)} UTC: next try in {format_duration(wait)}")


def _rate_limited(rule: ScheduleRule, plan: NextPoll, look: PollOutcome, now: datetime) -> NextPoll:
    """The plan, put off until a Retry-After is over, for a day at most."""
    until = min(look.rate_limited_until or now, now + MAX_RETRY_AFTER)
    if until <= plan.next_poll_at:
        return plan
    next_poll_at = next_fire(rule, until - CLOCK_TICK) if isinstance(rule, Cron) else until
    return replace(
        plan, next_poll_at=next_poll_at, reason=f"the site asked to be left alone until {format_time(until)} UTC"
    )


def _latest_possible(rule: ScheduleRule, now: datetime) -> datetime:
    """The latest moment that any plan made about now could have: the rule's own, a day's back-off or Retry-After."""
    if isinstance(rule, Cron):
        return next_fire(rule, now + MAX_RETRY_AFTER)
    return now + max(bounds_of(rule).most, MAX_RETRY_AFTER)


def _describe_hour(rhythm: PublishRates, at: datetime) -> str:
    """Write the rate of an hour: `Tuesday 09:00 brings 6 an hour`, in the source's own time."""
    local, rate = at.astimezone(rhythm.timezone), rhythm.rate(at)
    brings = "next to nothing" if rate < 0.1 else f"{rate:.0f} an hour" if rate >= 9.95 else f"{rate:.2g} an hour"
    return f"{WEEKDAYS[local.weekday()]} {local.hour:02}:00 brings {brings}"


def _describe_overlap(listed: int, fresh: int) -> str:
    """Write how much of a list was known: `17 of 24 links were known`."""
    return f"{max(0, listed - fresh)} of {listed} links were known" if listed else "nothing has changed"
