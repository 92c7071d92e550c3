"""Test that saves in one transaction write the same rows as the same saves one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from storage.crawling.fetches import FetchAttempt
from storage.database.engine import advisory_lock
from storage.model.records import ArticleData, DatePrecision, FetchPurpose, SaveOutcome
from storage.saving.requests import SaveRequest, SaveResult
from storage.store import Store
from tests.support.examples import examples
from tests.support.postgres.server import Server
from tests.support.rows import HOUR, NOON, Rows, address_of, empty_database

SLUGS = ("one", "two", "three", "four")
TITLES = ("Talks", "Talks end", "Envoys")
BODIES = ("", "They met in Baku.", "They met in Baku again and nobody said a word of it.", "Prices rose.")
WORDS = ("talk", "envoy", "baku", "word", "price")
TABLES = ("articles", "revisions", "links", "view_readings", "fetches", "events")


OTHERS = {"four": "apa"}
"""Source by slug, of URLs that are not of caliber."""


def url_of(slug: str) -> str:
    return f"https://caliber.az/en/post/{slug}"


def save_of(
    requested: str, page: str, hours: int, *, title: str = "Talks", body: str = "", views: int | None = 5
) -> SaveRequest:
    """Build the request to save `page`, fetched `hours` after NOON at the URL of `requested`."""
    at = NOON + hours * HOUR
    data = ArticleData(
        source=OTHERS.get(requested, "caliber"),
        url=url_of(page),
        language="en",
        sections=("politics",),
        title=title,
        body=body,
        published_at=NOON - HOUR,
        published_raw="4 November 2026 15:00",
        published_precision=DatePrecision.MINUTE,
        parser_version=1,
        fetched_at=at,
        view_count=views,
    )
    return SaveRequest(
        data=data,
        attempt=FetchAttempt(url=url_of(requested), purpose=FetchPurpose.NEW, fetched_at=at, run_id=None),
        section="politics",
    )


@st.composite
def groups(draw: st.DrawFn) -> list[SaveRequest]:
    """Generate saves of a few URLs, some of which redirect to another, with a few texts."""
    slugs, hours, saves = st.sampled_from(SLUGS), 0, []
    for _ in range(draw(st.integers(0, 7))):
        requested, hours = draw(slugs), hours + draw(st.integers(0, 30))
        page = draw(slugs) if draw(st.integers(0, 3)) == 0 else requested
        texts = {"title": draw(st.sampled_from(TITLES)), "body": draw(st.sampled_from(BODIES))}
        saves.append(save_of(requested, page, hours, views=draw(st.none() | st.integers(0, 9)), **texts))
    return saves


def rows_after(
    rows: Rows, before: Sequence[SaveRequest], groups: Sequence[Sequence[SaveRequest]]
) -> tuple[list[SaveResult], dict[str, Any]]:
    """Save these groups; return the results, and all rows after them."""
    rows.source("apa", title="APA")
    for slug in SLUGS:
        rows.store.links.ensure(OTHERS.get(slug, "caliber"), [url_of(slug)], now=NOON - timedelta(minutes=5))
    for save in before:
        rows.store.saving.save_all([save])
    return [saved for group in groups for saved in rows.store.saving.save_all(group)], all_rows(rows.store)


def all_rows(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        tables: dict[str, Any] = {
            table: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")))) for table in TABLES
        }
        if connection.dialect.name == "sqlite":
            found = text("SELECT rowid FROM articles_fts WHERE articles_fts MATCH :word ORDER BY rowid")
            tables |= {word: list(connection.execute(found, {"word": word}).scalars()) for word in WORDS}
        else:
            tables["index"] = sorted(map(repr, connection.execute(text("SELECT article_id, vector FROM articles_fts"))))
    return tables


@contextmanager
def sqlite_rows() -> Iterator[Rows]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "news.db").write_bytes(empty_database())
        rows = Rows(address_of(Path(folder)))
        yield rows
        rows.store.close()


@contextmanager
def postgres_rows(server: Server) -> Iterator[Rows]:
    with server.database() as database:
        rows = Rows(database.address)
        yield rows
        rows.store.close()


NEW = [save_of(slug, slug, 1, body=f"They met in {slug}.") for slug in SLUGS]
SAME_TWICE = [save_of("one", "one", 1, body=BODIES[1]), save_of("two", "two", 2, body=BODIES[1])]
ONE_TWICE = [save_of("one", "one", 1, body=BODIES[1]), save_of("one", "one", 2, body=BODIES[2])]
MOVED_ON = [save_of("one", "two", 1, body=BODIES[1]), save_of("one", "three", 2, body=BODIES[3])]
TO_EACH_OTHER = [save_of("one", "two", 1, body=BODIES[1]), save_of("two", "one", 2, body=BODIES[1])]
LED_ON = [save_of("two", "three", 1, body=BODIES[1]), save_of("one", "two", 2, body=BODIES[2])]


@given(groups(), groups().filter(bool))
@example([], NEW)
@example([], SAME_TWICE)
@example([], ONE_TWICE)
@example([], MOVED_ON)
@example([], TO_EACH_OTHER)
@example([], LED_ON)
@example([save_of("three", "three", 0, body=BODIES[1])], SAME_TWICE)
@example([save_of("four", "four", 0, body=BODIES[1])], SAME_TWICE)
@settings(max_examples=examples(20))
def test_a_group_writes_the_same_rows_as_its_saves_one_by_one(
    before: list[SaveRequest], group: list[SaveRequest]
) -> None:
    with sqlite_rows() as together, sqlite_rows() as alone:
        assert rows_after(together, before, [group]) == rows_after(alone, before, [[save] for save in group])


@pytest.mark.long
@pytest.mark.parametrize("group", [NEW, SAME_TWICE, ONE_TWICE, MOVED_ON, TO_EACH_OTHER, LED_ON])
@pytest.mark.parametrize("before", [[], [save_of("three", "three", 0, body=BODIES[1])]], ids=["empty", "one stored"])
def test_a_group_writes_the_same_rows_as_its_saves_one_by_one_on_postgresql(
    postgres: Server, before: list[SaveRequest], group: list[SaveRequest]
) -> None:
    with postgres_rows(postgres) as together, postgres_rows(postgres) as alone:
        assert rows_after(together, before, [group]) == rows_after(alone, before, [[save] for save in group])


@pytest.mark.dialect
def test_new_articles_with_a_stored_text_are_duplicates(rows: Rows) -> None:
    """Only of their own source: the same text of another source is no duplicate."""
    before = [save_of("three", "three", 0, body=BODIES[1]), save_of("four", "four", 0, body=BODIES[3])]
    group = [save_of("one", "one", 1, body=BODIES[1]), save_of("two", "two", 1, body=BODIES[3])]
    saved, _ = rows_after(rows, before, [group])
    assert [one.outcome for one in saved] == [SaveOutcome.NEW, SaveOutcome.NEW]
    found = {article.id: article.duplicate_of_id for article in rows.store.articles.find()}
    stored = rows.store.articles.get(url_of("three"))
    assert stored is not None
    assert [found[one.article_id] for one in saved] == [stored.id, None]


def wait_for_locked(store: Store, number: int) -> None:
    """Wait until `number` connections wait for the advisory lock of articles."""
    query = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    until = monotonic() + 30
    while monotonic() < until:
        with store.read() as connection:
            if connection.scalar(query) == number:
                return
        sleep(0.01)
    raise AssertionError(f"{number} connections never waited")


def test_a_group_finds_duplicates_stored_while_it_waited(postgres: Server) -> None:
    first = [save_of("three", "three", 0, body=BODIES[1])]
    group = [save_of("two", "two", 1, body=BODIES[3]), save_of("one", "one", 1, body=BODIES[1])]
    with postgres_rows(postgres) as rows, ThreadPoolExecutor(2) as pool:
        rows_after(rows, [], [])
        with rows.store.write() as connection:
            advisory_lock(connection, "articles")
            earlier = pool.submit(rows.store.saving.save_all, first)
            wait_for_locked(rows.store, 1)
            later = pool.submit(rows.store.saving.save_all, group)
            wait_for_locked(rows.store, 2)
        stored, repeated = earlier.result()[0].article_id, later.result()[1].article_id
        found = {article.id: article.duplicate_of_id for article in rows.store.articles.find()}
        assert found[repeated] == stored
