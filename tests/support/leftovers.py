"""Kill the processes that tests leave behind, also after a test run that was killed.

A child inherits the environment, in whatever process group or session it runs and whoever becomes its parent. So the
processes of a test run are those with RUN_VARIABLE, and those of one test are those with the URL of its database. They
are killed by SIGKILL, which ends a stopped process, too; SIGTERM, SIGALRM and the end of a pipe do not.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import psutil

RUN_VARIABLE = "TEST_RUN"
"""Environment variable with the id of a test run. A process that must outlive a killed run is started without it."""
CHECK_INTERVAL = 0.2
"""Seconds between two checks whether the run has ended."""


def kill_at_end_of_run() -> None:
    """Start a process that waits for the end of this one, also by SIGKILL, and then kills what it left behind.

    It is in a session of its own: a signal to the process group of the run does not reach it.
    """
    os.environ[RUN_VARIABLE] = f"{os.getpid()}-{uuid4()}"
    arguments = [sys.executable, "-I", __file__, str(os.getpid()), os.environ[RUN_VARIABLE]]
    silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    # Not subprocess, which warns of a child that outlives its parent.
    os.posix_spawn(sys.executable, arguments, os.environ, file_actions=silent, setsid=True)


def end_with_parent() -> None:
    """End this process when its parent has ended, such as a make that was killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(CHECK_INTERVAL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def kill_processes(variable: str, value: str) -> None:
    """Kill all other processes with this value in their environment, until none is found: they may fork meanwhile."""
    while found := list(processes(variable, value)):
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(found, timeout=1)


def processes(variable: str, value: str) -> Iterator[psutil.Process]:
    """Yield the other processes of this user with this value in their environment."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(variable) == value:
                yield process


def has_ended(process: psutil.Process) -> bool:
    """Return whether a process is gone, or only waits to be reaped."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def main(run: int, value: str) -> None:
    """Wait until the parent process is no longer `run`, then kill the processes of the run."""
    while os.getppid() == run:
        time.sleep(CHECK_INTERVAL)
    kill_processes(RUN_VARIABLE, value)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
