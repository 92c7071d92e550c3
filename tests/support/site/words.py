"""Written dates and fixed phrases of the site, in the languages it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone

BAKU = timezone(timedelta(hours=4), "Asia/Baku")  # no summer time since 2016

_MONTHS: Mapping[str, str] = {
    "en": "January February March April May June July August September October November December",
    "ru": "Января Февраля Марта Апреля Мая Июня Июля Августа Сентября Октября Ноября Декабря",
    "az": "yanvar fevral mart aprel may iyun iyul avqust sentyabr oktyabr noyabr dekabr",
}
MONTHS: Mapping[str, Sequence[str]] = {language: names.split() for language, names in _MONTHS.items()}
VIEWS: Mapping[str, str] = {"en": "Views", "ru": "Просмотров"}
TERMS = "Any use of materials is allowed only if there is a hyperlink to Caliber.az"
SIGNATURE = "Caliber.Az"


def written_date(at: datetime, language: str) -> str:
    """`16 January 2025 17:36` or `25 Июня 2026 17:24`: Baku time, no zone, no seconds."""
    local = at.astimezone(BAKU)
    month = MONTHS.get(language, MONTHS["en"])[local.month - 1]
    return f"{local.day} {month} {local.year} {local:%H:%M}"


def written_views(count: int, language: str) -> str:
    """`Views: 127` or `Просмотров: 179`."""
    return f"{VIEWS.get(language, VIEWS['en'])}: {count}"
