"""Parse the rule by which a source is polled (fixed interval, cron, adaptive) and compute the times it allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from scheduler.planning.adaptive import IntervalBounds
from storage.text.durations import format_time

DEFAULT_MIN_INTERVAL = timedelta(minutes=5)
DEFAULT_MAX_INTERVAL = timedelta(hours=6)
INTERVAL_JITTER = 0.1
MIN_INTERVAL = timedelta(seconds=1)
CLOCK_TICK = timedelta(microseconds=1)
MAX_DST_SHIFT = timedelta(hours=3)
"""Upper bound of any change to or from summer time."""
CRON_CHECK_START = datetime(2024, 1, 1, tzinfo=UTC)
CRON_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class FixedInterval:
    """Poll at a fixed interval, ±10 %."""

    interval: timedelta


@dataclass(frozen=True, slots=True)
class Cron:
    """Poll at the times of a five-field cron expression in a time zone."""

    expression: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Poll at an adaptive interval between `minimum` and `maximum`."""

    minimum: timedelta = DEFAULT_MIN_INTERVAL
    maximum: timedelta = DEFAULT_MAX_INTERVAL


ScheduleRule = FixedInterval | Cron | Adaptive


def parse_rule(
    *,
    interval: timedelta | None = None,
    cron: str | None = None,
    timezone: str | None = None,
    min_interval: timedelta | None = None,
    max_interval: timedelta | None = None,
) -> ScheduleRule:
    """Parse the schedule settings of a source; without any, the rule is adaptive.

    `timezone` is that of the cron expression, UTC if None. Raises ValueError, in one line, for settings that are
    invalid or contradict each other.
    """
    if (interval is not None) + (cron is not None) + (min_interval is not None or max_interval is not None) > 1:
        raise ValueError("give one of interval, cron, or min_interval and max_interval: they contradict each other")
    for name, value in (("interval", interval), ("min_interval", min_interval), ("max_interval", max_interval)):
        if value is not None and value < MIN_INTERVAL:
            raise ValueError(f"{name} must be at least 1 s")
    if interval is not None:
        return FixedInterval(interval)
    if cron is not None:
        return _cron(cron, timezone or "UTC")
    minimum = min_interval or min(DEFAULT_MIN_INTERVAL, max_interval or DEFAULT_MIN_INTERVAL)
    maximum = max_interval or max(DEFAULT_MAX_INTERVAL, minimum)
    if minimum > maximum:
        raise ValueError("min_interval must not be longer than max_interval")
    return Adaptive(minimum, maximum)


def _cron(expression: str, timezone: str) -> Cron:
    """Validate a cron rule. Raises ValueError for an invalid expression and for one that never fires."""
    rule = Cron(" ".join(expression.split()), timezone)
    try:
        ZoneInfo(timezone)
    except (ValueError, OSError, KeyError):  # a bad key, a folder of zones, no such zone
        raise ValueError(f"timezone {timezone!r} is not known: write one such as Asia/Baku") from None
    try:
        first = _trigger(rule).get_next_fire_time(None, CRON_CHECK_START)
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
        # crontab(5) takes either, APScheduler both: ambiguous, so it is refused
        raise ValueError("it names both a day of the month and a weekday: leave one of them *")
    fields[4] = ",".join(_weekdays(part) for part in fields[4].split(","))
    return CronTrigger.from_crontab(" ".join(fields), timezone=UTC)


def _weekdays(part: str) -> str:
    """Translate the weekday numbers of crontab(5) (0 and 7 are Sunday) to names: APScheduler counts from Monday."""
    days, _, step = part.partition("/")
    first, _, last = days.partition("-")
    if not first.isdigit() and not step:
        return part
    if days == "*":
        first, last = "0", "6"
    numbers = [int(day) for day in (first, last or first) if day.isdigit() and int(day) <= 7]
    if len(numbers) != 2 or numbers[0] > numbers[1] or not (step or "1").isdigit() or int(step or 1) < 1:
        raise ValueError(f"weekday {part!r} is none of 0-7 or mon-sun")
    return ",".join(CRON_WEEKDAYS[day] for day in range(numbers[0], numbers[1] + 1, int(step or 1)))


def next_fire(rule: Cron, after: datetime) -> datetime:
    """Compute the next time of a cron rule strictly after `after`, in UTC.

    A time that a change to summer time skips fires at the moment it would have been; one that is repeated in autumn
    fires once, unless the minute or hour field begins with `*`: then real time counts (crontab(5), Vixie's rule).
    """
    zone = ZoneInfo(rule.timezone)
    changing = (after - MAX_DST_SHIFT).astimezone(zone).utcoffset() != (after + MAX_DST_SHIFT).astimezone(
        zone
    ).utcoffset()
    start = after.astimezone(zone).replace(tzinfo=UTC, fold=0) - (MAX_DST_SHIFT if changing else CLOCK_TICK)
    by_real_time = any(field.startswith("*") for field in rule.expression.split()[:2])
    times: list[datetime] = []
    for wall in _wall_times(rule, start):
        times += [at for at in _utc_times(wall, zone, by_real_time) if at > after]
        if times and (not changing or wall > start + 3 * MAX_DST_SHIFT):
            return min(times)
    raise ValueError(f"cron {rule.expression!r} has no time after {format_time(after.astimezone(UTC))} UTC")


def _wall_times(rule: Cron, start: datetime) -> Iterator[datetime]:
    """Yield the local times at which cron fires, as if they were UTC.

    In a zone of its own, APScheduler 3.11 skips the Monday after the clocks have changed ("0 0 * * 1-5").
    """
    while (fire := _trigger(rule).get_next_fire_time(None, start)) is not None:
        yield fire
        start = fire + CLOCK_TICK


def _utc_times(wall: datetime, zone: ZoneInfo, by_real_time: bool) -> list[datetime]:
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    if not by_real_time:
        return moments[:1]
    return [at for at in moments if at.astimezone(zone).replace(tzinfo=UTC, fold=0) == wall]


def bounds_of(rule: FixedInterval | Adaptive) -> IntervalBounds:
    """Return the bounds of the time between a successful poll and the next, jitter included."""
    if isinstance(rule, FixedInterval):
        return IntervalBounds(rule.interval * (1 - INTERVAL_JITTER), rule.interval * (1 + INTERVAL_JITTER))
    return IntervalBounds(rule.minimum, rule.maximum)
