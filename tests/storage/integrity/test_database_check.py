"""Damage databases of both kinds in one place each, and find it named."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database.tables import METADATA
from storage.integrity.database_check import check_database
from storage.model.records import Outcome
from tests.support.corpus import ARTICLES
from tests.support.rows import NOON, Rows

BOTH, SQLITE, POSTGRESQL = ("sqlite", "postgresql"), ("sqlite",), ("postgresql",)

DAMAGE = {
    "an index dropped": (
        BOTH,
        "DROP INDEX ix_links_source_outcome",
        "links: the index ix_links_source_outcome is missing",
    ),
    "a table dropped": (BOTH, "DROP TABLE notes", "notes: the table is missing"),
    "another version": (
        BOTH,
        "UPDATE alembic_version SET version_num = '0001'",
        "database: has old tables (0001, needed",
    ),
    "a section changed": (
        BOTH,
        "UPDATE article_sections SET section = 'x' WHERE article_id = 1",
        "articles: 1 row with a section that article_sections lacks, such as 1",
    ),
    "a time changed": (
        BOTH,
        "UPDATE articles SET published_at = stored_at WHERE id = 1",
        "article_sections: 2 rows with another published_at than the article, such as 1, 1; 1, 2",
    ),
    "a version deleted": (
        BOTH,
        "DELETE FROM revisions WHERE revision_number = 1",
        "revisions: 1 article with versions that are not numbered from 1, such as 1",
    ),
    "a text changed": (
        BOTH,
        "UPDATE articles SET title = 'Minister survives vote' WHERE id = 1",
        "articles_fts: 1 article not indexed as stored, such as 1: run presswatch db reindex --all",
    ),
    "a number in an edited text changed": (
        BOTH,
        "UPDATE articles SET body = replace(body, '1.5', '1.6') WHERE id = 1",
        "articles_fts: 1 article not indexed as stored, such as 1",
    ),
    "an entry of the index deleted": (
        POSTGRESQL,
        "DELETE FROM articles_fts WHERE article_id = 2",
        "articles_fts: 1 article not indexed as stored, such as 2",
    ),
    "an unindexed article": (
        SQLITE,
        "DELETE FROM articles_fts_docsize WHERE id = 2",
        "articles_fts: 1 article not indexed as stored, such as 2",
    ),
    "an index that is not whole": (
        BOTH,
        "UPDATE search_index_state SET complete = FALSE WHERE id = 1",
        "articles_fts: the index does not hold all articles: run presswatch db reindex",
    ),
    "a word of nobody": (
        BOTH,
        "UPDATE links SET outcome = 'lost'",
        "links: 1 row with a word that this program does not know in outcome, such as 1",
    ),
    "a row without its parent": (
        SQLITE,
        "UPDATE links SET article_id = 999",
        "links: 1 row naming in article_id what articles does not have, such as 1",
    ),
    "a NUL": (
        SQLITE,
        "UPDATE links SET title = 'a' || char(0)",
        "links: 1 row with a NUL character in title, such as 1",
    ),
    "a time of another form": (
        SQLITE,
        "UPDATE links SET parsed_at = '2026-11-04'",
        "links: 1 row with no time in parsed_at, such as 1",
    ),
    "no JSON": (SQLITE, "UPDATE events SET details = '{'", "events: 1 row with no JSON in details, such as 1"),
    "no number": (
        SQLITE,
        "UPDATE links SET failed_attempts = 'many'",
        "links: 1 row with no whole number in failed_attempts, such as 1",
    ),
    "a sequence that was not raised": (
        POSTGRESQL,
        "SELECT setval('articles_id_seq', 3)",
        "articles: the next row would get the id 4, but 10 is taken",
    ),
}

PAGE = 4096
"""Bytes of a page of SQLite."""


@pytest.fixture
def sound(rows: Rows) -> Rows:
    """Articles in many languages, of which the first was edited."""
    rows.source("apa", title="APA")
    for number, said in enumerate(ARTICLES[:10]):
        texts = {"title": said.title, "subtitle": said.subtitle, "body": said.body, "language": said.language}
        edited = {"revised_at": NOON} if number == 0 else {}
        section = said.sections[0] if said.sections else None
        rows.article(
            str(number), source=said.source or "apa", sections=said.sections, section=section, **texts, **edited
        )
    for number in (1, 2):
        rows.revision(1, number)
    rows.link("https://caliber.az/en/post/0", outcome=Outcome.STORED, article_id=1)
    rows.store.events.add(source="caliber", kind="gone", subject="s", details={}, now=NOON)
    return rows


def findings(rows: Rows) -> list[str]:
    return [str(finding) for finding in check_database(rows.store.engine, lambda _phase, _done, _total: None)]


@pytest.mark.parametrize("name", DAMAGE)
@pytest.mark.long_after(5)
def test_damage_is_named(sound: Rows, name: str) -> None:
    kinds, statement, expected = DAMAGE[name]
    if sound.store.engine.dialect.name not in kinds:
        pytest.skip("the other database refuses it")
    assert findings(sound) == []
    damage(sound, statement)
    found = findings(sound)
    assert any(line.startswith(expected) for line in found), found
    assert len(found) <= 2  # a section is in the index, too


def damage(rows: Rows, statement: str) -> None:
    rows.store.close()
    engine = rows.store.engine
    if engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(engine.url.database or "")) as file:  # which no foreign key keeps from it
            file.execute(statement)
            file.commit()
        return
    with engine.begin() as connection:
        connection.execute(text(statement))


def test_a_file_that_was_cut_is_named(sqlite_database: str) -> None:
    rows = Rows(sqlite_database)
    rows.article("one")
    rows.store.close()
    file = Path(rows.store.engine.url.database or "")
    os.truncate(file, file.stat().st_size // 2)
    (found,) = findings(rows)
    assert found.startswith("file: the file was cut from")


def test_a_page_that_was_overwritten_is_named(sqlite_database: str) -> None:
    rows = Rows(sqlite_database)
    rows.article("long", body="a long text " * 2_000)
    rows.store.close()
    file = Path(rows.store.engine.url.database or "")
    with file.open("r+b") as content:
        content.seek(content.read().rindex(b"a long text a long text") // PAGE * PAGE)
        content.write(b"\xff" * PAGE)
    found = findings(rows)
    assert found
    assert all(line.startswith("file: ") and "restore the file from a backup" in line for line in found)


def test_every_table_is_read(sound: Rows) -> None:
    told: list[tuple[str, int, int]] = []
    assert list(check_database(sound.store.engine, lambda *step: told.append(step))) == []
    assert told[0][2] == len(METADATA.sorted_tables)
    assert told[-1] == ("checking the index", 10, 10)
