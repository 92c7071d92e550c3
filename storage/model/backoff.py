"""Compute how long to wait after failures: exponential back-off, its caps and its jitter."""

from __future__ import annotations

from datetime import timedelta
from random import Random

EARLY_FAILURE_PERIOD = timedelta(hours=24)
MAX_EARLY_BACKOFF = timedelta(hours=6)
MAX_BACKOFF = timedelta(hours=24)
"""Longest waits in the first day of a trouble and after it: nothing is ever given up (policy, Polling 5)."""
MAX_RETRY_AFTER = timedelta(hours=24)
"""Longest Retry-After that is honoured: a longer one is a mistake or a joke."""
BACKOFF_JITTER = 0.1
"""Largest share by which a retry is moved, so that what failed together does not come back together."""
MAX_BACKOFF_EXPONENT = 32
"""Far beyond every cap, and far from overflowing."""


def exponential_delay(first: timedelta, failures: int, *, factor: float = 2.0, cap: timedelta) -> timedelta:
    """Compute min(cap, first · factor^(failures - 1)), the wait after so many failures in a row (at least 1)."""
    return min(cap, first * factor ** min(max(failures, 1) - 1, MAX_BACKOFF_EXPONENT))


def backoff_cap(lasting: timedelta) -> timedelta:
    """Return the longest wait in a trouble that lasts so long; a negative time (a clock set back) is a first day."""
    return MAX_EARLY_BACKOFF if lasting < EARLY_FAILURE_PERIOD else MAX_BACKOFF


def jitter_of(seed: str) -> float:
    """Draw a number from -1 to 1 that depends on the seed alone, evenly spread over many seeds."""
    return Random(seed).uniform(-1, 1)  # noqa: S311  (nobody gains from guessing it)
