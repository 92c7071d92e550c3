"""The way of a source from being due to its alert: how many transactions it takes, and what is known at its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection
from sqlalchemy.event import listen

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.dispatcher import Dispatcher
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.planner import Planner
from scheduler.daemon.worker import Worker, WorkerLimits
from scheduler.daemon.workers import Place, WorkerPool
from scheduler.health.failures import FAILING_POLLS
from scheduler.notifications.enqueuing import enqueue_event_alerts
from scraper.sources.caliber import SOURCE
from storage.config.settings import Config
from storage.crawling.worker_messages import CrawlReport
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus, Trigger
from storage.store import Store, open_store
from tests.support.patience import patient, patient_duration
from tests.support.processes import own_process

CRASH = (RunStatus.CRASHED, "its process was ended by SIGSEGV", FailureCause.CRASH)
LIMITS = WorkerLimits(deadline=patient_duration(60), grace=patient_duration(1), memory=10**9, workers=1)


class Crawls(WorkerPool):
    """Crawls that are rows and no processes: each opens its run and closes it with the status it is given."""

    def __init__(self, store: Store) -> None:
        super().__init__(LIMITS, {})
        self.store = store
        self.status = RunStatus.SUCCEEDED
        self.killed = False
        self.own = 0  # transactions of the last crawl itself
        self.count: Callable[[], int] = lambda: 0

    def reserve(self, source: str, *, isolated: bool = False) -> Place | None:
        place = super().reserve(source, isolated=isolated)
        assert place is not None
        place.slot.worker = Rows(self, place.slot.worker)
        return place

    def crawl(self, source: str) -> CrawlExit:
        before = self.count()
        with own_process() as process:
            run = self.store.runs.open(source, Trigger.SCHEDULED, now=datetime.now(UTC))
            if not self.killed:
                self.store.runs.close(run, self.status, now=datetime.now(UTC))
        self.own = self.count() - before
        if self.killed:
            status, error, cause = CRASH
            return CrawlExit(
                source=source, pid=os.getpid(), crawl_id=process, exit_code=-11, status=status, error=error, cause=cause
            )
        cause = None if self.status is RunStatus.SUCCEEDED else FailureCause.SOURCE
        report = CrawlReport(crawl_id=process, source=source, cause=cause)
        return CrawlExit(source=source, pid=os.getpid(), crawl_id=process, report=report)


class Rows(Worker):
    """A worker without a process."""

    def __init__(self, crawls: Crawls, instead: Worker) -> None:
        super().__init__(instead.program, instead.limits, instead.hurry, instead.on_end)
        self._crawls = crawls

    async def crawl(self, source: str, crawl_id: str | None = None) -> CrawlExit:
        return self._crawls.crawl(source)


class Journey:
    """A dispatcher over a real database, simulated crawls, and a count of transactions."""

    def __init__(self, store: Store, transactions: list[Connection]) -> None:
        self.store, self.transactions = store, transactions
        config, sources = Config(), {SOURCE.name: SOURCE}
        self.planner = Planner(store, config, sources)
        self.planner.startup_schedules(now=datetime.now(UTC), spread=False)
        self.jobs = DaemonTasks(store, config, sources, self.planner, clock=lambda: datetime.now(UTC))
        self.crawls = Crawls(store)
        self.crawls.count = lambda: len(transactions)
        self.dispatcher = Dispatcher(self.crawls, self.jobs, clock=lambda: datetime.now(UTC))

    def crawl(self) -> int:
        """One crawl of the source; how many transactions there were around it."""

        async def run() -> None:
            self.dispatcher.enqueue(schedule)
            await asyncio.wait_for(self.dispatcher.join(), patient(30))

        schedule = self.planner.schedules()[SOURCE.name]
        before = len(self.transactions)
        asyncio.run(run())
        return len(self.transactions) - before - self.crawls.own


@pytest.fixture
def journey(sqlite_database: str) -> Iterator[Journey]:
    with open_store(sqlite_database) as store:
        transactions: list[Connection] = []
        listen(store.engine, "begin", transactions.append)
        yield Journey(store, transactions)


def test_a_crawl_with_nothing_to_tell_is_three_transactions_and_its_health_five(journey: Journey) -> None:
    journey.crawl()  # which learns when the source publishes
    assert journey.crawl() == 3 + 5
    before = len(journey.transactions)
    assert enqueue_event_alerts(journey.store, ["json://alerts.invalid"], now=datetime.now(UTC)) == 0
    assert len(journey.transactions) - before == 1


def test_an_event_is_opened_and_closed_when_the_crawl_ends_and_not_at_the_next_check(journey: Journey) -> None:
    journey.crawls.status = RunStatus.FAILED
    for _ in range(FAILING_POLLS):
        assert journey.store.events.find(source=SOURCE.name) == []
        journey.crawl()
    [event] = journey.store.events.find(source=SOURCE.name)
    assert (event.kind, event.closed_at) == (EventKind.FAILING, None)
    journey.crawls.status = RunStatus.SUCCEEDED
    journey.crawl()
    [event] = journey.store.events.find(source=SOURCE.name)
    assert event.closed_at is not None


def test_a_crawl_that_had_to_be_killed_is_closed_noted_and_run_alone_from_then_on(journey: Journey) -> None:
    journey.crawls.killed = True
    journey.crawl()
    [event] = journey.store.events.find(source=SOURCE.name)
    assert event.kind == EventKind.CRAWL_KILLED
    schedule = journey.planner.schedules()[SOURCE.name]
    assert (schedule.consecutive_failures, schedule.run_isolated) == (1, True)
