"""Test which of several daemons leads: on a real PostgreSQL, with sessions that are cut and processes that die."""

from __future__ import annotations

import asyncio
import json
import signal
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, event, text

from scheduler.cluster import leader as leader_module
from scheduler.cluster.leader import LEADS_FOR, LOST_AFTER, Leader
from storage.database.engine import ADVISORY_LOCK_IDS
from storage.scheduling import leader_lock
from storage.scheduling.leases import LeaseClaim
from storage.store import Store, open_store
from tests.support.cluster_env import ClusterEnv, cluster_env
from tests.support.daemon_process import end
from tests.support.patience import patient, wait_until
from tests.support.rows import Rows

LOCK = ADVISORY_LOCK_IDS["leader"]
HELD = f"FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND granted"


class Time:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, length: timedelta) -> None:
        self.now += length.total_seconds()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def stores(postgres_database: str) -> Iterator[tuple[Store, Store]]:
    """Two stores of one database, as two daemons have them."""
    Rows(postgres_database).store.close()
    with closing(open_store(postgres_database)) as first, closing(open_store(postgres_database)) as second:
        yield first, second


def cut_sessions(store: Store) -> None:
    """End the session that holds the lock, and wait until it has."""
    with store.write() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {HELD}"))
    wait_until(lambda: not is_locked(store), seconds=30)


def is_locked(store: Store) -> bool:
    with store.read() as connection:
        return bool(connection.execute(text(f"SELECT count(*) {HELD}")).scalar())


def confirm(leader: Leader) -> bool:
    return asyncio.run(leader.confirm())


def test_one_leads_until_it_gives_the_lock_back(stores: tuple[Store, Store]) -> None:
    first, second = map(Leader, stores)
    assert first.acquire()
    assert first.leads
    assert not second.acquire()
    assert not second.leads
    assert second.holder is not None
    assert second.holder.owner_id == stores[0].leases.owner_id
    assert confirm(first)
    first.release()
    assert not first.leads
    assert second.acquire()
    second.release()
    assert not is_locked(stores[0])
    assert stores[0].leases.holder() is None


def test_the_lock_is_given_back_before_its_session_ends(stores: tuple[Store, Store]) -> None:
    """A busy server takes its time to end a session that its client has closed; nobody could lead until then."""
    seen: list[bool] = []

    def look(*_: object) -> None:
        seen.append(is_locked(stores[1]))

    lock = leader_lock.LeaderLock(stores[0])
    assert lock.hold()
    event.listen(NullPool, "close", look)
    try:
        lock.release()
    finally:
        event.remove(NullPool, "close", look)
    assert seen == [False]


def test_a_leader_without_its_connection_does_not_lead_and_leads_again_if_nobody_else_does(
    stores: tuple[Store, Store],
) -> None:
    leader = Leader(stores[0])
    assert leader.acquire()
    cut_sessions(stores[0])
    assert confirm(leader), "nobody has taken over yet"
    assert not leader.leads
    assert confirm(leader)
    assert leader.leads
    leader.release()


def test_a_leader_whose_lock_was_taken_stands_down(stores: tuple[Store, Store]) -> None:
    first, second = map(Leader, stores)
    assert first.acquire()
    cut_sessions(stores[0])
    assert not second.acquire(), "it has the lock; the lease of the other one is fresh"
    assert confirm(first)
    assert not confirm(first)
    assert not first.leads
    first.release()
    assert second.acquire()
    second.release()


def test_a_leader_that_lost_the_lock_and_its_lease_does_not_lead_again(stores: tuple[Store, Store], time: Time) -> None:
    first, second = Leader(stores[0]), Leader(stores[1], clock=time)
    assert first.acquire()
    cut_sessions(stores[0])
    assert not second.acquire()
    time.pass_by(LOST_AFTER)
    assert second.acquire()
    cut_sessions(stores[0])
    assert confirm(first)
    assert not confirm(first), "the lock is free, but the lease is that of another one"
    for leader in (first, second):
        leader.release()


def test_a_leader_leads_no_longer_than_the_server_was_sure_to_keep_its_session(
    stores: tuple[Store, Store], time: Time
) -> None:
    """A frozen process that wakes must not poll before it has asked."""
    assert leader_module.LEADS_FOR < leader_lock.SESSION_TIMEOUT
    leader = Leader(stores[0], clock=time)
    assert leader.acquire()
    time.pass_by(LEADS_FOR)
    assert not leader.leads
    assert confirm(leader)
    assert leader.leads
    leader.release()


