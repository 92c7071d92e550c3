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
    "ae": "Asia/Dubai",
    "al": "Europe/Tirane",
    "am": "Asia/Yerevan",
    "ar": "America/Argentina/Buenos_Aires",
    "at": "Europe/Vienna",
    "az": "Asia/Baku",
    "ba": "Europe/Sarajevo",
    "bd": "Asia/Dhaka",
    "be": "Europe/Brussels",
    "bg": "Europe/Sofia",
    "bo": "America/La_Paz",
    "br": "America/Sao_Paulo",
    "by": "Europe/Minsk",
    "ch": "Europe/Zurich",
    "cl": "America/Santiago",
    "cn": "Asia/Shanghai",
    "cr": "America/Costa_Rica",
    "cu": "America/Havana",
    "cy": "Asia/Nicosia",
    "cz": "Europe/Prague",
    "de": "Europe/Berlin",
    "dk": "Europe/Copenhagen",
    "do": "America/Santo_Domingo",
    "dz": "Africa/Algiers",
    "ec": "America/Guayaquil",
    "ee": "Europe/Tallinn",
    "eg": "Africa/Cairo",
    "es": "Europe/Madrid",
    "et": "Africa/Addis_Ababa",
    "fi": "Europe/Helsinki",
    "fr": "Europe/Paris",
    "ge": "Asia/Tbilisi",
    "gh": "Africa/Accra",
    "gr": "Europe/Athens",
    "gt": "America/Guatemala",
    "hk": "Asia/Hong_Kong",
    "hr": "Europe/Zagreb",
    "hu": "Europe/Budapest",
    "id": "Asia/Jakarta",
    "ie": "Europe/Dublin",
    "il": "Asia/Jerusalem",
    "in": "Asia/Kolkata",
    "iq": "Asia/Baghdad",
    "ir": "Asia/Tehran",
    "is": "Atlantic/Reykjavik",
    "it": "Europe/Rome",
    "jo": "Asia/Amman",
    "jp": "Asia/Tokyo",
    "ke": "Africa/Nairobi",
    "kg": "Asia/Bishkek",
    "kh": "Asia/Phnom_Penh",
    "kr": "Asia/Seoul",
    "kw": "Asia/Kuwait",
    "kz": "Asia/Almaty",
    "lb": "Asia/Beirut",
    "lk": "Asia/Colombo",
    "lt": "Europe/Vilnius",
    "lu": "Europe/Luxembourg",
    "lv": "Europe/Riga",
    "ma": "Africa/Casablanca",
    "md": "Europe/Chisinau",
    "mk": "Europe/Skopje",
    "mm": "Asia/Yangon",
    "mn": "Asia/Ulaanbaatar",
    "mt": "Europe/Malta",
    "mx": "America/Mexico_City",
    "my": "Asia/Kuala_Lumpur",
    "ng": "Africa/Lagos",
    "nl": "Europe/Amsterdam",
    "no": "Europe/Oslo",
    "np": "Asia/Kathmandu",
    "nz": "Pacific/Auckland",
    "pe": "America/Lima",
    "ph": "Asia/Manila",
    "pk": "Asia/Karachi",
    "pl": "Europe/Warsaw",
    "pt": "Europe/Lisbon",
    "py": "America/Asuncion",
    "qa": "Asia/Qatar",
    "ro": "Europe/Bucharest",
    "rs": "Europe/Belgrade",
    "ru": "Europe/Moscow",
    "sa": "Asia/Riyadh",
    "se": "Europe/Stockholm",
    "sg": "Asia/Singapore",
    "si": "Europe/Ljubljana",
    "sk": "Europe/Bratislava",
    "sy": "Asia/Damascus",
    "th": "Asia/Bangkok",
    "tj": "Asia/Dushanbe",
    "tm": "Asia/Ashgabat",
    "tn": "Africa/Tunis",
    "tr": "Europe/Istanbul",
    "tw": "Asia/Taipei",
    "tz": "Africa/Dar_es_Salaam",
    "ua": "Europe/Kyiv",
    "ug": "Africa/Kampala",
    "uk": "Europe/London",
    "uy": "America/Montevideo",
    "uz": "Asia/Tashkent",
    "ve": "America/Caracas",
    "vn": "Asia/Ho_Chi_Minh",
    "za": "Africa/Johannesburg",
}
"""Time zones of countries that have one, or of the capitals, by the end of a host name."""


_TOP_LEVEL = {"gb": "uk"}
"""Ends of host names that are not the code of their country."""


def propose_zone(
    dates: Iterable[str], home: str, countries: Iterable[str] = (), *, now: datetime
) -> tuple[str | None, str]:
    """Return a time zone and why; None if neither dates nor the host name say it.

    The country's zone is taken if dates have its offset or none; `countries` are those of the language of the site,
    which count only if dates have the offset of one. Dates with another offset are in a zone without a name. UTC is no
    evidence: machines write it everywhere.
    """
    counted = Counter(offset for raw in dates if (offset := _offset(raw)) not in {None, 0})
    found = origin(home)
    zone = None if found is None else COUNTRY_ZONES.get(found.host.rpartition(".")[2])
    if not counted:
        return (zone, "by the country of its host name") if zone else (None, "no date has an offset")
    minutes = counted.most_common(1)[0][0] or 0
    shown = f"{'+' if minutes > 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    of_language = (COUNTRY_ZONES.get(_TOP_LEVEL.get(country, country)) for country in countries)
    for one in (zone, *of_language):
        if one is not None and _has_offset(one, minutes, now):
            return one, f"its dates have the offset {shown}"
    if minutes % 60 or not -12 <= minutes // 60 <= 14:
        return None, f"its dates have the offset {shown}, which no zone without a name has"
    # POSIX counts west of Greenwich.
    reason = f"its dates have the offset {shown}, in summer and winter alike; if that is wrong, name a city's zone"
    return f"Etc/GMT{-minutes // 60:+d}", reason


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
