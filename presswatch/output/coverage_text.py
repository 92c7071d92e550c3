"""Render coverage: what could not be seen of each source, as a table, in sentences and as records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presswatch.output.display_zone import format_time, zone_label, zone_note
from presswatch.output.formats import TableColumn, as_dict, render_table
from storage.coverage.causes import Cause
from storage.coverage.coverage import SourceCoverage
from storage.coverage.intervals import total
from storage.coverage.not_visible import NotVisible
from storage.text.counts import counted
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """A row of a list of coverage: a visible interval of a source, or one that is not, with its cause."""

    source: str
    since: datetime
    until: datetime
    duration: timedelta
    is_visible: bool
    cause: Cause | None
    link_count: int
    detail: str


def coverage_rows(coverage: Sequence[SourceCoverage]) -> Iterator[CoverageRow]:
    """Yield the intervals of each source, visible or not, in order of time; those that are not may overlap."""
    for one in coverage:
        visible = [_row(one, interval.since, interval.until) for interval in one.visible]
        hidden = [_row(one, hole.since, hole.until, hole) for hole in one.not_visible]
        yield from sorted([*visible, *hidden], key=lambda row: (row.since, row.until))


def _row(one: SourceCoverage, since: datetime, until: datetime, hole: NotVisible | None = None) -> CoverageRow:
    return CoverageRow(
        source=one.source,
        since=since,
        until=until,
        duration=until - since,
        is_visible=hole is None,
        cause=None if hole is None else hole.cause,
        link_count=0 if hole is None else hole.link_count,
        detail="" if hole is None else hole.detail,
    )


def coverage_record(one: SourceCoverage) -> dict[str, Any]:
    """Return the coverage of a source as a JSON object; durations are seconds."""
    figures = {"is_complete": one.is_complete, "share_visible": one.share_visible}
    return as_dict(one) | figures | {"time_not_visible": one.time_not_visible}


COLUMNS = (
    TableColumn("SOURCE"),
    TableColumn("FROM"),
    TableColumn("UNTIL", leaves=3),
    TableColumn("FOR", align_right=True, leaves=2),
    TableColumn("NOT VISIBLE"),
    TableColumn("DETAIL", is_flexible=True, leaves=1),
)


def render_coverage(coverage: Sequence[SourceCoverage], *, columns_wide: int) -> Iterator[str]:
    """Render what could not be seen as a table, and a line for each source below."""
    rows = [(one.source, hole) for one in coverage for hole in one.not_visible]
    if rows:
        yield from render_table(COLUMNS, [_cells(*row) for row in rows], columns_wide=columns_wide)
        yield ""
    for one in coverage:
        yield sanitize(f"{one.source}: {_share(one)}")
    yield zone_note()


def _cells(source: str, hole: NotVisible) -> list[str]:
    cause = f"{hole.cause}: {counted(hole.link_count, 'link')}" if hole.link_count else str(hole.cause)
    times = (format_time(hole.since), format_time(hole.until), format_duration(hole.duration))
    return [source, *times, cause, hole.detail]


def visible_percent(one: SourceCoverage) -> str:
    """Format the visible share of a period; one below all of it is never rounded up to that."""
    return f"{int(one.share_visible * 1000) / 10:g}"


def _share(one: SourceCoverage) -> str:
    share = "all" if one.is_complete else f"{visible_percent(one)} %"
    polls = counted(one.poll_count, "poll")
    waits = "" if one.longest_wait is None else f", at most {format_duration(one.longest_wait)} apart"
    left_out = f"; {counted(one.filtered_count, 'link')} left out by its settings" if one.filtered_count else ""
    return f"{share} of {format_duration(one.period.duration)} visible ({polls}{waits}{left_out})"


def coverage_sentences(coverage: Sequence[SourceCoverage]) -> Iterator[str]:
    """Yield what could not be seen of each source in a line: `caliber: 40 min (outage 30 min, gap 10 min)`."""
    for one in coverage:
        if not one.is_complete:
            yield sanitize(f"{one.source}: {format_duration(one.time_not_visible)} ({_by_cause(one)})")


def _by_cause(one: SourceCoverage) -> str:
    texts = []
    for cause in dict.fromkeys(hole.cause for hole in one.not_visible):
        holes = [hole for hole in one.not_visible if hole.cause is cause]
        links = sum(hole.link_count for hole in holes)
        length = format_duration(total(hole.interval for hole in holes))
        texts.append(f"{cause} {length} with {counted(links, 'link')}" if links else f"{cause} {length}")
    return ", ".join(texts)


def coverage_note(coverage: Sequence[SourceCoverage]) -> Iterator[str]:
    """Yield the lines that follow a list: what of its period could not be seen."""
    if not coverage:
        yield "Not visible: no source was crawled in this period."
        return
    since, until = min(one.since for one in coverage), max(one.until for one in coverage)
    period = f"from {format_time(since)} to {format_time(until)} {zone_label()}"
    sentences = list(coverage_sentences(coverage))
    if not sentences:
        yield f"All of {counted(len(coverage), 'source')} was visible {period}."
        return
    yield f"Not visible {period}:"
    yield from (f"  {sentence}" for sentence in sentences)
