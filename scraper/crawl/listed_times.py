"""Read the exact time of publication that a channel states beside a link, for pages that state no time themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from scraper.parsing.dates import parse_date
from scraper.reading.published import DateReader, PublishedDate
from scraper.source import Source
from storage.model.listed_time import ListedTime, with_listed_time
from storage.model.records import ListedDate, ParsedPage

_MIDNIGHT = re.compile(r"(?<![\d:+−-])00:00(?::00(?:\.0+)?)?(?![\d:])")

LINK = "link"
"""Provenance of a time that a channel states beside the link."""


def listed_time(date: ListedDate, source: Source, *, fetched_at: datetime) -> ListedTime | None:
    """Return the exact time of a link; None for a day, a time without a zone, one in the future, and a midnight.

    Midnight is what programs write for a day alone. It is read from the printed date, for a stored link has no more.
    """
    zone = ZoneInfo(source.timezone)
    reader = DateReader(zone, fetched_at, source.default_language)
    read = parse_date(date.raw, zone, now=fetched_at, language=source.default_language) if date.raw else None
    if read is None or read[0] != date.published_at:
        return None
    published = PublishedDate(read[0], date.raw, read[1])
    if not reader.has_offset(published) or not reader.is_valid(published) or _is_midnight(read[0], zone, date.raw):
        return None
    day = datetime.combine(read[0].astimezone(zone).date(), time(), UTC)
    return ListedTime(published_at=read[0], precision=read[1], day=day)


def _is_midnight(at: datetime, zone: ZoneInfo, raw: str | None) -> bool:
    clocks = (at.astimezone(UTC).time(), at.astimezone(zone).time())
    return time() in clocks or _MIDNIGHT.search(raw or "") is not None


def with_link(page: ParsedPage, date: ListedDate, source: Source) -> ParsedPage:
    """Return a page with the time of its link, if it states none, and the provenance of both."""
    listed = listed_time(date, source, fetched_at=page.article.fetched_at)
    article = with_listed_time(page.article, listed)
    if article is page.article:
        return page
    origins = [page.provenance["published_at"]] if "published_at" in page.provenance else []
    return replace(page, article=article, provenance={**page.provenance, "published_at": ", ".join([*origins, LINK])})
