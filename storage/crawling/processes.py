"""Identify this process by a random id, and check whether another one is alive where it can be seen."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4


@cache
def process_id() -> str:
    """Return the random id of this process.

    Two containers may have the same host name and number their processes alike, so that neither identifies a process.
    """
    return new_process_id()


def new_process_id() -> str:
    """Make a random id for a process."""
    return uuid4().hex


@cache
def machine() -> str:
    """Identify the boot and the PID namespace of this process: only within them does a pid name one process.

    The name of the host on systems without /proc.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return socket.gethostname()


def location() -> dict[str, Any]:
    """Return the columns that say where this process runs (`process_columns` of storage.database.tables)."""
    pid = os.getpid()
    where = {"host": socket.gethostname(), "machine": machine()}
    return {**where, "pid": pid, "process_start_time": process_start_time(pid)}


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


def is_alive(host: str, where: str, pid: int, process: str | None) -> bool | None:
    """Return whether the process with this pid and start time is alive; None if it cannot be seen from here.

    It is seen if `host` is this one and `where` this machine(), or empty, as an earlier version left it.
    """
    if host != socket.gethostname() or where not in {"", machine()}:
        return None
    return process is not None and process_start_time(pid) == process


def _responds(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True
