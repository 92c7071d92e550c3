"""Run a command beside busy loops: its exit code, and the end of the loops in every case."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from tests.support.leftovers import has_ended
from tests.support.patience import wait_until


def busy(*command: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "tests.busy", "2", *command], stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("code", [0, 3])
def test_the_exit_code_is_that_of_the_command(code: int) -> None:
    with busy(sys.executable, "-c", f"raise SystemExit({code})") as running:
        assert running.wait() == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_loops_end_when_it_is_ended(number: signal.Signals) -> None:
    with busy(sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()") as running:
        assert running.stdout is not None
        running.stdout.readline()
        children = psutil.Process(running.pid).children()
        loops = [child for child in children if "getppid" in " ".join(child.cmdline())]
        assert len(loops) == 2
        running.send_signal(number)
        for child in children:
            if child not in loops:
                with suppress(psutil.NoSuchProcess):  # SIGTERM was handed on to it
                    child.terminate()
    wait_until(lambda: all(has_ended(loop) for loop in loops))
