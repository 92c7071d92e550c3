"""Identify a process by its start time, and check whether it is alive."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def process_start_time(pid: int) -> str | None:
    """Return the start time of a process, in clock ticks since boot, to tell it from a later one with the same pid.

    None if no such process is alive. On systems without /proc it is "?" for every live process.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "?" if not Path("/proc/self/stat").exists() and _responds(pid) else None
    # Field 2 is the command in brackets and may hold spaces and brackets itself: count from the last one.
    after_command = stat.rpartition(")")[2].split()
    state, started = after_command[0], after_command[19]
    return None if state in "ZX" else started


def is_alive(host: str, pid: int, process: str | None) -> bool:
    """Return whether the process with this pid and start time is alive; True for another host, which is not visible."""
    return host != socket.gethostname() or (process is not None and process_start_time(pid) == process)


def _responds(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
