"""Run one command to its end in a process of its own and measure its CPU time, wall time and peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {"PYTHONPATH": str(ROOT)}
"""Of a command that imports our packages, for it runs in another folder."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold the cost of one run of a command, and its output."""

    cpu: float  # seconds, user and system
    seconds: float  # by the clock
    peak: float  # MB of resident memory
    output: str


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command in `folder` and measure it; RuntimeError with its output if it fails.

    The peak memory of a child is never less than that of the process that started it.
    """
    with (folder / "output.txt").open("w+", encoding="utf-8") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)  # the process is reaped: Popen must not wait for it
        output.seek(0)
        text = output.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {text}")
    return Cost(cpu=usage.ru_utime + usage.ru_stime, seconds=seconds, peak=usage.ru_maxrss / 1024, output=text)
