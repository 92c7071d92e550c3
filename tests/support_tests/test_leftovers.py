"""End the processes that a test started with the test, also when it is killed and they are stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.daemon_process import FOREVER, DaemonRunner
from tests.support.leftovers import RUN_VARIABLE, has_ended, processes
from tests.support.paths import ROOT
from tests.support.patience import wait_until
from tests.support.site import Site, bad

RUN = """
import subprocess, sys
from tests.support import leftovers
leftovers.kill_at_end_of_run()
CHILD = '''
import signal, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)
print("up", flush=True)
signal.pause()
'''
subprocess.run([sys.executable, "-c", CHILD])
"""


def test_this_run_has_a_process_that_waits_for_its_end() -> None:
    waiting = [
        found for found in processes(RUN_VARIABLE, os.environ[RUN_VARIABLE]) if "leftovers" in str(found.cmdline())
    ]
    assert [found.ppid() for found in waiting] == [os.getpid()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_stopped_grandchild_ends_with_a_killed_run(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", RUN], cwd=ROOT, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "up\n"
        started = psutil.Process(run.pid).children(recursive=True)
        assert len(started) == 3  # the process that kills, the child and the grandchild
        for process in started:
            if "pause" in str(process.cmdline()):
                process.suspend()
        run.send_signal(number)
        wait_until(lambda: all(has_ended(process) for process in started))


@pytest.mark.long
def test_a_stopped_crawl_ends_with_its_test(tmp_path: Path, site: Site) -> None:
    """A test that killed the daemon, or failed before it stopped it, has no parent of the crawl left to ask."""
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    with DaemonRunner(tmp_path, site) as runner:
        daemon = runner.start()
        [run] = runner.wait_for("crawl_runs")
        crawl = psutil.Process(run.pid)
        crawl.suspend()
        daemon.kill()
        daemon.wait()
        assert not has_ended(crawl)
    assert has_ended(crawl)


@pytest.mark.long
@pytest.mark.parametrize("killed", ["make", "python"])
def test_a_killed_demo_leaves_no_daemon(killed: str) -> None:
    shell = subprocess.Popen(  # in the place of make
        ["sh", "-c", f"{sys.executable} -m tests.demo_daemon; true"], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    started: list[psutil.Process] = []

    def daemon_runs() -> bool:
        started[:] = psutil.Process(shell.pid).children(recursive=True)
        return any("daemon" in process.cmdline() for process in started if not has_ended(process))

    wait_until(daemon_runs)
    [demo] = psutil.Process(shell.pid).children()
    (shell if killed == "make" else demo).kill()
    wait_until(lambda: all(has_ended(process) for process in started))
    shell.wait()
