"""When each source is due, and why. Pure: time and randomness come in, a plan with its reason goes out.

`next_due = max(planned, now) + interval`, ±10 % jitter; a late look neither lengthens nor shortens the interval. What
the interval is says the source's rule; how the adaptive one comes about stands in `scheduler.pace`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler import wording
from scheduler.backoff import MOST_HELD, back_off, cap
from scheduler.due import Look, Plan
from scheduler.order import batch, catch_up
from scheduler.pace import Bounds, ahead, begins, behind, first_pace, steer
from scheduler.rhythm import Rhythm
from scheduler.rules import JITTER, TICK, Adaptive, Cron, Every, Rule, bounds_of, next_fire, rule_of

__all__ = [
    "Adaptive",
    "Cron",
    "Every",
    "Look",
    "Plan",
    "Rule",
    "after_set_back",
    "batch",
    "bounds_of",
    "catch_up",
    "next_fire",
    "next_plan",
    "rule_of",
]

SLACK = timedelta(minutes=1)
"""How far a clock that is being set right may be behind the plan it has just followed."""


def next_plan(
    rule: Rule, last: Plan | None, look: Look | None, rhythm: Rhythm, *, now: datetime, jitter: float
) -> Plan:
    """When to look next, after the look that `last` had planned; without a look, what stands of `last` at a start.

    `jitter` is a random number from -1 to 1 (ValueError outside). After a good look the plan lies within the rule's
    bounds from `now`; after a failure it backs off, to 6 h in the first day and 24 h after; a Retry-After is honoured
    up to 24 h. It is never before `now`, and nothing that a clock ever said can put it further away.
    """
    if not -1 <= jitter <= 1:
        raise ValueError("jitter must be from -1 to 1")
    now = now.astimezone(UTC)
    if look is None:
        return _standing(rule, last, now)
    if look.ok:
        plan = _after_success(rule, last, look, rhythm, now, jitter)
    else:
        plan = _after_failure(rule, last, look, now, jitter)
    return _held(rule, plan, look, now)


def after_set_back(rule: Rule, plan: Plan, *, by: timedelta, now: datetime) -> Plan:
    """The plan on a clock that was set back by so much to `now`: as far away as it was before."""
    due_at = max(now, plan.due_at - by)
    return replace(plan, due_at=next_fire(rule, due_at - TICK) if isinstance(rule, Cron) else due_at)


def _after_success(rule: Rule, last: Plan | None, look: Look, rhythm: Rhythm, now: datetime, jitter: float) -> Plan:
    known = wording.overlap(look.listed, look.fresh)
    if isinstance(rule, Cron):
        return Plan(next_fire(rule, _start(look, now)), None, f"{known}; cron {rule.expression} ({rule.timezone})")
    bounds, start, factor = bounds_of(rule), _start(look, now), 1 + JITTER * jitter
    if isinstance(rule, Every):
        interval, wait = rule.interval, rule.interval * factor
        reason = f"{known}: every {wording.length(interval)}, as set"
    else:
        interval = _pace(last, look, rhythm, bounds)
        wait = ahead(interval, rhythm, start, bounds, factor=factor)
        reason = _adaptive_reason(known, wait, rhythm, start, bounds)
    return Plan(now + bounds.clamp(start + wait - now), interval, reason)


def _start(look: Look, now: datetime) -> datetime:
    """max(planned, now), unless the plan is of a clock that ran ahead, or the look came early by a person's wish."""
    return look.planned_at if now < look.planned_at <= now + SLACK else now


def _pace(last: Plan | None, look: Look, rhythm: Rhythm, bounds: Bounds) -> timedelta:
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


def _adaptive_reason(known: str, wait: timedelta, rhythm: Rhythm, start: datetime, bounds: Bounds) -> str:
    limit = ", the most allowed" if wait == bounds.most else ", the least allowed" if wait == bounds.least else ""
    dawn = begins(rhythm, start, start + wait)
    hour = wording.hour(rhythm, dawn or start)
    return f"{known}: {'next in' if dawn else 'every'} {wording.length(wait)}{limit}; {hour}"


def _after_failure(rule: Rule, last: Plan | None, look: Look, now: datetime, jitter: float) -> Plan:
    first = look.first_failure_at or now
    wait = back_off(look.stage, look.failures, now - first)
    what = f"{look.stage or 'crawl ended without a word'}, failure {max(1, look.failures)} in a row since"
    if isinstance(rule, Cron):
        due_at = next_fire(rule, now + wait)
        return Plan(due_at, None, f"{what} {wording.moment(first)}: next at {wording.moment(due_at)}, by cron")
    # a person's own interval is never undercut, the adaptive one may be: a slow source should not lose half a day
    floor = rule.interval if isinstance(rule, Every) else rule.least
    wait = max(floor, wait)
    most = max(cap(now - first), floor * (1 + JITTER))
    due_at = now + max(bounds_of(rule).least, min(most, wait * (1 + JITTER * jitter)))
    interval = rule.interval if isinstance(rule, Every) else last.interval if last else None
    return Plan(due_at, interval, f"{what} {wording.moment(first)}: next try in {wording.length(wait)}")


def _held(rule: Rule, plan: Plan, look: Look, now: datetime) -> Plan:
    """The plan, put off until a Retry-After is over, for a day at most."""
    until = min(look.held_until or now, now + MOST_HELD)
    if until <= plan.due_at:
        return plan
    due_at = next_fire(rule, until - TICK) if isinstance(rule, Cron) else until
    return replace(plan, due_at=due_at, reason=f"the site asked to be left alone until {wording.moment(until)}")


def _standing(rule: Rule, last: Plan | None, now: datetime) -> Plan:
    """What stands of a stored plan at a start."""
    if last is None:
        return Plan(now, None, "never looked at: due at once")
    if last.due_at < now:
        return replace(last, due_at=now, reason=f"was due {wording.moment(last.due_at)} and nothing looked: due now")
    if last.due_at <= _furthest(rule, now):
        return last
    wait = timedelta(0) if isinstance(rule, Cron) else bounds_of(rule).clamp(last.interval or timedelta(0))
    due_at = next_fire(rule, now) if isinstance(rule, Cron) else now + wait
    reason = f"planned for {wording.moment(last.due_at)}, further away than any plan: the clock or the rule has changed"
    return replace(last, due_at=due_at, reason=reason)


def _furthest(rule: Rule, now: datetime) -> datetime:
    """The latest moment that any plan made about now could have: the rule's own, a day's back-off or Retry-After."""
    if isinstance(rule, Cron):
        return next_fire(rule, now + MOST_HELD)
    return now + max(bounds_of(rule).most, MOST_HELD)
