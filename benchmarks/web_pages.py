"""`python -m benchmarks.web_pages [--articles N] [--file FILE]`: pages of a million articles, beside their queries.

Each page is asked of a real server over loopback, one request after the other, on a warm page cache; beside it stands
what its list or its article takes in this process, on the same open store. A page is small enough for a phone, and is
there before a reader waits.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks import million
from benchmarks.goals import Goal, goal_line
from benchmarks.queries import warm
from storage.articles.details import article_details
from storage.articles.filters import ArticleFilter, Sort
from storage.search.query import parse
from storage.store import Store, open_store

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
PAGE = 30
TIME = Goal("web-page-median-ms", 100)
SIZE = Goal("web-page-largest-kb", 60)
SETTINGS = "[web]\nsearches_per_minute = 100000\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row a page, and the goals; `arguments` default to those of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web_pages", description=__doc__)
    parser.add_argument("--articles", type=int, default=million.ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "articles.db"
        million.prepare(file, chosen.articles, full_text=True)
        print("\n".join(report(file, Path(folder), chosen.rounds)))


def report(file: Path, folder: Path, rounds: int) -> list[str]:
    """Print a row a page and return the lines of the goals."""
    size = warm(file)
    print(f"{file.name}, {size / 1e9:.1f} GB, page cache warm; medians of {rounds} requests, wall-clock")
    print(f"{'PAGE':<46} {'MEDIAN':>9} {'QUERY':>9} {'SIZE':>9}")
    medians, sizes = [], []
    with open_store(f"sqlite:///{file}") as store, served(file, folder) as address, _asking(address) as ask:
        newest = next(iter(store.articles.find(limit=1))).id
        for path, query in pages(store, newest).items():
            taken = [_timed(lambda path=path: ask(path)) for _ in range(rounds)]
            body = taken[0][1]
            alone = [_timed(query)[0] for _ in range(rounds)]
            medians.append(statistics.median(seconds for seconds, _ in taken) * 1000)
            sizes.append(len(body) / 1000)
            beside = statistics.median(alone) * 1000
            print(f"{path:<46} {medians[-1]:>6.1f} ms {beside:>6.1f} ms {sizes[-1]:>6.1f} kB", flush=True)
    return [goal_line(TIME, statistics.median(medians)), goal_line(SIZE, max(sizes))]


def pages(store: Store, newest: int) -> Mapping[str, Callable[[], object]]:
    """Name each page with the query that it cannot do without."""
    find = store.articles.find

    def listed(wanted: ArticleFilter, sort: Sort | None = None) -> Callable[[], object]:
        return lambda: list(find(wanted, sort=sort, limit=PAGE))

    plain, politics = ArticleFilter(), ArticleFilter(query=parse("gas -pipeline"), section="politics")
    return {
        "/": listed(plain),
        "/search": listed(plain),
        "/search?q=gas": listed(ArticleFilter(query=parse("gas"))),
        "/search?q=gas+-pipeline&section=politics": listed(politics),
        "/search?source=caliber&language=en": listed(ArticleFilter(source="caliber", language="en")),
        "/search?sort=views": listed(plain, Sort.VIEWS),
        f"/articles/{newest}": lambda: article_details(store, newest),
        f"/articles/{newest // 2}": lambda: article_details(store, newest // 2),
        "/sources": store.sources.titles,
        "/sources/caliber": store.sources.titles,
        "/runs": store.sources.titles,
        "/events": lambda: store.events.find(limit=50),
        "/watches": store.watches.list,
        "/notes": lambda: store.notes.list(limit=200),
    }


def _timed(work: Callable[[], object]) -> tuple[float, bytes]:
    began = time.perf_counter()
    done = work()
    return time.perf_counter() - began, done if isinstance(done, bytes) else b""


@contextmanager
def served(file: Path, folder: Path) -> Iterator[str]:
    """Run a server of a database; yield its address, as host:port."""
    config = folder / "serve.toml"
    config.write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "presswatch", "serve", "--port", "0", "--config", str(config), "--with-parent"]
    environment = {**os.environ, "PRESSWATCH_DATABASE": f"sqlite:///{file}", "PRESSWATCH_LOG_LEVEL": "warning"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        found = re.search(r"http://([^/]+)/", server.stdout.readline())
        assert found is not None
        try:
            yield found[1]
        finally:
            server.terminate()


@contextmanager
def _asking(address: str) -> Iterator[Callable[[str], bytes]]:
    """Yield a function that asks a server for a page."""
    connection = http.client.HTTPConnection(address, timeout=120)

    def ask(path: str) -> bytes:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, f"{path}: {answer.status}"
        return body

    try:
        yield ask
    finally:
        connection.close()


if __name__ == "__main__":
    main()
