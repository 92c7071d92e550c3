"""From what is due to crawl processes when something fails: nothing is forgotten, nothing starts too late."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.children import Children, Limits
from scheduler.dispatch import Dispatch, Done
from storage.errors import StoreError

LIMITS = Limits(deadline=timedelta(seconds=40), grace=timedelta(seconds=3), memory=10**9)


class Office:
    """A dispatch whose questions to the database can fail or take long."""

    def __init__(self, folder: Path) -> None:
        self.children = Children(LIMITS, {"PRESSWATCH_DATABASE": f"sqlite:///{folder / 'post.db'}"})
        self.dispatch = self.dispatch_of()
        self.refusals = 0
        self.launching = asyncio.Event()
        self.may_launch = asyncio.Event()
        self.ended: list[Done] = []

    def dispatch_of(self) -> Dispatch:
        return Dispatch(
            self.children,
            slots=1,
            clock=lambda: datetime.now(UTC),
            alone=self.alone,
            launched=self.launched,
            done=self.done,
        )

    async def alone(self) -> Sequence[str]:
        if self.refusals:
            self.refusals -= 1
            raise StoreError("database: unable to open database file")
        return ()

    async def launched(self, _sources: Sequence[str]) -> None:
        self.launching.set()
        await self.may_launch.wait()

    async def done(self, done: Done) -> None:
        self.ended.append(done)


@pytest.mark.parametrize("sources", [("nosuch",), ("nosuch", "either")])
def test_a_database_that_cannot_be_read_for_a_moment_leaves_nothing_due_for_ever(
    tmp_path: Path, sources: Sequence[str]
) -> None:
    async def run() -> list[Done]:
        office = Office(tmp_path)
        office.refusals = 1
        office.may_launch.set()
        for source in sources:
            office.dispatch.due(source)
        await asyncio.wait_for(office.dispatch.idle(), 20)
        return office.ended

    [ended] = asyncio.run(run())
    assert ended.ending.sources == sources


def test_nothing_is_started_once_it_was_stopped(tmp_path: Path) -> None:
    async def run() -> list[Done]:
        office = Office(tmp_path)
        office.dispatch.due("nosuch")
        await asyncio.wait_for(office.launching.wait(), 10)
        stopping = asyncio.create_task(office.dispatch.stop())
        await asyncio.sleep(0.1)
        office.may_launch.set()
        await asyncio.wait_for(stopping, 10)
        return office.ended

    assert asyncio.run(run()) == []


def test_a_process_that_starts_while_it_is_stopped_is_ended(tmp_path: Path) -> None:
    async def run() -> int:
        children = Children(LIMITS, {"PRESSWATCH_DATABASE": f"sqlite:///{tmp_path / 'post.db'}"})
        starting = asyncio.create_task(children.run(("nosuch",)))
        await asyncio.sleep(0)
        await children.stop()
        return (await starting).exit_code

    assert asyncio.run(run()) < 0


def test_what_the_database_refuses_is_said_in_a_line_and_not_asked_again_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> bool:
        office = Office(tmp_path)
        office.launched = refuse  # type: ignore[method-assign]
        office.dispatch = office.dispatch_of()
        office.dispatch.due("nosuch")
        while not caplog.records:  # noqa: ASYNC110  (a test waits for an entry)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        busy = office.dispatch.is_busy_with("nosuch")
        await asyncio.wait_for(office.dispatch.stop(), 2)
        return busy

    async def refuse(_sources: Sequence[str]) -> None:
        raise StoreError("database: disk is full")

    assert asyncio.run(run())
    [entry] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert entry.getMessage() == "nosuch could not be crawled: database: disk is full"
    assert entry.exc_info is None
