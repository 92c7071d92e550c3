"""Parse delivery options: digest interval, quiet hours, time zone.

Each function raises ValueError with the expected form.
"""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

from storage.config.parsers import duration

MIN_DIGEST_INTERVAL = timedelta(minutes=1)

_HOURS = re.compile(r"\s*([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)\s*", re.ASCII)


def parse_digest_interval(text: str) -> timedelta:
    """Parse a digest interval such as `1 d` or `6 h`, at least a minute."""
    length = duration(text)
    if length < MIN_DIGEST_INTERVAL:
        raise ValueError("must be at least a minute; leave it out for immediate delivery")
    return length


def parse_quiet_hours(text: str) -> tuple[str, str]:
    """Parse quiet hours such as `22:00-07:00` into begin and end, HH:MM; they may pass midnight."""
    match = _HOURS.fullmatch(text)
    if match is None:
        raise ValueError(f'{text!r} is not a range of quiet hours: write it as "22:00-07:00"')
    begin, until = f"{int(match[1]):02}:{match[2]}", f"{int(match[3]):02}:{match[4]}"
    if begin == until:
        raise ValueError("must begin and end at different times")
    return begin, until


def parse_time_zone(text: str) -> str:
    """Validate a name of the IANA time zone database."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):
        raise ValueError(f"{text!r} is not a time zone: write one such as Asia/Baku or UTC") from None
    return text
