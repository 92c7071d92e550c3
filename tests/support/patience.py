"""Scale the time-outs of tests by the measured speed and the load of the machine, and wait for conditions.

A time-out in a test ends a test that hangs; none asserts speed. Durations are written as they suit two quiet cores,
and are multiplied here, the only place that reads a clock to judge the machine.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TypeVar

T = TypeVar("T")

QUIET = 0.03
"""Seconds that `_work` takes on an idle core of the machine the durations were chosen on."""
_ROUNDS = 400_000


def patient(seconds: float) -> float:
    """Scale a number of seconds by the slowness of the machine at this moment."""
    return seconds * slowness()


def patient_duration(seconds: float) -> timedelta:
    """Scale a number of seconds as `patient` does, as a timedelta of whole seconds."""
    return timedelta(seconds=math.ceil(patient(seconds)))


def patient_setting(seconds: float) -> str:
    """Write scaled seconds as a duration of a settings file, such as "12 s"."""
    return f"{math.ceil(patient(seconds))} s"


def slowness() -> float:
    """Return how many times slower than two quiet cores this process may run now; at least 1.

    The larger of what was measured when first asked and the processes that wait for each core now.
    """
    return max(1.0, _measured(), _load())


def wait_until(
    condition: Callable[[], T], *, seconds: float = 60.0, every: float = 0.02, report: Callable[[], str] = str
) -> T:
    """Poll until `condition()` is true and return its value.

    `seconds` are scaled by the machine's slowness, which is read again while waiting; `every` is the pause between
    polls in seconds. Raises AssertionError with `report()` when the time is up.
    """
    began_at = time.monotonic()
    while not (value := condition()):
        waited = time.monotonic() - began_at
        assert waited < patient(seconds), f"waited {waited:.0f} s in vain; {report()}"
        time.sleep(every)
    return value


@cache
def _measured() -> float:
    return min(_timed_work() for _ in range(3)) / QUIET


def _timed_work() -> float:
    began_at = time.perf_counter()
    _work()
    return time.perf_counter() - began_at


def _work() -> int:
    total = 0
    for number in range(_ROUNDS):
        total += number * number % 7
    return total


def _load() -> float:
    """Return the load of the last minute for each core; 0 where the system does not tell."""
    if not hasattr(os, "getloadavg"):
        return 0.0
    return os.getloadavg()[0] / (os.cpu_count() or 1)
