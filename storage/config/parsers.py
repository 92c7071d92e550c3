"""Parse values of a configuration file or a command line: durations, sizes, times, lists.

Each function takes the value of the file or of the option, and raises ValueError with a valid example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DURATION_UNITS = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
SIZE_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MAX_DURATION = timedelta(days=3650)

_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")


def text(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError("must be text in quotation marks")
    return value


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def int_between(minimum: int, maximum: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return value

    return parse


def fraction(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1")
    return float(value)


def duration(value: Any) -> timedelta:
    """Parse `30 s`, `10 min`, `1.5 h` or `7d`, in ms, s, min, h, d or w; ten years at most."""
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    if match is None or match[2] not in DURATION_UNITS:
        raise ValueError('must be a duration such as "30 s", "10 min", "6 h" or "7 d"')
    if float(match[1]) > MAX_DURATION / DURATION_UNITS[match[2]]:  # a timedelta may have no room for it
        raise ValueError("must be ten years at most")
    return float(match[1]) * DURATION_UNITS[match[2]]


def optional_duration(value: Any) -> timedelta | None:
    return None if value is None else duration(value)


def size(value: Any) -> int:
    """Parse `10 MB`, `512 KiB` or a number of bytes into bytes, one at least."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[2] not in SIZE_UNITS or float(match[1]) * SIZE_UNITS[match[2]] < 1:
        raise ValueError('must be a size such as "10 MB" or "512 KiB"')
    return int(float(match[1]) * SIZE_UNITS[match[2]])


def string_list(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(word, str) and word.strip() for word in value):
        raise ValueError('must be a list of words such as ["politics", "economy"]')
    return tuple(word.strip() for word in value)


CHANNEL_KINDS = ("feed", "sitemap", "list", "json")


def channels(value: Any) -> tuple[Mapping[str, Any], ...] | None:
    """Parse a list of tables, each with `feed`, `sitemap`, `list` or `json`; its other keys are the scraper's."""
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(map(_is_channel, value)):
        raise ValueError(
            'must be a list such as [{ feed = "/rss.xml" }, { sitemap = "/news-sitemap.xml" }, '
            '{ list = "/en/category/politics" }]'
        )
    return tuple(value)


def _is_channel(channel: Any) -> bool:
    if not isinstance(channel, dict):
        return False
    return sum(isinstance(channel.get(kind), str) and bool(channel[kind]) for kind in CHANNEL_KINDS) == 1


def nearest_key(name: str, known: Iterable[str]) -> str:
    """Return the end of an error about an unknown key: the nearest known one as a question, or nothing."""
    found = get_close_matches(name[:100], sorted(known), n=1)  # whose time is the product of the lengths
    return f" (did you mean {found[0]}?)" if found else ""


def point_in_time(value: str, *, now: datetime) -> datetime:
    """Parse a point in time: `7d` (that long ago), `2026-11-01`, or `2026-11-01T08:00Z`; without a zone it is UTC."""
    if _AMOUNT.fullmatch(value):
        return now - duration(value)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        pass
    else:
        return datetime.combine(day, time(), tzinfo=UTC)
    try:
        parsed = datetime.fromisoformat(value)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'{value!r} is not a date: write "7d", "2026-11-01" or "2026-11-01T08:00Z"') from None


def choice(*known: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return str(value)

    return parse


def timezone_name(value: Any) -> str | None:
    """Parse the name of a time zone, such as Asia/Baku."""
    name = text(value)
    try:
        return name if name is None else ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be the name of a time zone such as Asia/Baku") from None
