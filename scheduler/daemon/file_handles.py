"""Raise the limit of open file handles of the daemon and of the crawls it starts."""

from __future__ import annotations

import sys
from contextlib import suppress

if sys.platform != "win32":  # which has no such limit
    import resource

MOST_HANDLES = 65_536
"""Handles that are plenty: containers often allow a billion, and some programs then close each of them."""


def handle_limit() -> int:
    """Return the number of file handles that this process may open, at most MOST_HANDLES."""
    if sys.platform == "win32":
        return MOST_HANDLES
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_HANDLES if soft == resource.RLIM_INFINITY else min(soft, MOST_HANDLES)


def raise_handle_limit() -> None:
    """Raise the soft limit of file handles to the hard one, at most MOST_HANDLES."""
    if sys.platform == "win32":
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_HANDLES if hard == resource.RLIM_INFINITY else min(hard, MOST_HANDLES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
