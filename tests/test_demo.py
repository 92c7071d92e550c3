"""The demo a newcomer runs first: it compares what it stored with what the site published, and says so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.support.paths import ROOT
from tests.support.patience import patient


@pytest.mark.long
def test_the_demo_ends_well_and_leaves_nothing_behind() -> None:
    before = set(ROOT.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo", "--no-serve"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patient(250),
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "presswatch crawl caliber" in done.stdout
    assert "Traceback" not in done.stderr
    assert set(ROOT.iterdir()) - before <= {ROOT / ".pytest_cache"}


@pytest.mark.long
def test_the_demo_ends_with_the_address_of_its_pages_and_serves_until_ctrl_c() -> None:
    command = [sys.executable, "-u", "-m", "tests.demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as demo:
        try:
            assert demo.stdout is not None
            address = next(found for line in demo.stdout if (found := re.search(r"pages at (http://127\S+)", line)))
            with urllib.request.urlopen(address[1], timeout=patient(30)) as page:
                assert b"Premier Marling survives confidence vote" in page.read()
            os.killpg(demo.pid, signal.SIGINT)
            assert demo.wait(patient(60)) == 0
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGKILL)


@pytest.mark.long
def test_the_demo_of_the_daemon_ends_well_and_stops_all_it_started() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo_daemon", "--short"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patient(250),
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert "The webhook received" in done.stdout
    assert "From publication (as printed, to the minute) to the row" in done.stdout
    assert "Traceback" not in done.stderr
