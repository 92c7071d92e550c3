"""Plan the next poll of a source, with its reason. Pure: time and randomness come in.

`next_poll_at = max(planned, now) + interval`, ±10 % jitter; a late poll neither lengthens nor shortens the interval.
The interval is set by the source's rule; `scheduler.planning.adaptive` computes the adaptive one.
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
from storage.text.counts import counted
from storage.text.durations import format_duration, format_time

CLOCK_TOLERANCE = timedelta(minutes=1)
"""Maximum time that a corrected clock may lag behind the plan just carried out."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class NextPoll:
    """Time of the next poll of a source, with its reason.

    `interval` is the mean interval between polls over a week, which the publication rate of the hour then shortens or
    stretches; failures leave it unchanged. None with cron, and before the first successful poll.
    """

    next_poll_at: datetime
    interval: timedelta | None
    reason: str


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """Outcome of the last crawl of a source's channels.

    `listed` counts the links on its lists (0 with `changed` False: not modified), `fresh` those of them that are new.
    `stage` is the class of the failure, None for a crawl that was killed or crashed. `failures` are consecutive,
    counting this one, since `first_failure_at`. `rate_limited_until` is the end of a Retry-After. `since` is the end of
    the successful poll before this one; without it the planned distance is assumed.
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
    outcome: PollOutcome | None,
    rates: PublishRates,
    *,
    now: datetime,
    jitter: float,
) -> NextPoll:
    """Plan the poll after `outcome`, the outcome of the poll that `last` planned; without an outcome, repair `last`.

    `jitter` is a random number from -1 to 1 (ValueError outside). After a successful poll the plan lies within the
    rule's bounds from `now`; after a failure it backs off, to 6 h in the first day and 24 h after; a Retry-After is
    honoured up to 24 h. The plan is never before `now`, and no earlier clock setting can put it further away.
    """
    if not -1 <= jitter <= 1:
        raise ValueError("jitter must be from -1 to 1")
    now = now.astimezone(UTC)
    if outcome is None:
        return repair_poll(rule, last, now, in_trouble=True)
    if outcome.ok:
        plan = _after_success(rule, last, outcome, rates, now, jitter)
    else:
        plan = _after_failure(rule, last, outcome, now, jitter)
    return _rate_limited(rule, plan, outcome, now)


def repair_poll(rule: ScheduleRule, last: NextPoll | None, now: datetime, *, in_trouble: bool) -> NextPoll:
    """Clamp a stored plan after a pause of the program or a change of its rule or the clock; `last` if all is well.

    A missed plan is due now. The plan of a source without failures is no later than its rule allows: a shorter
    interval takes effect before the old plan's time. The plan of a source that `in_trouble` marks (it fails, or is
    rate limited) is no later than the longest back-off.
    """
    if last is None:
        return NextPoll(now, None, "never polled: due now")
    planned = f"{format_time(last.next_poll_at)} UTC"
    if last.next_poll_at < now:
        return replace(last, next_poll_at=now, reason=f"was due {planned} and not polled: due now")
    if not in_trouble:
        latest = next_fire(rule, now + CLOCK_TOLERANCE) if isinstance(rule, Cron) else now + bounds_of(rule).maximum
        if last.next_poll_at <= latest:
            return last
        reason = f"planned for {planned}, later than the rule allows: the rule or the clock has changed"
        return replace(last, next_poll_at=latest, reason=reason)
    if last.next_poll_at <= _latest_possible(rule, now):
        return last
    wait = timedelta(0) if isinstance(rule, Cron) else bounds_of(rule).clamp(last.interval or timedelta(0))
    next_poll_at = next_fire(rule, now) if isinstance(rule, Cron) else now + wait
    reason = f"planned for {planned}, later than any plan can be: the rule or the clock has changed"
    return replace(last, next_poll_at=next_poll_at, reason=reason)


def shift_back(rule: ScheduleRule, plan: NextPoll, *, by: timedelta, now: datetime) -> NextPoll:
    """Shift a plan after the clock was set back by `by` to `now`: the poll stays as far away as it was."""
    next_poll_at = max(now, plan.next_poll_at - by)
    return replace(
        plan, next_poll_at=next_fire(rule, next_poll_at - CLOCK_TICK) if isinstance(rule, Cron) else next_poll_at
    )


def _after_success(
    rule: ScheduleRule, last: NextPoll | None, outcome: PollOutcome, rates: PublishRates, now: datetime, jitter: float
) -> NextPoll:
    overlap = _describe_overlap(outcome.listed, outcome.fresh)
    if isinstance(rule, Cron):
        return NextPoll(
            next_fire(rule, _first_poll(outcome, now)), None, f"{overlap}; cron {rule.expression} ({rule.timezone})"
        )
    bounds, start, factor = bounds_of(rule), _first_poll(outcome, now), 1 + INTERVAL_JITTER * jitter
    if isinstance(rule, FixedInterval):
        interval, wait = rule.interval, rule.interval * factor
        reason = f"{overlap}: every {format_duration(interval)}, as set"
    else:
        interval = _adaptive_interval(last, outcome, rates, bounds)
        wait = time_to_next(interval, rates, start, bounds, factor=factor)
        reason = _adaptive_reason(overlap, wait, rates, start, bounds)
    return NextPoll(now + bounds.clamp(start + wait - now), interval, reason)


def _first_poll(outcome: PollOutcome, now: datetime) -> datetime:
    """Return max(planned, now); now alone for a plan by a clock that ran ahead, and after a triggered crawl."""
    return outcome.planned_at if now < outcome.planned_at <= now + CLOCK_TOLERANCE else now


def _adaptive_interval(
    last: NextPoll | None, outcome: PollOutcome, rates: PublishRates, bounds: IntervalBounds
) -> timedelta:
    """Adjust the mean interval by the overlap of the last poll with the links known before.

    A poll that came after more than twice its time (failures, downtime, a clock that jumped) leaves it unchanged.
    """
    if last is None or last.interval is None:
        return initial_interval(rates, outcome.listed, bounds)
    mean_interval = bounds.clamp(last.interval)
    start = outcome.since or outcome.planned_at - time_since_last(mean_interval, rates, outcome.planned_at, bounds)
    planned = time_to_next(mean_interval, rates, start, bounds)
    if not timedelta(0) <= outcome.finished_at - start <= 2 * planned:
        return mean_interval
    return adjust_interval(
        mean_interval,
        rates,
        start=start,
        end=outcome.finished_at,
        listed=outcome.listed,
        fresh=outcome.fresh,
        bounds=bounds,
    )


def _adaptive_reason(
    overlap: str, wait: timedelta, rates: PublishRates, start: datetime, bounds: IntervalBounds
) -> str:
    limit = ", the maximum" if wait == bounds.maximum else ", the minimum" if wait == bounds.minimum else ""
    quiet_end = end_of_quiet(rates, start, start + wait)
    hour = _describe_hour(rates, quiet_end or start)
    return f"{overlap}: {'next in' if quiet_end else 'every'} {format_duration(wait)}{limit}; {hour}"


def _after_failure(
    rule: ScheduleRule, last: NextPoll | None, outcome: PollOutcome, now: datetime, jitter: float
) -> NextPoll:
    first = outcome.first_failure_at or now
    wait = backoff_delay(outcome.stage, outcome.failures, now - first)
    cause = f"{outcome.stage or 'crawl ended without reporting'}, consecutive failure {max(1, outcome.failures)} since"
    if isinstance(rule, Cron):
        next_poll_at = next_fire(rule, now + wait)
        return NextPoll(
            next_poll_at,
            None,
            f"{cause} {format_time(first)} UTC: next poll at {format_time(next_poll_at)} UTC, by cron",
        )
    # A configured interval is never undercut, the adaptive one may be: a slow source should not lose half a day.
    floor = rule.interval if isinstance(rule, FixedInterval) else rule.minimum
    wait = max(floor, wait)
    limit = max(backoff_cap(now - first), floor * (1 + INTERVAL_JITTER))
    next_poll_at = now + max(bounds_of(rule).minimum, min(limit, wait * (1 + INTERVAL_JITTER * jitter)))
    interval = rule.interval if isinstance(rule, FixedInterval) else last.interval if last else None
    return NextPoll(next_poll_at, interval, f"{cause} {format_time(first)} UTC: next poll in {format_duration(wait)}")


def _rate_limited(rule: ScheduleRule, plan: NextPoll, outcome: PollOutcome, now: datetime) -> NextPoll:
    """Postpone a plan to the end of a Retry-After, by at most a day."""
    until = min(outcome.rate_limited_until or now, now + MAX_RETRY_AFTER)
    if until <= plan.next_poll_at:
        return plan
    next_poll_at = next_fire(rule, until - CLOCK_TICK) if isinstance(rule, Cron) else until
    return replace(plan, next_poll_at=next_poll_at, reason=f"rate limited by the site until {format_time(until)} UTC")


def _latest_possible(rule: ScheduleRule, now: datetime) -> datetime:
    """Compute the latest time of any plan made about now: by the rule, or a day of back-off or Retry-After."""
    if isinstance(rule, Cron):
        return next_fire(rule, now + MAX_RETRY_AFTER)
    return now + max(bounds_of(rule).maximum, MAX_RETRY_AFTER)


def _describe_hour(rates: PublishRates, at: datetime) -> str:
    """Describe the rate of an hour: `Tuesday 09:00 brings 6 an hour`, in the source's own time."""
    local, rate = at.astimezone(rates.timezone), rates.rate(at)
    brings = "next to nothing" if rate < 0.1 else f"{rate:.0f} an hour" if rate >= 9.95 else f"{rate:.2g} an hour"
    return f"{WEEKDAYS[local.weekday()]} {local.hour:02}:00 brings {brings}"


def _describe_overlap(listed: int, fresh: int) -> str:
    """Describe the overlap of a list with the known links: `17 of 24 links were known`."""
    verb = "was" if listed == 1 else "were"
    return f"{max(0, listed - fresh)} of {counted(listed, 'link')} {verb} known" if listed else "not modified"
