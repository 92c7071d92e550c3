"""How everything stands, judged: what `presswatch status`, /healthz and /metrics say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.health.latency import LatencyReport, detection_latency
from storage.crawling.events import Event
from storage.crawling.runs import CrawlRun
from storage.model.records import RunStatus
from storage.scheduling.health_queries import detections, first_crawl_ends
from storage.scheduling.leases import Lease
from storage.scheduling.source_status import RecrawlCounts, StoredSourceStatus, system_status
from storage.store import Store

REPORT_PERIOD = timedelta(hours=24)
OVERDUE_AFTER = timedelta(minutes=10)
"""A look that is overdue by so much, with nobody at it, was forgotten: crawls wait their turn, but not so long."""


class State(StrEnum):
    """How a source stands, the gravest first."""

    FAILING = "failing"
    WARNING = "warning"  # an event is open
    OVERDUE = "overdue"
    PAUSED = "paused"
    NEW = "new"  # never crawled
    CRAWLING = "crawling"
    GOOD = "good"


UNHEALTHY_STATES = frozenset({State.FAILING, State.WARNING, State.OVERDUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """One source."""

    source: str
    state: State
    last_run: CrawlRun | None
    next_poll_at: datetime | None
    reason: str | None  # why then
    is_overdue: bool
    failures: int
    stored_today: int  # in the last 24 h
    pending: int
    recrawls: RecrawlCounts  # of the last 24 h
    events: tuple[Event, ...]  # open


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Everything."""

    at: datetime
    has_daemon: bool
    daemon: Lease | None
    sources: tuple[SourceStatus, ...]
    delays: LatencyReport
    undelivered: int  # alerts that could not be sent yet

    @property
    def is_wrong(self) -> bool:
        """Whether a person should look: nobody watches, or a source is not well."""
        return not self.has_daemon or any(one.state in UNHEALTHY_STATES for one in self.sources)


def status_report(store: Store, *, now: datetime) -> StatusReport:
    """Read and judge. Raises StoreError."""
    since = now - REPORT_PERIOD
    found = system_status(store, since=since, now=now)
    return StatusReport(
        at=now,
        has_daemon=found.is_watched,
        daemon=found.daemon,
        sources=tuple(_source(one, is_watched=found.is_watched, now=now) for one in found.sources),
        delays=detection_latency(detections(store, since=since), first_crawls=first_crawl_ends(store)),
        undelivered=store.alerts.undelivered().count,
    )


def _source(one: StoredSourceStatus, *, is_watched: bool, now: datetime) -> SourceStatus:
    schedule, run = one.schedule, one.last_run
    late = is_watched and is_overdue(one, now)
    return SourceStatus(
        source=one.source,
        state=state_of(one, late=late),
        last_run=run,
        next_poll_at=schedule.next_poll_at if schedule else None,
        reason=schedule.reason if schedule else None,
        is_overdue=late,
        failures=schedule.consecutive_failures if schedule else 0,
        stored_today=one.stored_today,
        pending=one.pending,
        recrawls=one.recrawls,
        events=one.events,
    )


def is_overdue(one: StoredSourceStatus, now: datetime) -> bool:
    """Whether a look is overdue and nobody is at it."""
    schedule = one.schedule
    if schedule is None or schedule.paused_at is not None or one.is_running:
        return False
    return now - schedule.next_poll_at > OVERDUE_AFTER


def state_of(one: StoredSourceStatus, *, late: bool) -> State:
    """The gravest of what holds."""
    run = one.last_run
    failed = run is not None and run.status not in {RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.INTERRUPTED}
    # A crawl that ends before its run is opened (a setting that is wrong by now) shows in the schedule only.
    failed = failed or (one.schedule is not None and one.schedule.consecutive_failures > 0)
    holds = {
        State.FAILING: failed,
        State.WARNING: bool(one.events),
        State.OVERDUE: late,
        State.PAUSED: one.schedule is not None and one.schedule.paused_at is not None,
        State.NEW: run is None,
        State.CRAWLING: one.is_running,
    }
    return next((state for state, true in holds.items() if true), State.GOOD)
