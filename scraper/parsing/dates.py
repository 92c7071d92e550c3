"""Parse dates of news sites to aware UTC datetimes, with tables of month names instead of locales or libraries.

Forms: `16 January 2025 17:36`, `25 April 2022 - 12:00`, `3 мая 2021, 09:05`, `25 Июня 2026 в 17:24`, `June 25, 2026`,
`17:24, 25 iyun 2026`, `25.06.2026 17:24`, ISO 8601, RFC 822, `вчера, 17:24`. Months in English, Russian and
Azerbaijani, in upper or lower case. A text with an unknown word is not parsed: nothing is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from datetime import timezone as fixed_zone
from typing import NamedTuple
from zoneinfo import ZoneInfo

from storage.model.records import DatePrecision

MAX_DATE_LENGTH = 100
"""Maximum characters of a date; a longer text is prose with numbers."""

_MONTHS = {
    1: "january jan январь января янв yanvar yan",
    2: "february feb февраль февраля февр фев fevral fev",
    3: "march mar март марта мар mart",
    4: "april apr апрель апреля апр aprel",
    5: "may май мая",
    6: "june jun июнь июня июн iyun iyn",
    7: "july jul июль июля июл iyul iyl",
    8: "august aug август августа авг avqust avq",
    9: "september sept sep сентябрь сентября сент сен sentyabr sen",
    10: "october oct октябрь октября окт oktyabr okt",
    11: "november nov ноябрь ноября нояб ноя noyabr noy",
    12: "december dec декабрь декабря дек dekabr dek",
}
_MONTH = {word: number for number, words in _MONTHS.items() for word in words.split()}
_DAYS_AGO = {"today": 0, "сегодня": 0, "bu gün": 0, "yesterday": 1, "вчера": 1, "dünən": 1}
_HOURS = {"z": 0, "ut": 0, "utc": 0, "gmt": 0, "msk": 3, "мск": 3, "azt": 4}
_HOURS |= {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}  # RFC 822 §5.1
# Abbreviations of the tz database that it uses for one offset in this century; IST, AMT and others have several.
_HOURS |= {"wet": 0, "west": 1, "cet": 1, "cest": 2, "met": 1, "mest": 2, "bst": 1, "eet": 2, "eest": 3, "trt": 3}
_HOURS |= {"msd": 4, "samt": 4, "get": 4, "azst": 5, "uzt": 5, "yekt": 5, "sgt": 8, "hkt": 8, "jst": 9, "kst": 9}
_HOURS |= {"aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "hst": -10, "akst": -9, "akdt": -8, "ast": -4, "adt": -3}

_FARTHEST = timedelta(hours=14)  # of any zone in use (the Line Islands)

_WEEKDAY = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
    r"|понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс"
    r"|bazar(?: ertəsi)?|çərşənbə(?: axşami)?|cümə(?: axşami)?|şənbə"
)
# Only labels of publication: a date after "updated" is another one.
_LABEL = r"(?:published|posted)(?: on)?|date|опубликовано|дата(?: публикации)?|tarix"
_BEFORE = rf"(?:(?:{_LABEL}):? )?(?:(?:{_WEEKDAY})\.?,? ?)?"
_AFTER = r"(?: ?г\.?| года|-c[iuü] il)?"
_MONTH_WORD = r"(?P<word>[^\W\d_]{3,10})\.?"

_ISO_DAY_IN_ZONE = re.compile(r"\A([0-9]{4}-[0-9]{2}-[0-9]{2})(?:z|[+-][0-9]{2}:[0-9]{2})\Z")  # xsd:date
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})t([0-9].*)")
_ISO_BASIC = re.compile(
    r"\A([0-9]{4})([0-9]{2})([0-9]{2})t([0-9]{2})([0-9]{2})(?:([0-9]{2})(?:[.,][0-9]{1,9})?)?(?=\D|\Z)"
)
_ASCTIME = re.compile(  # of C, and of `date` with the zone: Thu Mar 5 10:00:00 MSK 2026
    rf"\A({_BEFORE}[^\W\d_]{{3,10}} [0-9]{{1,2}}) "
    r"([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?: [a-z]{2,4})?) ([0-9]{4})\Z"
)
_OFFSET = r"(?:utc|gmt)?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?"
_CLOCK = re.compile(
    r"(?<![0-9:.])(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?(?![0-9:])"
    r"(?: ?(?P<half>[ap])\.?m\b\.?)?"
    rf"(?: ?\(?(?P<zone>{_OFFSET}|{'|'.join(_HOURS)})\)?(?!\w))?"
)
_DAYS = (
    re.compile(rf"{_BEFORE}(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH_WORD},?[ -](?P<year>[0-9]{{2,4}}){_AFTER}"),
    re.compile(rf"{_BEFORE}{_MONTH_WORD} (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<year>[0-9]{{4}})"),
    re.compile(rf"{_BEFORE}(?P<day>[0-9]{{1,2}})([.-])(?P<month>[0-9]{{1,2}})\2(?P<year>[0-9]{{4}}){_AFTER}"),
    re.compile(r"(?P<year>[0-9]{4})([-/])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})"),
)
_JOINTS = " ,-|•·"
# The name of a zone behind its offset: a comment of RFC 5322 §3.2.2, a suffix of RFC 9557, or without either.
_ZONE_NAME = re.compile(rf"\A ?(?:\([^()]*\)|\[[^\[\]]*\]|(?:{'|'.join(_HOURS)}))\Z")
_JOINING_WORD = re.compile(r"(?:^| )(?:в|at|saat)$")
_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
# Azerbaijani: i and ı are confused in practice, and lower() makes İ an i with a combining dot.
_LETTERS = str.maketrans({"ı": "i", "\u0307": None, "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-"})


class _Clock(NamedTuple):
    time: time
    zone: tzinfo | None
    precision: DatePrecision


def parse_date(text: str, timezone: ZoneInfo, *, now: datetime | None = None) -> tuple[datetime, DatePrecision] | None:
    """Parse a date to UTC, with its precision; None if any part of the text is not understood.

    `timezone` applies to dates without a zone. A day alone, of precision DAY, is midnight UTC of that day in every
    zone: its local midnight may be the day before in UTC, by which days are shown, counted and filtered. `now` (aware)
    resolves "today" and "yesterday", which are not parsed without it. A local time that a DST change skips or repeats
    gets the offset before the change (fold=0). Never raises.
    """
    plain = _normalize(text)
    if not plain or len(plain) > MAX_DATE_LENGTH:
        return None
    try:
        clock, rest = _split_time(plain)
        day = _day(rest, None if now is None else now.astimezone(timezone), short_year=clock.zone is not None)
        if day is None:
            return None
        if clock.precision is DatePrecision.DAY:
            return datetime.combine(day, time(), UTC), DatePrecision.DAY
        return datetime.combine(day, clock.time, clock.zone or timezone).astimezone(UTC), clock.precision
    except (ValueError, OverflowError):  # 31 June, 25:00, the year 0
        return None


def _normalize(text: str) -> str:
    visible = " ".join(_ZERO_WIDTH.sub("", text).split())
    if len(visible) > 4 * MAX_DATE_LENGTH:  # combining accents count extra; normalizing piles of accents is quadratic
        return ""
    return " ".join(_ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", visible)).lower().translate(_LETTERS).split())


def _split_time(text: str) -> tuple[_Clock, str]:
    """Split off the time of day. Raises ValueError if it is in the middle of the text or invalid."""
    text = _rewrite(text)
    found = _CLOCK.search(text)
    if found is None:
        return _Clock(time(), None, DatePrecision.DAY), text
    before = _JOINING_WORD.sub("", text[: found.start()].rstrip(_JOINTS)).rstrip(_JOINTS)
    after = text[found.end() :]
    after = (after if found["sign"] is None else _ZONE_NAME.sub("", after)).lstrip(_JOINTS)
    if before and after:
        raise ValueError
    precision = DatePrecision.MINUTE if found["second"] is None else DatePrecision.SECOND
    clock_time = time(_hour(found), int(found["minute"]), int(found["second"] or 0))
    return _Clock(clock_time, _zone(found), precision), before or after


def _rewrite(text: str) -> str:
    """Rewrite machine-made forms with a day, then a time."""
    basic = _ISO_BASIC.match(text)
    if basic is not None:
        year, month, day, hour, minute, second = basic.groups()
        return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{text[basic.end() :]}"
    return _ISO.sub(r"\1 \2", _ISO_DAY_IN_ZONE.sub(r"\1", _ASCTIME.sub(r"\1 \3 \2", text)))


def _hour(found: re.Match[str]) -> int:
    hour = int(found["hour"])
    if found["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if found["half"] == "p" else 0)


def _zone(found: re.Match[str]) -> tzinfo | None:
    if found["zone"] is None:
        return None
    if found["sign"] is None:
        return fixed_zone(timedelta(hours=_HOURS[found["zone"]]))
    offset = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    if offset > _FARTHEST:
        raise ValueError
    return fixed_zone(-offset if found["sign"] == "-" else offset)


def _day(text: str, local_now: datetime | None, *, short_year: bool) -> date | None:
    if local_now is not None and text in _DAYS_AGO:
        return local_now.date() - timedelta(days=_DAYS_AGO[text])
    matches = (form.fullmatch(text) for form in _DAYS)
    found = next((match for match in matches if match is not None), None)
    if found is None:
        return None
    parts = found.groupdict()
    month = _month(parts)
    return None if month is None else date(_year(parts["year"], short=short_year), month, int(parts["day"]))


def _month(parts: Mapping[str, str]) -> int | None:
    return _MONTH.get(parts["word"]) if "word" in parts else int(parts["month"])


def _year(digits: str, *, short: bool) -> int:
    """Parse a year of four digits, or of two in RFC 822 dates, which have a zone (century by RFC 5322 §4.3)."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) == 2 and short:
        return int(digits) + (2000 if int(digits) < 50 else 1900)
    raise ValueError
