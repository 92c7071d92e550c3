"""Assert that the cost of a function grows no faster than its input, on a machine of any speed.

The work is done in C for the most part (lxml, regular expressions, Unicode's normal forms), where no call can be
counted. CPU time of this thread at one size and at twice that size is compared instead, least of several
measurements: a neighbour that takes the core adds to some of them, and the ratio of the least stays.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

LINEAR, QUADRATIC = 2.0, 4.0
"""Ratio of the cost at twice the size to the cost at the size."""
MOST = 3.1
"""Ratio that is still taken for linear."""
NEGLIGIBLE = 0.05
"""CPU seconds at twice the size below which nothing needs a verdict, on a machine like patience.QUIET's."""
ATTEMPTS = 8


def assert_linear(run: Callable[[int], object], size: int) -> None:
    """Fail if `run(2 * size)` costs about four times of `run(size)`, or more.

    Input must be made before: `run` is what is measured, with a size that it knows.
    """
    small, large = [], []
    for _ in range(ATTEMPTS):
        large.append(cpu_seconds(run, 2 * size))
        if min(large) < NEGLIGIBLE:
            return
        small.append(cpu_seconds(run, size))
        if min(large) <= MOST * min(small):
            return
    raise AssertionError(f"twice the size costs {min(large) / min(small):.1f} times as much: {small} and {large}")


def cpu_seconds(run: Callable[[int], object], size: int) -> float:
    """Return the CPU time of this thread that `run(size)` takes, in seconds, without the garbage of other tests."""
    gc.collect()
    gc.disable()
    try:
        began_at = time.thread_time()
        run(size)
        return time.thread_time() - began_at
    finally:
        gc.enable()
