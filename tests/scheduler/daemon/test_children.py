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

from scheduler.daemon.workers import WorkerExit, WorkerLimits, WorkerPool, classify_exit, command, rss_bytes
from storage.crawling.runs import RunFailure
from storage.model.records import RunStatus
from tests.support.daemon_process import FOREVER, DaemonRunner
from tests.support.paths import ROOT
from tests.support.patience import patient_duration
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad

ROOMY = WorkerLimits(deadline=patient_duration(40), grace=patient_duration(3), memory=10**9)
PATIENT = replace(ROOMY, grace=patient_duration(30))


def crawl(runner: DaemonRunner, limits: WorkerLimits, meanwhile: Callable[[int], None] | None = None) -> WorkerExit:
    """One crawl process, and what happens to it while it runs (called with its pid)."""

    async def run() -> WorkerExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(limits, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(children.run(("caliber",)))
        if meanwhile is not None:
            while not children.pids:  # noqa: ASYNC110  (a test waits for a pid)
                await asyncio.sleep(0.01)
            await asyncio.to_thread(meanwhile, children.pids[0])
        return await crawling

    return asyncio.run(run())


def account_for(runner: DaemonRunner, ending: WorkerExit) -> list[str]:
    assert ending.status is not None
    assert ending.cause is not None
    failure = RunFailure(
        status=ending.status, cause=ending.cause, error=ending.error or "", stderr_tail=ending.stderr_tail
    )
    with closing(runner.store()) as store:
        return store.runs.close_for_process(ending.process_id, failure, now=datetime.now(UTC))


def test_a_crawl_that_ends_by_itself_is_nobodys_fault(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    ending = crawl(runner, ROOMY)
    assert (ending.sources, ending.exit_code, ending.status, ending.error) == (("caliber",), 0, None, None)
    [run] = runner.rows("crawl_runs")
    assert (run.pid, run.trigger, run.status, run.new_count) == (ending.pid, "scheduled", "succeeded", 1)


def test_a_crawl_that_fails_says_so_itself(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.server_error())
    ending = crawl(runner, ROOMY)
    assert (ending.exit_code, ending.status) == (1, None)
    assert runner.rows("crawl_runs")[0].status is RunStatus.FAILED


def test_a_crawl_that_takes_too_long_is_ended_and_its_run_timed_out(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    limits = WorkerLimits(deadline=patient_duration(4), grace=patient_duration(5), memory=10**9)
    ending = crawl(runner, limits)
    assert ending.status is RunStatus.TIMED_OUT
    assert account_for(runner, ending) == ["caliber"]
    [run] = runner.rows("crawl_runs")
    assert (run.status, run.error) == ("timed out", f"its process took longer than {limits.deadline} and was ended")


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

    async def run() -> WorkerExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(
            WorkerLimits(deadline=patient_duration(60), grace=patient_duration(2), memory=10**9),
            environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")},
        )
        crawling = asyncio.create_task(children.run(("caliber",)))
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

    async def run() -> WorkerExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(PATIENT, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(children.run(("caliber",)))
        await asyncio.to_thread(runner.wait, lambda: site.requests_for("/en/post/story-1"))
        await children.stop()
        return await crawling

    ending = asyncio.run(run())
    assert (ending.exit_code, ending.status) == (1, None)
    [row] = runner.rows("crawl_runs")
    assert (row.status, row.failure_cause) == (RunStatus.INTERRUPTED, "stop")


@pytest.mark.parametrize(
    ("exit_code", "status", "error"),
    [
        (0, None, None),
        (1, None, None),
        (3, None, None),
        (-9, RunStatus.CRASHED, "its process was ended by SIGKILL"),
        (-11, RunStatus.CRASHED, "its process was ended by SIGSEGV"),
        (139, RunStatus.CRASHED, "its process ended with exit code 139"),
        (-200, RunStatus.CRASHED, "its process ended with exit code -200"),
    ],
)
def test_judge(exit_code: int, status: RunStatus | None, error: str | None) -> None:
    assert classify_exit(exit_code) == (status, error)


def test_the_command_holds_no_address_of_the_database() -> None:
    assert command(("a", "b"))[1:] == ["-m", "presswatch", "crawl", "a", "b", "--scheduled"]


def test_resident_memory() -> None:
    assert rss_bytes(os.getpid()) > 10**6
    assert rss_bytes(2**22 + 1) == 0 or not Path("/proc").exists()


def test_a_crawl_that_ends_by_itself_while_the_daemon_stops_is_no_trouble(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))

    async def run() -> WorkerExit:
        environment = {"PRESSWATCH_DATABASE": runner.database, "PYTHONPATH": str(ROOT)}
        children = WorkerPool(ROOMY, environment | {"PRESSWATCH_CONFIG": str(runner.folder / "presswatch.toml")})
        crawling = asyncio.create_task(children.run(("caliber",)))
        while not children.pids:  # noqa: ASYNC110  (a test waits for a pid)
            await asyncio.sleep(0.01)
        await children.stop()
        return await crawling

    assert asyncio.run(run()).status is None
