"""Run the tasks of the daemon: account for crawls, check health, match saved searches and send alerts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Event, Lock

from scheduler.daemon.planner import Planner
from scheduler.daemon.workers import WorkerExit
from scheduler.health.check import check_source
from scheduler.notifications.delivery import deliver_due, enqueue_event_alerts, match_saved_searches
from scraper.source import Source
from storage.config.settings import Config
from storage.model.errors import PresswatchError
from storage.model.event_kinds import EventKind
from storage.model.records import RunStatus
from storage.scheduling.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)


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
    ) -> None:
        self._store = store
        self._config = config
        self._sources = sources
        self._planner = planner
        self._clock = clock
        self._checking = Lock()
        self._stopping = Event()
        self._notifying: asyncio.Task[None] | None = None

    async def begin(self, sources: Sequence[str]) -> None:
        """Clear the crawl requests of sources for which a crawl process is started."""
        await asyncio.to_thread(self._store.schedules.clear_crawl_request, sources)

    async def finish(self, ending: WorkerExit, *, launched_at: datetime) -> list[Schedule]:
        """Close what a crawl process left open, plan the next poll of its sources and check their health at once.

        Returns the new schedules; none if the database failed. The old ones are overdue then, and the daemon crawls
        the sources again.
        """
        try:
            return await asyncio.to_thread(self._finish, ending, launched_at)
        except PresswatchError as error:
            logger.error("%s", error)
            return []

    def _finish(self, ending: WorkerExit, launched_at: datetime) -> list[Schedule]:
        now = self._clock()
        status, error = ending.status or RunStatus.INTERRUPTED, ending.error or "stopped before its end"
        left = self._store.runs.close_for_process(ending.pid, status, since=launched_at, now=now, error=error)
        if ending.status is not None:
            self._record_killed(ending, left, now)
        planned = [self._plan(source, ending, launched_at, now) for source in ending.sources]
        for schedule in planned:
            self._check(self._sources[schedule.source], schedule)
        return planned

    def _record_killed(self, ending: WorkerExit, left: list[str], now: datetime) -> None:
        logger.error("crawl of %s: %s: %s", ", ".join(ending.sources), ending.status, ending.error)
        before = self._planner.schedules()
        for source in left or ending.sources:
            if source in before and before[source].run_isolated:
                continue  # the crawl before was killed, too: one event for all in a row
            details = {"sentence": f"the crawl of {source} was killed: {ending.error}", "pid": ending.pid}
            self._store.events.add(source=source, kind=EventKind.CRAWL_KILLED, subject=source, details=details, now=now)

    def _plan(self, source: str, ending: WorkerExit, launched_at: datetime, now: datetime) -> Schedule:
        schedule = self._planner.plan_after(source, ending, launched_at=launched_at, now=now)
        logger.info(
            "%s: next poll at %s: %s", source, f"{schedule.next_poll_at:%Y-%m-%d %H:%M:%S} UTC", schedule.reason
        )
        return schedule

    async def check_health(self) -> None:
        """Check the health of every source, also of those that are no longer crawled."""
        try:
            schedules = await asyncio.to_thread(self._planner.schedules)
        except PresswatchError as error:
            logger.error("%s", error)
            return
        for name, source in self._sources.items():
            await asyncio.to_thread(self._check, source, schedules.get(name))

    def _check(self, source: Source, schedule: Schedule | None) -> None:
        """Open and close the events of a source, one check at a time: older data must not undo a newer check."""
        with self._checking:
            try:
                check_source(self._store, source, schedule, now=self._clock())
            except PresswatchError as error:
                logger.error("%s", error)

    async def notify(self) -> None:
        """Match saved searches with new articles, enqueue alerts, and deliver those that are due."""
        self._notifying = asyncio.create_task(asyncio.to_thread(self._notify))
        try:
            await asyncio.shield(self._notifying)
        except PresswatchError as error:
            logger.error("%s", error)

    def _notify(self) -> None:
        alerts, kinds = self._config.alerts, [EventKind(kind) for kind in self._config.alerts.kinds]
        match_saved_searches(self._store, now=self._clock())
        enqueue_event_alerts(self._store, alerts.targets, kinds=kinds, now=self._clock())
        deliver_due(self._store, now=self._clock(), timeout=alerts.timeout, stopping=self._stopping)

    async def stop(self) -> None:
        """Send no more alerts; wait for the message being sent, so that no other process sends it again."""
        self._stopping.set()
        if self._notifying is not None:
            await asyncio.wait({self._notifying})
