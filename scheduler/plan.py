"""When each source is due, and why. Pure: time and randomness come in, a plan with its reason goes out.

`next_due = max(planned, now) + interval`, ±10 % jitter; a late look neither lengthens nor shortens the interval. What
the interval is says the source's rule; how the adaptive one comes about stands in `scheduler.pace`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from scheduler import wording
from scheduler.backoff import MOST_HELD, back_off, cap
from scheduler.due import Look, Plan
from scheduler.order import batch, catch_up
from scheduler.pace import Bounds, ahead, begins, behind, first_pace, steer
from scheduler.rhythm import Rhythm

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

LEAST = timedelta(minutes=5)
MOST = timedelta(hours=6)
JITTER = 0.1
SHORTEST = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
CHANGE = timedelta(hours=3)
"""Longer than any change to or from summer time."""
SLACK = timedelta(minutes=1)
"""How far a clock that is being set right may be behind the plan it has just followed."""
LEAP_YEAR = datetime(2024, 1, 1, tzinfo=UTC)
CRON_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Every:
    """A look every so often, ±10 %."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """A look whenever five fields say so on the clocks of a time zone."""

    expression: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Adaptive:
    """As many looks as the source deserves, `least` apart and never more than `most`."""

    least: timedelta = LEAST
    most: timedelta = MOST


Rule = Every | Cron | Adaptive


def rule_of(
    *,
    every: timedelta | None = None,
    cron: str | None = None,
    timezone: str | None = None,
    every_min: timedelta | None = None,
    every_max: timedelta | None = None,
) -> Rule:
    """The rule that a source's settings mean; the adaptive one without any.

    `timezone` is the one cron goes by, UTC if it is None. Raises ValueError, in one line, for settings that
    contradict each other or cannot be.
    """
    if (every is not None) + (cron is not None) + (every_min is not None or every_max is not None) > 1:
        raise ValueError("give one of every, cron, or every_min and every_max: they contradict each other")
    for name, value in (("every", every), ("every_min", every_min), ("every_max", every_max)):
        if value is not None and value < SHORTEST:
            raise ValueError(f"{name} must be at least 1 s")
    if every is not None:
        return Every(every)
    if cron is not None:
        return _cron(cron, timezone or "UTC")
    least = every_min or min(LEAST, every_max or LEAST)
    most = every_max or max(MOST, least)
    if least > most:
        raise ValueError("every_min must not be longer than every_max")
    return Adaptive(least, most)


def _cron(expression: str, timezone: str) -> Cron:
    """Raises ValueError for an expression without meaning or one whose time never comes."""
    rule = Cron(" ".join(expression.split()), timezone)
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):  # a bad key, a folder of zones, no such zone
        raise ValueError(f"timezone {timezone!r} is not known: write one such as Asia/Baku") from None
    try:
        first = _trigger(rule).get_next_fire_time(None, LEAP_YEAR)
    except ValueError as error:
        raise ValueError(f"cron {expression!r} cannot be used: {error}") from None
    if first is None:
        raise ValueError(f"cron {expression!r} names a day that never comes")
    return rule


@lru_cache(maxsize=256)
def _trigger(rule: Cron) -> CronTrigger:
    fields = rule.expression.split()
    if len(fields) != 5:
        raise ValueError("it needs five fields: minute hour day month weekday")
    if fields[2] != "*" and fields[4] != "*":
        # crontab(5) means either, APScheduler both: better not to guess
        raise ValueError("it names both a day of the month and a weekday: leave one of them *")
    fields[4] = ",".join(_weekdays(part) for part in fields[4].split(","))
    return CronTrigger.from_crontab(" ".join(fields), timezone=UTC)


def _weekdays(part: str) -> str:
    """Numbers as crontab(5) counts them (0 and 7 are Sunday) by name: APScheduler counts from Monday."""
    days, _, step = part.partition("/")
    first, _, last = days.partition("-")
    if not first.isdigit() and not step:
        return part
    if days == "*":
        first, last = "0", "6"
    numbers = [int(day) for day in (first, last or first) if day.isdigit() and int(day) <= 7]
    if len(numbers) != 2 or numbers[0] > numbers[1] or not (step or "1").isdigit() or int(step or 1) < 1:
        raise ValueError(f"weekday {part!r} is none of 0-7 or mon-sun")
    return ",".join(CRON_DAYS[day] for day in range(numbers[0], numbers[1] + 1, int(step or 1)))


def next_fire(rule: Cron, after: datetime) -> datetime:
    """The next time that cron means, strictly after that moment (UTC).

    A time that a change to summer time skips comes at the moment it would have been; one that is repeated in autumn
    comes once, unless the minute or hour field begins with `*`: then real time counts (crontab(5), Vixie's rule).
    """
    zone = ZoneInfo(rule.timezone)
    changing = (after - CHANGE).astimezone(zone).utcoffset() != (after + CHANGE).astimezone(zone).utcoffset()
    start = after.astimezone(zone).replace(tzinfo=UTC, fold=0) - (CHANGE if changing else TICK)
    by_real_time = any(field.startswith("*") for field in rule.expression.split()[:2])
    found: list[datetime] = []
    for wall in _walls(rule, start):
        found += [at for at in _moments(wall, zone, by_real_time) if at > after]
        if found and (not changing or wall > start + 3 * CHANGE):
            return min(found)
    raise ValueError(f"cron {rule.expression!r} has no time after {wording.moment(after)}")


def _walls(rule: Cron, start: datetime) -> Iterator[datetime]:
    """What the clocks on the wall show when cron fires, as if it were UTC.

    In a zone of its own, APScheduler 3.11 leaves out the Monday after the clocks have changed ("0 0 * * 1-5").
    """
    while (fire := _trigger(rule).get_next_fire_time(None, start)) is not None:
        yield fire
        start = fire + TICK


def _moments(wall: datetime, zone: ZoneInfo, by_real_time: bool) -> list[datetime]:
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if not by_real_time:
        return moments[:1]
    return [at for at in moments if at.astimezone(zone).replace(tzinfo=UTC, fold=0) == wall]


def bounds_of(rule: Every | Adaptive) -> Bounds:
    """The least and the most time between a good look and the next, jitter included."""
    if isinstance(rule, Every):
        return Bounds(rule.interval * (1 - JITTER), rule.interval * (1 + JITTER))
    return Bounds(rule.least, rule.most)


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
