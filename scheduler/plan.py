"""Plan the next poll of a source, with its reason. Pure: time and randomness come in.

`next_due = max(planned, now) + interval`, ±10 % jitter; a late look neither lengthens nor shortens the interval. What
the interval is says the source's rule; how the adaptive one comes about stands in `scheduler.pace`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scheduler.backoff import back_off
from scheduler.pace import IntervalBounds, ahead, begins, behind, first_pace, steer
from scheduler.rhythm import Rhythm
from scheduler.rules import JITTER, TICK, Cron, FixedInterval, ScheduleRule, bounds_of, next_fire
from storage.backoff import MAX_RETRY_AFTER, max_wait
from storage.durations import format_duration, format_time
from storage.records import Stage

CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far a clock that is being set right may be behind the plan it has just followed."""
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class NextPoll:
    """When a source is looked at next, and why.

    `interval` is what is remembered from look to look: the source's average time between two over a week (which the
    rhythm of the hour then shortens or stretches), kept as it was through a trouble. None with cron, and before the
    first good look.
    """

    due_at: datetime
    interval: timedelta | None
    reason: str


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What the last crawl of a source's channels showed.

    `listed` links on its lists (0 with `changed` False: not modified, everything known), `fresh` of them never seen
    before. `stage`: the class of the failure, None for a crawl that was killed or crashed. `failures` in a row,
    counting this one, since `first_failure_at`. `held_until`: what a Retry-After asked for. `since`: when the good look
    before this one ended; without it the plan's own distance is assumed.
    """

    planned_at: datetime
    finished_at: datetime
    ok: bool
    changed: bool
    listed: int
    fresh: int
    stage: Stage | None
    failures: int
    first_failure_at: datetime | None
    held_until: datetime | None
    since: datetime | None = None


def plan_next_poll(
    rule: ScheduleRule, last: NextPoll | None, look: PollOutcome | None, rhythm: Rhythm, *, now: datetime, jitter: float
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
    return _held(rule, plan, look, now)


def repair_poll(rule: ScheduleRule, last: NextPoll | None, now: datetime, *, in_trouble: bool) -> NextPoll:
    """Clamp a stored plan after a pause of the program or a change of its rule or the clock; `last` if all is well.

    A plan that was missed is due now. A plan of a source without trouble is no later than its rule allows: a shorter
    interval need not wait for the old plan's time. One of a source `in_trouble` (it fails, or the site asked for a
    pause) is no later than the longest back-off.
    """
    if last is None:
        return NextPoll(now, None, "never looked at: due at once")
    planned = f"{format_time(last.due_at)} UTC"
    if last.due_at < now:
        return replace(last, due_at=now, reason=f"was due {planned} and nothing looked: due now")
    if not in_trouble:
        latest = next_fire(rule, now + CLOCK_TOLERANCE) if isinstance(rule, Cron) else now + bounds_of(rule).most
        if last.due_at <= latest:
            return last
        reason = f"planned for {planned}, later than its rule allows: that or the clock has changed"
        return replace(last, due_at=latest, reason=reason)
    if last.due_at <= _furthest(rule, now):
        return last
    wait = timedelta(0) if isinstance(rule, Cron) else bounds_of(rule).clamp(last.interval or timedelta(0))
    due_at = next_fire(rule, now) if isinstance(rule, Cron) else now + wait
    reason = f"planned for {planned}, further away than any plan: the clock or the rule has changed"
    return replace(last, due_at=due_at, reason=reason)


def shift_back(rule: ScheduleRule, plan: NextPoll, *, by: timedelta, now: datetime) -> NextPoll:
    """The plan on a clock that was set back by so much to `now`: as far away as it was before."""
    due_at = max(now, plan.due_at - by)
    return replace(plan, due_at=next_fire(rule, due_at - TICK) if isinstance(rule, Cron) else due_at)


def _after_success(
    rule: ScheduleRule, last: NextPoll | None, look: PollOutcome, rhythm: Rhythm, now: datetime, jitter: float
) -> NextPoll:
    known = _overlap(look.listed, look.fresh)
    if isinstance(rule, Cron):
        return NextPoll(next_fire(rule, _start(look, now)), None, f"{known}; cron {rule.expression} ({rule.timezone})")
    bounds, start, factor = bounds_of(rule), _start(look, now), 1 + JITTER * jitter
    if isinstance(rule, FixedInterval):
        interval, wait = rule.interval, rule.interval * factor
        reason = f"{known}: every {format_duration(interval)}, as set"
    else:
        interval = _pace(last, look, rhythm, bounds)
        wait = ahead(interval, rhythm, start, bounds, factor=factor)
        reason = _adaptive_reason(known, wait, rhythm, start, bounds)
    return NextPoll(now + bounds.clamp(start + wait - now), interval, reason)


def _start(look: PollOutcome, now: datetime) -> datetime:
    """max(planned, now), unless the plan is of a clock that ran ahead, or the look came early by a person's wish."""
    return look.planned_at if now < look.planned_at <= now + CLOCK_TOLERANCE else now


