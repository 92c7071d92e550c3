"""Format durations and times in the reasons of plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

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
