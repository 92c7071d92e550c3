"""Show times by the clocks of one time zone: UTC, unless a command or a page was asked for another.

The zone is that of the running command or request (a context variable, as the current time zone of Django and Babel
is): every time of an answer is shown in the same one. What programs read has times in UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, tzinfo

from storage.model.records import DatePrecision
from storage.model.time_zones import in_zone, offset_if_twice, zone_name
from storage.text import durations

_ZONE: ContextVar[tzinfo] = ContextVar("presswatch_display_zone", default=UTC)


def display_zone() -> tzinfo:
    """Return the zone in which times are shown."""
    return _ZONE.get()


@contextmanager
def shown_in(zone: tzinfo) -> Iterator[None]:
    """Show times in a zone meanwhile."""
    before = _ZONE.set(zone)
    try:
        yield
    finally:
        _ZONE.reset(before)


def local_time(at: datetime) -> datetime:
    """Return a time by the clocks of the zone."""
    return in_zone(at, _ZONE.get())


def format_time(at: datetime | None, precision: DatePrecision | None = None) -> str:
    """Format a time to the minute by the clocks of the zone, `2026-11-24 14:20`; `-` for None.

    A day alone is the same day in every zone. A time that clocks show twice has its offset behind it.
    """
    if at is None or precision is DatePrecision.DAY:
        return durations.format_time(at, precision)
    local = local_time(at)
    return f"{durations.format_time(local)}{offset_if_twice(local)}"


def zone_label() -> str:
    """Return the name of the zone, as it stands behind a time."""
    return zone_name(_ZONE.get())


def zone_note() -> str:
    """Return the line below a list that names the zone."""
    return f"Times are {zone_label()}."
