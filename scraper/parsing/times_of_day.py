"""Find the time of day in a text: `17:24`, `17:24:11.250`, `5:24 p.m.`, `17.24 Uhr`, `17h24`, with its zone."""

from __future__ import annotations

import re
from datetime import time, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import cache
from typing import NamedTuple

from storage.model.records import DatePrecision

_HOURS = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "msk": 3, "мск": 3, "azt": 4}
_HOURS |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}  # RFC 822 §5.1
# Abbreviations of the tz database that it uses for one offset in this century; IST, AMT and others have several.
_HOURS |= {"wet": 0, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "bst": 1, "eet": 2, "eest": 3, "trt": 3}
_HOURS |= {"msd": 4, "samt": 4, "get": 4, "azst": 5, "uzt": 5, "yekt": 5, "sgt": 8, "hkt": 8, "jst": 9, "kst": 9}
_HOURS |= {"aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "hst": -10, "akst": -9, "akdt": -8, "ast": -4, "adt": -3}
_HOURS |= {"mez": 1, "mesz": 2, "wib": 7, "wita": 8, "wit": 9}  # as Germans and Indonesians print them
_ZONES = {name: fixed_zone(timedelta(hours=hours)) for name, hours in _HOURS.items()}
_FARTHEST = timedelta(hours=14)  # of any zone in use (the Line Islands)

_OFFSET = r"(?:(?:utc|gmt) ?)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?"
_CLOCK_END = (
    r"(?: ?(?P<half>[apπμ])\.? ?[mμ](?!\w)\.?)?"
    r"(?: ?(?P<unit>uhr|uur|h|hs|hrs|ч)(?!\w)\.?)?"
    rf"(?: ?\(?(?P<zone>{_OFFSET}|{'|'.join(_HOURS)})\)?(?!\w))?"
)
_CLOCK = re.compile(
    r"(?<![0-9:.])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?(?![0-9:])"
    + _CLOCK_END
)
_CLOCK_WITHOUT_COLON = (
    r"(?<![0-9:.,/-])(?P<hour>[01]?[0-9]|2[0-3])(?:\.| ?(?P<h>h) ?)(?P<minute>[0-5][0-9])(?:\.(?P<second>[0-5][0-9]))?"
    r"(?![0-9]|[.,:][0-9])" + _CLOCK_END
)
_DIGIT = re.compile("[0-9]")
# The name of a zone behind its offset: a comment of RFC 5322 §3.2.2, a suffix of RFC 9557, or without either.
_ZONE_NAME = re.compile(rf"\A ?(?:\([^()]*\)|\[[^\[\]]*\]|(?:{'|'.join(_HOURS)})\Z)")


class TimeOfDay(NamedTuple):
    """Time of day, its zone if it is printed, and how it is written."""

    at: time
    zone: tzinfo | None
    precision: DatePrecision
    kind: str  # T; C for 1:30, which can be a duration; H for 17.24, which can be a number; ? for a number


def split_time(text: str) -> tuple[TimeOfDay | None, str, str]:
    """Split a normalized text at its time of day. Raises ValueError if hour, minute or offset are out of range."""
    found = _find(text)
    if found is None:
        return None, text, ""
    after = text[found.end() :]
    if found["sign"] is not None:
        after = _ZONE_NAME.sub("", after)
    return _time_of_day(found), text[: found.start()], after


def _find(text: str) -> re.Match[str] | None:
    found = _CLOCK.search(text) if ":" in text else None
    if found is not None or not ("." in text or "h" in text):
        return found
    found = _without_colon().search(text)
    # 23.09.22 is a day with a year of two digits unless it stands behind a date.
    is_day = found is not None and found["second"] is not None and _DIGIT.search(text, 0, found.start()) is None
    return None if is_day else found


@cache
def _without_colon() -> re.Pattern[str]:
    """Compile the rarer pattern when it is first needed."""
    return re.compile(_CLOCK_WITHOUT_COLON)


def _time_of_day(found: re.Match[str]) -> TimeOfDay:
    second = found["second"]
    kind = "T"
    if not (found["half"] or found["unit"] or found["zone"]):
        has_dot, has_two_digits = found.re is not _CLOCK and not found["h"], len(found["hour"]) == 2
        kind = ("H" if has_two_digits else "?") if has_dot else ("T" if has_two_digits else "C")
    return TimeOfDay(
        time(_hour(found), int(found["minute"]), int(second or 0)),
        _zone(found),
        DatePrecision.MINUTE if second is None else DatePrecision.SECOND,
        kind,
    )


def _hour(found: re.Match[str]) -> int:
    hour = int(found["hour"])
    if found["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if found["half"] in "pμ" else 0)


def _zone(found: re.Match[str]) -> tzinfo | None:
    if found["zone"] is None:
        return None
    if found["sign"] is None:
        return _ZONES[found["zone"]]
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if offset > _FARTHEST:
        raise ValueError
    return fixed_zone(-offset if found["sign"] == "-" else offset)
