"""Daemons in two containers with the same host name and the same pid: one holds the lease, and leaves others' runs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from sqlalchemy import update

from storage.database.daemon_tables import leases
from storage.scheduling.leases import LEASE_TIMEOUT
from tests.support.daemon_process import FOREVER, DaemonRunner
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.postgres.server import Server
from tests.support.site import Site, bad

CONTAINER = ("unshare", "--pid", "--uts", "--fork", "--kill-child", "--mount-proc")
SCRIPT = 'hostname news && exec "$0" -m presswatch "$@"'


def _can_contain() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*CONTAINER, "hostname", "news"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(not _can_contain(), reason="this user may create no namespaces")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
def runner(request: pytest.FixtureRequest, tmp_path: Path, site: Site) -> Iterator[DaemonRunner]:
    if request.param == "sqlite":
        with DaemonRunner(tmp_path, site) as runner:
            yield runner
        return
    server: Server = request.getfixturevalue("postgres")
    with server.database(tables=False) as empty, DaemonRunner(tmp_path, site, empty.address) as runner:
        yield runner


def contained(runner: DaemonRunner, *arguments: str) -> subprocess.Popen[str]:
    """`presswatch` as process 1 of a container whose host name is news."""
    return subprocess.Popen(
        [*CONTAINER, "sh", "-c", SCRIPT, sys.executable, *arguments],
        cwd=runner.folder,
        env=runner.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end_contained(container: subprocess.Popen[str], number: signal.Signals) -> str:
    for process in psutil.Process(container.pid).children():
        process.send_signal(number)
    return container.communicate(timeout=patient(60))[1]


@pytest.mark.long
def test_the_same_host_and_pid_are_two_daemons(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/post/one", bad.slow(FOREVER))
    first = contained(runner, "daemon")
    try:
        [lease] = runner.wait_for("leases", 1, host="news", pid=1)
        [run] = runner.wait_for("crawl_runs", 1, status="running")
        for arguments, said in (
            (("daemon",), "a daemon watches this database already"),
            (("crawl", "caliber"), "is being crawled already"),
        ):
            second = contained(runner, *arguments)
            errors = second.communicate(timeout=patient(60))[1]
            assert (second.returncode, said in errors) == (3, True), errors
        assert runner.rows("leases", owner_id=lease.owner_id)
        assert runner.rows("crawl_runs", id=run.id, status="running")
    finally:
        end_contained(first, signal.SIGKILL)
    # Its heartbeat is still fresh, and nobody outside of its container can see that it has ended.
    with closing(runner.store()) as store, store.write() as connection:
        connection.execute(update(leases).values(heartbeat_at=datetime.now(UTC) - LEASE_TIMEOUT))
    third = contained(runner, "daemon")
    try:
        runner.wait(lambda: [row for row in runner.rows("leases") if row.owner_id != lease.owner_id])
    finally:
        assert "Traceback" not in end_contained(third, signal.SIGTERM)
    assert runner.rows("leases") == []
