"""Simulate a month of the daemon over the real code, simulating only the responses of the site and the clock.

Polls are planned by `Planner`, evaluated by `scraper.crawl.discovery`, parsed by the spider and the page parser, stored
in a real SQLite file by the pipeline, recorded and checked by `DaemonTasks`; in one process, one crawl after another.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.planner import Planner
from scheduler.notifications.enqueuing import enqueue_event_alerts
from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession
from scraper.crawl.write_batcher import WriteBatcher
from storage.config.settings import Config
from storage.crawling.events import Event
from storage.crawling.worker_messages import CrawlReport
from storage.model.records import RunStatus, Trigger
from storage.scheduling.schedules import Schedule
from storage.store import Store
from tests.support.press import Asked, Clock, InPlace, Press, crawl
from tests.support.processes import own_process
from tests.support.simulation import History, Host

PATIENCE = timedelta(minutes=30)
"""The clock is read at least so often, and when it jumps; the daemon does it every second."""
TICK = timedelta(seconds=1)
CHECK_EVERY = timedelta(hours=1)
"""The daemon checks every five minutes; nothing it judges changes within an hour but by a poll."""
TARGET = "json://alerts.invalid"
"""Alerts are written for it and never sent."""


@dataclass(slots=True, kw_only=True)
class Visited:
    """One crawl: real times, what the host took them for, what it showed and what was planned after it."""

    source: str
    real_at: datetime
    real_until: datetime
    planned: Schedule  # what it followed
    host_until: datetime
    after: Schedule
    status: RunStatus
    listed: tuple[int, ...]  # article numbers; empty when the site did not answer
    fresh: int  # of them never listed before
    not_modified: bool
    events: tuple[Event, ...]  # that it recorded


class Month:
    """The daemon's part over a month, in one process and as fast as it goes."""

    def __init__(self, store: Store, config: Config, press: Sequence[Press], host: Host, *, start: datetime) -> None:
        self.store, self.config = store, config
        self.press = {one.source.name: one for one in press}
        self.sources = {name: one.source for name, one in self.press.items()}
        self.clock = Clock(start, host)
        self.visits: list[Visited] = []
        self.shown: dict[str, dict[int, datetime]] = {name: {} for name in self.press}
        self.began: list[datetime] = []  # real times at which the daemon started
        self.last_event = 0
        self.checked_at: datetime | None = None

    async def run(self, end: datetime, *, seed: int = 1) -> None:
        """Watch until `end`, real time."""
        random.seed(seed)  # the planner's jitter
        planner = self._start()
        while self.clock.real < end:
            if (wakes := self.clock.host.wakes(self.clock.real)) is not None:
                self.clock.real = wakes
                planner = self._start()
            planner.repair(now=self.clock())
            schedules = planner.schedules()
            for name in (name for name, one in schedules.items() if one.next_poll_at <= self.clock()):
                await self._visit(name, schedules[name], planner)
            await self._check(planner)
            self.clock.real += self._pause(planner)

    def _start(self) -> Planner:
        self.began.append(self.clock.real)
        planner = Planner(self.store, self.config, self.sources)
        planner.startup_schedules(now=self.clock())
        return planner

    def _jobs(self, planner: Planner) -> DaemonTasks:
        return DaemonTasks(self.store, self.config, self.sources, planner, clock=self.clock)

    def _pause(self, planner: Planner) -> timedelta:
        real, host = self.clock.real, self.clock.host
        due = min(one.next_poll_at for one in planner.schedules().values())
        moments = [moment for at, _ in host.jumps for moment in (at - TICK, at)]
        jumps = [moment - real for moment in moments if moment > real]
        return max(timedelta(0), min(PATIENCE, due - self.clock(), *jumps))

    async def _check(self, planner: Planner) -> None:
        if self.checked_at is not None and self.clock.real - self.checked_at < CHECK_EVERY:
            return
        self.checked_at = self.clock.real
        await self._jobs(planner).check_health()
        enqueue_event_alerts(self.store, [TARGET], now=self.clock())

    async def _visit(self, name: str, planned: Schedule, planner: Planner) -> None:
        press, real_at, launched_at = self.press[name], self.clock.real, self.clock()
        session = CrawlSession(
            source=press.source,
            store=self.store,
            store_thread=InPlace(),
            config=self.config,
            options=CrawlOptions(trigger=Trigger.SCHEDULED),
            clock=self.clock,
        )
        # It would wait in real time, of which a month has none to spare.
        session.commits = WriteBatcher(lambda saves: session.call(self.store.saving.save_all, saves), window=0)
        asked = Asked(press, self.clock)
        with own_process() as process:
            await crawl(session, asked)
        assert session.summary is not None
        report = CrawlReport(crawl_id=process, source=name, cause=session.summary.cause, error=session.summary.error)
        ending = CrawlExit(source=name, pid=os.getpid(), crawl_id=process, report=report)
        after = await self._jobs(planner).finish(ending, launched_at=launched_at)
        assert after is not None
        self._note(asked, session, real_at, planned, after)

    def _note(self, asked: Asked, session: CrawlSession, real_at: datetime, planned: Schedule, after: Schedule) -> None:
        assert session.summary is not None
        name, shown = session.source.name, self.shown[session.source.name]
        new = [number for number in asked.listed if number not in shown]
        shown.update(dict.fromkeys(new, real_at))
        found = [one for one in self.store.events.find(source=name, limit=20) if one.id > self.last_event]
        self.last_event = max([self.last_event, *(one.id for one in found)])
        self.visits.append(
            Visited(
                source=name,
                real_at=real_at,
                real_until=self.clock.real,
                planned=planned,
                host_until=self.clock(),
                after=after,
                status=session.summary.status,
                listed=asked.listed,
                fresh=len(new),
                not_modified=asked.not_modified,
                events=tuple(found),
            )
        )

    def of(self, name: str) -> list[Visited]:
        """The crawls of a source."""
        return [one for one in self.visits if one.source == name]

    def history(self, name: str) -> History:
        """Return the articles seen of a source and the times, as `simulation.figures` takes them."""
        good = [one for one in self.of(name) if one.listed]
        return History(seen=dict(self.shown[name]), at_start=frozenset(good[0].listed))
