"""Score articles by the texts that they, and all others, had at a past moment.

An article counts as the index would have counted it then: on SQLite by BM25, for which the rarity of words and the
mean length of texts are those of the moment; on PostgreSQL by ts_rank_cd, which knows of no other article.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    TEXT,
    ColumnElement,
    Connection,
    LargeBinary,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
    table,
)

from storage.database.article_sections import column_of
from storage.database.batches import batches
from storage.database.tables import articles
from storage.search.bm25 import Corpus, Measure, Phrase, measure, phrases_of, score
from storage.search.fulltext import (
    RANK_LIMIT,
    Tsvector,
    fts5,
    match_expression,
    phrase_expression,
    vector_score,
    vectors,
)
from storage.search.index import INDEXED_COLUMNS, document_of
from storage.search.index_entries import tsvector
from storage.search.indexed_languages import indexed_analyzers
from storage.search.matcher import IndexedDocument
from storage.search.query import Query

BATCH_SIZE = 500
"""Articles whose texts are read at a time."""

_SIZES: Any = table("articles_fts_docsize", column("id"), column("sz", LargeBinary))


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCorpus:
    """All articles of a moment: `unchanged` is the condition of those that are in the index as they were then.

    `changed` has the others with their text of then, and is read once.
    """

    unchanged: Sequence[ColumnElement[bool]]
    changed: Iterable[tuple[int, IndexedDocument]]


def past_scores(connection: Connection, query: Query, ids: Sequence[int], corpus: PastCorpus) -> dict[int, float]:
    """Return the score of each of some articles that matched a query at the moment, the higher the better."""
    if connection.dialect.name == "sqlite":
        return _Bm25(connection, phrases_of(query, indexed_analyzers(connection))).scores(ids, corpus)
    wanted = set(ids)
    changed = {article_id: document for article_id, document in corpus.changed if article_id in wanted}
    return _vector_scores(connection, query, [one for one in ids if one not in changed], changed)


@dataclass(slots=True)
class _Bm25:
    connection: Connection
    phrases: Sequence[Phrase]
    measured: dict[int, Measure] = field(default_factory=dict)

    def scores(self, ids: Sequence[int], corpus: PastCorpus) -> dict[int, float]:
        known = self._corpus(set(ids), corpus)
        for article_id, document in self._current([one for one in ids if one not in self.measured]):
            self.measured[article_id] = measure(document, self.phrases)
        return {article_id: score(self.measured[article_id], known) for article_id in ids}

    def _corpus(self, wanted: set[int], corpus: PastCorpus) -> Corpus:
        """Count what there was, in the index and beside it; keep what is wanted of the changed documents."""
        number, length = self._indexed_size(corpus.unchanged)
        hits = [self._hit_count(phrase, corpus.unchanged) for phrase in self.phrases]
        for article_id, document in corpus.changed:
            found = measure(document, self.phrases)
            number, length = number + 1, length + found.length
            hits = [count + (frequency > 0) for count, frequency in zip(hits, found.frequencies, strict=True)]
            if article_id in wanted:
                self.measured[article_id] = found
        mean = length / number if number else 0.0
        return Corpus(document_count=number, mean_length=mean, phrase_counts=tuple(hits))

    def _indexed_size(self, tests: Sequence[ColumnElement[bool]]) -> tuple[int, float]:
        """Return the number of documents and of their entries, the latter by the last stored of very many."""
        number = self.connection.scalar(select(func.count()).select_from(articles).where(*tests)) or 0
        last = select(articles.c.id).where(*tests).order_by(articles.c.id.desc()).limit(RANK_LIMIT)
        sizes = self.connection.scalars(select(_SIZES.c.sz).where(_SIZES.c.id.in_(last)))
        lengths = list(map(_sum_of_varints, sizes))
        return number, sum(lengths) * number / len(lengths) if lengths else 0.0

    def _hit_count(self, phrase: Phrase, tests: Sequence[ColumnElement[bool]]) -> int:
        expression = phrase_expression(phrase.field, phrase.reading)
        hits = select(fts5.c.rowid).where(fts5.c.articles_fts.op("MATCH")(literal(expression, TEXT)))
        counted = select(func.count()).select_from(articles).where(articles.c.id.in_(hits), *tests)
        return self.connection.scalar(counted) or 0

    def _current(self, ids: Sequence[int]) -> Iterator[tuple[int, IndexedDocument]]:
        columns = [column_of(name).label(name) for name in ("id", *INDEXED_COLUMNS)]
        for some in batches(ids, BATCH_SIZE):
            for row in self.connection.execute(select(*columns).where(articles.c.id.in_(some))):
                yield row.id, document_of(row)


def _sum_of_varints(blob: bytes) -> int:
    """Sum the numbers of a record of FTS5: seven bits a byte, the highest set where another byte follows."""
    total = value = 0
    for byte in blob:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            total, value = total + value, 0
    return total


def _vector_scores(
    connection: Connection, query: Query, current: Sequence[int], changed: dict[int, IndexedDocument]
) -> dict[int, float]:
    expression = match_expression(connection, query)
    found: dict[int, float] = {}
    indexed = select(vectors.c.article_id, vector_score(vectors.c.vector, literal(expression, TEXT)))
    for some in batches(current, BATCH_SIZE):
        found |= {row[0]: row[1] for row in connection.execute(indexed.where(vectors.c.article_id.in_(some)))}
    said = select(vector_score(cast(bindparam("said", type_=TEXT), Tsvector), literal(expression, TEXT)))
    for article_id, document in changed.items():
        found[article_id] = connection.scalar(said, {"said": tsvector(document)}) or 0.0
    return found
