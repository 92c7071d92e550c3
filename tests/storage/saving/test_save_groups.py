"""Saves in one transaction leave the rows that the same saves leave one after the other, whatever they say."""

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
from tests.support.postgres.server import Server
from tests.support.rows import HOUR, NOON, Rows, address_of, empty_database

SLUGS = ("one", "two", "three", "four")
TITLES = ("Talks", "Talks end", "Envoys")
BODIES = ("", "They met in Baku.", "They met in Baku again and nobody said a word of it.", "Prices rose.")
WORDS = ("talk", "envoy", "baku", "word", "price")
TABLES = ("articles", "revisions", "links", "view_readings", "fetches", "events")


OTHERS = {"four": "apa"}
"""Whose an address is that is not caliber's."""


def address(slug: str) -> str:
    return f"https://caliber.az/en/post/{slug}"


def save_of(
    asked: str, page: str, hours: int, *, title: str = "Talks", body: str = "", views: int | None = 5
) -> SaveRequest:
    """What a page said so many hours after NOON, under the address that was asked for or another."""
    at = NOON + hours * HOUR
    data = ArticleData(
        source=OTHERS.get(asked, "caliber"),
        url=address(page),
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
        attempt=FetchAttempt(url=address(asked), purpose=FetchPurpose.NEW, fetched_at=at, run_id=None),
        section="politics",
    )


@st.composite
def groups(draw: st.DrawFn) -> list[SaveRequest]:
    """Saves of a few addresses, some of which redirect to another, and of a few wordings."""
    slugs, hours, saves = st.sampled_from(SLUGS), 0, []
    for _ in range(draw(st.integers(0, 7))):
        asked, hours = draw(slugs), hours + draw(st.integers(0, 30))
        page = draw(slugs) if draw(st.integers(0, 3)) == 0 else asked
        said = {"title": draw(st.sampled_from(TITLES)), "body": draw(st.sampled_from(BODIES))}
        saves.append(save_of(asked, page, hours, views=draw(st.none() | st.integers(0, 9)), **said))
    return saves


def kept_by(
    rows: Rows, before: Sequence[SaveRequest], groups: Sequence[Sequence[SaveRequest]]
) -> tuple[list[SaveResult], dict[str, Any]]:
    """What the saves of these groups did, and all rows after them."""
    rows.source("apa", title="APA")
    for slug in SLUGS:
        rows.store.links.ensure(OTHERS.get(slug, "caliber"), [address(slug)], now=NOON - timedelta(minutes=5))
    for save in before:
        rows.store.saving.save_all([save])
    return [saved for group in groups for saved in rows.store.saving.save_all(group)], everything(rows.store)


def everything(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        kept: dict[str, Any] = {
            table: sorted(map(repr, connection.execute(text(f"SELECT * FROM {table}")))) for table in TABLES
        }
        if connection.dialect.name == "sqlite":
            found = text("SELECT rowid FROM articles_fts WHERE articles_fts MATCH :word ORDER BY rowid")
            kept |= {word: list(connection.execute(found, {"word": word}).scalars()) for word in WORDS}
        else:
            kept["index"] = sorted(map(repr, connection.execute(text("SELECT article_id, vector FROM articles_fts"))))
    return kept


@contextmanager
def sqlite_rows() -> Iterator[Rows]:
    with TemporaryDirectory() as folder:
        (Path(folder) / "news.db").write_bytes(empty_database())
        made = Rows(address_of(Path(folder)))
        yield made
        made.store.close()


@contextmanager
def postgres_rows(server: Server) -> Iterator[Rows]:
    with server.database() as database:
        made = Rows(database.address)
        yield made
        made.store.close()


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
@settings(deadline=None, max_examples=100)
def test_a_group_leaves_what_its_saves_leave_one_by_one(before: list[SaveRequest], group: list[SaveRequest]) -> None:
    with sqlite_rows() as together, sqlite_rows() as alone:
        assert kept_by(together, before, [group]) == kept_by(alone, before, [[save] for save in group])


@pytest.mark.long
@pytest.mark.parametrize("group", [NEW, SAME_TWICE, ONE_TWICE, MOVED_ON, TO_EACH_OTHER, LED_ON])
@pytest.mark.parametrize("before", [[], [save_of("three", "three", 0, body=BODIES[1])]], ids=["empty", "one stored"])
def test_so_it_does_on_postgresql(postgres: Server, before: list[SaveRequest], group: list[SaveRequest]) -> None:
    with postgres_rows(postgres) as together, postgres_rows(postgres) as alone:
        assert kept_by(together, before, [group]) == kept_by(alone, before, [[save] for save in group])


@pytest.mark.dialect
def test_new_articles_that_say_what_is_stored_know_it(rows: Rows) -> None:
    """Of their own source: what another source says is its own article."""
    before = [save_of("three", "three", 0, body=BODIES[1]), save_of("four", "four", 0, body=BODIES[3])]
    group = [save_of("one", "one", 1, body=BODIES[1]), save_of("two", "two", 1, body=BODIES[3])]
    saved, _ = kept_by(rows, before, [group])
    assert [one.outcome for one in saved] == [SaveOutcome.NEW, SaveOutcome.NEW]
    found = {article.id: article.duplicate_of_id for article in rows.store.articles.find()}
    stored = rows.store.articles.get(address("three"))
    assert stored is not None
    assert [found[one.article_id] for one in saved] == [stored.id, None]


def waiting(store: Store, number: int) -> None:
    """Until so many wait for their turn to store articles."""
    asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    until = monotonic() + 30
    while monotonic() < until:
        with store.read() as connection:
            if connection.scalar(asked) == number:
                return
        sleep(0.01)
    raise AssertionError(f"never did {number} wait")


def test_a_group_knows_what_was_stored_while_it_waited(postgres: Server) -> None:
    first = [save_of("three", "three", 0, body=BODIES[1])]
    group = [save_of("two", "two", 1, body=BODIES[3]), save_of("one", "one", 1, body=BODIES[1])]
    with postgres_rows(postgres) as rows, ThreadPoolExecutor(2) as pool:
        kept_by(rows, [], [])
        with rows.store.write() as connection:
            advisory_lock(connection, "articles")
            earlier = pool.submit(rows.store.saving.save_all, first)
            waiting(rows.store, 1)
            later = pool.submit(rows.store.saving.save_all, group)
            waiting(rows.store, 2)
        stored, repeated = earlier.result()[0].article_id, later.result()[1].article_id
        found = {article.id: article.duplicate_of_id for article in rows.store.articles.find()}
        assert found[repeated] == stored
