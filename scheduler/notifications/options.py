"""Parse delivery options: interval or hours of digests, quiet hours, time zone.

Each function raises ValueError with the expected form.
"""

from __future__ import annotations

import re
from datetime import timedelta

from storage.config.parsers import duration
from storage.model.time_zones import zone_named

MIN_DIGEST_INTERVAL = timedelta(minutes=1)

_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_HOUR = re.compile(rf"{_CLOCK.pattern}(?:\s*,\s*{_CLOCK.pattern})*", re.ASCII)
_HOURS = re.compile(rf"\s*{_CLOCK.pattern}\s*[-–]\s*{_CLOCK.pattern}\s*", re.ASCII)


def parse_digest(text: str) -> timedelta | str:
    """Parse when digests are sent: at an interval such as `6 h`, at least a minute, or at hours of the day.

    Hours such as `8:00` or `8:00, 18:00` come back as HH:MM, sorted and separated by commas.
    """
    if _HOUR.fullmatch(text.strip()):
        return ",".join(sorted({f"{int(hour):02}:{minute}" for hour, minute in _CLOCK.findall(text)}))
    try:
        length = duration(text)
    except ValueError:
        raise ValueError('must be a length such as "6 h" or "1 d", or hours of the day such as "8:00"') from None
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
        zone_named(text)
    except ValueError as error:
        raise ValueError(f"{text!r} {error}") from None
    return text
