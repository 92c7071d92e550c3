"""Check that the full-text index has the words of every article, as they are stored now.

On PostgreSQL the entry of each article is compared with the one that it would get. FTS5 cannot say what an article was
indexed with, but how many words each column of it has, and whether a phrase is in it: the number of words is
compared for each article, and the texts of those that were edited are looked for by their first words, for theirs are
replaced in the index; of all others, which are indexed when they are stored, the title of one in a hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import Connection, func, select, text

from storage.database.article_sections import column_of
from storage.database.engine import AnyRow
from storage.database.tables import articles
from storage.integrity.finding import EXAMPLES, Finding
from storage.search import index
from storage.search.index_entries import fts5_columns, tsvector
from storage.text.counts import counted

BATCH_SIZE = 300
MAX_PHRASE = 100
"""Words of a text that are looked for, from its beginning: each takes some 0.1 ms where all articles have it."""
SAMPLE = 100
"""One in so many articles that were never edited has its title looked for; 2 ms where its words are in all others."""
FTS5_COLUMNS = ("body", "title", "subtitle", "section", "source", "language")
REINDEX = "run presswatch db reindex --all"


def check_index(connection: Connection, told: Callable[[int], None]) -> Iterator[Finding]:
    """Yield how the index differs from the articles; `told` is told how many articles were compared since the last."""
    if connection.scalar(index.IS_COMPLETE) is None:
        yield Finding("articles_fts", "the index does not hold all articles: run presswatch db reindex")
        return
    indexed_id = index.INDEXED_IDS[connection.dialect.name]
    is_stored = select(articles.c.id).where(articles.c.id == indexed_id).exists()
    surplus = select(func.count(indexed_id)).where(~is_stored)
    if count := connection.scalar(surplus):
        yield Finding(
            "articles_fts", f"{counted(count, 'entry', 'entries')} of articles that are not stored: {REINDEX}"
        )
    differing = [article_id for batch in _batches(connection, told) for article_id in _differing(connection, batch)]
    if differing:
        named = ", ".join(map(str, differing[:EXAMPLES]))
        what = f"{counted(len(differing), 'article')} not indexed as stored, such as {named}: {REINDEX}"
        yield Finding("articles_fts", what)


def _batches(connection: Connection, told: Callable[[int], None]) -> Iterator[Sequence[AnyRow]]:
    last = 0
    while True:
        columns = (articles.c.id, articles.c.revised_at, *(column_of(name) for name in index.INDEXED_COLUMNS))
        wanted = select(*columns).where(articles.c.id > last).order_by(articles.c.id).limit(BATCH_SIZE)
        batch = connection.execute(wanted).all()
        if not batch:
            return
        yield batch
        last = batch[-1].id
        told(len(batch))


def _differing(connection: Connection, batch: Sequence[AnyRow]) -> Iterator[int]:
    if connection.dialect.name == "postgresql":
        yield from _differing_vectors(connection, batch)
        return
    of_batch = text("SELECT id, sz FROM articles_fts_docsize WHERE id BETWEEN :first AND :last")
    rows = connection.execute(of_batch, {"first": batch[0].id, "last": batch[-1].id})
    sizes: dict[int, bytes] = {row.id: row.sz for row in rows}
    for row in batch:
        kept = fts5_columns(index.document_of(row))
        size = sizes.get(row.id)
        if size is None or not _is_indexed(connection, row, kept, _varints(size)):
            yield row.id


def _differing_vectors(connection: Connection, batch: Sequence[AnyRow]) -> Iterator[int]:
    for row in batch:
        found = connection.scalar(_VECTOR, {"of": row.id, "vector": tsvector(index.document_of(row))})
        if not found:
            yield row.id


_VECTOR = text("SELECT vector = CAST(:vector AS tsvector) FROM articles_fts WHERE article_id = :of")


def _is_indexed(connection: Connection, row: AnyRow, kept: Sequence[str], sizes: Sequence[int]) -> bool:
    """Return whether an article has these columns in the index.

    A few letters are parts of words to our analyzer, and not to SQLite's tokenizer, which is older than they are: where
    the numbers differ, SQLite counts.
    """
    if [len(words.split()) for words in kept] != list(sizes) and _counted_by_sqlite(connection, kept) != list(sizes):
        return False
    if row.revised_at is None and row.id % SAMPLE:
        return True
    wanted = [
        f'{name} : "{" ".join(words.split()[:MAX_PHRASE])}"'
        for name, words in zip(FTS5_COLUMNS, kept, strict=True)
        if words and (row.revised_at is not None or name != "body")
    ]
    return not wanted or connection.scalar(_PHRASES, {"of": row.id, "phrases": " AND ".join(wanted)}) is not None


def _counted_by_sqlite(connection: Connection, kept: Sequence[str]) -> list[int]:
    """Let the tokenizer of the index count the words of each column, in a table of this connection alone."""
    if all(words.isascii() for words in kept):
        return []
    declared = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = 'articles_fts'").scalar_one()
    tokenizer = declared[declared.index("tokenize=") :]
    connection.exec_driver_sql(
        f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.counted USING fts5({', '.join(FTS5_COLUMNS)}, {tokenizer}"
    )
    connection.exec_driver_sql("DELETE FROM temp.counted")
    connection.exec_driver_sql("INSERT INTO temp.counted VALUES (?, ?, ?, ?, ?, ?)", tuple(kept))
    return _varints(connection.exec_driver_sql("SELECT sz FROM temp.counted_docsize").scalar_one())


_PHRASES = text("SELECT 1 FROM articles_fts WHERE articles_fts MATCH :phrases AND rowid = :of")


def _varints(blob: bytes) -> list[int]:
    """Read the numbers of a record of FTS5: seven bits a byte, the high ones first; the last byte lacks the eighth."""
    numbers, number = [], 0
    for byte in blob:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(number)
            number = 0
    return numbers
