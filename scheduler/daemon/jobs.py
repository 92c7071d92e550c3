"""Run the tasks of the daemon: account for crawls, check health, match saved searches and send alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event, Lock

from scheduler.daemon.outage import OutageLog
from scheduler.daemon.planner import Planner
from scheduler.daemon.workers import WorkerExit
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
from storage.scheduling.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

NO_FAILURES = frozenset({FailureCause.STOP, FailureCause.BUSY})
"""Causes of a crawl without a run that is no failure: it was stopped, or another process crawls the source."""


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
    ) -> None:
        self._store = store
        self._config = config
        self._sources = sources
        self._planner = planner
        self._clock = clock
        self._outage = outage or OutageLog()
        self.problem: str | None = None
        """Trouble of the daemon itself, an open event of every source."""
        self._checking = Lock()
        self._stopping = Event()
        self._late = LateAnswers()
        self._notifying: asyncio.Task[None] | None = None

    def configure(self, config: Config) -> None:
        """Use another configuration from now on."""
        self._config = config

    async def begin(self, sources: Sequence[str]) -> None:
        """Clear the crawl requests of sources for which a crawl process is started."""
        await asyncio.to_thread(self._store.schedules.clear_crawl_request, sources)

    async def finish(self, ending: WorkerExit, *, launched_at: datetime) -> list[Schedule]:
        """Close what a crawl process left open, plan the next poll of its sources and check their health at once.

        Returns the new schedules. Raises StoreError; call it again then.
        """
        return await asyncio.to_thread(self._finish, ending, launched_at)

    def _finish(self, ending: WorkerExit, launched_at: datetime) -> list[Schedule]:
        now = self._clock()
        left: list[str] = []
        if ending.process_id:
            left = self._store.runs.close_for_process(ending.process_id, _failure_of_left(ending), now=now)
            if ending.exit_code != 0 and ending.stderr_tail:
                self._store.runs.keep_stderr(ending.process_id, ending.stderr_tail)
        if ending.cause in {FailureCause.LIMIT, FailureCause.CRASH}:
            self._record_killed(ending, left, now)
        self._record_unopened(ending, launched_at, now)
        watched = {name: source for name in ending.sources if (source := self._sources.get(name)) is not None}
        planned = [self._plan(name, ending, now) for name in watched]
        for schedule in planned:
            self._check(watched[schedule.source], schedule)
        return planned

    def _record_unopened(self, ending: WorkerExit, started_at: datetime, now: datetime) -> None:
        """Record the crawls that ended before they opened a run, unless they were stopped or another one runs."""
        causes = {source: ending.cause_of(source) for source in ending.sources}
        failed = {source: cause for source, cause in causes.items() if cause is not None and cause not in NO_FAILURES}
        if not failed:
            return
        opened = self._store.runs.sources_of(ending.process_id) if ending.process_id else frozenset()
        for source in failed.keys() - opened:
            failure = RunFailure(
                status=ending.status or RunStatus.FAILED,
                cause=failed[source],
                error=ending.error_of(source),
                stderr_tail=ending.stderr_tail or None,
            )
            self._store.runs.record_unopened(source, ending.process_id, failure, started_at=started_at, now=now)

    def _record_killed(self, ending: WorkerExit, left: list[str], now: datetime) -> None:
        logger.error("crawl of %s: %s: %s", ", ".join(ending.sources), ending.status, ending.error)
        before = self._planner.schedules()
        for source in left or ending.sources:
            if source in before and before[source].run_isolated:
                continue  # the crawl before was killed, too: one event for all in a row
            details = {"sentence": f"the crawl of {source} was killed: {ending.error}", "pid": ending.pid}
            self._store.events.add(source=source, kind=EventKind.CRAWL_KILLED, subject=source, details=details, now=now)

    def _plan(self, source: str, ending: WorkerExit, now: datetime) -> Schedule:
        schedule = self._planner.plan_after(source, ending, now=now)
        logger.info(
            "%s: next poll at %s: %s", source, f"{schedule.next_poll_at:%Y-%m-%d %H:%M:%S} UTC", schedule.reason
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
        options = DeliveryOptions(timeout=alerts.timeout, give_up_after=alerts.give_up_after, targets=alerts.targets)
        deliver_due(self._store, now=self._clock(), options=options, late=self._late, stopping=self._stopping)

    async def stop(self) -> None:
        """Send no more alerts; wait for the message being sent, so that no other process sends it again.

        Also for answers that are late, but no longer than for the crawls.
        """
        self._stopping.set()
        if self._notifying is not None:
            await asyncio.wait({self._notifying})
        await asyncio.to_thread(self._late.wait, self._config.scheduler.shutdown_grace_period)


def _failure_of_left(ending: WorkerExit) -> RunFailure:
    """Return the failure of the runs that a crawl process left open."""
    causes = [report.cause for report in ending.reports.values() if report.cause is not None]
    cause = ending.cause or (
        FailureCause.STOP if FailureCause.STOP in causes else next(iter(causes), FailureCause.CRASH)
    )
    stopped = cause is FailureCause.STOP
    status = ending.status or (RunStatus.INTERRUPTED if stopped else RunStatus.FAILED)
    return RunFailure(
        status=status,
        cause=cause,
        error="stopped before its end" if stopped else ending.error_of(ending.sources[0]),
        stderr_tail=ending.stderr_tail or None,
    )
