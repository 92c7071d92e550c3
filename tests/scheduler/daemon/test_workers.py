"""Workers that live on: many crawls in one process, one that fails costs no other, and each is replaced in time."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from scheduler.daemon import workers as workers_module
from scheduler.daemon.crawl_exit import CrawlExit
from scheduler.daemon.program import CHECK_INTERVAL, Program, ProgramStamp
from scheduler.daemon.worker import WorkerLimits
from scheduler.daemon.workers import WorkerPool
from storage.crawling.runs import RunFailure
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from tests.support.daemon_env import DaemonEnv, daemon_env
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.paths import ROOT
from tests.support.patience import patient_duration, patient_setting, wait_until
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad

ROOMY = WorkerLimits(deadline=patient_duration(40), grace=patient_duration(5), memory=10**9)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[DaemonEnv]:
    """Two sources, each with a site of its own."""
    with daemon_env(tmp_path, ("caliber", "courier")) as runner:
        runner.publish()
        yield runner


def pool_of(runner: DaemonRunner, limits: WorkerLimits = ROOMY, program: Program | None = None) -> WorkerPool:
    environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
    environment["PRESSWATCH_CONFIG"] = str(runner.folder / "presswatch.toml")
    return WorkerPool(limits, environment, program=program)


async def crawl(pool: WorkerPool, source: str = "caliber", *, isolated: bool = False) -> CrawlExit:
    """Crawl a source as soon as there is room."""
    while (place := pool.reserve(source, isolated=isolated)) is None:  # noqa: ASYNC110  (a test waits for room)
        await asyncio.sleep(0.01)
    try:
        return await place.crawl()
    finally:
        place.release()


def run(pool: WorkerPool, work: Callable[[WorkerPool], Awaitable[list[CrawlExit]]]) -> list[CrawlExit]:
    """Crawl with a pool that is stopped in the end, and leaves no process behind."""

    async def main() -> list[CrawlExit]:
        try:
            return list(await work(pool))
        finally:
            await pool.stop()
            assert pool.pids == ()

    return asyncio.run(main())


def account_for(runner: DaemonRunner, ending: CrawlExit) -> list[str]:
    failure = RunFailure(
        status=ending.status or RunStatus.INTERRUPTED,
        cause=ending.failure_cause or FailureCause.CRASH,
        error=ending.error_line,
    )
    with closing(runner.store()) as store:
        return store.runs.close_for_process(ending.crawl_id, failure, now=datetime.now(UTC))


@pytest.mark.long
def test_polls_with_nothing_new_run_in_one_process(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    daemon = runner.start()
    runner.wait_for("crawl_runs", 4, status="succeeded")
    assert end(daemon) == 0
    runs = runner.rows("crawl_runs")
    assert len({run.pid for run in runs}) == 1
    assert len({run.process_id for run in runs}) == len(runs)  # each names its crawl
    assert len({run.process_id.partition("-")[0] for run in runs}) == 1
    assert not psutil.pid_exists(runs[0].pid)


@pytest.mark.long
def test_crawls_of_one_worker_know_nothing_of_each_other(two: DaemonEnv) -> None:
    """One is refused by robots.txt, the other is not, though both run at once in one loop."""
    two.sites["courier"].robots("User-agent: *\nDisallow: /\n")

    async def work(pool: WorkerPool) -> list[CrawlExit]:
        return await asyncio.gather(crawl(pool), crawl(pool, "courier"))

    good, failed = run(pool_of(two), work)
    assert good.pid == failed.pid
    assert (good.failure_cause, failed.failure_cause) == (None, FailureCause.SOURCE)
    assert "courier: " in failed.stderr_tail
    assert {row.source: row.status for row in two.rows("crawl_runs")} == {
        "caliber": RunStatus.SUCCEEDED,
        "courier": RunStatus.FAILED,
    }
    assert {row.source for row in two.rows("articles")} == {"caliber"}


@pytest.mark.long
def test_the_log_of_a_failed_crawl_begins_with_it(two: DaemonEnv) -> None:
    async def work(pool: WorkerPool) -> list[CrawlExit]:
        first = await crawl(pool, "nosuch")
        return [first, await crawl(pool, "neither")]

    first, second = run(pool_of(two), work)
    assert first.pid == second.pid
    assert "'nosuch'" in first.stderr_tail
    assert "'neither'" in second.stderr_tail
    assert "'nosuch'" not in second.stderr_tail


@pytest.mark.long
def test_a_crawl_that_takes_too_long_is_stopped_and_its_neighbour_is_not(two: DaemonEnv) -> None:
    two.sites["caliber"].misbehave("/rss.xml", bad.slow(FOREVER))
    limits = replace(ROOMY, deadline=patient_duration(3), grace=patient_duration(6))

    async def work(pool: WorkerPool) -> list[CrawlExit]:
        late = asyncio.create_task(crawl(pool))
        before = await crawl(pool, "courier")
        return [await late, before, await crawl(pool, "courier")]

    late, before, after = run(pool_of(two, limits), work)
    assert late.pid == before.pid == after.pid
    assert (late.status, late.failure_cause, late.exit_code) == (RunStatus.TIMED_OUT, FailureCause.LIMIT, None)
    assert (before.failure_cause, after.failure_cause) == (None, None)
    assert account_for(two, late) == ["caliber"]
    [row] = two.rows("crawl_runs", source="caliber")
    assert (row.status, row.error) == ("timed out", f"it took longer than {limits.deadline} and was ended")
    assert {row.status for row in two.rows("crawl_runs", source="courier")} == {RunStatus.SUCCEEDED}


@pytest.mark.long
def test_a_worker_that_does_not_listen_costs_its_other_crawls_no_failure(two: DaemonEnv) -> None:
    for site in two.sites.values():
        site.misbehave("/rss.xml", bad.slow(FOREVER))
    limits = replace(ROOMY, deadline=patient_duration(6), grace=patient_duration(1))

    async def work(pool: WorkerPool) -> list[CrawlExit]:
        guilty = asyncio.create_task(crawl(pool))
        await asyncio.to_thread(two.wait_for, "crawl_runs", 1)
        await asyncio.sleep(limits.deadline.total_seconds() / 2)  # its own deadline comes after the end of the other
        other = asyncio.create_task(crawl(pool, "courier"))
        await asyncio.to_thread(two.wait_for, "crawl_runs", 2)
        os.kill(pool.pids[0], signal.SIGSTOP)
        return await asyncio.gather(guilty, other)

    guilty, other = run(pool_of(two, limits), work)
    assert (guilty.status, guilty.failure_cause, guilty.exit_code) == (RunStatus.TIMED_OUT, FailureCause.LIMIT, -9)
    assert (other.status, other.failure_cause, other.exit_code) == (None, FailureCause.STOP, -9)
    assert [account_for(two, ending) for ending in (guilty, other)] == [["caliber"], ["courier"]]
    assert {row.source: (row.status, row.finished_at is None) for row in two.rows("crawl_runs")} == {
        "caliber": (RunStatus.TIMED_OUT, False),
        "courier": (RunStatus.INTERRUPTED, False),
    }


def test_a_dead_worker_costs_what_it_held_and_nothing_that_it_had_done(two: DaemonEnv) -> None:
    async def work(pool: WorkerPool) -> list[CrawlExit]:
        done = await crawl(pool, "courier")
        two.sites["caliber"].misbehave("/rss.xml", bad.slow(FOREVER))
        held = asyncio.create_task(crawl(pool))
        await asyncio.to_thread(two.wait_for, "crawl_runs", 1, source="caliber")
        os.kill(pool.pids[0], signal.SIGKILL)
        crashed = await held
        two.sites["caliber"].behave()
        account_for(two, crashed)
        return [done, crashed, await crawl(pool)]

    done, crashed, after = run(pool_of(two), work)
    assert done.pid == crashed.pid != after.pid
    assert (crashed.status, crashed.error) == (RunStatus.CRASHED, "its process was ended by SIGKILL")
    assert after.failure_cause is None
    assert [row.status for row in two.rows("crawl_runs", source="caliber")] == ["crashed", "succeeded"]
    assert [row.status for row in two.rows("crawl_runs", source="courier")] == ["succeeded"]


class Upgraded(Program):
    """A program whose files change with each look."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def stamp(self) -> ProgramStamp:
        self.looks += 1
        return (0, self.looks, 0)


