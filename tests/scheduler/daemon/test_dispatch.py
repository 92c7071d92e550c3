"""From what is due to crawl processes when something fails: nothing is forgotten, nothing starts too late."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.dispatcher import Dispatcher
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.worker import WorkerLimits
from scheduler.daemon.workers import WorkerPool
from storage.model.errors import StoreError
from storage.model.failure_causes import FailureCause
from storage.scheduling.schedules import Schedule
from tests.support.patience import patient, patient_duration

LIMITS = WorkerLimits(deadline=patient_duration(40), grace=patient_duration(3), memory=10**9, workers=1)


class Accounts(DaemonTasks):
    """Tasks around a crawl without a database, whose first part can fail or take long."""

    def __init__(self, refusal: StoreError | None = None) -> None:
        self.refusal = refusal
        self.launching = asyncio.Event()
        self.may_launch = asyncio.Event()
        self.ended: list[CrawlExit] = []

    async def begin(self, source: str) -> None:
        self.launching.set()
        if self.refusal is not None:
            raise self.refusal
        await self.may_launch.wait()

    async def finish(self, ending: CrawlExit, *, launched_at: datetime) -> Schedule | None:
        self.ended.append(ending)
        return None


class Office:
    """A dispatcher with one worker and what it hands crawls to."""

    def __init__(self, folder: Path, refusal: StoreError | None = None) -> None:
        self.workers = WorkerPool(LIMITS, {"PRESSWATCH_DATABASE": f"sqlite:///{folder / 'news.db'}"})
        self.accounts = Accounts(refusal)
        self.dispatcher = Dispatcher(self.workers, self.accounts, clock=lambda: datetime.now(UTC))


def due(source: str, *, alone: bool = False) -> Schedule:
    return Schedule(source=source, next_poll_at=datetime.now(UTC), interval=None, reason="", run_isolated=alone)


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.long_after(1)
def test_what_becomes_due_together_shares_a_process_unless_it_was_killed(tmp_path: Path, alone: bool) -> None:
    async def run() -> list[CrawlExit]:
        office = Office(tmp_path)
        office.accounts.may_launch.set()
        office.dispatcher.enqueue(due("nosuch"))
        office.dispatcher.enqueue(due("either", alone=alone))
        assert office.dispatcher.running == (("nosuch",) if alone else ("nosuch", "either"))
        await asyncio.wait_for(office.dispatcher.join(), patient(40))
        await office.dispatcher.stop()
        return office.accounts.ended

    ended = asyncio.run(run())
    assert sorted(ending.source for ending in ended) == ["either", "nosuch"]
    assert {ending.failure_cause for ending in ended} == {FailureCause.CONFIGURATION}  # there are no such sources
    assert len({ending.pid for ending in ended}) == (2 if alone else 1)


def test_nothing_is_started_once_it_was_stopped(tmp_path: Path) -> None:
    async def run() -> list[CrawlExit]:
        office = Office(tmp_path)
        office.dispatcher.enqueue(due("nosuch"))
        await asyncio.wait_for(office.accounts.launching.wait(), patient(10))
        stopping = asyncio.create_task(office.dispatcher.stop())
        await asyncio.sleep(0.1)
        office.accounts.may_launch.set()
        await asyncio.wait_for(stopping, patient(10))
        return office.accounts.ended

    assert asyncio.run(run()) == []


def test_a_process_that_starts_while_it_is_stopped_is_ended(tmp_path: Path) -> None:
    async def run() -> tuple[CrawlExit, tuple[int, ...]]:
        workers = WorkerPool(LIMITS, {"PRESSWATCH_DATABASE": f"sqlite:///{tmp_path / 'news.db'}"})
        place = workers.reserve("nosuch")
        assert place is not None
        starting = asyncio.create_task(place.crawl())
        await asyncio.sleep(0)
        await workers.stop()
        return await starting, workers.pids

    ending, pids = asyncio.run(run())
    assert (ending.failure_cause, ending.status, pids) == (FailureCause.STOP, None, ())


def test_what_the_database_refuses_is_said_in_a_line_and_not_asked_again_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> bool:
        office = Office(tmp_path, StoreError("database: disk is full"))
        office.dispatcher.enqueue(due("nosuch"))
        while not caplog.records:  # noqa: ASYNC110  (a test waits for an entry)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        busy = office.dispatcher.is_busy
        await asyncio.wait_for(office.dispatcher.stop(), patient(10))
        return busy == {"nosuch"}

    assert asyncio.run(run())
    [entry] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert entry.getMessage() == "nosuch could not be crawled: database: disk is full"
    assert entry.exc_info is None
