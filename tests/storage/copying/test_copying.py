"""Copy databases of both kinds into each other: what arrives, what is refused, and how an ended copy goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import insert, select, text

from storage.copying import streams
from storage.copying.copying import COMPARING, COPYING, CopyResult, Progress
from storage.copying.moving import copy_database
from storage.copying.stored_tables import stored_tables
from storage.crawling.processes import process_start_time
from storage.database import schema
from storage.database.engine import create_store_engine
from storage.database.schema import UNFINISHED_COPY, set_version
from storage.database.tables import METADATA
from storage.model.errors import AlreadyRunningError, ConfigError, StoreError
from storage.model.records import EditKind, Outcome, RunStatus, Trigger
from storage.store import Store, open_store
from tests.support.examples import examples
from tests.support.hostile_rows import Made, hostile_rows, insert_rows
from tests.support.rows import DAY, HOUR, NOON, Rows, address_of, empty_database

pytestmark = pytest.mark.dialect

PATIENCE = timedelta(seconds=30)
IMPATIENT = timedelta(milliseconds=50)


def quiet(_phase: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def copy(source: str, target: str, progress: Progress = quiet) -> CopyResult:
    return copy_database(source, target, progress, busy_timeout=PATIENCE, now=NOON)


def rows_in(database: str) -> dict[str, Sequence[Any]]:
    """All rows as they are kept, by table."""
    with open_store(database) as store, store.read() as connection:
        tables = stored_tables(connection.dialect.name)
        return {stored.name: [tuple(row) for row in connection.execute(stored.rows())] for stored in tables}


def new_file(folder: Path, name: str) -> str:
    file = folder / name
    file.unlink(missing_ok=True)
    return f"sqlite:///{file}"


@pytest.fixture
def other(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> str:
    """The address of an empty database of the other kind than `database`."""
    if database.startswith("sqlite"):
        return str(request.getfixturevalue("postgres_database"))
    return new_file(tmp_path, "other.db")


@pytest.fixture
def full(rows: Rows) -> Rows:
    """Rows of most tables; the first article is a duplicate of the last."""
    ids = [rows.article(f"gas-{number}", view_count=2**40 + number) for number in range(5)]
    rows.revision(ids[0], 1, edit_kind=EditKind.NUMBERS)
    rows.readings(ids[0], 1, 2**40)
    link = rows.link("https://caliber.az/en/post/gas-0", outcome=Outcome.STORED, article_id=ids[0])
    rows.listing(link, "https://caliber.az/rss.xml")
    rows.fetch(link, run_id=rows.run())
    rows.store.events.add(source="caliber", kind="gone", subject="s", details={"why": "ə\0"}, now=NOON)
    articles = METADATA.tables["articles"]
    with rows.store.write() as connection:
        connection.execute(articles.update().where(articles.c.id == ids[0]).values(duplicate_of_id=ids[-1]))
        tag = {"article_id": ids[0], "tag": "ə", "created_at": NOON}
        connection.execute(insert(METADATA.tables["tags"]), tag)
    return rows


@settings(
    max_examples=examples(3),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(made=hostile_rows())
def test_all_values_come_back_from_the_other_kind(made: Made, tmp_path: Path, postgres_database: str) -> None:
    first, last = tmp_path / "first.db", new_file(tmp_path, "last.db")
    first.write_bytes(empty_database())
    with open_store(f"sqlite:///{first}") as store, store.write() as connection:
        insert_rows(connection, made)
    make_unfinished(postgres_database)  # so that each example begins anew
    copied = copy(f"sqlite:///{first}", postgres_database)
    copy(postgres_database, last)
    before, between, after = rows_in(f"sqlite:///{first}"), rows_in(postgres_database), rows_in(last)
    assert before == between == after
    assert copied.row_count == sum(map(len, before.values())) > 50
    assert copied.replaced_count == 0


def open_connections(database: str) -> Store:
    """Open a database whose tables may have any version."""
    engine = create_store_engine(database, busy_timeout=PATIENCE)
    schema.create(engine)
    return Store(engine)


def make_unfinished(database: str) -> None:
    with open_connections(database) as store, store.write() as connection:
        set_version(connection, f"{UNFINISHED_COPY} of something else")


def test_new_rows_get_the_ids_that_follow(full: Rows, other: str) -> None:
    copy(full.database, other)
    with open_store(other) as store, store.read() as connection:
        last = connection.scalar(select(METADATA.tables["articles"].c.id).order_by(text("id DESC")).limit(1)) or 0
    there = Rows.__new__(Rows)  # its source is there already
    there.database, there.store = other, open_store(other)
    with there.store:
        assert there.article("new") == last + 1
        assert there.link("https://caliber.az/en/post/new") == 2
        assert there.run() == 2
        assert there.revision(1, 2) == 2


def test_a_copy_that_is_ended_again_and_again_goes_on(full: Rows, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "BATCH_ROWS", 2)
    ends = 0
    while (done := copy_or_end(full.database, other)) is None:
        ends += 1
        with pytest.raises(StoreError, match="holds an unfinished copy: run the same presswatch db copy again"):
            open_store(other)
    assert ends > 2
    assert done.resumed_at > 0
    assert rows_in(other) == rows_in(full.database)


def copy_or_end(source: str, target: str) -> CopyResult | None:
    """Copy for five transactions; return None if there is more."""
    try:
        return copy(source, target, ending_after_batches(5))
    except EndedError:
        return None


class EndedError(Exception):
    """The copy was ended from outside."""


def ending_after_batches(number: int) -> Progress:
    begun: list[int] = []

    def progress(phase: str, done: int, _total: int) -> None:
        begun.append(done)
        if phase == COPYING and len(begun) > number:
            raise EndedError

    return progress


def test_a_copy_begins_anew_if_the_source_was_written_since(full: Rows, other: str) -> None:
    with pytest.raises(EndedError):
        copy(full.database, other, ending_after_batches(1))
    full.article("written-since")
    assert copy(full.database, other).resumed_at == 0
    assert rows_in(other) == rows_in(full.database)


def test_a_row_that_differs_is_named_and_the_next_copy_is_whole(full: Rows, other: str) -> None:
    with open_connections(other) as damaged:

        def damage(phase: str, done: int, _total: int) -> None:
            if phase == COMPARING and done == 0:
                with damaged.write() as connection:
                    connection.exec_driver_sql("UPDATE articles SET title = 'another' WHERE id = 3")

        with pytest.raises(StoreError, match=r"is not the same: table articles: row 3 differs in title; copy again"):
            copy(full.database, other, damage)
    with pytest.raises(StoreError, match="unfinished copy"):
        open_store(other)
    assert copy(full.database, other).resumed_at == 0
    assert rows_in(other) == rows_in(full.database)


def test_nobody_else_writes_to_the_source_meanwhile(full: Rows, other: str) -> None:
    refused: list[str] = []
    with open_store(full.database, busy_timeout=IMPATIENT) as writer:

        def write(phase: str, _done: int, _total: int) -> None:
            if phase == COMPARING:
                with pytest.raises(StoreError) as error:
                    writer.sources.declare(name="b", title="B", home="h", terms="", timezone="UTC")
                refused.append(str(error.value))

        copy(full.database, other, write)
        writer.sources.declare(name="b", title="B", home="h", terms="", timezone="UTC")
    assert refused
    assert all("another process held it for too long" in sentence for sentence in refused)


def test_a_daemon_is_stopped_first(full: Rows, other: str) -> None:
    leases = full.store.leases
    assert leases.acquire(process=process_start_time(os.getpid()), version="1", now=NOON) is None
    with pytest.raises(AlreadyRunningError, match=r"a daemon writes to it \(process \d+ on .*\); stop it first"):
        copy(full.database, other)
    leases.release()
    copy(full.database, other)


def test_the_lease_of_a_daemon_that_died_is_left_behind(full: Rows, other: str) -> None:
    assert full.store.leases.acquire(process="of a process that is gone", version="1", now=NOON) is None
    copy(full.database, other)
    with open_store(other) as store:
        assert store.leases.holder() is None


def test_a_crawl_is_waited_for(full: Rows, other: str) -> None:
    run = full.store.runs.open("caliber", Trigger.MANUAL, now=NOON)
    with pytest.raises(AlreadyRunningError, match=r"process \d+ on .* crawls caliber; wait for it to end"):
        copy(full.database, other)
    full.store.runs.close(run, RunStatus.SUCCEEDED, now=NOON)
    copy(full.database, other)


def test_a_database_with_rows_is_refused_and_left_as_it_is(full: Rows, other: str) -> None:
    with open_store(other) as store:
        store.sources.declare(name="mine", title="Mine", home="h", terms="", timezone="UTC")
    with pytest.raises(StoreError, match="holds rows already, in the table sources: name an empty one"):
        copy(full.database, other)
    assert [row[0] for row in rows_in(other)["sources"]] == ["mine"]


def test_the_database_itself_is_refused(full: Rows) -> None:
    with pytest.raises(ConfigError, match="is the database itself"):
        copy(full.database, full.database)


@pytest.mark.parametrize("side", ["source", "target"])
@pytest.mark.parametrize(
    ("version", "reason"), [("0001", "run presswatch db upgrade"), ("9999", "install the newer one")]
)
def test_other_versions_of_the_tables_say_what_to_do(
    rows: Rows, other: str, side: str, version: str, reason: str
) -> None:
    with open_store(rows.database if side == "source" else other) as store, store.write() as connection:
        set_version(connection, version)
    with pytest.raises(StoreError, match=reason):
        copy(rows.database, other)


def test_a_source_without_a_database_is_refused_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"):
        copy(address_of(tmp_path), new_file(tmp_path, "other.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_character_that_no_database_keeps_is_replaced_and_counted(rows: Rows, other: str, tmp_path: Path) -> None:
    if rows.database.startswith("postgresql"):
        pytest.skip("PostgreSQL refuses it by itself")
    rows.article("odd")
    with rows.store.write() as connection:
        connection.execute(text("UPDATE articles SET body = 'a' || char(0) || 'b'"))
    assert copy(rows.database, other).replaced_count == 1
    with open_store(other) as store:
        found = store.articles.get(1)
    assert found is not None
    assert found.body == "a\ufffdb"


def test_an_edit_of_yesterday_is_still_one_of_yesterday(full: Rows, other: str) -> None:
    full.revision(2, 1, seen_from=NOON - DAY, seen_until=NOON - HOUR)
    copy(full.database, other)
    with open_store(other) as store:
        assert rows_in(other)["revisions"] == rows_in(full.database)["revisions"]
        assert list(store.articles.find()) == list(full.store.articles.find())
