"""Load PostgreSQL with millions of articles, and measure what a newsroom does with them.

`python -m benchmarks.store_load [--articles N,N]`. The databases are those of `benchmarks.grown`, with an entry of the
full-text index for each article; a last figure is what saving real ones adds, with bodies of 4 KB. The smallest size is
there to compare with. Times are wall-clock, for somebody waits for them; the server has no fsync.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text, update

from benchmarks.goals import Goal, goal_line
from benchmarks.grown import END, MAIN, fill
from benchmarks.growth import POLLED, Watch
from benchmarks.million import title_and_body
from scraper.crawl.write_batcher import MAX_BATCH
from storage.articles.counts import counts
from storage.articles.filters import ArticleFilter, By
from storage.crawling.crawls import ChannelPoll
from storage.crawling.fetches import FetchAttempt
from storage.database.tables import search_index_state
from storage.database.vacuum import vacuum
from storage.model.records import ArticleData, DatePrecision, FetchPurpose, Link
from storage.saving.requests import SaveRequest
from storage.search.index_entries import tsvector
from storage.search.indexed_languages import add_languages
from storage.search.matcher import IndexedDocument
from storage.search.query import parse
from storage.store import Store, open_store
from storage.text.analyzer import ANALYZER_VERSION
from tests.support.postgres.server import Server

SIZES = (30_000, 3_000_000)
ROUNDS = 5
PAGE = 50
SAVED = 2_000
ODD = 987_654_321
"""Number of the article whose entry of the index is made by our analyzer; the others have theirs in its place."""
PAGE_TIME = Goal("store-load-newest-page-ms", 100)
SEARCH_TIME = Goal("store-load-search-of-a-rare-word-ms", 100)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a row a measurement, a column a size, and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store_load", description=__doc__)
    parser.add_argument("--articles", type=_sizes, default=SIZES, help="numbers of articles, joined by commas")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--saved", type=int, default=SAVED, help="articles that are saved in the end")
    chosen = parser.parse_args(arguments)
    columns: dict[int, dict[str, float]] = {}
    server = Server(shared_buffers="2GB", maintenance_work_mem="1GB", max_wal_size="8GB")
    try:
        for articles in chosen.articles:
            with ExitStack() as stack:
                store = stack.enter_context(open_store(server.database().address))
                columns[articles] = measure(store, articles, chosen.rounds, chosen.saved)
    finally:
        server.stop()
    print(f"{'PostgreSQL, articles':<52}" + "".join(f"{size:>14,}" for size in columns))
    largest = columns[max(columns)]
    for name in largest:
        print(f"{name:<52}" + "".join(f"{column[name]:>14,.1f}" for column in columns.values()))
    print(goal_line(PAGE_TIME, largest["newest 50, ms"]))
    print(goal_line(SEARCH_TIME, largest["search of a word of one article, ms"]))


def _sizes(words: str) -> tuple[int, ...]:
    return tuple(sorted(map(int, words.split(","))))


def measure(store: Store, articles: int, rounds: int, saved: int) -> dict[str, float]:
    """Fill a database and return the figures of it, by name."""
    filling = _seconds(lambda: fill(store, articles))
    indexing = _seconds(lambda: index(store))
    figures = {
        "filled by statements, articles a second": articles / filling,
        "indexed by a statement, articles a second": articles / indexing,
    }
    before, _after = vacuum(store.engine)
    figures["disk of a million, GB"] = before / articles / 1000
    for name, call in calls(store, articles).items():
        call()
        figures[f"{name}, ms"] = statistics.median(1000 * _seconds(call) for _ in range(rounds))
    figures["saved, bodies of 4 KB, articles a second"] = saved / _seconds(Saver(store, saved).run)
    figures["vacuum, s"] = _seconds(lambda: vacuum(store.engine))
    return figures


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def index(store: Store) -> None:
    """Give each article the entry of one, but for its number."""
    with store.write() as connection:
        body = connection.execute(text("SELECT body FROM articles WHERE id = 1")).scalar_one()
        article = IndexedDocument(
            title=f"Round {ODD} of the talks in the capital",
            subtitle=None,
            body=f"{body[:-1]}{ODD}",
            source=MAIN,
            language="en",
            sections=("politics",),
        )
        add_languages(connection, [article])
        entry = "CAST(replace(:entry, :odd, CAST(id AS text)) AS tsvector)"
        connection.execute(
            text(f"INSERT INTO articles_fts (article_id, vector) SELECT id, {entry} FROM articles"),
            {"entry": tsvector(article), "odd": str(ODD)},
        )
        done = {"analyser_version": ANALYZER_VERSION, "complete": True}
        connection.execute(update(search_index_state).values(done))


def calls(store: Store, articles: int) -> Mapping[str, Callable[[], object]]:
    """Name what is measured."""

    def listed(**wanted: object) -> Callable[[], object]:
        chosen = ArticleFilter(**wanted)  # type: ignore[arg-type]
        return lambda: list(store.articles.find(chosen, limit=PAGE))

    watch = Watch(store, articles, PAGE)
    month = {"since": END - timedelta(days=30), "until": END}
    return {
        "newest 50": listed(),
        "of a source, 30 days": listed(source="s07", **month),
        "search of a word of one article": listed(query=parse(str(articles // 2))),
        "search of a word of all articles": listed(query=parse("talks")),
        "articles by day, 30 days": lambda: list(counts(store, ArticleFilter(**month), [By.DAY])),  # type: ignore[arg-type]
        "articles by day, all": lambda: list(counts(store, ArticleFilter(), [By.DAY])),
        "a poll that lists 50 known links": watch.calls["poll"],
        "a health check of a source": watch.calls["health-check"],
        "presswatch status": watch.calls["status"],
    }


class Saver:
    """Save new articles as a crawl does, in its groups, with links that were listed before."""

    def __init__(self, store: Store, count: int) -> None:
        self._store = store
        self._requests = list(_requests(count))
        now = END + timedelta(minutes=1)
        links = [
            Link(url=one.data.url, channel="", title=one.data.title, sections=("politics",), language="en")
            for one in self._requests
        ]
        started = Watch(store, 0, PAGE)
        polls = [ChannelPoll(state=started.channel, links=links, result=replace(POLLED, fingerprint="load"))]
        store.crawls.record_polls(MAIN, polls, {link.url: link for link in links}, now=now, run_id=None)

    def run(self) -> None:
        """Save all of them."""
        for first in range(0, len(self._requests), MAX_BATCH):
            self._store.saving.save_all(self._requests[first : first + MAX_BATCH])


def _requests(count: int) -> Iterator[SaveRequest]:
    dice = random.Random(1)
    for number in range(count):
        title, body = title_and_body(dice, "en", "politics")
        url = f"https://{MAIN}.example/post/of-the-load-{number}"
        data = ArticleData(
            source=MAIN,
            url=url,
            title=title,
            body=body,
            language="en",
            sections=("politics",),
            published_at=END,
            published_precision=DatePrecision.MINUTE,
            fetched_at=END,
            view_count=number,
            problems=(),
            parser_version=1,
        )
        attempt = FetchAttempt(
            url=url, purpose=FetchPurpose.NEW, fetched_at=END, run_id=None, byte_count=65_000, http_status=200
        )
        yield SaveRequest(data=data, attempt=attempt, section="politics")


if __name__ == "__main__":
    main()
