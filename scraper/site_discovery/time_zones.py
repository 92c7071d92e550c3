"""Propose the time zone of a site: from the offsets of its dates and the country of its host name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from storage.model.urls import origin

_OFFSET = re.compile(r"\d(?:[T ]?)\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*([+-])(\d\d):?(\d\d)\b")

COUNTRY_ZONES = {
    "am": "Asia/Yerevan",
    "ar": "America/Argentina/Buenos_Aires",
    "at": "Europe/Vienna",
    "az": "Asia/Baku",
    "ba": "Europe/Sarajevo",
    "be": "Europe/Brussels",
    "bg": "Europe/Sofia",
    "by": "Europe/Minsk",
    "ch": "Europe/Zurich",
    "cl": "America/Santiago",
    "cn": "Asia/Shanghai",
    "cy": "Asia/Nicosia",
    "cz": "Europe/Prague",
    "de": "Europe/Berlin",
    "dk": "Europe/Copenhagen",
    "ee": "Europe/Tallinn",
    "eg": "Africa/Cairo",
    "es": "Europe/Madrid",
    "fi": "Europe/Helsinki",
    "fr": "Europe/Paris",
    "ge": "Asia/Tbilisi",
    "gr": "Europe/Athens",
    "hr": "Europe/Zagreb",
    "hu": "Europe/Budapest",
    "ie": "Europe/Dublin",
    "il": "Asia/Jerusalem",
    "in": "Asia/Kolkata",
    "ir": "Asia/Tehran",
    "it": "Europe/Rome",
    "jp": "Asia/Tokyo",
    "ke": "Africa/Nairobi",
    "kg": "Asia/Bishkek",
    "kr": "Asia/Seoul",
    "kz": "Asia/Almaty",
    "lt": "Europe/Vilnius",
    "lv": "Europe/Riga",
    "md": "Europe/Chisinau",
    "mk": "Europe/Skopje",
    "mn": "Asia/Ulaanbaatar",
    "ng": "Africa/Lagos",
    "nl": "Europe/Amsterdam",
    "no": "Europe/Oslo",
    "nz": "Pacific/Auckland",
    "pk": "Asia/Karachi",
    "pl": "Europe/Warsaw",
    "pt": "Europe/Lisbon",
    "ro": "Europe/Bucharest",
    "rs": "Europe/Belgrade",
    "ru": "Europe/Moscow",
    "se": "Europe/Stockholm",
    "si": "Europe/Ljubljana",
    "sk": "Europe/Bratislava",
    "tj": "Asia/Dushanbe",
    "tm": "Asia/Ashgabat",
    "tr": "Europe/Istanbul",
    "ua": "Europe/Kyiv",
    "uk": "Europe/London",
    "uz": "Asia/Tashkent",
    "vn": "Asia/Ho_Chi_Minh",
    "za": "Africa/Johannesburg",
}
"""Time zones of countries that have one, or of the capitals, by the end of a host name."""


def propose_zone(dates: Iterable[str], home: str, *, now: datetime) -> tuple[str | None, str]:
    """Return a time zone and why; None if neither dates nor the host name say it.

    The country's zone is taken if dates have its offset or none; dates with another offset are in a zone without a
    name. UTC is no evidence: machines write it everywhere.
    """
    counted = Counter(offset for raw in dates if (offset := _offset(raw)) not in {None, 0})
    found = origin(home)
    country = None if found is None else COUNTRY_ZONES.get(found.host.rpartition(".")[2])
    if not counted:
        return (country, "by the country of its host name") if country else (None, "no date has an offset")
    minutes = counted.most_common(1)[0][0] or 0
    shown = f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    if country is not None and _has_offset(country, minutes, now):
        return country, f"its dates have the offset {shown}"
    if minutes % 60 or not -12 <= minutes // 60 <= 14:
        return None, f"its dates have the offset {shown}, which no zone without a name has"
    return f"Etc/GMT{-minutes // 60:+d}", f"its dates have the offset {shown}"  # POSIX counts west of Greenwich


def _offset(raw: str) -> int | None:
    match = _OFFSET.search(raw)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    return -minutes if match[1] == "-" else minutes


def _has_offset(zone: str, minutes: int, now: datetime) -> bool:
    """Return whether a zone has an offset at some time of the year."""
    moments = (datetime(now.year, month, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)) for month in (1, 7))
    return any((moment.utcoffset() or now - now).total_seconds() == minutes * 60 for moment in moments)
