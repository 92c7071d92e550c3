"""Compute detection latency: the time from publication of an article to its listing and to its storage.

Only articles with a meaningful latency count; the others are excluded and counted by reason. A page with a date to the
minute has it rounded down, so a latency is up to a minute too long.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from math import ceil
from typing import TypeVar

from storage.model.records import DatePrecision
from storage.scheduling.health_queries import ARCHIVE_AGE, CrawlPeriod, DetectionTimes

T = TypeVar("T", float, timedelta)


class ExclusionReason(StrEnum):
    """Reason to exclude an article from detection latency; the first that applies counts."""

    NO_DATE = "no date"
    COARSE_DATE = "no minute in the date"
    FIRST_CRAWL = "listed by the source's first crawl"
    NOT_LISTED = "stored before it was listed"  # fetched by URL
    FUTURE = "dated later than it was stored"
    AFTER_LISTING = "dated later than it was listed"
    ARCHIVE = "older than 2 days when it was listed"
    OUTAGE = "stored after a gap between crawls"  # the daemon stopped, the source paused or failing


@dataclass(frozen=True, slots=True)
class Outage:
    """Time between two successful crawls that is longer than any plan: what was published before its end is backlog."""

    begin: datetime  # end of the crawl before
    end: datetime  # start of the crawl after


MAX_STRETCH = 4
"""A planned poll comes at most 3.2 mean intervals after the one before it, 1 / √MIN_RATE_SHARE of
`scheduler.planning.adaptive`, and a tenth of jitter."""
OUTAGE_SLACK = timedelta(minutes=10)
"""Time that a poll may wait for a worker with room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Percentiles of a latency over articles, by `nearest_rank`."""

    p50: timedelta
    p90: timedelta
    max: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRow:
    """Latency of one source on one day of publication, or on all days (`day` None)."""

    source: str
    day: date | None
    article_count: int
    until_listed: Percentiles  # published_at to first_listed_at
    until_stored: Percentiles  # first_listed_at to stored_at
    total: Percentiles  # published_at to stored_at


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyReport:
    """Rows by source, all its days first, then each day, newest first; excluded articles by source and reason."""

    lines: tuple[LatencyRow, ...]
    excluded: Mapping[str, Mapping[ExclusionReason, int]]

    def of(self, source: str, day: date | None = None) -> LatencyRow | None:
        """Return the row of a source and day (None: all days); None if no article counts."""
        return next((line for line in self.lines if (line.source, line.day) == (source, day)), None)


def detection_latency(
    rows: Iterable[DetectionTimes],
    *,
    first_crawls: Mapping[str, datetime] | None = None,
    outages: Mapping[str, Sequence[Outage]] | None = None,
    timezone: tzinfo = UTC,
) -> LatencyReport:
    """Compute the detection latency of each source by day in `timezone`.

    `first_crawls` is the end of the first crawl of each source; articles listed until then are excluded, since
    they were published before. `outages` are those of `find_outages`. Without them all articles of a source count.
    """
    counted: dict[tuple[str, date | None], list[DetectionTimes]] = defaultdict(list)
    excluded: dict[str, Counter[ExclusionReason]] = defaultdict(Counter)
    for row in rows:
        reason = exclusion_reason(row, (first_crawls or {}).get(row.source), (outages or {}).get(row.source, ()))
        if reason is not None or row.published_at is None:
            excluded[row.source][reason or ExclusionReason.NO_DATE] += 1
            continue
        counted[row.source, None].append(row)
        counted[row.source, row.published_at.astimezone(timezone).date()].append(row)
    lines = (_line(source, day, found) for (source, day), found in counted.items())
    return LatencyReport(lines=tuple(sorted(lines, key=_order)), excluded={s: dict(c) for s, c in excluded.items()})


def find_outages(crawls: Iterable[CrawlPeriod], intervals: Mapping[str, timedelta]) -> dict[str, list[Outage]]:
    """Find the gaps between the crawls of each source that no plan explains; `crawls` are in order of their start.

    `intervals` are the mean poll intervals of the schedules; without one, as of a source that no daemon polls, the
    median gap takes its place.
    """
    gaps: dict[str, list[Outage]] = defaultdict(list)
    ends: dict[str, datetime] = {}
    for crawl in crawls:
        if crawl.source in ends:
            gaps[crawl.source].append(Outage(ends[crawl.source], crawl.started_at))
        ends[crawl.source] = crawl.finished_at or crawl.started_at
    return {source: _longer_than_planned(found, intervals.get(source)) for source, found in gaps.items()}


def _longer_than_planned(gaps: Sequence[Outage], interval: timedelta | None) -> list[Outage]:
    usual = interval or nearest_rank([gap.end - gap.begin for gap in gaps], 50)
    return [gap for gap in gaps if gap.end - gap.begin > MAX_STRETCH * usual + OUTAGE_SLACK]


def exclusion_reason(
    row: DetectionTimes, first_crawl_until: datetime | None = None, outages: Sequence[Outage] = ()
) -> ExclusionReason | None:
    """Return the reason to exclude an article; None if it counts."""
    published_at = row.published_at
    if published_at is None:
        return ExclusionReason.NO_DATE
    reasons = {
        ExclusionReason.COARSE_DATE: row.precision not in {DatePrecision.MINUTE, DatePrecision.SECOND},
        ExclusionReason.FIRST_CRAWL: first_crawl_until is not None and row.first_listed_at <= first_crawl_until,
        ExclusionReason.NOT_LISTED: row.stored_at < row.first_listed_at,
        ExclusionReason.FUTURE: published_at > row.stored_at,
        ExclusionReason.AFTER_LISTING: published_at > row.first_listed_at,
        ExclusionReason.ARCHIVE: row.first_listed_at - published_at > ARCHIVE_AGE,
        ExclusionReason.OUTAGE: any(published_at < one.end and row.stored_at > one.begin for one in outages),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def nearest_rank(values: Sequence[T], percent: float) -> T:
    """Return the smallest of `values` (in any order) that at least `percent` of them do not exceed: the value of rank
    ceil(percent / 100 * n), always one that occurred (Hyndman and Fan 1996, definition 1).

    Raises ValueError for no values or a percentage outside 0 to 100.
    """
    if not values or not 0 <= percent <= 100:
        raise ValueError("a percentile needs at least one value and 0 to 100 per cent")
    rank = ceil(round(percent * len(values) / 100, 9))  # 0.1 + 0.2 must not reach the next rank
    return sorted(values)[max(rank, 1) - 1]


def _line(source: str, day: date | None, rows: Sequence[DetectionTimes]) -> LatencyRow:
    dated = [(row, row.published_at) for row in rows if row.published_at is not None]
    return LatencyRow(
        source=source,
        day=day,
        article_count=len(rows),
        until_listed=_percentiles([row.first_listed_at - published for row, published in dated]),
        until_stored=_percentiles([row.stored_at - row.first_listed_at for row in rows]),
        total=_percentiles([row.stored_at - published for row, published in dated]),
    )


def _percentiles(lengths: Sequence[timedelta]) -> Percentiles:
    return Percentiles(p50=nearest_rank(lengths, 50), p90=nearest_rank(lengths, 90), max=max(lengths))


def _order(line: LatencyRow) -> tuple[str, int]:
    return line.source, -(line.day or date.max).toordinal()