def test_a_session_from_which_nothing_comes_gives_the_lock_up(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_lock, "SESSION_TIMEOUT", timedelta(milliseconds=200))
    leader = Leader(stores[0])
    assert leader.acquire()
    wait_until(lambda: not is_locked(stores[1]), seconds=30)
    assert confirm(leader)
    assert not leader.leads
    leader.release()


def test_a_server_that_does_not_answer_is_not_waited_for(
    stores: tuple[Store, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leader_module, "CONFIRM_TIMEOUT", timedelta(milliseconds=200))
    leader = Leader(stores[0])
    assert leader.acquire()
    lock = leader._lock
    monkeypatch.setattr(leader_lock, "text", lambda _statement: text("SELECT pg_sleep(600)"))
    assert confirm(leader)
    assert not leader.leads
    monkeypatch.undo()
    assert lock is leader._lock
    leader.release()


def test_a_daemon_that_crawls_itself_is_no_leader_and_keeps_one_out(stores: tuple[Store, Store], time: Time) -> None:
    local, leader = LeaseClaim(stores[0].leases), Leader(stores[1], clock=time)
    assert local.acquire()
    assert not leader.acquire()
    time.pass_by(LOST_AFTER / 2)
    assert stores[0].leases.heartbeat(now=stores[0].leases.holder().heartbeat_at + timedelta(seconds=10))  # type: ignore[union-attr]
    assert not leader.acquire()
    time.pass_by(LOST_AFTER / 2)
    assert not leader.acquire(), "its lease had a heartbeat meanwhile"
    local.release()
    assert leader.acquire()
    assert not LeaseClaim(stores[0].leases).acquire()
    leader.release()


@pytest.fixture
def env(tmp_path: Path, postgres_database: str) -> Iterator[ClusterEnv]:
    with cluster_env(tmp_path, ["caliber", "apa"], postgres_database) as env:
        yield env


def assert_each_polled_once(env: ClusterEnv) -> None:
    assert sorted(run.source for run in env.rows("crawl_runs")) == ["apa", "caliber"]
    assert sorted(row.url for row in env.rows("articles")) == sorted(env.published)


def health(env: ClusterEnv) -> Any:
    with urllib.request.urlopen(f"http://127.0.0.1:{env.port}/healthz", timeout=patient(30)) as answer:
        return json.load(answer)


@pytest.mark.long
def test_a_daemon_that_stands_by_takes_over_from_one_that_was_killed(env: ClusterEnv) -> None:
    env.publish(2)
    env.use_queue()
    settings = (env.folder / "presswatch.toml").read_text(encoding="utf-8")
    env.serve_no_metrics()
    first = env.start()
    env.wait_for("leases", pid=first.pid)
    (env.folder / "presswatch.toml").write_text(settings, encoding="utf-8")
    second = env.start()
    env.wait(lambda: "answering /healthz" in env.log)
    assert health(env) == {"healthy": True, "leads": False}
    end(first, signal.SIGKILL)
    env.wait_for("leases", pid=second.pid)
    env.wait(lambda: "running" in health(env))
    env.start_worker()
    env.wait(lambda: len(env.rows("articles")) == 4 and not env.jobs())
    assert_each_polled_once(env)
    assert end(second) == 0
    assert env.rows("leases") == []
    assert "Traceback" not in env.log


@pytest.mark.long
def test_a_leader_that_is_frozen_is_replaced_and_stands_by_when_it_wakes(env: ClusterEnv) -> None:
    env.publish(2)
    env.use_queue()
    env.serve_no_metrics()
    first = env.start()
    env.wait_for("leases", pid=first.pid)
    second = env.start()
    env.wait(lambda: "standing by" in env.log)
    first.send_signal(signal.SIGSTOP)
    env.wait_for("leases", pid=second.pid)
    env.start_worker()
    env.wait(lambda: len(env.rows("articles")) == 4 and not env.jobs())
    first.send_signal(signal.SIGCONT)
    env.wait(lambda: f"standing by: process {second.pid}" in env.log)
    assert "another daemon has taken over this database; stopping" in env.log
    end(second, signal.SIGKILL)
    env.wait_for("leases", pid=first.pid)
    assert_each_polled_once(env)
    assert end(first) == 0
    assert "Traceback" not in env.log
