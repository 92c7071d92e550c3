"""Measure the start of `presswatch query` on a small database beside `import sqlalchemy`, and that of `--help`.

CPU seconds of the whole process, user and system, with cached bytecode as an installed program has it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ROOT, run

ROUNDS = 9
QUERY_RATIO = Goal("query-start-to-import-sqlalchemy-ratio", 1.20)
HELP_CPU = Goal("help-start-cpu-ms", 250)
QUERY_MODULES = Goal("query-start-heavy-modules", 1)  # SQLAlchemy
HELP_MODULES = Goal("help-start-heavy-modules", 0)
DATABASE = ("--database", "sqlite:///small.db")
QUERY = ("query", *DATABASE)
HEAVY = (
    *("sqlalchemy", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "alembic", "scrapy", "twisted", "apprise"),
    *("apscheduler", "lxml", "feedparser", "starlette", "fastapi", "flask", "uvicorn", "jinja2", "pyarrow"),
)
LOADED = (
    "import atexit, sys;"
    f"atexit.register(lambda: sys.stderr.write('\\nLOADED ' + ' '.join(n for n in {HEAVY!r} if n in sys.modules)));"
    "import presswatch; presswatch.main()"
)
COMMANDS = {
    "import sqlalchemy": ("-c", "import sqlalchemy"),
    "presswatch query": ("-m", "presswatch", *QUERY),
    "presswatch --help": ("-m", "presswatch", "--help"),
    "python alone": ("-c", "pass"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starts", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
        environment = {"PYTHONPATH": str(ROOT), **bytecode}
        run([sys.executable, "-m", "presswatch", "db", "upgrade", *DATABASE], folder, environment)
        rounds = [measure(folder, environment) for _ in range(chosen.rounds + 1)][1:]
        modules: dict[tuple[str, ...], list[str]] = {}
        for command in (QUERY, ("--help",)):
            modules[command] = loaded(command, folder, environment)
    report(rounds, modules)


def measure(folder: Path, environment: dict[str, str]) -> dict[str, float]:
    """Run each command once; CPU milliseconds by its name."""
    return {
        name: 1000 * run([sys.executable, *arguments], folder, environment).cpu for name, arguments in COMMANDS.items()
    }


def loaded(arguments: Sequence[str], folder: Path, environment: dict[str, str]) -> list[str]:
    """List the modules of HEAVY that a command of Presswatch loads."""
    output = run([sys.executable, "-c", LOADED, *arguments], folder, environment).output
    return output.rpartition("LOADED ")[2].split()


def report(rounds: Sequence[dict[str, float]], modules: dict[tuple[str, ...], list[str]]) -> None:
    """Print the medians, the modules and the goals."""
    print(f"to start, CPU ms of the whole process, medians of {len(rounds)} interleaved rounds")
    for name in COMMANDS:
        print(f"{name:<52}{statistics.median(one[name] for one in rounds):>10.0f}")
    for arguments, names in modules.items():
        absent = ", ".join(name for name in HEAVY if name not in names)
        print(f"presswatch {arguments[0]} loads {', '.join(names) or 'none'} of these, and not {absent}")
    ratios = [one["presswatch query"] / one["import sqlalchemy"] for one in rounds]
    print(goal_line(QUERY_RATIO, statistics.median(ratios)))
    print(goal_line(HELP_CPU, statistics.median(one["presswatch --help"] for one in rounds)))
    print(goal_line(QUERY_MODULES, len(modules[QUERY])))
    print(goal_line(HELP_MODULES, len(modules["--help",])))


if __name__ == "__main__":
    main()
