"""The tables that the migrations make are those the models say, and an older database keeps what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text

from storage.database import (
    daemon_tables,  # noqa: F401  (its tables join METADATA)
    schema,
    schema_dump,
)
from storage.database.engine import create_store_engine, transaction
from storage.database.tables import METADATA, SCHEMA_VERSION, articles
from storage.model.errors import StoreError
from storage.model.event_kinds import EventKind
from storage.model.redaction import fingerprint

pytestmark = pytest.mark.dialect


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database of each kind with nothing in it."""
    with ExitStack() as opened:
        address = f"sqlite:///{tmp_path}/x.db"
        if request.param == "postgres":
            address = opened.enter_context(request.getfixturevalue("postgres").database(tables=False)).address
        engine = create_store_engine(address, busy_timeout=timedelta(seconds=1))
        opened.callback(engine.dispose)
        yield engine


def upgrade_to(engine: Engine, version: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    with transaction(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)


def test_the_migrations_make_what_the_models_say(engine: Engine) -> None:
    schema.migrate(engine)
    with transaction(engine, writes=False) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": True, "include_name": schema.include_object}
        )
        assert compare_metadata(context, METADATA) == []


def test_an_empty_sqlite_database_gets_the_tables_that_the_migrations_make(tmp_path: Path) -> None:
    made: dict[str, str] = {}
    for way in (schema.migrate, schema.upgrade):
        engine = create_store_engine(f"sqlite:///{tmp_path}/{way.__name__}.db", busy_timeout=timedelta(seconds=1))
        assert way(engine) is None
        with transaction(engine, writes=False) as connection:
            made[way.__name__] = schema_dump.dump(connection)
        engine.dispose()
    assert made["upgrade"] == made["migrate"], "run python -m storage.database.schema_dump"


def test_the_version_is_that_of_the_last_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_an_old_database_is_refused_until_it_is_upgraded_and_keeps_what_it_holds(engine: Engine) -> None:
    upgrade_to(engine, "0001")
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL)"))
        connection.execute(
            text(
                "INSERT INTO channels (source, url, interval, validators_trusted, failures, etag)"
                " VALUES ('s', 'u', 60.0, true, 2, 'e')"
            )
        )
    with pytest.raises(StoreError, match=r"old tables \(0001, needed .*run presswatch db upgrade"):
        schema.check(engine)
    assert schema.upgrade(engine) == "0001"
    schema.check(engine)
    with transaction(engine, writes=False) as connection:
        assert connection.execute(text("SELECT url, etag, consecutive_failures FROM channels")).all() == [("u", "e", 2)]


def test_the_kinds_of_stored_events_get_their_plain_words(engine: Engine) -> None:
    upgrade_to(engine, "0003")
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL, NULL)"))
        for kind in ("back", "untrusted", "volatile", "killed", "silent"):
            row = text(
                "INSERT INTO events (source, kind, subject, details, opened_at)"
                " VALUES ('s', :kind, '', '{}', '2026-11-04 12:00:00')"
            )
            connection.execute(row, {"kind": kind})
    schema.upgrade(engine)
    with transaction(engine, writes=False) as connection:
        kinds = connection.scalars(text("SELECT kind FROM events ORDER BY id")).all()
    assert kinds == ["restored", "bad_validators", "noisy", "crawl_killed", "silent"]
    assert set(kinds) <= set(EventKind)


