"""Export articles to JSON Lines: `presswatch export` beside a plain loop over sqlite3 that writes the same bytes."""

from __future__ import annotations

import argparse
import filecmp
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.goals import Goal, goal_line
from benchmarks.measure import ENVIRONMENT, Cost, run
from storage.model.article_fields import EXPORT_FIELDS

ARTICLES = 100_000
PAIRS = 5
CPU_RATIO = Goal("export-cpu-ratio", 2.00)
MEMORY = Goal("export-peak-mb", 64)  # it does not grow with the number of articles

PLAIN = """
import json, sqlite3, sys
COLUMNS = {columns!r}
TIMES = {times!r}
connection = sqlite3.connect(sys.argv[1])
rows = connection.execute("SELECT name, title, terms FROM sources")
sources = {{name: (title, terms) for name, title, terms in rows}}
encode = json.JSONEncoder(ensure_ascii=False).encode
stored = [name for name in COLUMNS if name not in ("source_title", "terms")]
SECTIONS = (
    "(SELECT group_concat(section, '|') FROM (SELECT section FROM article_sections"
    " WHERE article_id = articles.id AND position > 0 ORDER BY position))"
)
names = ", ".join(SECTIONS if name == "sections" else name for name in stored)
with open(sys.argv[2], "wb") as output:
    for row in connection.execute(f"SELECT {{names}} FROM articles ORDER BY id"):
        article = dict(zip(stored, row))
        article["source_title"], article["terms"] = sources[article["source"]]
        for name in TIMES:
            text = article[name]
            if text is not None:
                exact = "" if text.endswith(".000000") else text[19:]
                article[name] = text[:10] + "T" + text[11:19] + exact + "+00:00"
        if article["published_precision"] == "day" and article["published_at"] is not None:
            article["published_at"] = article["published_at"][:10]
        for name in ("sections", "authors"):
            article[name] = [one for one in (article[name] or "").split("|") if one]
        problems = article["problems"]
        article["problems"] = [] if problems == "[]" else [
            {{"field": field, "reason": reason}} for field, reason in json.loads(problems)
        ]
        output.write(encode({{name: article[name] for name in COLUMNS}}).encode() + b"\\n")
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    chosen = parser.parse_args(arguments)
    with TemporaryDirectory() as name:
        folder = Path(name)
        database = (chosen.file or folder / "articles.db").resolve()
        if not database.exists():
            # In a process of its own, for this one must stay small: `run` says why.
            command = [sys.executable, "-m", "benchmarks.million", str(database), "--articles", str(chosen.articles)]
            run(command, folder, ENVIRONMENT)
        write_plain(folder)
        print("articles to JSON Lines, CPU seconds of the whole process")
        print("  pair  presswatch  plain loop  ratio    MB  plain MB")
        pairs = []
        for number in range(1, chosen.pairs + 1):
            ours, plain = pair = measure(folder, database, number)
            pairs.append(pair)
            print(
                f"{number:6}{ours.cpu:12.2f}{plain.cpu:12.2f}{ours.cpu / plain.cpu:7.2f}"
                f"{ours.peak:6.0f}{plain.peak:10.0f}",
                flush=True,
            )
    print(goal_line(CPU_RATIO, statistics.median(ours.cpu / plain.cpu for ours, plain in pairs)))
    print(goal_line(MEMORY, max(ours.peak for ours, _ in pairs)))


def write_plain(folder: Path) -> None:
    """Write the plain loop as a program."""
    times = tuple(name for name in EXPORT_FIELDS if name.endswith("_at"))
    (folder / "plain.py").write_text(PLAIN.format(columns=EXPORT_FIELDS, times=times), encoding="utf-8")


def measure(folder: Path, database: Path, number: int) -> tuple[Cost, Cost]:
    """Measure ours and the plain loop; ours goes first when `number` is odd. RuntimeError if the files differ."""
    export = ("export", "ours.jsonl", "--force", "--database", f"sqlite:///{database}")
    commands = (
        [sys.executable, "-m", "presswatch", *export],
        [sys.executable, "plain.py", str(database), "plain.jsonl"],
    )
    if number % 2:
        ours, plain = (run(command, folder, ENVIRONMENT) for command in commands)
    else:
        plain, ours = (run(command, folder, ENVIRONMENT) for command in commands[::-1])
    if not filecmp.cmp(folder / "ours.jsonl", folder / "plain.jsonl", shallow=False):
        raise RuntimeError("the two files differ")
    return ours, plain


if __name__ == "__main__":
    main()
