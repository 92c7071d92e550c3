"""Run the tasks of the daemon: account for crawls, check health, match saved searches and send alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Event, Lock
from typing import Protocol

from scheduler.daemon.crawl_exit import STOPPED, CrawlExit
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.planner import Planner
from scheduler.health.check import check_source
from scheduler.notifications.delivery import DeliveryOptions, LateAnswers, deliver_due
from scheduler.notifications.enqueuing import enqueue_event_alerts, match_saved_searches
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.runs import RunFailure
from storage.model.errors import PresswatchError
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from storage.retention.pruning import RetentionLimits, prune
from storage.scheduling.schedules import Schedule
from storage.search.index import IS_COMPLETE, reindex
from storage.store import Store

logger = logging.getLogger(__name__)

NO_FAILURES = frozenset({FailureCause.STOP, FailureCause.BUSY, FailureCause.LEASE})
"""Causes of a crawl without a run that is no failure: it was stopped, or another process crawls the source."""


class DaemonTask(StrEnum):
    """Name of a periodic task, the most urgent first."""

    NOTIFY = "notify"
    CHECK_HEALTH = "check health"
    PRUNE = "prune"
    REINDEX = "reindex"
    """Only where workers do it: it takes a core for hours beside millions of articles."""


class Tasks(Protocol):
    """What runs periodic tasks of a daemon."""

    async def run(self, task: DaemonTask) -> None:
        """Run a periodic task once; a database that is away is logged."""


class DaemonTasks:
    """Run the tasks after a crawl and the periodic ones; each reads, lets a pure function decide, and writes."""

    def __init__(
        self,
        store: Store,
        config: Config,
        sources: Mapping[str, Source],
        planner: Planner,
        *,
        clock: Callable[[], datetime],
        outage: OutageLog | None = None,
        forget_targets_after: timedelta = timedelta(0),
    ) -> None:
        self._store = store
        self._config = config
        self._sources = sources
        self._planner = planner
        self._clock = clock
        self._outage = outage or OutageLog()
        self._forget_targets_after = forget_targets_after
        self.problem: str | None = None
        """Trouble of the daemon itself, an open event of every source."""
        self._checking = Lock()
        self._stopping = Event()
        self._late = LateAnswers()
        self._notifying: asyncio.Task[None] | None = None

    def configure(self, config: Config) -> None:
        """Use another configuration from now on."""
        self._config = config

    async def run(self, task: DaemonTask) -> None:
        """Run a periodic task once; a database that is away is logged."""
        await {
            DaemonTask.NOTIFY: self.notify,
            DaemonTask.CHECK_HEALTH: self.check_health,
            DaemonTask.PRUNE: self.prune,
            DaemonTask.REINDEX: self.reindex,
        }[task]()

    async def begin(self, source: str) -> None:
        """Clear the crawl request of a source that is crawled now."""
        await asyncio.to_thread(self._store.schedules.clear_crawl_request, [source])

    async def finish(self, ending: CrawlExit, *, launched_at: datetime) -> Schedule | None:
        """Close what a crawl left open, plan the next poll of its source and check its health at once.

        Returns the new schedule; None if the source is no longer watched. Raises StoreError; call it again then.
        """
        return await asyncio.to_thread(self._finish, ending, launched_at)

    def _finish(self, ending: CrawlExit, launched_at: datetime) -> Schedule | None:
        now = self._clock()
        if ending.crawl_id and not ending.has_succeeded:
            self._store.runs.close_for_process(ending.crawl_id, _failure_of_left(ending), now=now)
            if ending.stderr_tail:
                self._store.runs.keep_stderr(ending.crawl_id, ending.stderr_tail)
        if ending.cause in {FailureCause.LIMIT, FailureCause.CRASH}:
            self._record_killed(ending, now)
        self._record_unopened(ending, launched_at, now)
        source = self._sources.get(ending.source)
        if source is None:
            return None
        planned = self._plan(ending, now)
        self._check(source, planned)
        return planned

    def _record_unopened(self, ending: CrawlExit, started_at: datetime, now: datetime) -> None:
        """Record a crawl that ended before it opened a run, unless it was stopped or another one runs."""
        cause = ending.failure_cause
        if cause is None or cause in NO_FAILURES:
            return
        if ending.crawl_id and self._store.runs.sources_of(ending.crawl_id):
            return
        failure = RunFailure(
            status=ending.status or RunStatus.FAILED,
            cause=cause,
            error=ending.error_line,
            stderr_tail=ending.stderr_tail or None,
        )
        self._store.runs.record_unopened(ending.source, ending.crawl_id, failure, started_at=started_at, now=now)

    def _record_killed(self, ending: CrawlExit, now: datetime) -> None:
        source = ending.source
        logger.error("crawl of %s: %s: %s", source, ending.status, ending.error)
        before = self._planner.schedules()
        if source in before and before[source].run_isolated:
            return  # the crawl before was killed, too: one event for all in a row
        details = {"sentence": f"the crawl of {source} was killed: {ending.error}", "pid": ending.pid}
        self._store.events.add(source=source, kind=EventKind.CRAWL_KILLED, subject=source, details=details, now=now)

    def _plan(self, ending: CrawlExit, now: datetime) -> Schedule:
        schedule = self._planner.plan_after(ending, now=now)
        logger.info(
            "%s: next poll at %s: %s", ending.source, f"{schedule.next_poll_at:%Y-%m-%d %H:%M:%S} UTC", schedule.reason
        )
        return schedule

    async def check_health(self) -> None:
        """Check the health of every source, also of those that are no longer crawled."""
        try:
            schedules = await asyncio.to_thread(self._planner.schedules)
        except PresswatchError as error:
            self._outage.failed(error)
            return
        for name, source in tuple(self._sources.items()):
            await asyncio.to_thread(self._check, source, schedules.get(name))

    def _check(self, source: Source, schedule: Schedule | None) -> None:
        """Open and close the events of a source, one check at a time: older data must not undo a newer check."""
        with self._checking:
            try:
                check_source(self._store, source, schedule, now=self._clock(), problem=self.problem)
            except PresswatchError as error:
                self._outage.failed(error)

    async def prune(self) -> None:
        """Delete what the settings keep no longer, of the pages whose time has come since about two months."""
        kept = self._config.storage
        if kept.keep_fetches is None and kept.keep_readings is None:
            return
        limits = RetentionLimits.at(self._clock(), keep_fetches=kept.keep_fetches, keep_readings=kept.keep_readings)
        try:
            counts = await asyncio.to_thread(
                prune, self._store, limits, recent_only=True, stopping=self._stopping.is_set
            )
        except PresswatchError as error:
            self._outage.failed(error)
            return
        if counts.fetches or counts.readings:
            logger.info("deleted %d old fetches and %d view readings", counts.fetches, counts.readings)

    async def reindex(self) -> None:
        """Complete the full-text index if it does not hold all articles, such as after an upgrade."""
        try:
            await asyncio.to_thread(self._reindex)
        except PresswatchError as error:
            self._outage.failed(error)

    def _reindex(self) -> None:
        with self._store.read() as connection:
            if connection.scalar(IS_COMPLETE) is not None:
                return
        logger.info("completing the full-text index")
        done = reindex(self._store, stopping=self._stopping.is_set)
        logger.info("indexed %d of %d articles", done.indexed_count, done.total_count)

    async def notify(self) -> None:
        """Match saved searches with new articles, enqueue alerts, and deliver those that are due."""
        self._notifying = asyncio.create_task(asyncio.to_thread(self._notify))
        try:
            await asyncio.shield(self._notifying)
        except PresswatchError as error:
            self._outage.failed(error)

    def _notify(self) -> None:
        alerts, kinds = self._config.alerts, [EventKind(kind) for kind in self._config.alerts.kinds]
        match_saved_searches(self._store, now=self._clock())
        enqueue_event_alerts(self._store, alerts.targets, kinds=kinds, now=self._clock())
        options = DeliveryOptions(
            timeout=alerts.timeout,
            give_up_after=alerts.give_up_after,
            targets=alerts.targets,
            forget_targets_after=self._forget_targets_after,
        )
        deliver_due(self._store, now=self._clock(), options=options, late=self._late, stopping=self._stopping)

    async def stop(self) -> None:
        """Send no more alerts; wait for the message being sent, so that no other process sends it again.

        Also for answers that are late, but no longer than for the crawls.
        """
        self._stopping.set()
        if self._notifying is not None:
            await asyncio.wait({self._notifying})
        await asyncio.to_thread(self._late.wait, self._config.scheduler.shutdown_grace_period)


def _failure_of_left(ending: CrawlExit) -> RunFailure:
    """Return the failure of a run that a crawl left open."""
    cause = ending.failure_cause or FailureCause.CRASH
    stopped = cause is FailureCause.STOP
    interrupted = stopped or cause is FailureCause.LEASE
    return RunFailure(
        status=ending.status or (RunStatus.INTERRUPTED if interrupted else RunStatus.FAILED),
        cause=cause,
        error=STOPPED if stopped else ending.error_line,
        stderr_tail=ending.stderr_tail or None,
    )
