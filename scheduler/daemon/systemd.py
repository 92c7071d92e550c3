"""Tell a service manager that we are ready, alive or stopping (sd_notify(3)); nothing where no manager listens."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta


def sd_notify(state: str, environment: Mapping[str, str] = os.environ) -> None:
    """Send a state such as "READY=1" to the manager that started us, if one did and wants to know."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
        # A leading @ is how an abstract socket is written; its name starts with NUL.
        manager.connect("\0" + address[1:] if address.startswith("@") else address)
        manager.sendall(state.encode())


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> timedelta | None:
    """How often the manager wants a sign of life: half of what it waits for; None if it waits for none."""
    wanted, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID")
    if not wanted.isdigit() or wanted == "0" or pid not in {None, str(os.getpid())}:
        return None
    return timedelta(microseconds=int(wanted)) / 2
