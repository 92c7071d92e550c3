"""`python -m benchmarks`: run every benchmark, each in a process of its own, and print all goals at the end.

Exits 1 if a goal is missed or a benchmark fails. Benchmarks of generated articles share one database
of 100,000; `python -m benchmarks.queries` alone generates a million.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.goals import MISSED, PREFIX, is_goal_line, missed

ROOT = Path(__file__).resolve().parent.parent
ARTICLES = 100_000


def commands(database: str) -> tuple[tuple[str, ...], ...]:
    """List each module with its arguments; `saves` works on a copy, so all of them may share the database."""
    return (
        ("end_to_end",),
        ("pages",),
        ("polling",),
        ("month",),
        ("idle",),
        ("workers",),
        ("starts",),
        ("million", database, "--articles", str(ARTICLES)),
        ("exports", "--file", database),
        ("queries", "--file", database),
        ("saves", "--file", database),
        ("web_pages", "--file", database),
        ("readers", "--file", database),
        ("view_lists",),
    )


def run(command: Sequence[str]) -> Iterator[str]:
    """Run one benchmark, print its output as it comes, and yield its goal lines; a failure is a missed goal."""
    name, *arguments = command
    print(f"\n# python -m benchmarks.{name}", flush=True)
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as lines:
        for line in lines:
            print(line, end="", flush=True)
            if is_goal_line(line):
                yield line.rstrip("\n")
    if process.returncode != 0:
        yield f"{PREFIX}{name}-exit-status {process.returncode} at most 0 {MISSED}"


def main() -> int:
    """Run them all and return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for command in commands(f"{folder}/articles.db") for line in run(command)]
    print("\n# goals")
    print("\n".join(lines))
    return 1 if missed(lines) else 0


if __name__ == "__main__":
    sys.exit(main())
