"""Notify a service manager of readiness, life and stopping, as sd_notify(3) does; without a manager do nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta


def sd_notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send a state such as "READY=1" to the service manager, if NOTIFY_SOCKET names one."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        # A leading @ is how an abstract socket is written; its name starts with NUL.
        manager.connect("\0" + address[1:] if address.startswith("@") else address)
        manager.sendall(state.encode())


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> timedelta | None:
    """Return the interval between two signs of life, half the watchdog's time-out; None without a watchdog."""
    timeout, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not timeout.isdigit() or timeout == "0" or pid not in {None, str(os.getpid())}:
        return None
    return timedelta(microseconds=int(timeout)) / 2
