"""How somebody wants to be told, as people write it: how often, in which hours not, by whose clock.

Each function returns the value or raises ValueError with what would have been right.
"""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from storage.config.parsers import duration

MIN_DIGEST_INTERVAL = timedelta(minutes=1)

_HOURS = re.compile(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)\s*", re.ASCII)


def parse_digest_interval(written: str) -> timedelta:
    """`1 d`, `6 h`; a minute at least."""
    length = duration(written)
    if length < MIN_DIGEST_INTERVAL:
        raise ValueError("must be a minute at least; without it, everything is told at once")
    return length


def parse_quiet_hours(written: str) -> tuple[str, str]:
    """`22:00-07:00` as two times HH:MM; over midnight when the second comes first."""
    found = _HOURS.fullmatch(written)
    if found is None:
        raise ValueError(f'{written!r} are no quiet hours: write them as "22:00-07:00"')
    begin, until = f"{int(found[1]):02}:{found[2]}", f"{int(found[3]):02}:{found[4]}"
    if begin == until:
        raise ValueError("must begin and end at different times, or nothing would ever be told")
    return begin, until


def parse_time_zone(written: str) -> str:
    """A name of the IANA time zone database."""
    try:
        ZoneInfo(written)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"no time zone is called {written!r}: write it as Asia/Baku or UTC") from None
    return written
