"""Render the status of the daemon and its sources, and lists of events, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from presswatch.output.formats import TableColumn, render_table
from presswatch.output.tables import UTC_NOTE
from scheduler.health.status import SourceStatus, StatusReport
from storage.crawling.events import Event
from storage.text.durations import format_duration, format_time
from storage.text.sanitize import sanitize

EVENT_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("SOURCE"),
    TableColumn("KIND"),
    TableColumn("OPENED"),
    TableColumn("CLOSED"),
    TableColumn("WHAT", is_flexible=True),
)


def render_status(report: StatusReport) -> Iterator[str]:
    """The daemon in a line, then a block a source."""
    if report.has_daemon:
        yield f"daemon: {report.daemon}"
    else:
        gone = f"; the last was {report.daemon}" if report.daemon else ""
        yield f"daemon: not running{gone}; start presswatch daemon"
    if report.undelivered:
        yield f"alerts: {report.undelivered} could not be delivered yet, and are tried again"
    for source in report.sources:
        yield ""
        yield from _source_lines(report, source)
    yield ""
    yield UTC_NOTE


def _source_lines(report: StatusReport, one: SourceStatus) -> Iterator[str]:
    yield sanitize(f"{one.source}: {one.state}")
    yield _line("last run", _last_run(one))
    yield _line("next poll", _next_poll(report, one))
    yield _line("last 24 h", _stored_today(one))
    yield _line("detection latency", _latency(report, one.source))
    for event in one.events:
        yield _line(event.kind, f"since {format_time(event.opened_at)}: {event.sentence or event.subject}")


def _line(label: str, value: str) -> str:
    return f"  {label:<17} {sanitize(value)}"


def _last_run(one: SourceStatus) -> str:
    run = one.last_run
    if run is None:
        return "never"
    error = f": {run.error}" if run.error else f", {run.new_count} new"
    return f"{format_time(run.started_at)}, {run.status}{error}"


def _next_poll(report: StatusReport, one: SourceStatus) -> str:
    if one.next_poll_at is None:
        return "not scheduled: no daemon has crawled it"
    if one.state == "paused":
        return "when it is resumed"
    until = one.next_poll_at - report.at
    when = f"in {format_duration(until)}" if until > timedelta(minutes=1) else "now"
    return f"{format_time(one.next_poll_at)} ({when}): {one.reason}"


def _stored_today(one: SourceStatus) -> str:
    return (
        f"{one.stored_today} articles stored, {one.recrawls.chosen} of {one.recrawls.due} recrawls done, "
        f"{one.pending} links pending"
    )


def _latency(report: StatusReport, source: str) -> str:
    line = report.delays.of(source)
    reasons = report.delays.excluded.get(source, {})
    without = "; excluded: " + ", ".join(f"{count} {reason}" for reason, count in reasons.items()) if reasons else ""
    if line is None:
        return f"no article to measure{without}"
    total = line.total
    return (
        f"median {format_duration(total.p50)}, p90 {format_duration(total.p90)}, max {format_duration(total.max)} "
        f"({line.article_count} articles{without})"
    )


def render_events(found: Sequence[Event], *, columns_wide: int) -> Iterator[str]:
    """A table of events; what they are about stands whole below."""
    rows = [
        [
            str(one.id),
            one.source,
            one.kind,
            format_time(one.opened_at),
            format_time(one.closed_at),
            _event_text(one),
        ]
        for one in found
    ]
    yield from render_table(EVENT_COLUMNS, rows, columns_wide=columns_wide)
    yield ""
    for one in found:
        yield sanitize(f"{one.id}  {one.subject}  {_details(one)}")
    yield UTC_NOTE


def _event_text(one: Event) -> str:
    return one.sentence or one.subject


def _details(one: Event) -> str:
    return ", ".join(f"{name}: {value}" for name, value in one.details.items() if name != "sentence")
