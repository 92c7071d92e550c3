"""What it costs to start: `presswatch query` on a small database beside `import sqlalchemy`, and `presswatch --help`.

CPU seconds of the whole process, user and system, bytecode kept as an installed program has it.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

from benchmarks.measure import run

PAIRS = 9
WANTED = 1.2
ROOT = Path(__file__).resolve().parent.parent
QUERY = ("query", "--database", "sqlite:///small.db")
HEAVY = (
    *("sqlalchemy", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "alembic", "scrapy", "twisted", "apprise"),
    *("apscheduler", "lxml", "feedparser", "starlette", "fastapi", "flask", "uvicorn", "jinja2", "pyarrow"),
)
LOADED = (
    "import atexit, sys;"
    f"atexit.register(lambda: sys.stderr.write('\\nLOADED ' + ' '.join(n for n in {HEAVY!r} if n in sys.modules)));"
    "import presswatch; presswatch.main()"
)


def report(folder: Path) -> None:
    """Print the table."""
    kept = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}

    def cpu(*arguments: str) -> float:
        return 1000 * run([sys.executable, *arguments], folder, kept).cpu

    commands = {
        "import sqlalchemy": ("-c", "import sqlalchemy"),
        "presswatch query": ("-m", "presswatch", *QUERY),
        "presswatch --help": ("-m", "presswatch", "--help"),
        "python alone": ("-c", "pass"),
    }
    rounds = [{name: cpu(*arguments) for name, arguments in commands.items()} for _ in range(PAIRS + 1)][1:]
    print(f"\nto start, CPU ms of the whole process, medians of {PAIRS} interleaved rounds")
    for name in commands:
        print(f"{name:<52}{statistics.median(one[name] for one in rounds):>10.0f}")
    ratio = statistics.median(one["presswatch query"] / one["import sqlalchemy"] for one in rounds)
    print(f"median ratio of a query {ratio:.2f} (at most {WANTED:.2f} wanted{' MISSED' if ratio > WANTED else ''})")
    for arguments in (QUERY, ("--help",)):
        said = run([sys.executable, "-c", LOADED, *arguments], folder, kept).output.rpartition("LOADED ")[2].split()
        missing = [name for name in HEAVY if name not in said]
        print(f"presswatch {arguments[0]} loads {', '.join(said) or 'none'} of these, and not {', '.join(missing)}")
