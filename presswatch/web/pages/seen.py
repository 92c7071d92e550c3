"""Say what could be seen, beside lists and charts: sentences, and shades behind what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from presswatch.output.coverage_text import coverage_sentences
from presswatch.web.pages.charts import Shade
from presswatch.web.pages.request import PageRequest
from storage.coverage.coverage import SourceCoverage, coverage
from storage.coverage.intervals import Interval, merged

MAX_PERIOD = timedelta(days=92)
"""Longest period whose coverage is computed beside a list; the page of coverage takes longer ones."""


def seen_in(
    request: PageRequest, since: datetime, until: datetime, *, source: str | None = None
) -> Sequence[SourceCoverage]:
    """Return the coverage of a period up to now, of all sources or of one; nothing for a long or empty period."""
    end = min(until, request.now)
    if not timedelta(0) < end - since <= MAX_PERIOD:
        return ()
    names = () if source is None else (source,)
    return coverage(request.store, since=since, until=end, sources=names, now=request.now)


def sentences(seen: Iterable[SourceCoverage]) -> list[str]:
    """Return what could not be seen of each source in a line."""
    return list(coverage_sentences(list(seen)))


def shades(seen: Iterable[SourceCoverage], since: datetime, until: datetime) -> tuple[Shade, ...]:
    """Return the stretches of a chart from `since` to `until` in which some source could not be seen."""
    period, whole = Interval(since, until), until - since
    hidden = merged(hole.interval.within(period) for one in seen for hole in one.not_visible)
    return tuple(
        Shade(round(100 * ((one.since - since) / whole), 2), round(100 * (one.duration / whole), 2)) for one in hidden
    )
