"""Crawl processes and their limits: what hangs, leaks or crashes is ended, and its run says how."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.daemon.crawl_exit import CrawlExit, WorkerEnd
from scheduler.daemon.worker import COMMAND, WorkerLimits, rss_bytes
from scheduler.daemon.workers import WorkerPool
from storage.crawling.runs import RunFailure
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from tests.support.daemon_process import FOREVER, DaemonRunner
from tests.support.paths import ROOT
from tests.support.patience import patient_duration
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad

ROOMY = WorkerLimits(deadline=patient_duration(40), grace=patient_duration(3), memory=10**9)
PATIENT = replace(ROOMY, grace=patient_duration(30))


def crawl(runner: DaemonRunner, limits: WorkerLimits, meanwhile: Callable[[int], None] | None = None) -> CrawlExit:
    """One crawl process, and what happens to it while it runs (called with its pid)."""

    async def run() -> CrawlExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(limits, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(crawl_in(children))
        if meanwhile is not None:
            while not children.pids:  # noqa: ASYNC110  (a test waits for a pid)
                await asyncio.sleep(0.01)
            await asyncio.to_thread(meanwhile, children.pids[0])
        ending = await crawling
        await children.stop()
        return ending

    return asyncio.run(run())


async def crawl_in(workers: WorkerPool, source: str = "caliber") -> CrawlExit:
    """Crawl a source in a worker that has room for it."""
    place = workers.reserve(source)
    assert place is not None
    try:
        return await place.crawl()
    finally:
        place.release()


def account_for(runner: DaemonRunner, ending: CrawlExit) -> list[str]:
    assert ending.status is not None
    assert ending.cause is not None
    failure = RunFailure(
        status=ending.status, cause=ending.cause, error=ending.error or "", stderr_tail=ending.stderr_tail
    )
    with closing(runner.store()) as store:
        return store.runs.close_for_process(ending.crawl_id, failure, now=datetime.now(UTC))


def test_a_crawl_that_ends_by_itself_is_nobodys_fault(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    ending = crawl(runner, ROOMY)
    assert (ending.source, ending.exit_code, ending.status, ending.error) == ("caliber", None, None, None)
    assert ending.has_succeeded
    [run] = runner.rows("crawl_runs")
    assert (run.pid, run.trigger, run.status, run.new_count) == (ending.pid, "scheduled", "succeeded", 1)


def test_a_crawl_that_fails_says_so_itself(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.server_error())
    ending = crawl(runner, ROOMY)
    assert (ending.exit_code, ending.status, ending.failure_cause) == (None, None, FailureCause.SOURCE)
    [run] = runner.rows("crawl_runs")
    assert run.status is RunStatus.FAILED
    assert run.error in ending.stderr_tail


@pytest.mark.long
def test_a_crawl_that_takes_too_long_is_ended_and_its_run_timed_out(runner: DaemonRunner, site: Site) -> None:
    for channel in ("/rss.xml", "/en/category/politics"):
        site.misbehave(channel, bad.slow(FOREVER))
    limits = WorkerLimits(deadline=patient_duration(4), grace=patient_duration(5), memory=10**9)
    ending = crawl(runner, limits)
    assert ending.status is RunStatus.TIMED_OUT
    assert account_for(runner, ending) == ["caliber"]
    [run] = runner.rows("crawl_runs")
    assert (run.status, run.error) == ("timed out", f"it took longer than {limits.deadline} and was ended")


@pytest.mark.long
def test_a_crawl_that_does_not_listen_is_killed(runner: DaemonRunner, site: Site) -> None:
    """A stopped process is as deaf as one whose loop is blocked."""
    site.misbehave("/rss.xml", bad.slow(FOREVER))

    def deafen(pid: int) -> None:
        runner.wait_for("crawl_runs")
        os.kill(pid, signal.SIGSTOP)

    limits = WorkerLimits(deadline=patient_duration(5), grace=patient_duration(1), memory=10**9)
    ending = crawl(runner, limits, deafen)
    assert (ending.exit_code, ending.status) == (-9, RunStatus.TIMED_OUT)
    assert account_for(runner, ending) == ["caliber"]
    [run] = runner.rows("crawl_runs")
    assert run.status is RunStatus.TIMED_OUT
    assert run.finished_at is not None


def test_a_crawl_that_takes_too_much_memory_is_ended(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    ending = crawl(runner, WorkerLimits(deadline=patient_duration(40), grace=patient_duration(3), memory=20 * 10**6))
    assert (ending.status, ending.error) == (RunStatus.CRASHED, "its process took more than 20 MB and was ended")


@pytest.mark.long
def test_a_crawl_that_is_killed_from_outside_has_crashed(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))

    def kill(pid: int) -> None:
        runner.wait_for("crawl_runs")
        os.kill(pid, signal.SIGKILL)

    ending = crawl(runner, ROOMY, kill)
    assert (ending.status, ending.error) == (RunStatus.CRASHED, "its process was ended by SIGKILL")
    assert account_for(runner, ending) == ["caliber"]
    assert runner.rows("crawl_runs")[0].status is RunStatus.CRASHED


def test_what_runs_when_the_daemon_stops_is_given_its_grace_and_then_ended(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))

    async def run() -> CrawlExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(
            WorkerLimits(deadline=patient_duration(60), grace=patient_duration(2), memory=10**9),
            environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")},
        )
        crawling = asyncio.create_task(crawl_in(children))
        await asyncio.to_thread(runner.wait_for, "crawl_runs")
        await children.stop()
        assert children.pids == ()
        return await crawling

    ending = asyncio.run(run())
    assert ending.status is None
    assert runner.rows("crawl_runs")[0].status is RunStatus.INTERRUPTED


def test_what_runs_when_the_daemon_stops_drops_its_queue_and_is_no_failure(runner: DaemonRunner, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}") for number in range(20)])
    site.misbehave("/en/post/story-1", bad.slow(1))

    async def run() -> CrawlExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(PATIENT, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(crawl_in(children))
        await asyncio.to_thread(runner.wait, lambda: site.requests_for("/en/post/story-1"))
        await children.stop()
        return await crawling

    ending = asyncio.run(run())
    assert (ending.status, ending.failure_cause) == (None, FailureCause.STOP)
    [row] = runner.rows("crawl_runs")
    assert (row.status, row.failure_cause) == (RunStatus.INTERRUPTED, "stop")


@pytest.mark.parametrize(
    ("exit_code", "cause", "error"),
    [
        (0, FailureCause.STOP, "stopped before its end"),
        (-15, FailureCause.STOP, "stopped before its end"),
        (1, FailureCause.CRASH, "its process ended with exit code 1"),
        (-9, FailureCause.CRASH, "its process was ended by SIGKILL"),
        (-11, FailureCause.CRASH, "its process was ended by SIGSEGV"),
        (139, FailureCause.CRASH, "its process ended with exit code 139"),
        (-200, FailureCause.CRASH, "its process ended with exit code -200"),
    ],
)
def test_the_end_of_a_worker_counts_for_a_crawl_that_it_held(exit_code: int, cause: FailureCause, error: str) -> None:
    status = RunStatus.CRASHED if cause is FailureCause.CRASH else None
    end = WorkerEnd(exit_code=exit_code, was_ready=True, was_stopped=False)
    assert end.classify() == (status, error, cause)
    stopped = replace(end, was_stopped=True)
    assert stopped.classify() == (None, "stopped before its end", FailureCause.STOP)


@pytest.mark.parametrize("exit_code", [0, 1, 2, 3])
def test_a_worker_that_could_not_start_is_no_crash(exit_code: int) -> None:
    assert WorkerEnd(exit_code=exit_code, was_ready=False, was_stopped=False).classify() == (None, None, None)


def test_a_worker_that_the_system_killed_for_want_of_memory_is_no_failure_of_its_sources() -> None:
    end = WorkerEnd(exit_code=-9, was_ready=True, was_stopped=False, ran_out_of_memory=True)
    assert end.classify()[2] is FailureCause.MEMORY


def test_the_command_holds_no_address_of_the_database() -> None:
    assert COMMAND[1:] == ("-m", "presswatch", "crawl", "--worker")


def test_resident_memory() -> None:
    assert rss_bytes(os.getpid()) > 10**6
    assert rss_bytes(2**22 + 1) == 0 or not Path("/proc").exists()


def test_a_crawl_that_ends_by_itself_while_the_daemon_stops_is_no_trouble(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))

    async def run() -> CrawlExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(ROOMY, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(crawl_in(children))
        while not children.pids:  # noqa: ASYNC110  (a test waits for a pid)
            await asyncio.sleep(0.01)
        await children.stop()
        return await crawling

    assert asyncio.run(run()).status is None
