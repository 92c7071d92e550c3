"""Tell publication days from publication times.

A day alone is stored as midnight UTC of that day, in every time zone, with precision DAY: so it is the same day
wherever days are shown, counted, filtered and exported.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from storage.model.records import MAX_CLOCK_SKEW, DatePrecision

MAX_DAY_LEAD = timedelta(hours=14)
"""Time by which a day may begin before it does in UTC: that of the Line Islands."""

# A time of day as scraper/parsing/dates.py reads it.
_CLOCK = re.compile(
    r"\d:\d{2}"  # 07:57
    r"|(?<![\d.,/-])\d{1,2}(?:\.| ?[hH] ?)\d{2}(?![\d.])"  # 07.57 Uhr, 7h57
    r"|\d[.,]? \d{2}\.\d{2}\.\d{2}(?![\d.])"  # 25.06.2026 07.57.11
    r"|\d ?[時时点點시] ?\d"  # 7時57分
    r"|\d[tT]\d{4}"  # 20260625T0757
    r"|\A\s*\d{10,13}\s*\Z"  # epoch seconds or milliseconds
)


def is_day(published_at: datetime, precision: DatePrecision | None, raw: str | None = None) -> bool:
    """Return whether a publication time is a day alone.

    Revisions keep no precision: theirs is a day if it is midnight UTC and no time of day is printed.
    """
    if precision is not None:
        return precision is DatePrecision.DAY
    return published_at.astimezone(UTC).time() == time() and _CLOCK.search(raw or "") is None


def day_or_time(
    published_at: datetime | None, precision: DatePrecision | None, raw: str | None = None
) -> date | datetime | None:
    """Return a publication time as far as it is known: the date of a day alone, else the time."""
    if published_at is None or not is_day(published_at, precision, raw):
        return published_at
    return published_at.astimezone(UTC).date()


def is_in_future(published_at: datetime, precision: DatePrecision | None, now: datetime) -> bool:
    """Return whether a publication time is later than `now` in every time zone, by more than clocks differ."""
    lead = MAX_DAY_LEAD if precision is DatePrecision.DAY else timedelta()
    return published_at > now + MAX_CLOCK_SKEW + lead
