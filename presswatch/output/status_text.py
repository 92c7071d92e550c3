"""Render the status of the daemon and its sources, and lists of events, as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from textwrap import TextWrapper

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.tables import run_result
from scheduler.health.status import SourceStatus, StatusReport
from storage.articles.report import event_summary
from storage.crawling.events import Event
from storage.scheduling.queue_status import QueueStatus
from storage.text.counts import counted
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize

EVENT_INDENT = "    "


def render_status(report: StatusReport) -> Iterator[str]:
    """Render one line for the daemon, one for each problem, then one block per source."""
    if report.has_daemon:
        yield f"daemon: {report.daemon}"
    elif report.once is not None:
        yield f"daemon: run by cron (daemon --once), last at {format_time(report.once.heartbeat_at)}"
    else:
        last = f"; the last was {report.daemon}" if report.daemon else ""
        yield f"daemon: not running{last}; start it with presswatch daemon"
    if report.problem:
        yield sanitize(f"problem: {report.problem}")
    yield from _backlogs(report)
    for name, problem in report.broken.items():
        yield sanitize(f"{name}: not crawled, its declaration is invalid: {problem}")
    for source in report.sources:
        yield ""
        yield from _source_lines(report, source)
    yield ""
    yield zone_note()


def _backlogs(report: StatusReport) -> Iterator[str]:
    if report.queue is not None:
        yield f"queue: {queue_words(report.queue)}"
    if report.undelivered:
        yield f"notifications: {report.undelivered} not delivered yet, will be retried"
    if report.given_up:
        yield f"notifications: {report.given_up} given up; presswatch watch undelivered lists them"


def queue_words(queue: QueueStatus) -> str:
    """Tell how many workers there are and how many crawls wait, run and are stalled, and for how long."""
    waiting = f"{queue.waiting_count} waiting"
    if queue.oldest_waiting is not None:
        waiting += f" (for up to {format_duration(queue.oldest_waiting)})"
    words = f"{counted(queue.worker_count, 'worker')}, {counted(queue.running_count, 'crawl')} running, {waiting}"
    if queue.oldest_stalled is not None:
        words += f", {queue.stalled_count} stalled (begun up to {format_duration(queue.oldest_stalled)} ago)"
    return words


def _source_lines(report: StatusReport, status: SourceStatus) -> Iterator[str]:
    yield sanitize(f"{status.source}: {status.state}")
    yield _line("last run", _last_run(status))
    yield _line("next poll", _next_poll(report, status))
    yield _line("last 24 h", _stored_today(status))
    yield _line("detection latency", _latency(report, status.source))
    if status.quarantined:
        count = counted(len(status.quarantined), "page")
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
    return f"{format_time(run.started_at)}, {run.status}: {run_result(run)}"


def _next_poll(report: StatusReport, status: SourceStatus) -> str:
    if status.next_poll_at is None:
        return "not scheduled: never crawled by a daemon"
    if status.state == "paused":
        return "when it is resumed"
    until = status.next_poll_at - report.at
    when = f"in {format_duration(until)}" if until > timedelta(minutes=1) else "now"
    return f"{format_time(status.next_poll_at)} ({when}): {status.reason}"


def _stored_today(status: SourceStatus) -> str:
    recrawls = f"{status.recrawls.chosen} of {counted(status.recrawls.due, 'recrawl')} done"
    stored, pending = counted(status.stored_today, "article"), counted(status.pending, "link")
    return f"{stored} stored, {recrawls}, {pending} pending"


def _latency(report: StatusReport, source: str) -> str:
    line = report.delays.of(source)
    reasons = report.delays.excluded.get(source, {})
    without = "; excluded: " + ", ".join(f"{count} {reason}" for reason, count in reasons.items()) if reasons else ""
    if line is None:
        return f"no article to measure{without}"
    total = line.total
    return (
        f"median {format_duration(total.p50)}, p90 {format_duration(total.p90)}, max {format_duration(total.max)} "
        f"({counted(line.article_count, 'article')}{without})"
    )


def render_events(events: Sequence[Event], *, columns_wide: int) -> Iterator[str]:
    """Render a sentence an event, behind its id and when it was; a narrow terminal breaks the lines."""
    ids = max(len(str(event.id)) for event in events)
    for event in events:
        head = f"{event.id:>{ids}}  {format_time(event.opened_at)}  "
        wrapper = TextWrapper(
            width=columns_wide,
            initial_indent=head,
            subsequent_indent=" " * len(head) if columns_wide > 3 * len(head) else EVENT_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        yield from wrapper.wrap(sanitize(event_words(event)))
    yield ""
    yield zone_note()


def event_words(event: Event) -> str:
    """Tell an event in words: who did what, why it is thought so, of what, and whether it lasts."""
    what = event.sentence or event_summary(event)
    about = event.subject if event.subject != event.source and event.subject not in what else ""
    told = ", ".join(filter(None, (what, about)))
    return f"{event.source} {event.kind.traits.begun}{_lasted(event)}" + (f": {told}" if told else "")


def _lasted(event: Event) -> str:
    if not event.kind.traits.is_lasting:
        return ""
    if event.closed_at is None:
        return " (still open)"
    return f" (until {format_time(event.closed_at)}, {format_duration(event.closed_at - event.opened_at)})"
