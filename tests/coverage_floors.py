"""Print the coverage of a test run by package and fail below the floors: `python -m tests.coverage_floors FOLDER`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

FLOOR = 95.0
"""Per cent of the statements of each group that the tests run."""
GROUPS: Mapping[str, Sequence[str]] = {
    "storage": ["storage/*"],
    "parsing and selection": ["scraper/parsing/*", "scraper/reading/*", "scraper/crawl/selection.py"],
    "planning and health": ["scheduler/planning/*", "scheduler/health/*"],
}
"""Patterns of the files of each group; `*` matches subfolders too, and so Alembic's migrations."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Statements of some files, and those of them that ran."""

    statements: int = 0
    covered: int = 0

    @property
    def percent(self) -> float:
        return 100.0 * self.covered / self.statements if self.statements else 0.0

    def __add__(self, other: Reached) -> Reached:
        return Reached(self.statements + other.statements, self.covered + other.covered)


def combined(folder: Path) -> dict[str, Reached]:
    """Combine the coverage data of all processes in `folder`; return the coverage of each file by its path."""
    data, report = folder / "data", folder / "report.json"
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "combine", "--quiet", f"--data-file={data}", str(folder)], check=True)
    subprocess.run(
        [*coverage, "json", "--quiet", "--ignore-errors", f"--data-file={data}", "-o", str(report)], check=True
    )
    files: Mapping[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {
        name: Reached(file["summary"]["num_statements"], file["summary"]["covered_lines"])
        for name, file in files.items()
        if not Path(name).is_absolute()  # a copy that a test made of the program
    }


def by_package(files: Mapping[str, Reached]) -> dict[str, Reached]:
    """Sum the files of each folder."""
    folders: defaultdict[str, Reached] = defaultdict(Reached)
    for name, reached in files.items():
        folders[Path(name).parent.as_posix()] += reached
    return dict(sorted(folders.items()))


def of_group(files: Mapping[str, Reached], patterns: Iterable[str]) -> Reached:
    """Sum the files that match one of the patterns."""
    patterns = tuple(patterns)
    matching = (reached for name, reached in files.items() if any(fnmatch(name, pattern) for pattern in patterns))
    return sum(matching, Reached())


def main(folder: Path) -> int:
    """Print the coverage of each folder and each group; return 1 if a group is below the floor."""
    files = combined(folder)
    groups = {name: of_group(files, patterns) for name, patterns in GROUPS.items()}
    for name, reached in (*by_package(files).items(), ("in all", sum(files.values(), Reached())), *groups.items()):
        print(f"{reached.percent:6.1f} % of {reached.statements:6,} statements  {name}")
    low = [name for name, reached in groups.items() if reached.percent < FLOOR]
    for name in low:
        print(f"below {FLOOR:.0f} %: {name}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
