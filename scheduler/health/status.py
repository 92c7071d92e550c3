"""Report the status of daemon and sources, for `presswatch status`, /healthz and /metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.health.latency import LatencyReport, detection_latency, find_outages
from storage.crawling.events import Event
from storage.crawling.runs import CrawlRun
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from storage.scheduling.health_queries import crawl_periods, detections, first_crawl_ends
from storage.scheduling.leases import Lease
from storage.scheduling.queue_status import QueueStatus, queue_status
from storage.scheduling.source_status import RecrawlCounts, StoredSourceStatus, SystemStatus, system_status
from storage.store import Store

REPORT_PERIOD = timedelta(hours=24)
CRAWL_HISTORY = timedelta(days=2)
"""Crawls before the period of a report from which the usual gap of a source without a schedule is known."""
OVERDUE_AFTER = timedelta(minutes=10)
ONCE_LATELY = timedelta(hours=1)
"""Time since the last `daemon --once` in which cron counts as running it."""
"""Time after which a poll that is due and not running is overdue: crawls wait for a slot, but not so long."""


class State(StrEnum):
    """State of a source, the most severe first."""

    FAILING = "failing"
    LOCAL_FAILURE = "local failure"  # its last crawl failed on this side
    WARNING = "warning"  # an event is open
    OVERDUE = "overdue"
    PAUSED = "paused"
    NEW = "new"  # never crawled
    CRAWLING = "crawling"
    GOOD = "good"


UNHEALTHY_STATES = frozenset({State.FAILING, State.LOCAL_FAILURE, State.WARNING, State.OVERDUE})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """Status of one source."""

    source: str
    state: State
    last_run: CrawlRun | None
    next_poll_at: datetime | None
    reason: str | None  # of the time of the next poll
    is_overdue: bool
    failures: int
    local_failure: FailureCause | None  # of the last crawl
    stored_today: int  # in the last 24 h
    pending: int
    quarantined: tuple[str, ...]  # URLs of pages of which parsers died
    recrawls: RecrawlCounts  # of the last 24 h
    events: tuple[Event, ...]  # open


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Status of the daemon and all sources."""

    at: datetime
    has_daemon: bool
    daemon: Lease | None
    once: Lease | None = None
    """The last `daemon --once`, if it was lately: cron does the work of a daemon."""
    sources: tuple[SourceStatus, ...]
    delays: LatencyReport
    undelivered: int  # alerts not delivered though their time has come; a digest that waits is none
    given_up: int  # alerts that were given up
    broken: Mapping[str, str] = field(default_factory=dict)
    """Sources whose declaration is invalid by name, with the problem: they are not crawled."""
    queue: QueueStatus | None = None
    """The queue of `presswatch worker`, if there is one."""

    @property
    def problem(self) -> str | None:
        """Return the trouble of the running daemon itself, such as an invalid configuration."""
        return self.daemon.problem if self.has_daemon and self.daemon else None

    @property
    def is_wrong(self) -> bool:
        """Return whether action is needed: nothing runs, a declaration is invalid, or a source is unhealthy."""
        return (
            (not self.has_daemon and self.once is None)
            or self.problem is not None
            or bool(self.broken)
            or any(source.state in UNHEALTHY_STATES for source in self.sources)
        )


def status_report(store: Store, *, now: datetime, broken: Mapping[str, str] | None = None) -> StatusReport:
    """Read the status of the daemon and all sources; `broken` are invalid declarations. Raises StoreError."""
    since = now - REPORT_PERIOD
    stored = system_status(store, since=since, now=now)
    once = stored.once if stored.once is not None and now - stored.once.heartbeat_at <= ONCE_LATELY else None
    # Between two rounds of cron a poll may become due: late is what the last round left out.
    watched_at = now if stored.is_watched else None if once is None else once.started_at
    alerts = store.alerts.counts(now)
    return StatusReport(
        at=now,
        has_daemon=stored.is_watched,
        daemon=stored.daemon,
        once=once,
        sources=tuple(_source_status(source, watched_at=watched_at) for source in stored.sources),
        delays=_delays(store, stored, since=since),
        undelivered=alerts.undelivered,
        given_up=alerts.given_up,
        broken=broken or {},
        queue=queue_status(store),
    )


def _delays(store: Store, stored: SystemStatus, *, since: datetime) -> LatencyReport:
    """Compute the detection latency of the articles stored since `since`, without the backlog of outages."""
    schedules = {one.source: one.schedule.interval for one in stored.sources if one.schedule}
    intervals = {source: interval for source, interval in schedules.items() if interval is not None}
    crawls = crawl_periods(store, since=since - CRAWL_HISTORY)
    outages = find_outages(crawls, intervals)
    return detection_latency(detections(store, since=since), first_crawls=first_crawl_ends(store), outages=outages)


def _source_status(stored: StoredSourceStatus, *, watched_at: datetime | None) -> SourceStatus:
    schedule, run = stored.schedule, stored.last_run
    late = watched_at is not None and is_overdue(stored, watched_at)
    return SourceStatus(
        source=stored.source,
        state=state_of(stored, late=late),
        last_run=run,
        next_poll_at=schedule.next_poll_at if schedule else None,
        reason=schedule.reason if schedule else None,
        is_overdue=late,
        failures=schedule.consecutive_failures if schedule else 0,
        local_failure=schedule.local_failure_cause if schedule else None,
        stored_today=stored.stored_today,
        pending=stored.pending,
        quarantined=stored.quarantined,
        recrawls=stored.recrawls,
        events=stored.events,
    )


def is_overdue(stored: StoredSourceStatus, now: datetime) -> bool:
    """Return whether the poll of a source is overdue and not running."""
    schedule = stored.schedule
    if schedule is None or schedule.paused_at is not None or stored.is_running:
        return False
    return now - schedule.next_poll_at > OVERDUE_AFTER


def state_of(stored: StoredSourceStatus, *, late: bool) -> State:
    """Return the most severe state that applies."""
    run, schedule = stored.last_run, stored.schedule
    failed = run is not None and run.status not in {RunStatus.SUCCEEDED, RunStatus.RUNNING, RunStatus.INTERRUPTED}
    is_local = run is not None and run.failure_cause is not None and run.failure_cause.is_local
    # A crawl that ends before its run is opened (invalid settings) appears in the schedule only.
    applies = {
        State.FAILING: (failed and not is_local) or (schedule is not None and schedule.consecutive_failures > 0),
        State.LOCAL_FAILURE: (failed and is_local) or (schedule is not None and schedule.local_failures > 0),
        State.WARNING: bool(stored.events),
        State.OVERDUE: late,
        State.PAUSED: stored.schedule is not None and stored.schedule.paused_at is not None,
        State.NEW: run is None,
        State.CRAWLING: stored.is_running,
    }
    return next((state for state, true in applies.items() if true), State.GOOD)
