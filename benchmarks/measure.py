"""One command, run to its end in a process of its own: what CPU and memory it took."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took."""

    cpu: float  # seconds, user and system
    peak: float  # MB of resident memory
    output: str


def run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> Cost:
    """Run a command and measure it; RuntimeError with its output if it fails."""
    with (folder / "output.txt").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})}
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # the process is reaped: Popen must not wait for it
        output.seek(0)
        said = output.read()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said}")
    return Cost(cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss / 1024, output=said)