def test_the_purposes_and_results_of_stored_fetches_get_their_plain_words(engine: Engine) -> None:
    upgrade_to(engine, "0003")
    stored = [("re-look", "same"), ("asked", "reread"), ("new", "suspect"), ("retry", "missing"), ("new", "new")]
    moment = "'2026-11-04 12:00:00.000000'"
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL, NULL)"))
        connection.execute(
            text(
                "INSERT INTO links (id, source, url, sections, first_listed_at, last_listed_at, outcome, attempts)"
                f" VALUES (1, 's', 'u', '', {moment}, {moment}, 'stored', 0)"
            )
        )
        for why, result in stored:
            row = text(f"INSERT INTO fetches (link_id, fetched_at, why, result) VALUES (1, {moment}, :why, :result)")
            connection.execute(row, {"why": why, "result": result})
    schema.upgrade(engine)
    with transaction(engine, writes=False) as connection:
        rows = connection.execute(text("SELECT purpose, result FROM fetches ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [
        ("recrawl", "unchanged"),
        ("requested", "reparsed"),
        ("new", "unconfirmed"),
        ("retry", "not found"),
        ("new", "new"),
    ]


def test_sections_become_rows_and_stay_in_the_index(engine: Engine) -> None:
    upgrade_to(engine, "0003")
    stored = {
        1: ("politics", "|economy|politics|"),
        2: ("a|b", "|sport|a/b|sport|"),
        3: ("diplomacy", "|siyasət|"),
        4: (None, ""),
        5: ("archive", ""),
    }
    columns = "source, title, body, content_hash, problems, first_seen_at, last_seen_at, stored_at, last_fetched_at"
    moments = ", ".join(["'2026-11-04 12:00:00.000000'"] * 4)
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL, NULL)"))
        for article_id, (section, sections) in stored.items():
            values = {"id": article_id, "url": f"u{article_id}", "section": section, "sections": sections}
            connection.execute(
                text(
                    f"INSERT INTO articles (id, url, section, sections, {columns}, published_at, reader_version)"
                    f" VALUES (:id, :url, :section, :sections, 's', 't', 'b', 'h', '[]', {moments}, {moments[:28]}, 1)"
                ),
                values,
            )
        if engine.dialect.name == "sqlite":
            connection.execute(text("INSERT INTO articles_fts (rowid, title, sections) VALUES (1, 't', 'economy')"))
    schema.upgrade(engine)
    with transaction(engine, writes=False) as connection:
        rows = connection.execute(
            text("SELECT article_id, section, position FROM article_sections ORDER BY article_id, position")
        ).all()
        assert connection.scalar(text("SELECT count(*) FROM article_sections WHERE published_at IS NULL")) == 0
        if engine.dialect.name == "sqlite":
            found = text("SELECT rowid, title, section FROM articles_fts WHERE articles_fts MATCH 'section : economy'")
            assert connection.execute(found).all() == [(1, "t", "politics")]  # columns as `articles` has them
    assert rows == [
        (1, "economy", 1),
        (1, "politics", 2),
        (2, "sport", 1),
        (2, "a/b", 2),
        (3, "diplomacy", 0),
        (3, "siyasət", 1),
        (5, "archive", 0),
    ]


def test_a_stored_author_becomes_one_name_of_the_list(engine: Engine) -> None:
    upgrade_to(engine, "0010")
    columns = "source, title, body, content_hash, problems, first_seen_at, last_seen_at, stored_at, fetched_at"
    moments = ", ".join(["'2026-11-04 12:00:00.000000'"] * 4)
    with transaction(engine) as connection:
        connection.execute(text("INSERT INTO sources VALUES ('s', 'S', 'h', 't', 'UTC', NULL, NULL)"))
        for article_id, author in enumerate(("Ann Lee, Bo Wu", "a|b", "", None), 1):
            connection.execute(
                text(
                    f"INSERT INTO articles (id, url, author, {columns}, parser_version)"
                    f" VALUES (:id, :url, :author, 's', 't', 'b', 'h', '[]', {moments}, 1)"
                ),
                {"id": article_id, "url": f"u{article_id}", "author": author},
            )
    schema.upgrade(engine)
    with transaction(engine, writes=False) as connection:
        lists = connection.scalars(select(articles.c.authors).order_by(articles.c.id)).all()
    assert lists == [("Ann Lee, Bo Wu",), ("a/b",), (), ()]


def test_the_targets_of_stored_alerts_get_their_hashes(engine: Engine) -> None:
    upgrade_to(engine, "0005")
    targets = ["json://u:hunter2word@host/a", "json://u:hunter2word@host/b", "json://u:hunter2word@host/a"]
    with transaction(engine) as connection:
        for number, target in enumerate(targets):
            row = text(
                "INSERT INTO alerts (key, target, title, body, created_at, attempts, next_attempt_at)"
                " VALUES (:key, :target, '', '', '2026-11-04 12:00:00.000000', 0, '2026-11-04 12:00:00.000000')"
            )
            connection.execute(row, {"key": str(number), "target": target})
    schema.upgrade(engine)
    with transaction(engine, writes=False) as connection:
        hashes = connection.scalars(text("SELECT target_hash FROM alerts ORDER BY id")).all()
    assert hashes == [fingerprint(target) for target in targets]
