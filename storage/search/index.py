"""Keep the full-text index in step with the articles, and make it anew.

An FTS5 table that has its content elsewhere forgets an article only when given the very words it was indexed with:
they come from the stored text, by the same analyser. An index of another analyser's words is therefore left as it is
until it is rebuilt, and refused to queries meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, column, exists, func, select, table, text, update

from storage.database.article_sections import all_sections, column_of
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import articles, search_index_state
from storage.model.errors import StoreError
from storage.search.index_entries import fts5_columns, tsvector
from storage.search.indexed_languages import IS_STATE, add_languages, clear_languages
from storage.search.matcher import IndexedDocument
from storage.text.analyzer import ANALYZER_VERSION

REINDEX_BATCH_SIZE = 500
"""Articles indexed in one transaction, while no other process can write: a second at most."""

INDEXED_COLUMNS = ("body", "title", "subtitle", "section", "sections", "source", "language")
"""Columns of `articles` that the index is built from."""

INDEXED_IDS = {
    "sqlite": table("articles_fts_docsize", column("id")).c.id,
    "postgresql": table("articles_fts", column("article_id")).c.article_id,
}
"""Where each kind of database keeps the ids of what is indexed."""
IS_CURRENT = select(search_index_state.c.analyser_version == ANALYZER_VERSION).where(IS_STATE).scalar_subquery()
"""True if the index has the words of this version of the analyser, so that it is kept in step."""
IS_COMPLETE = select(search_index_state.c.id).where(
    IS_STATE, search_index_state.c.analyser_version == ANALYZER_VERSION, search_index_state.c.complete
)
"""One row if the index would find all there is."""

_FTS5_ADD = (
    "INSERT INTO articles_fts (rowid, body, title, subtitle, section, source, language) VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FTS5_FORGET = (
    "INSERT INTO articles_fts (articles_fts, rowid, body, title, subtitle, section, source, language)"
    " VALUES ('delete', ?, ?, ?, ?, ?, ?, ?)"
)
_VECTOR = text(
    "INSERT INTO articles_fts (article_id, vector) VALUES (:id, CAST(:vector AS tsvector))"
    " ON CONFLICT (article_id) DO UPDATE SET vector = excluded.vector"
)


def index_document(said: Mapping[str, Any]) -> IndexedDocument:
    """Return the searchable document of a row with the columns in SOURCES."""
    named = all_sections(said["sections"], said["section"])
    return IndexedDocument(
        **{name: said[name] for name in INDEXED_COLUMNS if name not in {"section", "sections"}}, sections=named
    )


def document_of(row: Any) -> IndexedDocument:
    """The same from a row."""
    return index_document({name: getattr(row, name) for name in INDEXED_COLUMNS})


def add(connection: Connection, article_id: int, article: IndexedDocument) -> None:
    """Index an article that is not in the index yet."""
    index_documents(connection, [(article_id, article)])


def index_documents(connection: Connection, articles: Sequence[tuple[int, IndexedDocument]]) -> None:
    """Index articles, each with its id, of which none is in the index yet."""
    if not articles:
        return
    add_languages(connection, [article for _, article in articles])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_FTS5_ADD, [(one, *fts5_columns(article)) for one, article in articles])
    else:
        connection.execute(_VECTOR, [{"id": one, "vector": tsvector(article)} for one, article in articles])


def replace(connection: Connection, article_id: int, before: IndexedDocument, after: IndexedDocument) -> None:
    """Index an article as it is now; `before` is how it was stored when it was indexed, if it was."""
    if before == after:
        return
    if connection.dialect.name == "sqlite" and _is_indexed(connection, article_id):
        connection.exec_driver_sql(_FTS5_FORGET, (article_id, *fts5_columns(before)))
    add(connection, article_id, after)


def _is_indexed(connection: Connection, article_id: int) -> bool:
    key = INDEXED_IDS[connection.dialect.name]
    return connection.execute(select(key).where(key == article_id)).first() is not None


def require_complete(connection: Connection) -> None:
    """Raise StoreError if the index would not find all there is."""
    if connection.scalar(IS_COMPLETE) is None:
        raise StoreError("the full-text index does not hold all articles of this database: run presswatch db reindex")


@dataclass(frozen=True, slots=True)
class ReindexProgress:
    """Progress of reindexing: `indexed_count` articles so far, of `wanted_count` that were missing."""

    indexed_count: int
    total_count: int


def reindex(
    database: Database,
    *,
    anew: bool = False,
    progress: Callable[[ReindexProgress], None] = lambda _done: None,
    stopping: Callable[[], bool] = lambda: False,
) -> ReindexProgress:
    """Index every article that is not indexed; all of them if the index has another analyser's words, or if `anew`.

    A batch a transaction: other processes write in between, and what is done stays done when this is ended; the next
    call goes on from there, also after one that ended because `stopping` returned True. `progress` is called after each
    batch. Raises StoreError.
    """
    with database.write() as connection:
        known = connection.scalar(select(search_index_state.c.analyser_version).where(IS_STATE))
        if anew or known != ANALYZER_VERSION:
            clear(connection)
        wanted = connection.scalar(select(func.count()).select_from(articles).where(_is_missing(connection))) or 0
    done, last = ReindexProgress(0, wanted), 0
    progress(done)
    while not stopping():
        batch = _index_batch(database, last)
        if not batch:
            return done
        last = batch[-1].id
        done = ReindexProgress(done.indexed_count + len(batch), wanted)
        progress(done)
    return done


def _index_batch(database: Database, last: int) -> list[AnyRow]:
    """Index the next batch of articles behind `last`, and return it; mark the index as complete if there is none.

    A crawl may lock the same rows in another order. On PostgreSQL this side gives up before the server looks for a
    deadlock, after a second, and tries again, so that the crawl goes on.
    """
    attempts = MAX_LOCK_ATTEMPTS
    while True:
        try:
            with database.write() as connection:
                if connection.dialect.name == "postgresql":
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
                batch = _missing(connection, last)
                index_documents(connection, [(row.id, document_of(row)) for row in batch])
                if not batch:
                    connection.execute(update(search_index_state).where(IS_STATE).values(complete=True))
                return batch
        except StoreError as error:
            state = getattr(getattr(error.__cause__, "orig", None), "sqlstate", None)
            attempts -= 1
            if state not in LOCK_STATES or attempts == 0:
                raise


LOCK_STATES = frozenset({"55P03", "40P01"})
"""States of SQL for a lock that is not to be had, and for a deadlock."""
MAX_LOCK_ATTEMPTS = 60


def clear(connection: Connection) -> None:
    """Empty the index, which is incomplete until `reindex` has been through all articles."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("INSERT INTO articles_fts (articles_fts) VALUES ('delete-all')")
    else:
        connection.exec_driver_sql("TRUNCATE articles_fts")
    clear_languages(connection)
    state = update(search_index_state).where(IS_STATE)
    connection.execute(state.values(analyser_version=ANALYZER_VERSION, complete=False))


def _is_missing(connection: Connection) -> Any:
    key = INDEXED_IDS[connection.dialect.name]
    return ~exists().where(key == articles.c.id)


def _missing(connection: Connection, last: int) -> list[AnyRow]:
    """The next batch without an index, by their ids behind `last`."""
    columns = (articles.c.id, *(column_of(name) for name in INDEXED_COLUMNS))
    wanted = select(*columns).where(articles.c.id > last, _is_missing(connection))
    return list(connection.execute(wanted.order_by(articles.c.id).limit(REINDEX_BATCH_SIZE)))
