"""The daemon on PostgreSQL: it makes the tables, crawls in children, and one at a time holds the lease."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon_process import Post, end
from tests.support.postgres.server import Server
from tests.support.site import Site
from tests.support.stories import story


@pytest.fixture
def post(tmp_path: Path, site: Site, postgres: Server) -> Iterator[Post]:
    with postgres.database(tables=False) as empty, Post(tmp_path, site, empty.address) as post:
        yield post


def test_one_watches_and_a_standby_takes_over(post: Post, site: Site) -> None:
    site.publish(story("one"))
    first = post.start()
    post.wait_for("articles", 1)
    refused = post.command("daemon")
    assert refused.returncode != 0
    assert f"process {first.pid} on " in refused.stderr
    standby = post.start("--standby")
    post.wait(lambda: "standing by" in post.log)
    end(first, signal.SIGKILL)
    post.wait_for("leases", 1, pid=standby.pid)  # its crawls outlive the first, and may store what comes next
    site.publish(story("two"))
    post.wait_for("articles", 2)
    assert end(standby) == 0
    assert post.rows("leases") == []
    assert "Traceback" not in post.log
