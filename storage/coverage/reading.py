"""Read what is stored of the watching of sources in a period: crawls, gaps, troubles, links that were not read.

Each statement reads the rows of one source in the period, or a few beside it, by an index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from storage.coverage.causes import Cause
from storage.coverage.history import (
    IncompleteRun,
    ListingGap,
    LostChannel,
    Poll,
    SourceHistory,
    Trouble,
    UnreadLink,
)
from storage.coverage.intervals import Interval
from storage.database.daemon_tables import schedules
from storage.database.engine import AnyRow
from storage.database.tables import articles, channels, crawl_runs, events, links
from storage.model.event_kinds import EventKind
from storage.model.records import BEYOND, Outcome, RunStatus
from storage.model.reservations import RESERVED

_CAUSE_OF_EVENT = {
    EventKind.SILENT: Cause.SILENT,
    EventKind.BLOCKED: Cause.BLOCKED,
    EventKind.FAILING: Cause.OUTAGE,
    EventKind.LOCAL_FAILURE: Cause.LOCAL_FAILURE,
    EventKind.PAUSED: Cause.PAUSED,
}


@dataclass(frozen=True, slots=True)
class _Reader:
    connection: Connection
    source: str
    period: Interval
    known_at: datetime

    def history(self, title: str) -> SourceHistory:
        """Return all that is stored of the source for the period."""
        polls, incomplete = self._runs()
        history = SourceHistory(source=self.source, title=title, polls=polls, incomplete=incomplete)
        # A link that appeared before the end of the period is listed by the first poll after it, or by none yet.
        known_until = min(history.known_until(self.period.until) or self.known_at, self.known_at)
        listed = and_(
            links.c.source == self.source,
            links.c.first_listed_at >= self.period.since,
            links.c.first_listed_at <= known_until,
        )
        return replace(
            history,
            gaps=list(self._gaps(known_until)),
            troubles=[*self._troubles(), *self._pause()],
            lost_channels=list(self._lost_channels()),
            unread=list(self._unread(listed)),
            filtered_count=self._filtered_count(listed),
        )

    def _runs(self) -> tuple[list[Poll], list[IncompleteRun]]:
        """Return the polls of the period with one on either side, and the other runs since the first of them."""
        own = (crawl_runs.c.source == self.source, crawl_runs.c.finished_at <= self.known_at)
        polled = select(crawl_runs.c.started_at).where(*own, crawl_runs.c.channels_read).limit(1)
        started = crawl_runs.c.started_at
        first = self.connection.scalar(polled.where(started <= self.period.since).order_by(started.desc()))
        last = self.connection.scalar(polled.where(started >= self.period.until).order_by(started))
        within = select(*_RUN_COLUMNS).where(*own, started >= (first or self.period.since))
        rows = self.connection.execute(within.where(started <= (last or self.known_at)).order_by(started)).all()
        polls = [Poll(started_at=row.started_at, finished_at=row.finished_at) for row in rows if row.channels_read]
        return polls, [_incomplete(row) for row in rows if not row.channels_read and _is_trouble(row)]

    def _gaps(self, known_until: datetime) -> Iterator[ListingGap]:
        columns = (events.c.subject, events.c.details, events.c.opened_at)
        found = select(*columns).where(
            events.c.source == self.source,
            events.c.kind == str(EventKind.GAP),
            events.c.opened_at >= self.period.since,
            events.c.opened_at <= known_until,
        )
        for row in self.connection.execute(found.order_by(events.c.opened_at)):
            read_at = row.details.get("last_success_at")
            last_success_at = datetime.fromisoformat(read_at) if read_at else None
            yield ListingGap(channel=row.subject, last_success_at=last_success_at, found_at=row.opened_at)

    def _troubles(self) -> Iterator[Trouble]:
        """Yield the lasting events that were not over before the period; there are few of these kinds."""
        columns = (events.c.kind, events.c.details, events.c.opened_at, events.c.closed_at)
        during = (
            events.c.opened_at <= self.known_at,
            or_(events.c.closed_at.is_(None), events.c.closed_at > self.period.since),
        )
        kinds = events.c.kind.in_([str(kind) for kind in _CAUSE_OF_EVENT])
        for row in self.connection.execute(select(*columns).where(events.c.source == self.source, kinds, *during)):
            kind, closed_at = EventKind(row.kind), row.closed_at
            yield Trouble(
                cause=_CAUSE_OF_EVENT[kind],
                since=_beginning(kind, row),
                until=None if closed_at is None or closed_at > self.known_at else closed_at,
                detail=str(row.details.get("sentence") or ""),
            )

    def _pause(self) -> Iterator[Trouble]:
        statement = select(schedules.c.paused_at).where(schedules.c.source == self.source)
        paused_at = self.connection.scalar(statement)
        if paused_at is not None and paused_at <= self.known_at:
            yield Trouble(cause=Cause.PAUSED, since=paused_at, until=None, detail="paused by hand")

    def _lost_channels(self) -> Iterator[LostChannel]:
        """Yield the channels that a later crawl, which read every channel, polled no more."""
        polled = select(crawl_runs.c.started_at).where(crawl_runs.c.source == self.source, crawl_runs.c.channels_read)
        last = polled.order_by(crawl_runs.c.started_at.desc()).limit(1)
        lost = select(channels).where(
            channels.c.source == self.source,
            channels.c.polled_at < last.scalar_subquery(),
            channels.c.consecutive_failures > 0,
        )
        for row in self.connection.execute(lost):
            reason = f"{row.failure_stage}: {row.failure_reason}"
            yield LostChannel(channel=row.url, polled_at=row.polled_at, reason=reason)

    def _unread(self, listed: ColumnElement[bool]) -> Iterator[UnreadLink]:
        stored_later = articles.c.stored_at > self.known_at
        reserved = and_(links.c.outcome == Outcome.FILTERED, links.c.outcome_reason.startswith(RESERVED))
        is_unread = or_(
            links.c.outcome == Outcome.PENDING,
            and_(links.c.outcome == Outcome.GONE, links.c.article_id.is_(None)),
            reserved,
            articles.c.body == "",
            stored_later,
        )
        joined = select(*_LINK_COLUMNS, stored_later.label("stored_later"))
        found = joined.outerjoin(articles, articles.c.id == links.c.article_id).where(listed, is_unread)
        for row in self.connection.execute(found.order_by(links.c.first_listed_at, links.c.id)):
            yield UnreadLink(cause=_cause_of_link(row), url=row.url, first_listed_at=row.first_listed_at)

    def _filtered_count(self, listed: ColumnElement[bool]) -> int:
        by_choice = or_(links.c.outcome_reason.is_(None), links.c.outcome_reason.not_like(f"{RESERVED}%"))
        statement = select(func.count()).where(listed, links.c.outcome == Outcome.FILTERED, by_choice)
        return self.connection.scalar(statement) or 0


def read_history(
    connection: Connection, source: str, title: str, period: Interval, *, known_at: datetime
) -> SourceHistory:
    """Read what is stored of a source for a period, as it was known at a moment. Raises StoreError."""
    return _Reader(connection, source, period, known_at).history(title)


def poll_before(connection: Connection, source: str, at: datetime) -> Poll | None:
    """Return the last poll of a source that had ended before a moment; None if there was none."""
    polls = select(crawl_runs.c.started_at, crawl_runs.c.finished_at).where(
        crawl_runs.c.source == source, crawl_runs.c.channels_read, crawl_runs.c.started_at < at
    )
    # A source has one run at a time: only the last that began may not have ended.
    last_two = connection.execute(polls.order_by(crawl_runs.c.started_at.desc()).limit(2)).all()
    ended = (row for row in last_two if row.finished_at < at)
    return next((Poll(started_at=row.started_at, finished_at=row.finished_at) for row in ended), None)


_RUN_COLUMNS = tuple(
    crawl_runs.c[name]
    for name in ("started_at", "finished_at", "channels_read", "status", "failure_cause", "error", "request_count")
)
_LINK_COLUMNS = tuple(
    links.c[name]
    for name in ("url", "first_listed_at", "outcome", "outcome_reason", "failed_attempts", "quarantined_at")
)


def _is_trouble(row: AnyRow) -> bool:
    return bool(row.status is not RunStatus.SUCCEEDED)  # a crawl of single URLs succeeds without a poll


def _incomplete(row: AnyRow) -> IncompleteRun:
    return IncompleteRun(started_at=row.started_at, status=row.status, failure_cause=row.failure_cause, error=row.error)


def _beginning(kind: EventKind, row: AnyRow) -> datetime:
    """Return since when a source had been silent when that was noticed; of any other event, when it was recorded."""
    last: Any = row.details.get("last_arrival_at") if kind is EventKind.SILENT else None
    return datetime.fromisoformat(last) if last else row.opened_at


def _cause_of_link(row: AnyRow) -> Cause:
    reason = row.outcome_reason or ""
    causes: Sequence[tuple[bool, Cause]] = (
        (row.outcome is Outcome.STORED, Cause.BACKLOG if row.stored_later else Cause.NO_TEXT),
        (row.outcome is Outcome.GONE, Cause.GONE),
        (row.outcome is Outcome.FILTERED, Cause.RESERVED),
        (row.quarantined_at is not None, Cause.QUARANTINED),
        (row.failed_attempts > 0, Cause.FETCH_FAILED),
        (reason.startswith(BEYOND), Cause.BUDGET),
    )
    return next((cause for applies, cause in causes if applies), Cause.BACKLOG)
