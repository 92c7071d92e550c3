"""Compute what could not be seen of a source in a period. Pure.

What a list held when it was read is known. Between two polls nothing is lost as long as the later list reaches back to
links that the earlier one had, however long the pause between them: what stayed listed was seen later. So all of the
time from the start of the first poll to the start of the last one is visible, except

- gaps: from the start of the last poll before to the moment at which the gap was found;
- the time in which a channel failed that is not polled any more, so that no later list reaches back;
- silences, in which the list may have moved;
- the intervals in which links appeared that were not read.

A moment between the start of a poll and its record may belong to either side of it; each bound is the one that claims
less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.coverage.appearance import appearance
from storage.coverage.causes import Cause, cause_of_run
from storage.coverage.history import IncompleteRun, ListingGap, SourceHistory, Trouble
from storage.coverage.intervals import Interval

CLOCK_SLACK = timedelta(days=1)
"""Time on either side that is uncertain when the clock was set back between two polls: the longest pause of polls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotVisible:
    """An interval in which articles of a source may have appeared that are not known, and why.

    `link_count` is the number of links that are known to have appeared in it and were not read; 0 for other causes.
    """

    cause: Cause
    since: datetime
    until: datetime
    detail: str = ""  # one line for a person
    link_count: int = 0

    @property
    def interval(self) -> Interval:
        """Return the interval alone."""
        return Interval(self.since, self.until)

    @property
    def duration(self) -> timedelta:
        """Return its length."""
        return self.interval.duration


def not_visible(history: SourceHistory, period: Interval) -> tuple[NotVisible, ...]:
    """Return the intervals of a period that could not be seen, in order of time; they may overlap."""
    found = [*_outside_of_polls(history, period), *_gaps(history, period), *_lost(history, period)]
    found += [*_silences(history, period), *_unread(history, period)]
    within = (_clipped(one, period) for one in found if one.interval.overlaps(period))
    return tuple(sorted(within, key=lambda one: (one.since, one.until, one.cause)))


def _clipped(one: NotVisible, period: Interval) -> NotVisible:
    since, until = one.interval.within(period)
    return NotVisible(cause=one.cause, since=since, until=until, detail=one.detail, link_count=one.link_count)


def _outside_of_polls(history: SourceHistory, period: Interval) -> Iterator[NotVisible]:
    """Yield the time before the first poll and since the last one."""
    if not history.polls:
        yield _explained(history, Cause.NOT_WATCHED, period, "its channels were never all read")
        return
    first, last = history.polls[0].started_at, history.polls[-1].started_at
    if period.since < first:
        detail = f"its channels were first read at {first:%Y-%m-%d %H:%M} UTC"
        yield NotVisible(cause=Cause.NOT_WATCHED, since=period.since, until=first, detail=detail)
    if last < period.until:
        detail = f"its channels were last read at {last:%Y-%m-%d %H:%M} UTC"
        yield _explained(history, Cause.NOT_POLLED, Interval(last, period.until), detail)


def _gaps(history: SourceHistory, period: Interval) -> Iterator[NotVisible]:
    for gap in history.gaps:
        interval = Interval(_last_read(history, gap) or period.since, gap.found_at)
        if gap.last_success_at is not None and gap.found_at <= gap.last_success_at:
            # The clock was set back in between.
            interval = Interval(gap.found_at - CLOCK_SLACK, gap.last_success_at + CLOCK_SLACK)
        yield _explained(history, Cause.GAP, interval, f"{gap.channel} ended before a known link")


def _last_read(history: SourceHistory, gap: ListingGap) -> datetime | None:
    """Return the start of the last poll before a gap, which read its channel; None if it is not of the period."""
    if gap.last_success_at is not None:
        return history.last_start_by(gap.last_success_at)
    before = history.last_poll_before(gap.found_at)
    return None if before is None else before.started_at


def _lost(history: SourceHistory, period: Interval) -> Iterator[NotVisible]:
    for lost in history.lost_channels:
        since = history.last_start_by(lost.polled_at) or period.since
        until = history.first_start_after(lost.polled_at) or period.until
        detail = f"{lost.channel} failed ({lost.reason}) and was not polled again"
        yield NotVisible(cause=Cause.OUTAGE, since=since, until=until, detail=detail)


def _silences(history: SourceHistory, period: Interval) -> Iterator[NotVisible]:
    for trouble in history.troubles:
        if trouble.cause is Cause.SILENT:
            until = max(period.until, trouble.since) if trouble.until is None else trouble.until
            yield NotVisible(cause=Cause.SILENT, since=trouble.since, until=until, detail=trouble.detail)


def _unread(history: SourceHistory, period: Interval) -> Iterator[NotVisible]:
    """Yield the intervals in which unread links appeared, one for those of the same interval and cause."""
    alike: defaultdict[tuple[Cause, datetime, datetime], list[str]] = defaultdict(list)
    for link in history.unread:
        appeared = appearance(link.first_listed_at, history.last_poll_before(link.first_listed_at))
        alike[link.cause, appeared.earliest or period.since, appeared.latest].append(link.url)
    for (cause, since, until), urls in alike.items():
        yield NotVisible(cause=cause, since=since, until=until, detail=urls[0], link_count=len(urls))


def _explained(history: SourceHistory, cause: Cause, interval: Interval, detail: str) -> NotVisible:
    """Name the trouble that led to an interval without polls or to a gap, if one is known."""
    trouble = _longest_trouble(history, interval)
    run = _last_incomplete(history, interval)
    if trouble is not None:
        cause, detail = trouble.cause, f"{detail}; {trouble.detail}" if trouble.detail else detail
    elif run is not None:
        cause = cause_of_run(run.status, run.failure_cause, run.error)
        detail = f"{detail}; {run.error or run.status}"
    return NotVisible(cause=cause, since=interval.since, until=interval.until, detail=detail)


def _longest_trouble(history: SourceHistory, interval: Interval) -> Trouble | None:
    def overlap(trouble: Trouble) -> timedelta:
        return Interval(trouble.since, trouble.until or interval.until).within(interval).duration

    troubles = [one for one in history.troubles if one.cause is not Cause.SILENT and overlap(one) > timedelta(0)]
    return max(troubles, key=overlap, default=None)


def _last_incomplete(history: SourceHistory, interval: Interval) -> IncompleteRun | None:
    within = [run for run in history.incomplete if interval.since <= run.started_at < interval.until]
    return within[-1] if within else None
