"""Tell the days of a time zone: when they begin, their offsets from UTC, and the zones there are.

Zones are those of the IANA database. A day may have 23 or 25 hours, begin at one o'clock, or be left out.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

MAX_NEAR_NAMES = 3
MAX_NAME_LENGTH = 100
ONE_DAY = timedelta(days=1)
CLOCK_TICK = timedelta(seconds=1)
"""No offset changes within a second."""
FIRST_YEAR, LAST_YEAR = 1840, 2200
"""Years between which offsets change: before there was no standard time, and after it nobody knows the rules."""
LENGTH_TO_MINUTE = len("2026-11-04T08:00")
_OF_THIS_MACHINE = frozenset({"localtime", "posixrules", "Factory"})
_OTHER_DATABASES = ("right/", "posix/")
"""Copies of all zones, the first with leap seconds."""


def zone_named(name: str) -> tzinfo:
    """Return the zone of an IANA name, such as Asia/Baku. Raises ValueError, with the nearest names."""
    if name == "UTC":
        return UTC
    with suppress(ZoneInfoNotFoundError, ValueError, OSError):
        if name not in _OF_THIS_MACHINE and not name.startswith(_OTHER_DATABASES):
            return ZoneInfo(name)
    near = _near_names(name[:MAX_NAME_LENGTH])
    question = f" (did you mean {' or '.join(near)}?)" if near else ""
    raise ValueError(f"must be the name of a time zone such as Asia/Baku or UTC{question}")


def zone_name(zone: tzinfo) -> str:
    """Return the IANA name of a zone."""
    return str(zone)


def zone_names() -> list[str]:
    """Return the names of all zones, sorted."""
    return sorted(available_timezones() - _OF_THIS_MACHINE)


def _near_names(typed: str) -> list[str]:
    """Return the names nearest to what was typed: by a city alone, too, and in any case."""
    words = "_".join(typed.casefold().split())
    known = {key: name for name in zone_names() for key in (name.casefold(), name.casefold().rpartition("/")[2])}
    found = (known[key] for key in get_close_matches(words, known, n=2 * MAX_NEAR_NAMES, cutoff=0.7))
    return list(dict.fromkeys(found))[:MAX_NEAR_NAMES]


def in_zone(at: datetime, zone: tzinfo) -> datetime:
    """Return an aware time as a zone's clocks show it; as it is at an end of the calendar, beyond which none is."""
    try:
        return at.astimezone(zone)
    except OverflowError:
        return at


def offset_if_twice(at: datetime) -> str:
    """Return the offset of a time that the clocks of its zone show twice, as +01:00; nothing for any other."""
    first, second = (at.replace(fold=fold).utcoffset() for fold in (0, 1))
    is_twice = first is not None and second is not None and first > second
    return at.isoformat(timespec="minutes")[LENGTH_TO_MINUTE:] if is_twice else ""


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins in a zone, in UTC: at midnight, or where clocks leap over that, when they do.

    A day that is left out begins when the next one does.
    """
    midnight = datetime.combine(day, time())
    try:
        begin = midnight.replace(tzinfo=zone).astimezone(UTC)
        if begin.astimezone(zone).replace(tzinfo=None) == midnight:
            return begin
        return _change_between(zone, midnight.replace(tzinfo=zone, fold=1).astimezone(UTC) - CLOCK_TICK, begin)
    except OverflowError:
        return midnight.replace(tzinfo=UTC)


def first_day_from(moment: datetime, zone: tzinfo) -> date:
    """Return the first day of a zone that begins at a moment or after it."""
    day = in_zone(moment, zone).date()
    if start_of_day(day, zone) >= moment or day == date.max:
        return day
    return day + ONE_DAY


def day_exists(day: date, zone: tzinfo) -> bool:
    """Return whether a zone had this day: Samoa had no 30 December 2011."""
    return day == date.max or start_of_day(day, zone) < start_of_day(day + ONE_DAY, zone)


@dataclass(frozen=True, slots=True)
class OffsetPeriod:
    """An offset from UTC, and since when a zone has it."""

    since: datetime
    offset: timedelta


def offset_periods(zone: tzinfo, since: datetime, until: datetime) -> list[OffsetPeriod]:
    """Return the offsets of a zone from `since` to `until`, the earliest first."""
    changes = [
        change
        for year in range(max(since.year, FIRST_YEAR), min(until.year, LAST_YEAR) + 1)
        for change in _changes_of_year(zone, year)
        if since < change.since <= until
    ]
    return [OffsetPeriod(since, _offset(zone, since)), *changes]


@lru_cache(maxsize=1_000)
def _changes_of_year(zone: tzinfo, year: int) -> tuple[OffsetPeriod, ...]:
    """Find the changes of a zone's offset in a year of UTC: zoneinfo does not list them."""
    at, end, found = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), []
    while at < end:
        following = at + ONE_DAY
        if _offset(zone, at) != _offset(zone, following):
            change = _change_between(zone, at, following)
            found.append(OffsetPeriod(change, _offset(zone, change)))
        at = following
    return tuple(found)


def _change_between(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """Return when the offset changes between two moments that have different ones, to the second."""
    first = _offset(zone, before)
    while after - before > CLOCK_TICK:
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        before, after = (middle, after) if _offset(zone, middle) == first else (before, middle)
    return after


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return in_zone(at, zone).utcoffset() or timedelta(0)
