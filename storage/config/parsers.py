"""Parse values of a configuration file or a command line: durations, sizes, times, lists.

Each function takes the value of the file or of the option, and raises ValueError with a valid example.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from difflib import get_close_matches
from typing import Any

from storage.model.time_zones import in_zone, start_of_day, zone_name, zone_named

_UNIT_NAMES = {
    "ms": timedelta(milliseconds=1),
    "s sec second seconds": timedelta(seconds=1),
    "m min minute minutes": timedelta(minutes=1),
    "h hour hours": timedelta(hours=1),
    "d day days": timedelta(days=1),
    "w week weeks": timedelta(weeks=1),
}
DURATION_UNITS = {name: unit for names, unit in _UNIT_NAMES.items() for name in names.split()}
SIZE_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
MIN_RETENTION = timedelta(days=2)
MAX_DURATION = timedelta(days=3650)

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*")
_AGO = re.compile(r"\s+ago\s*$")
_MONTHS_AGO = re.compile(r"(\d{1,4})\s*(months?|y|years?)", re.ASCII)
_MONTH = re.compile(r"\s*(\d{4})(?:-(\d{2}))?\s*", re.ASCII)
_DOTTED = re.compile(r"^\s*(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d.])", re.ASCII)


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
    """Parse `30 s`, `10 min`, `1.5 h`, `7d` or `2 weeks`: ms, s, min, h, d, w or their words; ten years at most."""
    match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if value == 0 and not isinstance(value, bool):
        return timedelta(0)
    if match is None or match[2] not in DURATION_UNITS:
        raise ValueError('must be a duration such as "30 s", "10 min", "6 h" or "7 d"')
    if float(match[1]) > MAX_DURATION / DURATION_UNITS[match[2]]:  # a timedelta may have no room for it
        raise ValueError("must be ten years at most")
    return float(match[1]) * DURATION_UNITS[match[2]]


def positive_duration(value: Any) -> timedelta:
    """Parse a duration that is longer than zero."""
    if not (parsed := duration(value)):
        raise ValueError('must be longer than zero, such as "30 s"')
    return parsed


def optional_duration(value: Any) -> timedelta | None:
    return None if value is None else duration(value)


def retention(value: Any) -> timedelta | None:
    """Parse the time for which rows are kept; None keeps them for ever. What status and health checks read is kept."""
    kept = optional_duration(value)
    if kept is not None and kept < MIN_RETENTION:
        raise ValueError('must be "2 d" at least')
    return kept


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


def language_list(value: Any) -> tuple[str, ...] | None:
    """Parse a list of language codes (BCP 47)."""
    words = string_list(value)
    for word in words or ():
        if not _LANGUAGE.fullmatch(word):
            raise ValueError(f'{word!r} is not a language code: write one such as "en" or "az"')
    return words


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
    names = {key.casefold(): key for key in sorted(known)}
    found = get_close_matches(name[:100].casefold(), names, n=1)  # whose time is the product of the lengths
    return f" (did you mean {names[found[0]]}?)" if found else ""


MAX_NAMES_LISTED = 20
"""Known names that an error lists."""


def unknown_name(
    kind: str, name: str, known: Iterable[str], *, others: Iterable[str] = (), nearest: str | None = None
) -> str:
    """Return the error of a name of some kind that is not known: which there are, and the nearest as a question.

    `others` are names that are not listed, but may be the nearest; `nearest` is the one if not spelling tells it.
    """
    names = list(known)
    more = f" and {len(names) - MAX_NAMES_LISTED} more" if len(names) > MAX_NAMES_LISTED else ""
    listed = f"there are: {', '.join(names[:MAX_NAMES_LISTED])}{more}" if names else "there are none"
    question = f" (did you mean {nearest}?)" if nearest else nearest_key(name, [*names, *others])
    return f"no {kind} is called {name[:100]!r}; {listed}{question}"


def point_in_time(value: str, *, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Parse a point in time, to UTC; a day, a month or a year stands for its beginning in `zone`.

    `now`, `today`, `yesterday`, `7d` or `7 days` (that long ago by the clocks of the zone), `3 months`, `1y` (to the
    day of the calendar), `2026-11-01`, `2026-11`, `2026`, `2026-11-01T08:00` (in the zone) or `2026-11-01T08:00Z`;
    `1.11.2026` as well, since dots stand between day, month and year everywhere. Slashes do not: they are refused.
    """
    word = _AGO.sub("", value.lower()).strip()
    local = in_zone(now, zone)
    if word in _DAYS_AGO:
        return start_of_day(local.date() - _DAYS_AGO[word], zone)
    if word == "now":
        return now
    if (amount := _AMOUNT.fullmatch(word)) and amount[2] in DURATION_UNITS:
        by_calendar = DURATION_UNITS[amount[2]] >= timedelta(days=1)
        return (local - duration(word)).astimezone(UTC) if by_calendar else now - duration(word)
    try:
        if months := _MONTHS_AGO.fullmatch(word):
            count = int(months[1]) * (12 if months[2].startswith("y") else 1)
            return _months_before(local, count).astimezone(UTC)
        return _date_or_time(value, zone)
    except (ValueError, OverflowError):
        forms = '"today", "yesterday", "7d", "2026-11", "2026-11-01" or "2026-11-01T08:00Z"'
        raise ValueError(f"{value!r} is not a date: write {forms}") from None


def _months_before(now: datetime, count: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - count, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


_DAYS_AGO = {"today": timedelta(0), "yesterday": timedelta(days=1)}


def _date_or_time(value: str, zone: tzinfo) -> datetime:
    value = _DOTTED.sub(lambda day: f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}", value)
    if month := _MONTH.fullmatch(value):
        return start_of_day(date(int(month[1]), int(month[2] or 1), 1), zone)
    try:
        return start_of_day(date.fromisoformat(value), zone)
    except ValueError:
        parsed = datetime.fromisoformat(value)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)


def choice(*known: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in known:
            nearest = nearest_key(value, known) if isinstance(value, str) else ""
            raise ValueError(f"must be one of {', '.join(known)}{nearest}")
        return str(value)

    return parse


def timezone_name(value: Any) -> str | None:
    """Parse the name of a time zone, such as Asia/Baku."""
    name = text(value)
    return name if name is None else zone_name(zone_named(name))
