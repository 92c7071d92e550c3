"""Parse dates of news sites to aware UTC datetimes, with tables of words instead of locales or libraries.

Forms: `16 January 2025 17:36`, `25 April 2022 - 12:00`, `3 мая 2021, 09:05`, `25 Июня 2026 в 17:24`, `June 25, 2026`,
`17:24, 25 iyun 2026`, `25.06.2026 17.24`, `2026 жылғы 25 маусым`, `2026年6月25日`, ISO 8601, RFC 822, those of C and
JavaScript, epoch seconds and milliseconds, `вчера, 17:24`. Words of some fifty languages (date_words.py), in upper or
lower case. A text with an unknown word is not parsed: nothing is guessed. Years of other calendars are not read, nor
5/6/2026 unless the language or a weekday tells day from month.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from scraper.parsing.date_lexicon import (
    DAYS_AGO,
    KINDS,
    MAX_DATE_LENGTH,
    MONTHS,
    PHRASE_LENGTHS,
    UPDATED,
    WEEKDAYS,
    Role,
    normalize,
    role_class,
)
from scraper.parsing.date_words import (
    BETWEEN,
    DAY_FIRST_REGIONS,
    LANGUAGES,
    MONTH_FIRST_REGIONS,
    SAME_WORDS,
    UNSETTLED_REGIONS,
)
from scraper.parsing.times_of_day import TimeOfDay, split_time
from storage.model.records import MAX_CLOCK_SKEW, DatePrecision

__all__ = ["MAX_DATE_LENGTH", "is_time_of_day", "parse_date", "parse_date_parts"]

_EPOCH = re.compile(r"(1[0-9]{9})(?:[0-9]{3}){0,2}(?:\.[0-9]+)?")  # (milli-, micro-)seconds of 2001 to 2033

_ISO_BASIC = re.compile(  # or with colons in the time alone
    r"([0-9]{4})([0-9]{2})([0-9]{2})t([0-9]{2}):?([0-9]{2})(?::?([0-9]{2})(?:[.,][0-9]{1,9})?)?(?=[^\d:]|\Z)"
)
_ISO_DAY_IN_ZONE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:z|[+-][0-9]{2}:[0-9]{2})")  # xsd:date
_ASIAN_DAY = re.compile(r"([0-9]{4}) ?[年년] ?([0-9]{1,2}) ?[月월] ?([0-9]{1,2}) ?[日일]")
_ASIAN_HALF = "(?:(?P<am>오전|上午|午前|凌晨)|(?P<pm>오후|下午|午後)) ?"
_ASIAN_TIMES = (
    re.compile(rf"{_ASIAN_HALF}(?P<clock>[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?)"),
    re.compile(rf"(?:{_ASIAN_HALF})?(?P<hour>[0-9]{{1,2}}) ?[時时点點시] ?(?P<minute>[0-9]{{2}}) ?[分분]?"),
)
_OTHER_HALF = re.compile(r"(?<=:[0-9]{2}) (?:(?P<am>ص|صباحا|ق\.ظ|öö)|(?P<pm>م|مساء|ب\.ظ|ös))(?!\w)")

_TOKEN = re.compile(r"[0-9]+|[^\W\d]+(?:['-][^\W\d]+)*|\S")
_UPDATE_TIME = re.compile(r"[:. -]*(?:[^\W\d_]+[.,]* ){0,3}[0-9]")
_YEAR = timedelta(days=366)

# Forms of dates, over the kinds of their tokens: D one or two digits, Y four, T a time of day, C one that can be a
# duration, H one that can be a number, and the sets of roles of words.
_MONTH, _WEEKDAY, _OF = role_class(Role.MONTH), role_class(Role.WEEKDAY), role_class(Role.BETWEEN)
_TH = rf"(?:-?{role_class(Role.AFTER_DAY)}\.?|\.)"
_IN_YEAR = rf"\.?-?{role_class(Role.AFTER_YEAR)}{{1,2}}\.?"
_AT = role_class(Role.BEFORE_TIME)
_LABEL = rf"(?:{role_class(Role.PUBLISHED)}+(?:{role_class(Role.BEFORE_DAY, Role.BEFORE_TIME)}|[:-])?)?"
_BEFORE = rf"{_LABEL}(?:{_AT}?[TC][,|/-]*)?(?:(?P<weekday1>{_WEEKDAY})[.,|-]*)?{role_class(Role.BEFORE_DAY)}?"
_AFTER = (
    rf"(?:,?(?P<weekday2>{_WEEKDAY})\.?|,?\((?P<weekday3>{_WEEKDAY})\.?\))?"
    rf"(?:[,|/-]*{_AT}{{0,2}}[.:]?[TCH]|[,|]?\([TCH]\))?(?:,?(?P<weekday4>{_WEEKDAY})\.?)?"
)
_WEEKDAY_GROUPS = ("weekday1", "weekday2", "weekday3", "weekday4")


def _forms(*forms: str) -> tuple[str, ...]:
    return tuple(_BEFORE + form + _AFTER for form in forms)


@cache
def _compile(form: str) -> re.Pattern[str]:
    """Compile a form when it is first needed: all of them would take a third of the start of a parser process."""
    return re.compile(form)


_DAYS_OF_YEARS = _forms(
    rf"(?P<day>D){_TH}?[-/]?(?P<of1>{_OF})?(?P<month>{_MONTH})\.?(?:/(?P<again>{_MONTH}))?[-/,]?(?P<of2>{_OF})?"
    rf"(?P<year>[YD])(?:{_IN_YEAR}|\.)?",
    r"(?P<year>Y)(?P<mark>[-/.])(?P<month>D)(?P=mark)(?P<day>D)[.t]?",
    rf"(?P<first>D)(?P<mark>[-/.])(?P<second>D)(?P=mark)(?P<year>Y)(?:{_IN_YEAR}|\.)?",
    rf"(?P<month>{_MONTH})[.,]?(?P<day>D){_TH}?,?(?P<of1>{_OF})?(?P<year>Y)(?:{_IN_YEAR})?",
    rf"(?P<month>{_MONTH})(?P<day>D)[TC](?P<year>Y)",  # asctime of C, and `date` with the zone
    rf"(?P<year>Y)(?:{_IN_YEAR}|[-/.])?,?(?P<month>{_MONTH})\.?[-/]?(?P<day>D){_TH}?",
    rf"(?P<year>Y)(?:{_IN_YEAR}|\.),?(?P<day>D){_TH}?-?(?P<month>{_MONTH})\.?",
)
_DAYS_WITHOUT_YEAR = _forms(
    rf"(?P<day>D){_TH}?-?(?P<of1>{_OF})?(?P<month>{_MONTH})\.?",
    rf"(?P<month>{_MONTH})\.?(?P<day>D){_TH}?",
    r"(?P<first>D)(?P<mark>\.)(?P<second>D)\.?",
)
_DAY_OF_SHORT_YEAR = _forms(r"(?P<first>D)(?P<mark>\.)(?P<second>D)\.(?P<year>D)")
_NAMED_DAYS = _forms(f"(?P<named>{role_class(Role.NAMED_DAY)})")
_TIME_ALONE = f"{_LABEL}{_AT}?T"
_ANY_TIME_ALONE = f"{_AT}{{0,2}}[.:]?[TCH]"


class _Context(NamedTuple):
    timezone: ZoneInfo
    now: datetime | None
    reference: datetime | None
    language: str | None


def parse_date(
    text: str,
    timezone: ZoneInfo,
    *,
    now: datetime | None = None,
    reference: datetime | None = None,
    language: str | None = None,
) -> tuple[datetime, DatePrecision] | None:
    """Parse a date to UTC, with its precision; None if any part of the text is not understood.

    `timezone` applies to dates without a zone. A day alone, of precision DAY, is midnight UTC of that day in every
    zone: its local midnight may be the day before in UTC, by which days are shown, counted and filtered. `now` (aware)
    resolves "today" and "yesterday", which are not parsed without it. `reference` (aware) is an instant shortly after
    the date, for example when a list was fetched: "21 February" is the nearest one before it, "19:00" within a day
    before it; neither is parsed without it. `language` (a tag as in HTML) tells the order in 5/6/2026 and 25.06.26,
    and the month of the few words that name two. Of a text with a date and a later one marked as of an update, the
    first is parsed. A local time that a DST change skips or repeats gets the offset before the change (fold=0). Never
    raises.
    """
    plain = normalize(text)
    if not plain or len(plain) > MAX_DATE_LENGTH:
        return None
    if plain.isdecimal() or (plain[0] == "1" and _EPOCH.fullmatch(plain)):
        return _parse_epoch(plain)
    context = _Context(timezone, now, reference, language)
    for spelling in _spellings(plain):
        try:
            parsed = _parse(spelling, context)
        except (ValueError, OverflowError):  # 31 June, 25:00
            continue
        if parsed is not None:
            return parsed
    return None


def parse_date_parts(
    parts: Iterable[str],
    timezone: ZoneInfo,
    *,
    now: datetime | None = None,
    reference: datetime | None = None,
    language: str | None = None,
) -> tuple[datetime, DatePrecision] | None:
    """Parse a date whose parts stand in several elements, in page order: a day and its time, or day, month and year.

    Repeated parts count once. The other arguments are those of `parse_date`.
    """
    joined = " ".join(dict.fromkeys(" ".join(part.split()) for part in parts))
    return parse_date(joined, timezone, now=now, reference=reference, language=language)


def is_time_of_day(text: str) -> bool:
    """Return whether a text is a time of day alone, as 14:05, 14.05 Uhr, в 14:05; never raises."""
    plain = normalize(text)
    if not plain or len(plain) > MAX_DATE_LENGTH:
        return False
    try:
        clock, before, after = split_time(plain)
    except ValueError:  # 25:00
        return False
    if clock is None:
        return False
    kinds = _kinds([*_TOKEN.findall(before), clock.kind, *_TOKEN.findall(after)])
    return _compile(_ANY_TIME_ALONE).fullmatch(kinds) is not None


def _parse_epoch(digits: str) -> tuple[datetime, DatePrecision] | None:
    seconds = _EPOCH.fullmatch(digits)
    return None if seconds is None else (datetime.fromtimestamp(int(seconds[1]), UTC), DatePrecision.SECOND)


def _spellings(text: str) -> Iterator[str]:
    """Yield the text, then rewritten for the forms that are less common."""
    yield _rewrite_iso(text) if "-" in text or "t" in text else text
    rewritten = _rewrite_rare(text)
    if rewritten != text:
        yield rewritten
    updated = UPDATED.search(text)
    # Without a date of its own the word may mark the date before it.
    if updated is not None and _UPDATE_TIME.match(text, updated.end()) is not None:
        yield _rewrite_rare(text[: updated.start()].rstrip(" ,-|•·(/;:"))


def _rewrite_iso(text: str) -> str:
    basic = _ISO_BASIC.match(text)
    if basic is not None:
        year, month, day, hour, minute, second = basic.groups()
        return f"{year}-{month}-{day} {hour}:{minute}:{second or '00'}{text[basic.end() :]}"
    day_in_zone = _ISO_DAY_IN_ZONE.fullmatch(text)
    return text if day_in_zone is None else day_in_zone[1]


def _rewrite_rare(text: str) -> str:
    if not text.isascii():
        if max(text) >= "\u2e80":  # Chinese, Japanese, Korean
            text = _ASIAN_DAY.sub(r"\1-\2-\3 ", text)
            text = _ASIAN_TIMES[0].sub(lambda found: f"{found['clock']}{_half(found)}", text)
            text = _ASIAN_TIMES[1].sub(lambda found: f"{found['hour']}:{found['minute']}{_half(found)}", text)
        text = _OTHER_HALF.sub(_half, text)
    return text.strip("[]|•·/ ")


def _half(found: re.Match[str]) -> str:
    return " am" if found["am"] else " pm" if found["pm"] else ""


def _parse(text: str, context: _Context) -> tuple[datetime, DatePrecision] | None:
    """Parse a normalized text. Raises ValueError or OverflowError if a number is out of range."""
    clock, before, after = split_time(text)
    tokens = _TOKEN.findall(text) if clock is None else [*_TOKEN.findall(before), clock.kind, *_TOKEN.findall(after)]
    kinds = _kinds(tokens)
    if "?" in kinds:
        tokens = _with_phrases(tokens)
        kinds = _kinds(tokens)
        if "?" in kinds:
            return None
    day = _find_day(kinds, tokens, clock, context)
    if day is None:
        return None
    if clock is None:
        return datetime.combine(day, time(), UTC), DatePrecision.DAY
    return _instant(day, clock, context).astimezone(UTC), clock.precision


def _instant(day: date, clock: TimeOfDay, context: _Context) -> datetime:
    return datetime.combine(day, clock.at, clock.zone or context.timezone)


def _kinds(tokens: Iterable[str]) -> str:
    return "".join([KINDS.get(token, "?") for token in tokens])


def _with_phrases(tokens: Sequence[str]) -> list[str]:
    """Join the tokens of words that hold a space, which `KINDS` has with `_` instead."""
    joined: list[str] = []
    at = 0
    while at < len(tokens):
        token, size = tokens[at], 1
        for longer in PHRASE_LENGTHS.get(token, ()):
            phrase = "_".join(tokens[at : at + longer])
            if phrase in KINDS:
                token, size = phrase, longer
                break
        joined.append(token)
        at += size
    return joined


def _find_day(kinds: str, tokens: Sequence[str], clock: TimeOfDay | None, context: _Context) -> date | None:
    if "Y" in kinds:
        return _day_of_year(_first_match(_DAYS_OF_YEARS, kinds), tokens, context)
    if context.now is not None:
        found = _first_match(_NAMED_DAYS, kinds)
        if found is not None:
            today = context.now.astimezone(context.timezone).date()
            return today - timedelta(days=DAYS_AGO[_word(found, "named", tokens)])
    if clock is not None and clock.zone is not None:  # of RFC 822
        found = _first_match(_DAYS_OF_YEARS[:1], kinds)
        if found is not None:
            return _day_of_year(found, tokens, context)
    if _is_day_first(context.language):
        found = _first_match(_DAY_OF_SHORT_YEAR, kinds)
        day = None if found is None else _day_of_year(found, tokens, context)
        latest = context.reference or context.now
        if day is not None and (latest is None or day <= latest.date() + timedelta(days=1)):
            return day
    return None if context.reference is None else _day_before(context.reference, kinds, tokens, clock, context)


def _first_match(forms: Iterable[str], kinds: str) -> re.Match[str] | None:
    for form in forms:
        found = _compile(form).fullmatch(kinds)
        if found is not None:
            return found
    return None


def _word(found: re.Match[str], group: str, tokens: Sequence[str]) -> str:
    """Return the token of a group; "" if the form has no such group, or it is not in the text."""
    index = found.start(group) if group in found.re.groupindex else -1
    return tokens[index] if index >= 0 else ""


def _day_of_year(found: re.Match[str] | None, tokens: Sequence[str], context: _Context) -> date | None:
    if found is None:
        return None
    year = _year(_word(found, "year", tokens))
    if "first" in found.re.groupindex:
        return _numeric_day(found, tokens, year, context)
    month = _month(found, tokens, context)
    return None if month is None else date(year, month, int(_word(found, "day", tokens)))


def _year(digits: str) -> int:
    """Parse a year of four digits, or of two (century by RFC 5322 §4.3). Raises ValueError for one digit."""
    if len(digits) == 1:
        raise ValueError
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 50 else 1900)


def _month(found: re.Match[str], tokens: Sequence[str], context: _Context) -> int | None:
    word = _word(found, "month", tokens)
    if word.isdecimal():
        return int(word)
    by_language = MONTHS[word]
    for group in ("of1", "of2"):
        between = _word(found, group, tokens)
        if between and BETWEEN[between].isdisjoint(by_language):
            return None
    months = set(by_language.values())
    again = _word(found, "again", tokens)  # by another name, as in Arabic: of the Levant / of Egypt
    if again:
        months &= set(MONTHS[again].values())
    if not months:
        return None
    return months.pop() if len(months) == 1 else by_language.get((context.language or "").lower().split("-")[0])


def _numeric_day(found: re.Match[str], tokens: Sequence[str], year: int, context: _Context) -> date | None:
    first, second = int(_word(found, "first", tokens)), int(_word(found, "second", tokens))
    if found["mark"] == ".":
        return date(year, second, first)
    day_first = date(year, second, first) if second <= 12 else None
    month_first = date(year, first, second) if first <= 12 else None
    if day_first is None or month_first is None or day_first == month_first:
        return day_first or month_first
    weekdays = _weekdays(found, tokens)
    fitting = [day for day in (day_first, month_first) if weekdays >> day.weekday() & 1]
    if len(fitting) == 1:
        return fitting[0]
    is_day_first = _is_day_first(context.language)
    return None if is_day_first is None else day_first if is_day_first else month_first


def _weekdays(found: re.Match[str], tokens: Sequence[str]) -> int:
    """Return the printed weekday, a bit each, Monday the lowest; all if none is printed."""
    words = (_word(found, group, tokens) for group in _WEEKDAY_GROUPS)
    return next((WEEKDAYS[word] for word in words if word), 0b1111111)


def _is_day_first(language: str | None) -> bool | None:
    tag = (language or "").lower().replace("_", "-")
    if tag in MONTH_FIRST_REGIONS:
        return False
    if tag in DAY_FIRST_REGIONS:
        return True
    base = tag.split("-")[0]
    known = LANGUAGES.get(SAME_WORDS.get(base, base))
    return True if known is not None and known.is_day_first and tag not in UNSETTLED_REGIONS else None


def _day_before(
    reference: datetime, kinds: str, tokens: Sequence[str], clock: TimeOfDay | None, context: _Context
) -> date | None:
    """Return the nearest day before the reference of a text without a year, at most a year before it."""
    latest = reference + MAX_CLOCK_SKEW
    latest_day = latest.astimezone((clock.zone if clock else None) or context.timezone).date()
    if _compile(_TIME_ALONE).fullmatch(kinds):
        days, weekdays = [latest_day, latest_day - timedelta(days=1)], 0b1111111
    else:
        found = _first_match(_DAYS_WITHOUT_YEAR, kinds)
        if found is None:
            return None
        days, weekdays = list(_days_in_years(found, tokens, latest_day, context)), _weekdays(found, tokens)
    for day in days:
        if day <= latest_day if clock is None else _instant(day, clock, context) <= latest:
            return day if weekdays >> day.weekday() & 1 else None
    return None


def _days_in_years(found: re.Match[str], tokens: Sequence[str], latest_day: date, context: _Context) -> Iterator[date]:
    """Yield a day without a year in the year of another day and in the one before, without those that do not exist."""
    if "first" in found.re.groupindex:  # 25.06 is a number without a time
        if "T" not in tokens and "C" not in tokens:
            return
        month, day = int(_word(found, "second", tokens)), int(_word(found, "first", tokens))
    else:
        month, day = _month(found, tokens, context) or 0, int(_word(found, "day", tokens))
    for year in (latest_day.year, latest_day.year - 1):
        if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] and latest_day - date(year, month, day) < _YEAR:
            yield date(year, month, day)