def _pace(last: NextPoll | None, look: PollOutcome, rhythm: Rhythm, bounds: IntervalBounds) -> timedelta:
    """The average interval from here on: steered by overlap, but not by a look that says nothing of it.

    One that came after more than twice its time (trouble, downtime, a clock that jumped) leaves it as it was.
    """
    if last is None or last.interval is None:
        return first_pace(rhythm, look.listed, bounds)
    pace = bounds.clamp(last.interval)
    start = look.since or look.planned_at - behind(pace, rhythm, look.planned_at, bounds)
    asked = ahead(pace, rhythm, start, bounds)
    if not timedelta(0) <= look.finished_at - start <= 2 * asked:
        return pace
    return steer(pace, rhythm, start=start, end=look.finished_at, listed=look.listed, fresh=look.fresh, bounds=bounds)


def _adaptive_reason(known: str, wait: timedelta, rhythm: Rhythm, start: datetime, bounds: IntervalBounds) -> str:
    limit = ", the most allowed" if wait == bounds.most else ", the least allowed" if wait == bounds.least else ""
    dawn = begins(rhythm, start, start + wait)
    hour = _hour(rhythm, dawn or start)
    return f"{known}: {'next in' if dawn else 'every'} {format_duration(wait)}{limit}; {hour}"


def _after_failure(
    rule: ScheduleRule, last: NextPoll | None, look: PollOutcome, now: datetime, jitter: float
) -> NextPoll:
    first = look.first_failure_at or now
    wait = back_off(look.stage, look.failures, now - first)
    what = f"{look.stage or 'crawl ended without a word'}, failure {max(1, look.failures)} in a row since"
    if isinstance(rule, Cron):
        due_at = next_fire(rule, now + wait)
        return NextPoll(due_at, None, f"{what} {format_time(first)} UTC: next at {format_time(due_at)} UTC, by cron")
    # a person's own interval is never undercut, the adaptive one may be: a slow source should not lose half a day
    floor = rule.interval if isinstance(rule, FixedInterval) else rule.least
    wait = max(floor, wait)
    most = max(max_wait(now - first), floor * (1 + JITTER))
    due_at = now + max(bounds_of(rule).least, min(most, wait * (1 + JITTER * jitter)))
    interval = rule.interval if isinstance(rule, FixedInterval) else last.interval if last else None
    return NextPoll(due_at, interval, f"{what} {format_time(first)} UTC: next try in {format_duration(wait)}")


def _held(rule: ScheduleRule, plan: NextPoll, look: PollOutcome, now: datetime) -> NextPoll:
    """The plan, put off until a Retry-After is over, for a day at most."""
    until = min(look.held_until or now, now + MAX_RETRY_AFTER)
    if until <= plan.due_at:
        return plan
    due_at = next_fire(rule, until - TICK) if isinstance(rule, Cron) else until
    return replace(plan, due_at=due_at, reason=f"the site asked to be left alone until {format_time(until)} UTC")


def _furthest(rule: ScheduleRule, now: datetime) -> datetime:
    """The latest moment that any plan made about now could have: the rule's own, a day's back-off or Retry-After."""
    if isinstance(rule, Cron):
        return next_fire(rule, now + MAX_RETRY_AFTER)
    return now + max(bounds_of(rule).most, MAX_RETRY_AFTER)


def _hour(rhythm: Rhythm, at: datetime) -> str:
    """Write the rate of an hour: `Tuesday 09:00 brings 6 an hour`, in the source's own time."""
    local, rate = at.astimezone(rhythm.timezone), rhythm.rate(at)
    brings = "next to nothing" if rate < 0.1 else f"{rate:.0f} an hour" if rate >= 9.95 else f"{rate:.2g} an hour"
    return f"{DAYS[local.weekday()]} {local.hour:02}:00 brings {brings}"


def _overlap(listed: int, fresh: int) -> str:
    """Write how much of a list was known: `17 of 24 links were known`."""
    return f"{max(0, listed - fresh)} of {listed} links were known" if listed else "nothing has changed"
