"""Format durations and times for people: the one place that decides how they read."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.model.records import DatePrecision

NO_DURATION = "-"
"""Text of a value that is not there."""

_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def format_duration(duration: timedelta) -> str:
    """Format a duration in its two largest units, rounded: `45 s`, `1 min 30 s`, `12 min`, `1 h 30 min`, `2 d 4 h`.

    Seconds count below two minutes, minutes below a day. A negative duration is `0 s`.
    """
    seconds = max(0, round(duration.total_seconds()))
    if seconds >= 120:
        seconds = 60 * round(seconds / 60)
    if seconds >= 86_400:
        seconds = 3_600 * round(seconds / 3_600)
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def format_time(at: datetime | None, precision: DatePrecision | None = None) -> str:
    """Format an aware UTC time to the minute, `2026-11-24 14:20`, or its day alone; `-` for None."""
    if at is None:
        return NO_DURATION
    day = at.date().isoformat()  # strftime gives years before 1000 fewer digits
    return day if precision is DatePrecision.DAY else f"{day} {at:%H:%M}"
