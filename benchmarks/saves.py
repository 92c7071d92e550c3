"""Save new articles into a database of generated ones: `store.saving.save_all` beside the same rows by hand.

`python -m benchmarks.saves [--articles N] [--file FILE]`. Each way writes the article, its view reading and its fetch,
and settles its link, which was listed before: in groups of as many as a crawl commits together, in a transaction an
article, and all in one. By hand, with executemany, the same full-text index is kept, of the words that our analyzer
makes within the measured CPU time; without the index, the rest shows its cost. Ours also compares with the stored rows,
looks for an article of the same text, and hashes the text. All write to one copy of the database.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import million
from benchmarks.goals import Goal, goal_line
from benchmarks.million import Rows, insert
from scraper.crawl.write_batcher import MAX_BATCH
from storage.crawling.fetches import FetchAttempt
from storage.model.records import ArticleData, DatePrecision, FetchPurpose
from storage.saving.requests import SaveRequest
from storage.search.index_entries import fts5_columns
from storage.search.matcher import IndexedDocument
from storage.store import Store, open_store

ROUNDS = 7
SAVED = 400
ALL = 10**9
ARTICLES = 100_000
BY_HAND = f"by hand, {MAX_BATCH} in a transaction"
OURS = f"ours, {MAX_BATCH} in a transaction"
RAW = "by hand, all in one transaction"
WAYS = {
    OURS: MAX_BATCH,
    BY_HAND: MAX_BATCH,
    "ours, a transaction each": 1,
    "by hand, a transaction each": 1,
    "by hand, a transaction each, without the index": 1,
    RAW: ALL,
}
"""Number of articles in one transaction."""
RAW_RATIO = Goal("save-to-raw-executemany-ratio", 2.00)
GROUP_RATIO = Goal("save-to-equal-groups-by-hand-ratio", 1.50)
INDEX = (
    "INSERT INTO articles_fts (rowid, body, title, subtitle, section, source, language) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
Sections = dict[int, tuple[str, ...]]
PUBLISHED_AT = million.TABLES["articles"].split(", ").index("published_at")
SETTLE = (
    "UPDATE links SET outcome = 'stored', failed_attempts = 0, next_attempt_at = NULL, first_404_at = NULL,"
    " outcome_reason = NULL,"
    " sections = ?, language = ?, article_id = ?, parsed_at = ? WHERE id = ?"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.saves", description=__doc__)
    parser.add_argument("--articles", type=int, default=ARTICLES)
    parser.add_argument("--file", type=Path, help="keep the database here, and use it if it is there")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--saved", type=int, default=SAVED, help="articles a round and way")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.file or Path(folder) / "articles.db"
        million.prepare(file, chosen.articles, full_text=True)
        rounds = measure(file, Path(folder) / "copy.db", chosen.rounds, chosen.saved)
    print(f"to save an article, CPU us; medians of {len(rounds)} interleaved rounds of {chosen.saved} articles each")
    report(rounds)


def measure(file: Path, copy: Path, rounds: int, saved: int) -> list[dict[str, float]]:
    """Measure each way in each round, microseconds an article, on a copy of the database; one more round warms up."""
    shutil.copyfile(file, copy)
    with open_store(f"sqlite:///{copy}") as store, closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        return [_round(store, connection, number, saved) for number in range(rounds + 1)][1:]


def report(rounds: Sequence[dict[str, float]]) -> None:
    """Print the medians and the goals."""
    for way in WAYS:
        median = statistics.median(one[way] for one in rounds)
        print(f"{way:<52}{median:>10.0f}   ratio to {BY_HAND} {_ratio(rounds, way, BY_HAND):.2f}")
    print(goal_line(RAW_RATIO, _ratio(rounds, OURS, RAW)))
    print(goal_line(GROUP_RATIO, _ratio(rounds, OURS, BY_HAND)))


def _ratio(rounds: Sequence[dict[str, float]], way: str, other: str) -> float:
    """Compute the median ratio of two ways within a round."""
    return statistics.median(one[way] / one[other] for one in rounds)


def _round(store: Store, connection: sqlite3.Connection, number: int, saved: int) -> dict[str, float]:
    """Measure the CPU microseconds an article each way; each round another way goes first."""
    (last,) = connection.execute("SELECT max(id) FROM links").fetchone()
    times = {}
    ways = list(WAYS)
    for offset in range(len(ways)):
        way = ways[(number + offset) % len(ways)]
        start = last + 1 + offset * saved
        rows = list_links(connection, start, saved)
        sections = _sections_by_id(rows)
        saves = save_requests(rows) if way.startswith("ours") else []
        began = time.process_time()
        if saves:
            for first in range(0, saved, WAYS[way]):
                store.saving.save_all(saves[first : first + WAYS[way]])
        else:
            _by_hand(connection, rows, sections, WAYS[way], indexed="without" not in way)
        times[way] = 1e6 * (time.process_time() - began) / saved
    return times


def list_links(connection: sqlite3.Connection, start: int, count: int) -> Rows:
    """Insert links as listed and not yet fetched; return their rows, with one view reading and fetch an article."""
    rows = million.batch(start, start + count, start + count)
    connection.execute("BEGIN IMMEDIATE")
    pending = [(*row[:9], "pending", 0, None, None) for row in rows["links"]]
    connection.executemany(insert("links"), pending)
    connection.execute("COMMIT")
    rows["view_readings"] = list({row[0]: row for row in reversed(rows["view_readings"])}.values())[::-1]
    rows["fetches"] = list({row[0]: row for row in reversed(rows["fetches"])}.values())[::-1]
    return rows


def save_requests(rows: Rows) -> list[SaveRequest]:
    """Make the parsed pages of articles and the attempts that fetched them."""
    sections = _sections_by_id(rows)
    return [_save_request(article, sections) for article in rows["articles"]]


def _sections_by_id(rows: Rows) -> Sections:
    """Collect the sections of each article by its id."""
    sections: Sections = {}
    for number, _place, name, _date in rows["article_sections"]:
        sections[number] = (*sections.get(number, ()), name)
    return sections


def _save_request(article: Sequence[Any], sections: Sections) -> SaveRequest:
    """Make the parsed page of an article and the attempt that fetched it."""
    row = dict(zip(million.TABLES["articles"].split(", "), article, strict=True))
    at = _moment(row["stored_at"])
    assert at is not None
    precision = row["published_precision"]
    same = ("source", "url", "title", "subtitle", "body", "description", "published_raw", "author", "view_count")
    data = ArticleData(
        **{name: row[name] for name in (*same, "image_url", "language", "parser_version")},
        sections=sections[row["id"]],
        published_at=_moment(row["published_at"]),
        published_precision=None if precision is None else DatePrecision(precision),
        fetched_at=at,
        problems=(),
    )
    tried = FetchAttempt(
        url=data.url,
        purpose=FetchPurpose.NEW,
        fetched_at=at,
        run_id=None,
        byte_count=5 * len(data.body),
        http_status=200,
    )
    return SaveRequest(data=data, attempt=tried, section=data.sections[0])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


def _by_hand(connection: sqlite3.Connection, rows: Rows, sections: Sections, together: int, *, indexed: bool) -> None:
    """Insert the rows with executemany, `together` articles a transaction."""
    links = [(row[5], row[6], row[0], row[7], row[0]) for row in rows["links"]]
    for start in range(0, len(links), together):
        part = slice(start, start + together)
        connection.execute("BEGIN IMMEDIATE")
        for table in ("articles", "view_readings", "fetches"):
            connection.executemany(insert(table), rows[table][part])
        section_rows = [
            (article[0], position, name, article[PUBLISHED_AT])
            for article in rows["articles"][part]
            for position, name in enumerate(sections[article[0]], 1)
        ]
        connection.executemany(insert("article_sections"), section_rows)
        connection.executemany(SETTLE, links[part])
        if indexed:
            connection.executemany(INDEX, [_index_row(article, sections) for article in rows["articles"][part]])
        connection.execute("COMMIT")


def _index_row(article: Sequence[Any], sections: Sections) -> tuple[Any, ...]:
    """Make the index row of an article, of the same words as ours."""
    row = dict(zip(million.TABLES["articles"].split(", "), article, strict=True))
    text_fields = {name: row[name] for name in ("title", "subtitle", "body", "source", "language")}
    return row["id"], *fts5_columns(IndexedDocument(sections=sections[row["id"]], **text_fields))


if __name__ == "__main__":
    main()
