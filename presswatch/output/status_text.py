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
    TableColumn("DESCRIPTION", is_flexible=True),
)


def render_status(report: StatusReport) -> Iterator[str]:
    """Render one line for the daemon, one for each problem, then one block per source."""
    if report.has_daemon:
        yield f"daemon: {report.daemon}"
    else:
        last = f"; the last was {report.daemon}" if report.daemon else ""
        yield f"daemon: not running{last}; start it with presswatch daemon"
    if report.problem:
        yield sanitize(f"problem: {report.problem}")
    if report.undelivered:
        yield f"notifications: {report.undelivered} not delivered yet, will be retried"
    if report.given_up:
        yield f"notifications: {report.given_up} given up; presswatch watch undelivered lists them"
    for name, problem in report.broken.items():
        yield sanitize(f"{name}: not crawled, its declaration is invalid: {problem}")
    for source in report.sources:
        yield ""
        yield from _source_lines(report, source)
    yield ""
    yield UTC_NOTE


def _source_lines(report: StatusReport, status: SourceStatus) -> Iterator[str]:
    yield sanitize(f"{status.source}: {status.state}")
    yield _line("last run", _last_run(status))
    yield _line("next poll", _next_poll(report, status))
    yield _line("last 24 h", _stored_today(status))
    yield _line("detection latency", _latency(report, status.source))
    if status.quarantined:
        count = f"{len(status.quarantined)} page{'s' if len(status.quarantined) > 1 else ''}"
        again = f"presswatch crawl {status.source} --url URL tries one again"
        yield _line("quarantined", f"{count}: {', '.join(status.quarantined[:3])}; {again}")
    for event in status.events:
        yield _line(event.kind, f"since {format_time(event.opened_at)}: {event.sentence or event.subject}")


def _line(label: str, value: str) -> str:
    return f"  {label:<17} {sanitize(value)}"


def _last_run(status: SourceStatus) -> str:
    run = status.last_run
    if run is None:
        return "never"
    error = f": {run.error}" if run.error else f", {run.new_count} new"
    return f"{format_time(run.started_at)}, {run.status}{error}"


def _next_poll(report: StatusReport, status: SourceStatus) -> str:
    if status.next_poll_at is None:
        return "not scheduled: never crawled by a daemon"
    if status.state == "paused":
        return "when it is resumed"
    until = status.next_poll_at - report.at
    when = f"in {format_duration(until)}" if until > timedelta(minutes=1) else "now"
    return f"{format_time(status.next_poll_at)} ({when}): {status.reason}"


def _stored_today(status: SourceStatus) -> str:
    return (
        f"{status.stored_today} articles stored, {status.recrawls.chosen} of {status.recrawls.due} recrawls done, "
        f"{status.pending} links pending"
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


def render_events(events: Sequence[Event], *, columns_wide: int) -> Iterator[str]:
    """Render a table of events, with the details of each below."""
    rows = [
        [
            str(event.id),
            event.source,
            event.kind,
            format_time(event.opened_at),
            format_time(event.closed_at),
            _event_text(event),
        ]
        for event in events
    ]
    yield from render_table(EVENT_COLUMNS, rows, columns_wide=columns_wide)
    yield ""
    for event in events:
        yield sanitize(f"{event.id}  {event.subject}  {_details(event)}")
    yield UTC_NOTE


def _event_text(event: Event) -> str:
    return event.sentence or event.subject


def _details(event: Event) -> str:
    return ", ".join(f"{name}: {value}" for name, value in event.details.items() if name != "sentence")
