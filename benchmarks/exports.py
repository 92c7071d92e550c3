"""100,000 articles to JSON Lines: `presswatch export` against a plain loop over sqlite3 that writes the same bytes."""

from __future__ import annotations

import filecmp
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measure import run

ARTICLES = 100_000
PAIRS = 3
WANTED = 2.0
"""At most so many times the CPU of the plain loop."""

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
written = {{"fetched_at": "fetched_at", "sections": SECTIONS}}
names = ", ".join(written.get(name, name) for name in stored)
with open(sys.argv[2], "wb") as output:
    for row in connection.execute(f"SELECT {{names}} FROM articles ORDER BY id"):
        article = dict(zip(stored, row))
        article["source_title"], article["terms"] = sources[article["source"]]
        for name in TIMES:
            kept = article[name]
            if kept is not None:
                exact = "" if kept.endswith(".000000") else kept[19:]
                article[name] = kept[:10] + "T" + kept[11:19] + exact + "+00:00"
        article["sections"] = [name for name in (article["sections"] or "").split("|") if name]
        problems = article["problems"]
        article["problems"] = [] if problems == "[]" else [
            {{"field": field, "reason": reason}} for field, reason in json.loads(problems)
        ]
        output.write(encode({{name: article[name] for name in COLUMNS}}).encode() + b"\\n")
"""


def prepare(folder: Path, articles: int) -> None:
    """A database of generated articles, and the plain loop as a program.

    In a process of its own: the peak memory of a child is never less than that of the process that started it.
    """
    from benchmarks import million
    from storage.model.article_fields import EXPORT_FIELDS

    times = tuple(name for name in EXPORT_FIELDS if name.endswith("_at"))
    (folder / "plain.py").write_text(PLAIN.format(columns=EXPORT_FIELDS, times=times), encoding="utf-8")
    million.make(folder / "news.db", articles)


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        here = {"PYTHONPATH": str(Path(__file__).parent.parent)}
        run([sys.executable, "-m", "benchmarks.exports", str(folder), str(ARTICLES)], folder, here)
        print(f"{ARTICLES} articles to JSON Lines, CPU seconds of the whole process")
        print("  pair  presswatch  plain loop  ratio    MB  plain MB")
        ratios = []
        for pair in range(1, PAIRS + 1):
            ours = run(
                [
                    sys.executable,
                    "-m",
                    "presswatch",
                    "export",
                    "ours.jsonl",
                    "--force",
                    "--database",
                    "sqlite:///news.db",
                ],
                folder,
                here,
            )
            plain = run([sys.executable, "plain.py", "news.db", "plain.jsonl"], folder)
            if not filecmp.cmp(folder / "ours.jsonl", folder / "plain.jsonl", shallow=False):
                raise RuntimeError("the two files differ")
            ratios.append(ours.cpu / plain.cpu)
            print(
                f"{pair:6}{ours.cpu:12.2f}{plain.cpu:12.2f}{ratios[-1]:7.2f}{ours.peak:6.0f}{plain.peak:10.0f}",
                flush=True,
            )
        print(f"median ratio {statistics.median(ratios):.2f} (at most {WANTED:.2f} wanted)")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        prepare(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        main()
