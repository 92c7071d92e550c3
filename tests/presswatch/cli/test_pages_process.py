"""The pages beside the daemon: a process of its own, started again, ended with the daemon."""

from __future__ import annotations

import re
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.scheduler.daemon.test_daemon import free_port
from tests.support.daemon_process import DaemonRunner, end
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["shared_site", "site"]

WEB = "\n[web]\nport = {port}\n"


@pytest.fixture
def runner(tmp_path: Path, site: Site) -> Iterator[DaemonRunner]:
    site.publish(plain_article("gas-corridor"))
    with DaemonRunner(tmp_path, site) as made:
        yield made


def page_of(runner: DaemonRunner) -> str:
    found = re.findall(r"pages at (http://\S+)", runner.log)
    try:
        with urllib.request.urlopen(found[-1], timeout=patient(20)) as page:
            return str(page.read().decode())
    except (OSError, IndexError):
        return ""


def pages_process(runner: DaemonRunner, daemon_pid: int) -> psutil.Process | None:
    children = psutil.Process(daemon_pid).children(recursive=True)
    return next((one for one in children if "serve" in one.cmdline()), None)


@pytest.mark.long
def test_the_daemon_serves_pages_starts_them_again_and_ends_them(runner: DaemonRunner) -> None:
    runner.settle(more=WEB.format(port=free_port()))
    daemon = runner.start("--serve")
    runner.wait(lambda: "Title of gas-corridor" in page_of(runner))
    first = runner.wait(lambda: pages_process(runner, daemon.pid))
    assert first is not None
    assert not any(runner.database in word for word in first.cmdline())
    first.kill()
    runner.wait(lambda: "the pages ended with exit code -9" in runner.log)
    second = runner.wait(lambda: (found := pages_process(runner, daemon.pid)) and found.pid != first.pid and found)
    runner.wait(lambda: "Title of gas-corridor" in page_of(runner))
    assert end(daemon) == 0
    assert second is not None
    assert not second.is_running()


@pytest.mark.long
def test_the_pages_end_with_a_daemon_that_is_killed(runner: DaemonRunner) -> None:
    runner.settle(more=WEB.format(port=free_port()))
    daemon = runner.start("--serve")
    runner.wait(lambda: page_of(runner))
    pages = pages_process(runner, daemon.pid)
    assert pages is not None
    end(daemon, signal.SIGKILL)
    runner.wait(lambda: not pages.is_running())


@pytest.mark.long
def test_pages_that_cannot_be_served_stop_the_daemon_at_its_start(runner: DaemonRunner) -> None:
    runner.settle(more='\n[web]\nhost = "0.0.0.0"\n')
    done = runner.command("daemon", "--serve")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "web.token_hash" in done.stderr
    assert "--once" in runner.command("daemon", "--serve", "--once").stderr
