"""Test schedules and the lease of the daemon."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.crawling.processes import process_start_time
from storage.database.daemon_tables import leases
from storage.model.errors import StoreError
from storage.model.records import RunStatus
from storage.scheduling.leases import LEASE_TIMEOUT
from storage.scheduling.schedules import Schedule
from storage.store import Store, open_store
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

PLANNED = Schedule(
    source="caliber", next_poll_at=NOON, interval=timedelta(minutes=7), reason="17 of 24 links were known"
)


@pytest.fixture
def store(rows: Rows) -> Store:
    return rows.store


def test_storing_a_plan_keeps_a_pause_and_a_crawl_request(store: Store) -> None:
    store.schedules.set(PLANNED)
    store.schedules.pause("caliber", now=NOON)
    store.schedules.request_crawl("caliber", now=NOON + HOUR)
    later = Schedule(
        source="caliber",
        next_poll_at=NOON + HOUR,
        interval=None,
        reason="failed",
        consecutive_failures=2,
        run_isolated=True,
    )
    store.schedules.set(later)
    [found] = store.schedules.all().values()
    assert (found.next_poll_at, found.interval, found.reason, found.consecutive_failures, found.run_isolated) == (
        NOON + HOUR,
        None,
        "failed",
        2,
        True,
    )
    assert (found.paused_at, found.crawl_requested_at) == (NOON, NOON + HOUR)
    store.schedules.resume("caliber", now=NOON)
    store.schedules.clear_crawl_request(["caliber"])
    assert (store.schedules.all()["caliber"].paused_at, store.schedules.all()["caliber"].crawl_requested_at) == (
        None,
        None,
    )


def test_a_source_without_a_schedule_cannot_be_paused(store: Store) -> None:
    with pytest.raises(StoreError, match="caliber has no schedule yet: start presswatch daemon first"):
        store.schedules.pause("caliber", now=NOON)


def test_the_last_crawl_is_the_last_finished_run(rows: Rows, store: Store) -> None:
    assert store.schedules.last_crawl("caliber") is None
    rows.run(source="caliber", started_at=NOON, finished_at=NOON + HOUR, status=RunStatus.SUCCEEDED, listed_count=24)
    rows.run(source="caliber", started_at=NOON + 2 * HOUR, finished_at=None, status=RunStatus.RUNNING)
    crawl = store.schedules.last_crawl("caliber")
    assert crawl is not None
    assert (crawl.started_at, crawl.listed, crawl.stage) == (NOON, 24, None)


def acquire(store: Store, *, hours: float = 0) -> object:
    return store.leases.acquire(process=process_start_time(os.getpid()), version="1", now=NOON + hours * HOUR)


def test_a_live_process_holds_the_lease(store: Store) -> None:
    assert acquire(store) is None
    holder = store.leases.holder()
    assert holder is not None
    assert holder.is_alive(NOON + 1000 * HOUR)  # its process is seen to live, however late its beat
    assert store.leases.heartbeat(now=NOON)
    store.leases.release()
    assert store.leases.holder() is None
    assert not store.leases.heartbeat(now=NOON)


def test_the_lease_of_an_ended_process_is_acquired(store: Store) -> None:
    assert acquire(store) is None
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    with store.write() as connection:
        connection.execute(update(leases).values(pid=gone.pid, process_start_time="1"))
    assert acquire(store) is None


def test_a_lease_of_another_host_holds_while_its_heartbeat_is_recent(store: Store) -> None:
    assert acquire(store) is None
    with store.write() as connection:
        connection.execute(update(leases).values(host="elsewhere", pid=1))
    holder = store.leases.acquire(process="1", version="1", now=NOON + LEASE_TIMEOUT / 2)
    assert holder is not None
    assert str(holder) == "process 1 on elsewhere, since 2026-11-04 12:00 UTC"
    assert store.leases.acquire(process="1", version="1", now=NOON + LEASE_TIMEOUT) is None


def test_only_its_owner_renews_and_releases_a_lease(rows: Rows, store: Store) -> None:
    """The other daemon has the same host, pid and start time, and runs in another container."""
    assert acquire(store) is None
    with closing(open_store(rows.database)) as other:
        with store.write() as connection:
            connection.execute(update(leases).values(machine="another boot pid:[1]"))
        assert acquire(other) is not None
        assert not other.leases.heartbeat(now=NOON + HOUR)
        other.leases.release()
        assert store.leases.heartbeat(now=NOON, problem="configuration not loaded")
        holder = other.leases.holder()
        assert holder is not None
        assert (holder.owner_id, holder.problem) == (store.leases.owner_id, "configuration not loaded")
        assert acquire(other, hours=1) is None
        assert not store.leases.heartbeat(now=NOON + HOUR)


@pytest.mark.long
def test_one_of_several_concurrent_processes_acquires_the_lease(tmp_path: Path, rows: Rows) -> None:
    script = (
        "import os, sys, time; from datetime import UTC, datetime; from storage.store import open_store\n"
        "from storage.crawling.processes import process_start_time\n"
        "with open_store(sys.argv[1]) as store:\n"
        "    now = datetime.now(UTC)\n"
        "    holder = store.leases.acquire(process=process_start_time(os.getpid()), version='1', now=now)\n"
        "    print('refused' if holder else 'acquired', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, rows.database]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(4)]
    lines = [process.stdout.readline() for process in processes if process.stdout]
    for process in processes:
        process.communicate()
    assert sorted(lines) == ["acquired\n", *["refused\n"] * 3]


def test_a_clock_set_back_does_not_hide_the_last_crawl(rows: Rows, store: Store) -> None:
    """For two hours every run starts before the one that ended while the clock was ahead."""
    ahead = NOON + 2 * HOUR
    rows.run(source="caliber", started_at=ahead, finished_at=ahead, status=RunStatus.SUCCEEDED, new_link_count=3)
    rows.run(source="caliber", started_at=NOON, finished_at=NOON, status=RunStatus.FAILED)
    crawl = store.schedules.last_crawl("caliber")
    assert crawl is not None
    assert (crawl.started_at, crawl.status, crawl.new_links, crawl.since) == (NOON, RunStatus.FAILED, 0, ahead)
