"""`python -m benchmarks.readers [--articles N] [--file FILE]`: save articles while fifty readers look at the pages.

Groups of articles are saved back to back, as many in a transaction as a crawl commits together, which is faster than
any polite crawl; in each round once alone and once beside readers, each of whom asks a server for another page
`PAUSE` seconds after the last. All work on one copy of the database.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks import million
from benchmarks.goals import Bound, Goal, goal_line
from benchmarks.saves import list_links, save_requests
from benchmarks.web_pages import served
from scraper.crawl.write_batcher import MAX_BATCH
from storage.store import Store, open_store

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
READERS = 50
PAUSE = 5.0
"""Seconds for which a reader looks at a page."""
SAVED = 4_000
"""Articles saved in each half of a round."""
PACE = Goal("save-pace-beside-50-readers-ratio", 0.9, Bound.AT_LEAST)
ERRORS = Goal("errors-of-50-readers", 0)
PATHS = ("/", "/search", "/search?q=gas", "/search?source=caliber&language=en", "/articles/1", "/sources", "/events")


@dataclass(frozen=True, slots=True)
class Round:
    """Articles saved a second alone and beside readers, and what the readers got."""

    alone: float
    beside: float
    pages: int
    errors: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row a round and the goals; `--ask ADDRESS` is a process of readers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("--articles", type=int, default=million.ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--saved", type=int, default=SAVED, help="articles saved in each half of a round")
    parser.add_argument("--ask", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.ask:
        asyncio.run(_read(chosen.ask))
        return
    with tempfile.TemporaryDirectory(dir=chosen.file and chosen.file.parent) as folder:
        file = chosen.file or Path(folder) / "articles.db"
        million.prepare(file, chosen.articles, full_text=True)
        copy = Path(folder) / "copy.db"
        shutil.copyfile(file, copy)
        rounds = measure(copy, Path(folder), chosen.rounds, chosen.saved)
    for one in rounds:
        print(f"{one.alone:8.0f} saves/s alone, {one.beside:8.0f} beside {one.pages} pages, {one.errors} errors")
    print(goal_line(PACE, statistics.median(one.beside / one.alone for one in rounds)))
    print(goal_line(ERRORS, sum(one.errors for one in rounds)))


def measure(file: Path, folder: Path, rounds: int, saved: int) -> list[Round]:
    """Save alone and beside readers in each round, each first in every other one."""
    found = []
    with (
        open_store(f"sqlite:///{file}") as store,
        closing(sqlite3.connect(file, isolation_level=None)) as connection,
        served(file, folder) as address,
    ):
        for number in range(rounds):
            paces: dict[bool, float] = {}
            pages = errors = 0
            for with_readers in (bool(number % 2), not number % 2):
                if with_readers:
                    with _readers(address) as read:
                        paces[True] = _pace(store, connection, saved)
                    pages, errors = read
                else:
                    paces[False] = _pace(store, connection, saved)
            found.append(Round(paces[False], paces[True], pages, errors))
    return found


def _pace(store: Store, connection: sqlite3.Connection, saved: int) -> float:
    """Return the articles a second of wall-clock time that are saved."""
    (last,) = connection.execute("SELECT max(id) FROM links").fetchone()
    requests = save_requests(list_links(connection, last + 1, saved))
    began = time.perf_counter()
    for first in range(0, saved, MAX_BATCH):
        store.saving.save_all(requests[first : first + MAX_BATCH])
    return saved / (time.perf_counter() - began)


@contextmanager
def _readers(address: str) -> Iterator[list[int]]:
    """Run the readers in a process; yield a list that has their pages and errors when they have ended."""
    command = [sys.executable, "-m", "benchmarks.readers", "--ask", address]
    read: list[int] = []
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()  # each has seen a page
        yield read
        read += map(int, process.communicate()[0].split())


async def _read(address: str) -> None:
    """Read pages until stdin ends; say when all have begun, and at the end how many pages and errors there were."""
    counts = {"pages": 0, "errors": 0}
    begun = asyncio.Barrier(READERS + 1)
    async with aiohttp.ClientSession(f"http://{address}", connector=aiohttp.TCPConnector(limit=READERS)) as session:
        readers = [asyncio.create_task(_reader(session, begun, counts, number)) for number in range(READERS)]
        await begun.wait()
        print("reading", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
    print(counts["pages"], counts["errors"], flush=True)


async def _reader(session: aiohttp.ClientSession, begun: asyncio.Barrier, counts: dict[str, int], number: int) -> None:
    """Look at one page after another."""
    choice = random.Random(number)
    is_first = True
    while True:
        try:
            async with session.get(choice.choice(PATHS)) as answer:
                await answer.read()
            counts["pages" if answer.status == 200 else "errors"] += 1
        except (aiohttp.ClientError, TimeoutError):
            counts["errors"] += 1
        if is_first:
            await begun.wait()
            is_first = False
        await asyncio.sleep(PAUSE * 2 * choice.random())


if __name__ == "__main__":
    main()
