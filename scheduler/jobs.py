"""What the daemon does when a job fires, each thin: read, decide elsewhere, write."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Event

from scheduler.checkup import check
from scheduler.delivery import deliver_due, run_watches, write_event_alerts
from scheduler.dispatch import Done
from scheduler.planning import Planner
from scraper.source import Source
from storage.config import Config
from storage.errors import PresswatchError
from storage.records import EventKind, RunStatus
from storage.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)


class Jobs:
    """Accounts for crawls, checks the health of sources, tells people."""

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
        self._stopping = Event()
        self._telling: asyncio.Task[None] | None = None

    async def account_for(self, done: Done) -> list[Schedule]:
        """Close what a crawl process left open and plan the next look at each of its sources."""
        try:
            return await asyncio.to_thread(self._account_for, done)
        except PresswatchError as error:
            # Nothing was planned: the schedule is overdue as it stands, and the control job takes it up again.
            logger.error("%s", error)
            return []

    def _account_for(self, done: Done) -> list[Schedule]:
        ending, now = done.ending, self._clock()
        status, error = ending.status or RunStatus.INTERRUPTED, ending.error or "stopped before its end"
        left = self._store.runs.account_for(ending.pid, status, since=done.launched_at, now=now, error=error)
        if ending.status is not None:
            self._note_killed(done, left, now)
        return [self._plan(source, done, now) for source in ending.sources]

    def _note_killed(self, done: Done, left: list[str], now: datetime) -> None:
        ending = done.ending
        logger.error("crawl of %s: %s: %s", ", ".join(ending.sources), ending.status, ending.error)
        before = self._planner.schedules()
        for source in left or ending.sources:
            if source in before and before[source].alone:
                continue  # so did the crawl before it, and that was told
            details = {"sentence": f"the crawl of {source} had to be given up: {ending.error}", "pid": ending.pid}
            self._store.events.add(source=source, kind=EventKind.KILLED, subject=source, details=details, now=now)

    def _plan(self, source: str, done: Done, now: datetime) -> Schedule:
        schedule = self._planner.after(source, done.ending, launched_at=done.launched_at, now=now)
        logger.info("%s: next look at %s: %s", source, f"{schedule.due_at:%Y-%m-%d %H:%M:%S} UTC", schedule.reason)
        return schedule

    async def set_plans_right(self) -> None:
        """A plan that a clock put years away is made anew; the control job keeps to it."""
        try:
            await asyncio.to_thread(self._planner.set_right, now=self._clock())
        except PresswatchError as error:
            logger.error("%s", error)

    async def check_health(self) -> None:
        """Open and close events by what the rows show."""
        for source in self._sources.values():
            try:
                await asyncio.to_thread(check, self._store, source, now=self._clock())
            except PresswatchError as error:
                logger.error("%s", error)

    async def tell(self) -> None:
        """Ask the saved questions of new articles, write alerts, and send what is due."""
        self._telling = asyncio.create_task(asyncio.to_thread(self._tell))
        try:
            await asyncio.shield(self._telling)
        except PresswatchError as error:
            logger.error("%s", error)

    def _tell(self) -> None:
        alerts, kinds = self._config.alerts, [EventKind(kind) for kind in self._config.alerts.kinds]
        run_watches(self._store, now=self._clock())
        write_event_alerts(self._store, alerts.to, kinds=kinds, now=self._clock())
        deliver_due(self._store, now=self._clock(), timeout=alerts.timeout, stopping=self._stopping)

    async def stop(self) -> None:
        """Send nothing more; wait for the message that is being sent, so that nobody else sends it again."""
        self._stopping.set()
        if self._telling is not None:
            await asyncio.wait({self._telling})