REASONS: dict[str, tuple[str, object]] = {
    "it has run 1 crawl": ("MAX_CRAWLS", 1),
    "it has grown by": ("MAX_GROWTH_SHARE", -1.0),
    "it was idle for": ("IDLE_TIMEOUT", timedelta(0)),
    "the program has changed": ("", None),
    "the configuration has changed": ("", None),
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.long_after(2)
def test_a_worker_is_replaced(
    runner: DaemonRunner,
    site: Site,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    constant, value = REASONS[reason]
    if constant:
        monkeypatch.setattr(workers_module, constant, value)
    caplog.set_level("INFO")
    site.publish(plain_article("one"))

    async def work(pool: WorkerPool) -> list[CrawlExit]:
        first = await crawl(pool)
        if reason.startswith("the configuration"):
            pool.configure(replace(ROOMY, memory=2 * 10**9), None)
        if reason.startswith("it was idle"):
            await asyncio.to_thread(wait_until, lambda: not pool.pids)
        return [first, await crawl(pool)]

    first, second = run(pool_of(runner, program=Upgraded() if "program" in reason else None), work)
    assert first.pid != second.pid
    assert not psutil.pid_exists(first.pid)
    assert (first.failure_cause, second.failure_cause) == (None, None)
    assert f"worker {first.pid} ends after 1 crawl: {reason}" in caplog.text


@pytest.mark.long
def test_a_crawl_under_way_ends_in_the_worker_that_is_replaced(two: DaemonEnv) -> None:
    two.sites["caliber"].misbehave("*", bad.slow(1))

    async def work(pool: WorkerPool) -> list[CrawlExit]:
        held = asyncio.create_task(crawl(pool))
        await asyncio.to_thread(two.wait_for, "crawl_runs", 1)
        pool.configure(replace(ROOMY, memory=2 * 10**9), None)
        return [await crawl(pool, "courier"), await held]

    new, old = run(pool_of(two), work)
    assert new.pid != old.pid
    assert (new.failure_cause, old.failure_cause) == (None, None)


@pytest.mark.long
def test_a_crawl_of_its_own_waits_for_room_and_shares_its_worker_with_none(two: DaemonEnv) -> None:
    async def work(pool: WorkerPool) -> list[CrawlExit]:
        shared = await crawl(pool)
        own = asyncio.create_task(crawl(pool, isolated=True))
        await asyncio.to_thread(wait_until, lambda: pool.pids not in ((), (shared.pid,)))
        return [shared, *await asyncio.gather(own, crawl(pool, "courier"))]

    shared, own, after = run(pool_of(two, replace(ROOMY, workers=1)), work)
    assert len({shared.pid, own.pid, after.pid}) == 3
    assert {ending.failure_cause for ending in (shared, own, after)} == {None}


def test_a_worker_takes_so_many_crawls_and_the_next_one_is_started_then(two: DaemonEnv) -> None:
    pool = WorkerPool(replace(ROOMY, crawls=2, workers=2), {})
    places = [pool.reserve(str(number)) for number in range(5)]
    slots = [None if place is None else place.slot for place in places]
    assert (slots[0] is slots[1], slots[2] is slots[3], slots[4]) == (True, True, None)
    assert slots[0] is not slots[2]


def test_a_change_of_the_program_is_noticed(tmp_path: Path) -> None:
    now = 0.0
    program = Program([tmp_path], clock=lambda: now)
    (tmp_path / "one.py").write_text("1", encoding="utf-8")
    first = program.stamp()
    (tmp_path / "two.py").write_text("2", encoding="utf-8")
    assert program.stamp() == first  # it is not looked at so often
    now += CHECK_INTERVAL
    second = program.stamp()
    assert second != first
    (tmp_path / "two.py").write_text("3", encoding="utf-8")
    os.utime(tmp_path / "two.py", (0, 0))  # as an installer sets it
    now += CHECK_INTERVAL
    assert program.stamp() != second


@pytest.mark.long
def test_an_idle_worker_ends_with_its_daemon(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule='interval = "6 h"')
    daemon = runner.start()
    [row] = runner.wait_for("crawl_runs", 1, status="succeeded")
    runner.wait(lambda: "next poll at" in runner.log)
    assert psutil.pid_exists(row.pid)
    end(daemon, signal.SIGKILL)
    runner.wait(lambda: not psutil.pid_exists(row.pid))


@pytest.mark.long
def test_a_worker_whose_daemon_was_killed_finishes_its_requests_and_no_others(runner: DaemonRunner, site: Site) -> None:
    count = 30
    site.publish_many([plain_article(f"story-{number}") for number in range(count)])
    site.misbehave("*", bad.slow(1))
    runner.settle(grace=patient_setting(30))
    daemon = runner.start()
    runner.wait_for("articles", 1)
    end(daemon, signal.SIGKILL)
    [row] = runner.wait_for("crawl_runs", 1, status="interrupted")  # it closes its run itself
    assert row.failure_cause == FailureCause.STOP
    runner.wait(lambda: not psutil.pid_exists(row.pid))
    assert 1 <= len(runner.rows("articles")) < count
    assert {fetch.result for fetch in runner.rows("fetches")} == {"new"}


BLOCKED_LOOP = """
import sys
if "crawl" in sys.orig_argv:
    import time
    from scraper.crawl.session import CrawlSession
    begin = CrawlSession.open
    async def open_and_block(session):
        await begin(session)
        time.sleep(1e6)
    CrawlSession.open = open_and_block
"""


@pytest.mark.long
def test_a_worker_whose_loop_is_blocked_ends_though_its_daemon_was_killed(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(deadline=patient_setting(4), grace=patient_setting(1))
    (runner.folder / "sitecustomize.py").write_text(BLOCKED_LOOP, encoding="utf-8")
    daemon = runner.start()
    [row] = runner.wait_for("crawl_runs", 1, status="running")
    end(daemon, signal.SIGKILL)
    runner.wait(lambda: not psutil.pid_exists(row.pid))
    (runner.folder / "sitecustomize.py").unlink()
    runner.start()
    runner.wait_for("articles", 1)
    assert runner.rows("crawl_runs")[0].status is RunStatus.INTERRUPTED


@pytest.mark.long
def test_a_worker_whose_loop_is_blocked_is_killed_and_its_source_crawled_again(
    runner: DaemonRunner, site: Site
) -> None:
    site.publish(plain_article("one"))
    runner.settle(deadline=patient_setting(4), grace=patient_setting(1))
    (runner.folder / "sitecustomize.py").write_text(BLOCKED_LOOP, encoding="utf-8")
    runner.start()
    [row] = runner.wait_for("crawl_runs", 1, status="timed out")
    (runner.folder / "sitecustomize.py").unlink()
    runner.command("trigger", "caliber")
    runner.wait_for("articles", 1)
    assert not psutil.pid_exists(row.pid)
