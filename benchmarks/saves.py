"""Saving new articles into a database of a million: `store.saving.save_all` beside the same rows by hand.

Each way writes the article, its view reading and its fetch, and settles its link, which was listed before: in groups
of as many as a crawl commits together, in a transaction an article, and all in one. By hand, with executemany, the same
full-text index is kept, of the same words, which our analyser makes within the time that is measured; or none, which
tells what the index costs. Ours also compares with what is stored, asks who says the same, and hashes the wording. All
write to one copy.
"""

from __future__ import annotations

import shutil
import sqlite3
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import million
from benchmarks.million import Rows, insert
from scraper.crawl.write_batcher import MAX_BATCH
from storage.crawling.fetches import FetchAttempt
from storage.model.records import ArticleData, DatePrecision, FetchPurpose
from storage.saving.requests import SaveRequest
from storage.search.index_entries import fts5_columns
from storage.search.matcher import IndexedDocument
from storage.store import Store, open_store

PAIRS = 7
SAVED = 400
BY_HAND = f"by hand, {MAX_BATCH} in a transaction"
WAYS = {
    f"ours, {MAX_BATCH} in a transaction": MAX_BATCH,
    BY_HAND: MAX_BATCH,
    "ours, a transaction each": 1,
    "by hand, a transaction each": 1,
    "by hand, a transaction each, without the index": 1,
    "by hand, all in one transaction": SAVED,
}
"""How many articles are in one transaction."""
INDEX = (
    "INSERT INTO articles_fts (rowid, body, title, subtitle, section, source, language) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
SETTLE = (
    "UPDATE links SET outcome = 'stored', failed_attempts = 0, next_attempt_at = NULL, first_404_at = NULL,"
    " outcome_reason = NULL,"
    " sections = ?, language = ?, article_id = ?, parsed_at = ? WHERE id = ?"
)


def report(file: Path, folder: Path) -> None:
    """Print the table."""
    copy = folder / "copy.db"
    shutil.copyfile(file, copy)
    with open_store(f"sqlite:///{copy}") as store, closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
        rounds = [_round(store, connection, number) for number in range(PAIRS + 1)][1:]
    copy.unlink()
    print(f"\nto save an article, us; medians of {PAIRS} interleaved rounds of {SAVED} articles each")
    for way in WAYS:
        spread = [one[way] / one[BY_HAND] for one in rounds]
        took = statistics.median(one[way] for one in rounds)
        print(f"{way:<52}{took:>10.0f}   ratio to {BY_HAND} {statistics.median(spread):.2f}")


def _round(store: Store, connection: sqlite3.Connection, number: int) -> dict[str, float]:
    """Microseconds an article each way; who goes first moves on."""
    (last,) = connection.execute("SELECT max(id) FROM links").fetchone()
    took = {}
    ways = list(WAYS)
    for place in range(len(ways)):
        way = ways[(number + place) % len(ways)]
        start = last + 1 + place * SAVED
        rows = million.batch(start, start + SAVED, start + SAVED)
        _list(connection, rows)
        saves = [_read(article, _named(rows)) for article in rows["articles"]] if way.startswith("ours") else []
        began = time.perf_counter()
        if saves:
            for first in range(0, SAVED, WAYS[way]):
                store.saving.save_all(saves[first : first + WAYS[way]])
        else:
            _by_hand(connection, rows, WAYS[way], indexed="without" not in way)
        took[way] = 1e6 * (time.perf_counter() - began) / SAVED
    return took


def _list(connection: sqlite3.Connection, rows: Rows) -> None:
    """The links as they stand before: listed, and not tried yet."""
    connection.execute("BEGIN IMMEDIATE")
    pending = [(*row[:9], "pending", 0, None, None) for row in rows["links"]]
    connection.executemany(insert("links"), pending)
    connection.execute("COMMIT")
    rows["view_readings"] = list({row[0]: row for row in reversed(rows["view_readings"])}.values())[::-1]
    rows["fetches"] = list({row[0]: row for row in reversed(rows["fetches"])}.values())[::-1]


def _named(rows: Rows) -> dict[int, tuple[str, ...]]:
    """The sections of each article."""
    named: dict[int, tuple[str, ...]] = {}
    for number, _place, name, _date in rows["article_sections"]:
        named[number] = (*named.get(number, ()), name)
    return named


def _read(article: Sequence[Any], named: dict[int, tuple[str, ...]]) -> SaveRequest:
    """What a page of it said, and the fetch that brought it."""
    row = dict(zip(million.TABLES["articles"].split(", "), article, strict=True))
    at = _moment(row["stored_at"])
    assert at is not None
    precision = row["published_precision"]
    same = ("source", "url", "title", "subtitle", "body", "description", "published_raw", "author", "view_count")
    data = ArticleData(
        **{name: row[name] for name in (*same, "image_url", "language", "parser_version")},
        sections=named[row["id"]],
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


def _by_hand(connection: sqlite3.Connection, rows: Rows, together: int, *, indexed: bool) -> None:
    links = [(row[5], row[6], row[0], row[7], row[0]) for row in rows["links"]]
    for start in range(0, SAVED, together):
        part = slice(start, start + together)
        connection.execute("BEGIN IMMEDIATE")
        for table in ("articles", "view_readings", "fetches"):
            connection.executemany(insert(table), rows[table][part])
        ids = {row[0] for row in rows["articles"][part]}
        named_rows = [row for row in rows["article_sections"] if row[0] in ids]
        connection.executemany(insert("article_sections"), named_rows)
        connection.executemany(SETTLE, links[part])
        if indexed:
            named = _named(rows)
            connection.executemany(INDEX, [_entries(article, named) for article in rows["articles"][part]])
        connection.execute("COMMIT")


def _entries(article: Sequence[Any], named: dict[int, tuple[str, ...]]) -> tuple[Any, ...]:
    """What the index takes of an article: the words that ours takes of it."""
    row = dict(zip(million.TABLES["articles"].split(", "), article, strict=True))
    sections = named[row["id"]]
    said = {name: row[name] for name in ("title", "subtitle", "body", "source", "language")}
    return row["id"], *fts5_columns(IndexedDocument(sections=sections, **said))
