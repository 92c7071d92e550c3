"""Why a source is looked at when it is, in words that `presswatch status` prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from scheduler.rhythm import Rhythm

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def length(duration: timedelta) -> str:
    """`45 s`, `12 min`, `1 h 30 min`, `2 d 4 h`: the two largest units, seconds only below two minutes."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds >= 120:
        seconds = 60 * round(seconds / 60)
    parts = []
    for unit, size in UNITS:
        if seconds >= size:
            parts.append(f"{seconds // size} {unit}")
            seconds %= size
    return " ".join(parts[:2]) or "0 s"


def moment(at: datetime) -> str:
    """`24 Nov 2026 14:20 UTC`."""
    return f"{at.astimezone(UTC):%d %b %Y %H:%M} UTC"


def hour(rhythm: Rhythm, at: datetime) -> str:
    """`Tuesday 09:00 brings 6 an hour`, in the source's own time."""
    local, rate = at.astimezone(rhythm.timezone), rhythm.rate(at)
    brings = "next to nothing" if rate < 0.1 else f"{rate:.0f} an hour" if rate >= 9.95 else f"{rate:.2g} an hour"
    return f"{DAYS[local.weekday()]} {local.hour:02}:00 brings {brings}"


def overlap(listed: int, fresh: int) -> str:
    """`17 of 24 links were known`."""
    return f"{max(0, listed - fresh)} of {listed} links were known" if listed else "nothing has changed"
