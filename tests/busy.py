"""Run a command beside busy loops: `python -m tests.busy 10 make test`.

The loops end when the command does, and when this process is killed: each checks whether its parent is still there.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

LOOP = """
import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""


def run_beside(loops: int, command: Sequence[str]) -> int:
    """Run a command beside so many busy loops and return its exit code (128 + n if signal n ended it)."""
    busy = [subprocess.Popen([sys.executable, "-I", "-c", LOOP, str(os.getpid())]) for _ in range(loops)]
    try:
        with subprocess.Popen(command) as process:
            forward_signals(process)
            code = process.wait()
    finally:
        for loop in busy:
            loop.kill()
        for loop in busy:
            loop.wait()
    return code if code >= 0 else 128 - code


def forward_signals(process: subprocess.Popen[bytes]) -> None:
    """Hand SIGINT and SIGTERM on to the command, whose end is then waited for."""

    def forward(number: int, _frame: FrameType | None) -> None:
        if process.poll() is None:
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, forward)


def main(arguments: Sequence[str]) -> int:
    """Read the number of loops and the command from the arguments."""
    if len(arguments) < 2 or not arguments[0].isdecimal():
        print("usage: python -m tests.busy LOOPS COMMAND [ARGUMENT …]", file=sys.stderr)
        return 2
    return run_beside(int(arguments[0]), arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
