"""Requirements of PostgreSQL beyond SQLite: one line for each failure, one snapshot a list, two writers at once."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from storage.articles.filters import Sort
from storage.crawling.links import FetchAttempt
from storage.database import schema
from storage.database.column_types import as_utf8
from storage.database.engine import create_store_engine, transaction
from storage.database.tables import articles
from storage.model.errors import ConfigError, StoreError
from storage.model.extras import Extra, missing_extra
from storage.model.records import ArticleData, FailureStage, FetchFailure, FetchPurpose
from storage.store import Store, open_store
from tests.support.postgres.server import Server
from tests.support.rows import HOUR, NOON, Rows

PASSWORD = "pass@word"
SECOND = timedelta(seconds=1)


@pytest.fixture
def rows(postgres_database: str) -> Iterator[Rows]:
    made = Rows(postgres_database)
    yield made
    made.store.close()


def refused(address: str) -> str:
    """The one line a person gets for an address."""
    with pytest.raises((StoreError, ConfigError)) as raised:
        open_store(address, busy_timeout=SECOND).close()
    assert "\n" not in str(raised.value)
    return str(raised.value)


class TestTheWayIn:
    def test_no_server(self) -> None:
        said = refused("postgresql+psycopg://u:secret@127.0.0.1:1/news")
        assert "Connection refused; is the server running, and does it listen there?" in said
        assert "secret" not in said

    def test_no_server_at_any_of_the_addresses_of_a_host(self) -> None:
        assert "Connection refused; is the server running" in refused("postgresql+psycopg://u@localhost:1/news")

    def test_no_such_database(self, postgres: Server) -> None:
        said = refused(postgres.address("nowhere"))
        assert 'database "nowhere" does not exist; make it with CREATE DATABASE' in said

    def test_a_wrong_password_is_not_shown(self, postgres: Server) -> None:
        said = refused(postgres.address(user="reporter:wr0ng"))
        assert "password authentication failed" in said
        assert "check user and password in the address" in said
        assert "wr0ng" not in said

    def test_a_password_lets_in(self, postgres: Server, rows: Rows) -> None:
        name = rows.database.rpartition("/")[2]
        address = postgres.address(name, user=f"reporter:{quote(PASSWORD)}")
        with pytest.raises(StoreError, match=r"permission denied.*must own the database, or be granted its schema"):
            open_store(address)

    @pytest.mark.parametrize(
        ("address", "why"),
        [
            ("postgresql+psycopg://u:se@cret@h/news", "an @ in a password is written %40"),
            ("postgresql+psycopg://u:se@cret@h:port/news", "its port is not a number"),
            ("postgresql+psycopg://u@h/news?password=se@cret", "a password stands before the @"),
            ("postgresql+asyncpg://u:se@cret@h/news", "in PostgreSQL through psycopg"),
            ("postgres://u:se@cret@h/news", "Can't load plugin"),
        ],
    )
    def test_an_address_that_cannot_be_used_hides_its_password(self, address: str, why: str) -> None:
        said = refused(address)
        assert why in said
        assert said.endswith("write it as postgresql+psycopg://user:password@host/presswatch")
        assert "se@" not in said
        assert "cret" not in said

    def test_other_databases_are_refused(self) -> None:
        assert "articles are kept in SQLite, or in PostgreSQL" in refused("mysql+pymysql://u@h/news")

    def test_without_psycopg_its_name_and_how_to_get_it(self) -> None:
        script = (
            "import sys; sys.modules['psycopg'] = None; from storage.store import open_store\n"
            "try: open_store('postgresql+psycopg://u@h/news')\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.startswith("ConfigError PostgreSQL needs psycopg (")
        assert done.stdout.endswith(f"{missing_extra(')', Extra.POSTGRES)}\n")

    def test_options_of_the_address_stay(self, rows: Rows) -> None:
        engine = create_store_engine(
            f"{rows.database}?options=-c%20work_mem%3D5MB&connect_timeout=3", busy_timeout=SECOND
        )
        with transaction(engine, writes=False) as connection:
            shown = [connection.scalar(text(f"SHOW {name}")) for name in ("work_mem", "lock_timeout", "TimeZone")]
        engine.dispose()
        assert shown == ["5MB", "1s", "UTC"]


class TestTables:
    @pytest.mark.long
    def test_many_that_open_an_empty_database_at_once_make_its_tables_once(self, postgres: Server) -> None:
        script = "import sys; from storage.store import open_store; sys.stdin.read(); open_store(sys.argv[1]).close()"
        with postgres.database(tables=False) as empty:
            command = [sys.executable, "-c", script, empty.address]
            opening = [subprocess.Popen(command, stdin=-1, stderr=-1, text=True) for _ in range(4)]
            for process in opening:
                assert process.stdin is not None
                process.stdin.close()
                process.stdin = None
            said = [(process.communicate()[1], process.returncode) for process in opening]
            assert said == [("", 0)] * 4
            open_store(empty.address).close()

    def test_tables_of_another_program_are_left_alone(self, postgres: Server) -> None:
        with postgres.database(tables=False) as theirs:
            engine = create_store_engine(theirs.address, busy_timeout=SECOND)
            with transaction(engine) as connection:
                connection.execute(text("CREATE TABLE theirs (id int)"))
            with pytest.raises(StoreError, match="holds tables of another program"):
                schema.check(engine)
            engine.dispose()

    def test_every_text_is_ordered_by_its_code_points(self, rows: Rows) -> None:
        asked = text(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        )
        with rows.store.read() as connection:
            assert connection.execute(asked).all() == []


class TestTransactions:
    @pytest.mark.long
    def test_a_list_is_of_one_moment(self, rows: Rows) -> None:
        for number in range(600):
            rows.article(f"a{number}")
        reading = rows.store.articles.find(sort=Sort.STORED)
        seen = [next(reading).title]
        with rows.store.write() as connection:
            connection.execute(update(articles).values(title="Changed"))
        seen += [article.title for article in reading]
        assert (len(seen), "Changed" in seen) == (600, False)

    def test_a_read_cannot_write(self, rows: Rows) -> None:
        with pytest.raises(StoreError, match="read-only"), rows.store.read() as connection:
            connection.execute(update(articles).values(title="Changed"))
        with rows.store.write() as connection:  # the same connection, out of the pool
            connection.execute(update(articles).values(title="Changed"))

    def test_a_write_waits_no_longer_than_configured(self, rows: Rows) -> None:
        article = rows.article("held")
        with open_store(rows.database, busy_timeout=SECOND / 5) as other, rows.store.write() as holding:
            holding.execute(update(articles).where(articles.c.id == article).values(title="Mine"))
            with (
                pytest.raises(StoreError, match="lock timeout; another process held it for too long; try again"),
                other.write() as waiting,
            ):
                waiting.execute(update(articles).where(articles.c.id == article).values(title="Yours"))

    def test_a_connection_that_the_server_ended_is_opened_anew(self, rows: Rows, postgres: Server) -> None:
        rows.article("before")
        postgres.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'")
        assert len(list(rows.store.articles.find())) == 1


def page(slug: str, at: datetime, **said: object) -> ArticleData:
    facts = {"source": "caliber", "language": "en", "sections": ("politics",), "parser_version": 1, "body": "Said."}
    return ArticleData(url=f"https://caliber.az/en/post/{slug}", fetched_at=at, **{"title": slug, **facts, **said})  # type: ignore[arg-type]


def save(store: Store, data: ArticleData, asked: str | None = None) -> int:
    url = asked or data.url
    tried = FetchAttempt(url=url, purpose=FetchPurpose.NEW, fetched_at=data.fetched_at, run_id=None)
    store.links.ensure("caliber", [url], now=data.fetched_at)
    return store.saving.save(data, tried, section=None).article_id


def at_once(*tasks: object) -> None:
    failed: list[BaseException] = []

    def run(task: object) -> None:
        try:
            task()  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001  (raised again by the thread that waits)
            failed.append(error)

    threads = [threading.Thread(target=run, args=[task]) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


class TestTwoAtOnce:
    def test_each_edit_of_one_article_is_a_revision(self, rows: Rows) -> None:
        article = save(rows.store, page("edited", NOON))

        def edits(first: int) -> None:
            for number in range(first, first + 5):
                edited = page(
                    "edited", NOON + number * HOUR, title=f"Title {number}", body=f"Wholly new {number}. " * 9
                )
                save(rows.store, edited)

        at_once(lambda: edits(1), lambda: edits(6), lambda: edits(11))
        numbers = [revision.revision_number for revision in rows.store.articles.revisions(article)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert len(numbers) > 5

    def test_one_article_of_two_crawls_is_stored_once(self, rows: Rows) -> None:
        def both() -> None:
            for number in range(10):
                save(
                    rows.store,
                    page(f"new-{number}", NOON),
                    asked=f"https://caliber.az/{threading.get_ident()}/{number}",
                )

        at_once(both, both, both)
        assert len(list(rows.store.articles.find())) == 10

    def test_whoever_saw_an_id_saw_those_below(self, rows: Rows) -> None:
        """Or a watch that went on past an article that was not committed yet would never be asked about it."""
        writers = 3
        done = threading.Semaphore(0)
        seen: list[list[int]] = []

        def store_some(writer: int) -> None:
            for number in range(15):
                save(rows.store, page(f"new-{writer}-{number}", NOON))
            done.release()

        def watch() -> None:
            while not done.acquire(blocking=False) or len(seen) < 3:
                seen.append([article.id for article in rows.store.articles.find(sort=Sort.STORED)])

        at_once(*[lambda writer=writer: store_some(writer) for writer in range(writers)], watch)
        assert len(list(rows.store.articles.find())) == writers * 15
        for earlier, later in pairwise(seen):
            appeared = set(later) - set(earlier)
            assert not earlier or not appeared or min(appeared) > max(earlier)

    def test_of_failures_of_one_address_none_is_forgotten(self, rows: Rows) -> None:
        url = "https://caliber.az/en/post/broken"
        rows.store.links.ensure("caliber", [url], now=NOON)

        def fail() -> None:
            for _ in range(5):
                tried = FetchAttempt(url=url, purpose=FetchPurpose.RETRY, fetched_at=NOON, run_id=None)
                rows.store.links.record_failure(
                    tried, FetchFailure(url=url, failure_stage=FailureStage.TIMEOUT, reason="late")
                )

        at_once(fail, fail)
        known = rows.store.links.known("caliber", [url], now=NOON, all_articles=False)
        assert known[url].failed_attempts == 10


SURROGATES = "".join(map(chr, range(0xD800, 0xE000)))


@given(st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\ud800")))
def test_what_a_database_refuses_is_marked_and_nothing_else_is_touched(written: str) -> None:
    refused = "\0" + SURROGATES
    assert as_utf8(written) == "".join("\ufffd" if character in refused else character for character in written)
