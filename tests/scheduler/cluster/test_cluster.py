"""Test a daemon and workers of its queue: real processes, a real PostgreSQL, real sites."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from scheduler.daemon.jobs import DaemonTask
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus
from tests.support.cluster_env import ClusterEnv, cluster_env
from tests.support.daemon_process import end
from tests.support.site import bad
from tests.support.tcp_proxy import TcpProxy

COUNT = 12


@pytest.fixture
def env(tmp_path: Path, postgres_database: str) -> Iterator[ClusterEnv]:
    """Two sources on one host, so that they share a lock."""
    with cluster_env(tmp_path, ["caliber", "apa"], postgres_database) as env:
        yield env


def worker_of(workers: Sequence[subprocess.Popen[str]], pid: int) -> subprocess.Popen[str]:
    """Return the worker one of whose processes has an id."""
    parent = psutil.Process(pid).ppid()
    (found,) = [worker for worker in workers if worker.pid == parent]
    return found


def assert_stored_once(env: ClusterEnv, count: int) -> None:
    urls = [row.url for row in env.rows("articles")]
    assert sorted(urls) == sorted(set(env.published))
    assert len(urls) == 2 * count
    new = [row.link_id for row in env.rows("fetches", result="new")]
    assert len(new) == len(set(new)) == 2 * count


def assert_never_at_once(env: ClusterEnv) -> None:
    runs = sorted(env.rows("crawl_runs"), key=lambda run: run.started_at)
    assert {run.source for run in runs} == {"caliber", "apa"}
    assert all(before.finished_at <= after.started_at for before, after in pairwise(runs))


@pytest.mark.long
def test_two_workers_share_a_domain_in_turn_and_a_killed_one_loses_nothing(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue()
    for site in env.sites.values():
        site.misbehave("story-0", bad.slow(600))  # whichever is crawled first does not end before it is killed
    daemon = env.start()
    workers = [env.start_worker("--concurrency", "4") for _ in range(2)]
    env.wait(lambda: len(env.rows("articles")) >= 3)
    (open_run,) = env.rows("crawl_runs", finished_at=None)
    killed = worker_of(workers, open_run.pid)
    (other,) = [worker for worker in workers if worker is not killed]
    assert end(killed, signal.SIGKILL) == -signal.SIGKILL
    for site in env.sites.values():
        site.behave()
    env.outdate_busy_workers()
    env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
    assert_stored_once(env, COUNT)
    assert_never_at_once(env)
    lost = env.rows("crawl_runs", id=open_run.id)[0]
    assert (lost.status, lost.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.LEASE)
    done = [run for run in env.rows("crawl_runs") if run.id != open_run.id]
    assert {(run.status, worker_of(workers, run.pid)) for run in done} == {(RunStatus.SUCCEEDED, other)}
    assert all(schedule.next_poll_at > lost.finished_at for schedule in env.rows("schedules"))
    assert (end(other), end(daemon)) == (0, 0)
    assert "Traceback" not in env.log
    assert "Deferred" not in env.log, "the libraries tell of each job"


@pytest.mark.long
def test_a_worker_that_is_stopped_and_wakes_writes_nothing(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue(delay="1 s")
    env.start()
    workers = [env.start_worker() for _ in range(2)]
    env.wait(lambda: len(env.rows("articles")) >= 2)
    (open_run,) = env.rows("crawl_runs", finished_at=None)
    frozen = worker_of(workers, open_run.pid)
    for pid in (frozen.pid, open_run.pid):
        os.kill(pid, signal.SIGSTOP)
    env.outdate_busy_workers()
    env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
    fetches = env.rows("fetches")
    for pid in (open_run.pid, frozen.pid):
        os.kill(pid, signal.SIGCONT)
    env.wait(lambda: f"run {open_run.id} lost its lease" in env.log)
    assert env.rows("fetches") == fetches
    assert_stored_once(env, COUNT)
    assert_never_at_once(env)
    assert end(frozen) == 0
    assert "Traceback" not in env.log


@pytest.mark.long
def test_a_worker_that_is_asked_to_stop_finishes_what_runs(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue(delay="1 s")
    env.set("scheduler", 'shutdown_grace_period = "10 min"')  # however long the crawl takes here
    env.start()
    worker = env.start_worker("--sources", "caliber", "--sources", "apa")
    env.wait(lambda: len(env.rows("articles")) >= 2)
    (open_run,) = env.rows("crawl_runs", finished_at=None)
    assert end(worker) == 0
    (run,) = env.rows("crawl_runs")
    assert run.id == open_run.id
    assert run.finished_at is not None
    assert [job.status for job in env.jobs()] == ["todo"], "that of the other source"
    env.start_worker()
    env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
    assert_stored_once(env, COUNT)


@pytest.mark.long
def test_a_second_signal_drops_the_requests_under_way(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue()
    env.set("scheduler", 'shutdown_grace_period = "10 min"')  # nothing but the second signal ends the crawl
    for site in env.sites.values():
        site.misbehave("story-0", bad.slow(600))
    env.start()
    worker = env.start_worker()
    env.wait_for("crawl_runs", finished_at=None)
    worker.send_signal(signal.SIGTERM)
    env.wait(lambda: "stopping…" in env.log)
    assert end(worker) == 0
    assert not env.rows("crawl_runs", finished_at=None)


@pytest.mark.long
def test_a_daemon_that_is_killed_finds_its_jobs_again(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue(delay="100 ms")
    daemon = env.start()
    env.wait(lambda: len(env.jobs()) == 2 if "watching" in env.log else False)
    end(daemon, signal.SIGKILL)
    env.start()
    env.start_worker()
    env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
    assert len(env.rows("crawl_runs")) == 2
    assert_stored_once(env, COUNT)


@pytest.mark.long
def test_a_worker_on_some_sources_leaves_the_others(env: ClusterEnv) -> None:
    env.publish(2)
    env.use_queue()
    env.start()
    env.wait(lambda: len(env.jobs()) == 2 if "watching" in env.log else False)
    first = min(env.jobs(), key=lambda job: job.id)
    env.start_worker("--sources", first.queueing_lock)
    env.wait(lambda: len(env.jobs()) == 1)
    assert {run.source for run in env.rows("crawl_runs")} == {first.queueing_lock}


@pytest.mark.long
def test_connections_that_are_cut_in_mid_crawl_lose_nothing(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue(delay="500 ms")
    env.start()
    workers = [env.start_worker() for _ in range(2)]
    env.wait(lambda: len(env.rows("articles")) >= 2)
    others = "datname = current_database() AND pid <> pg_backend_pid()"
    env.ask(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
    env.wait(lambda: not env.rows("crawl_runs", finished_at=None))
    assert_stored_once(env, COUNT)
    assert_never_at_once(env)
    assert [end(worker) for worker in workers] == [0, 0]
    assert "Traceback" not in env.log


@pytest.mark.long
def test_a_crawl_that_kills_its_process_is_crawled_apart_from_others(env: ClusterEnv) -> None:
    env.publish(2)
    env.use_queue()
    for site in env.sites.values():
        site.misbehave("story-0", bad.slow(600))
    env.start()
    worker = env.start_worker()
    (open_run,) = env.wait_for("crawl_runs", finished_at=None)
    for site in env.sites.values():
        site.behave()
    os.kill(open_run.pid, signal.SIGKILL)
    (killed,) = env.wait_for("crawl_runs", status=RunStatus.CRASHED)
    env.wait_for("events", kind=EventKind.CRAWL_KILLED, source=killed.source)
    env.wait_for("schedules", source=killed.source, run_isolated=True)
    env.wait_for("crawl_runs", status=RunStatus.SUCCEEDED)
    assert "Traceback" not in env.log
    assert end(worker) == 0


@pytest.mark.long
def test_a_worker_loads_its_settings_again_at_a_hang_up(env: ClusterEnv) -> None:
    env.publish(2)
    env.use_queue()
    env.start()
    worker = env.start_worker()
    env.wait(lambda: len(env.rows("articles")) == 4)
    env.set("scheduler", 'crawl_timeout = "0 s"')
    worker.send_signal(signal.SIGHUP)
    env.wait(lambda: "configuration not loaded" in env.log)
    env.set("scheduler", 'crawl_timeout = "9 min"')
    worker.send_signal(signal.SIGHUP)
    env.wait(lambda: "configuration loaded again" in env.log)
    env.wait(lambda: "ends after 2 crawls: the configuration has changed" in env.log)
    assert end(worker) == 0


@pytest.mark.long
def test_a_worker_does_the_periodic_tasks_of_the_daemon(env: ClusterEnv) -> None:
    env.publish(1)
    env.use_queue()
    env.set("alerts", 'targets = ["json://127.0.0.1:1/"]')
    assert env.command("crawl", "apa").returncode == 0
    with closing(env.store()) as store:
        now = datetime.now(UTC)
        store.events.open(source="apa", kind=EventKind.SILENT, subject="apa", details={"sentence": "silent"}, now=now)
    worker = env.start_worker()
    env.defer_task(DaemonTask.NOTIFY)
    env.wait_for("alerts")
    env.ask("TRUNCATE articles_fts")
    env.ask("UPDATE search_index_state SET complete = false")
    env.defer_task(DaemonTask.REINDEX)
    env.wait_for("search_index_state", complete=True)
    assert [row.count for row in env.ask("SELECT count(*) AS count FROM articles_fts")] == [1]
    assert end(worker) == 0


@pytest.mark.long
def test_a_worker_that_is_cut_off_from_the_database_loses_its_crawl_to_another(env: ClusterEnv) -> None:
    env.publish(COUNT)
    env.use_queue()
    for site in env.sites.values():
        site.misbehave("story-0", bad.slow(600))  # whichever is crawled first does not end before it is cut off
    env.start()
    address = make_url(env.database)
    assert address.host is not None
    assert address.port is not None
    with TcpProxy(address.host, address.port) as proxy:
        apart = address.set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        lone = env.start_worker("--database", apart)
        (open_run,) = env.wait_for("crawl_runs", finished_at=None)
        assert psutil.Process(open_run.pid).ppid() == lone.pid
        proxy.cut()
        other = env.start_worker()
        for site in env.sites.values():
            site.behave()
        env.outdate_busy_workers()
        env.wait(lambda: not env.jobs() and len(env.rows("articles")) == 2 * COUNT)
        proxy.mend()
        env.wait(lambda: "caliber: its job was given" in env.log or "apa: its job was given" in env.log)
        assert_stored_once(env, COUNT)
        assert_never_at_once(env)
        lost = env.rows("crawl_runs", id=open_run.id)[0]
        assert (lost.status, lost.failure_cause) == (RunStatus.INTERRUPTED, FailureCause.LEASE)
        assert [end(worker) for worker in (lone, other)] == [0, 0]
    assert "Traceback" not in env.log
