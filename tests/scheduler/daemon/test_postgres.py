"""The daemon on PostgreSQL: it makes the tables, crawls in children, and one at a time holds the lease."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon_process import DaemonRunner, end
from tests.support.plain_articles import plain_article
from tests.support.postgres.server import Server
from tests.support.site import Site


@pytest.fixture
def runner(tmp_path: Path, site: Site, postgres: Server) -> Iterator[DaemonRunner]:
    with postgres.database(tables=False) as empty, DaemonRunner(tmp_path, site, empty.address) as runner:
        yield runner


@pytest.mark.long
def test_one_watches_and_a_standby_takes_over(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    first = runner.start()
    runner.wait_for("articles", 1)
    refused = runner.command("daemon")
    assert refused.returncode != 0
    assert f"process {first.pid} on " in refused.stderr
    standby = runner.start("--standby")
    runner.wait(lambda: "standing by" in runner.log)
    end(first, signal.SIGKILL)
    runner.wait_for("leases", 1, pid=standby.pid)  # its worker may outlive the first, and store what comes next
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    assert end(standby) == 0
    assert runner.rows("leases") == []
    assert "Traceback" not in runner.log
