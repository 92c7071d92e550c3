"""Questions to the full-text index: what a question is to FTS5 and to PostgreSQL, and the statements that ask it.

Both are asked for entries that our own analyser made (see storage.indexed), letters and digits and our own signs: no
text of a person's reaches the languages of the two, so none can break them. That the answers are those of
`storage.matching` is what the tests compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    TEXT,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)
from sqlalchemy.types import UserDefinedType

from storage.criteria import signed
from storage.indexed import NAME, WEIGHTS, name_of
from storage.indexing import require_complete
from storage.models import ArticleRow
from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term

COMMON = 20_000
"""Answers that are weighed; of a question with more only the last stored so many are, and the others follow."""

COLUMNS = {
    Field.TITLE: "title",
    Field.SUBTITLE: "subtitle",
    Field.BODY: "body",
    Field.SECTION: "sections",
    Field.SOURCE: "source",
    Field.LANGUAGE: "language",
}


class Tsquery(UserDefinedType[str]):
    """PostgreSQL's type of a question, by its name alone: its dialect takes 30 ms to load, and SQLite asks, too."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "TSQUERY"


ANYWHERE = "{title subtitle body}"

articles = ArticleRow.__table__
fts5: Any = table("articles_fts", column("rowid", Integer), column("rank", Double), column("articles_fts", TEXT))
vectors: Any = table("articles_fts", column("article_id", Integer), column("vector"))


def as_match(node: Node) -> str:
    """The question as FTS5 takes it (https://sqlite.org/fts5.html, 3)."""
    if isinstance(node, Term):
        return f"{COLUMNS[node.field] if node.field else ANYWHERE} : {_phrase(node)}"
    if isinstance(node, Either):
        return " OR ".join(map(_inner, _deepest_first(node.parts)))
    if isinstance(node, All):
        wanted = " AND ".join(map(_inner, _deepest_first(part for part in node.parts if not isinstance(part, Not))))
        barred = " OR ".join(map(_inner, _deepest_first(part.part for part in node.parts if isinstance(part, Not))))
        return f"({wanted}) NOT ({barred})" if barred else wanted
    raise TypeError(f"{node} only says what must not be")


def _deepest_first(parts: Iterable[Node]) -> list[Node]:
    """FTS5's parser has room for 100 entries: a level on the left takes one of them, on the right three or four."""
    return sorted(parts, key=depth, reverse=True)


def _inner(node: Node) -> str:
    return as_match(node) if isinstance(node, Term) else f"({as_match(node)})"


def _phrase(term: Term) -> str:
    return f'"{" ".join(entries_of(term))}"{" *" if term.prefix else ""}'


def entries_of(term: Term) -> list[str]:
    if term.field in LABELS:
        return [name_of([word.word for word in term.words])]
    return list(term.entries)


def as_tsquery(node: Node) -> str:
    """The question as PostgreSQL writes a tsquery."""
    if isinstance(node, Term):
        return " <-> ".join(_lexemes(node))
    if isinstance(node, Not):
        return f"!({as_tsquery(node.part)})"
    return (" & " if isinstance(node, All) else " | ").join(f"({as_tsquery(part)})" for part in node.parts)


def _lexemes(term: Term) -> Iterator[str]:
    before = f"{NAME}{term.field}{NAME}" if term.field in LABELS else ""
    weight = WEIGHTS.get(term.field, "") if term.field else ""
    entries = entries_of(term)
    for place, entry in enumerate(entries, 1):
        marks = ("*" if term.prefix and place == len(entries) else "") + weight
        yield f"'{before}{entry}'" + (f":{marks}" if marks else "")


def depth(node: Node) -> int:
    """How many levels of parts a question has; a term has one."""
    if isinstance(node, Term):
        return 1
    return 1 + (depth(node.part) if isinstance(node, Not) else max(map(depth, node.parts)))


@dataclass(frozen=True, slots=True)
class Hits:
    """The answers to a question, as statements take them."""

    id: Any
    """The column of their ids in the index."""
    score: ColumnElement[float]
    """How well an article answers: the higher, the better. Comparable within one question and one database."""
    holds: ColumnElement[bool]
    """Whether a row of the index is an answer."""
    is_in_order: bool
    """Whether the index gives them one by one in the order of their ids, so that it can stop."""
    common_below: int | None = None
    """Of a question with more than COMMON answers: the id up to which they are not weighed. None of any other."""

    def among(self, wanted: Select[Any]) -> Select[Any]:
        """Those of the articles that are answers."""
        # SQLite looks nothing up by a column with a sign: it begins with the answers where they are few, and walks
        # the list in its order where every page of it has some.
        if self.common_below is None:
            return wanted.join_from(articles, self.id.table, articles.c.id == signed(self.id)).where(self.holds)
        return wanted.where(signed(articles.c.id).in_(select(self.id).where(self.holds)))

    def weighed(self) -> Select[Any]:
        """Id and score of those that are weighed, the last stored COMMON of them."""
        columns: tuple[ColumnElement[Any], ...] = (self.id.label("id"), self.score.label("score"))
        found: Select[Any] = select(*columns).where(self.holds)
        if self.is_in_order:
            return found.order_by(self.id.desc()).limit(COMMON)
        return found.where(self.id > func.coalesce(self.beyond().scalar_subquery(), 0))

    def beyond(self) -> Select[Any]:
        """The id up to which they are not weighed; nothing if all of them are. Counts no further than COMMON."""
        return select(self.id).where(self.holds).order_by(self.id.desc()).limit(1).offset(COMMON)


def answers_in(connection: Connection, question: Question) -> Hits:
    """The answers to a question, none of them weighed. Raises StoreError if the index does not hold all articles."""
    require_complete(connection)
    return in_fts5(question.root) if connection.dialect.name == "sqlite" else _in_vectors(question.root)


def hits(connection: Connection, question: Question) -> Hits:
    """The answers to a question, to be listed. Raises StoreError if the index does not hold all articles."""
    return counted(connection, answers_in(connection, question))


def counted(connection: Connection, found: Hits) -> Hits:
    """The same answers, with `common_below` known."""
    # FTS5 goes forwards in half of the time that it takes backwards.
    some = select(found.id).where(found.holds).limit(1).offset(COMMON)
    if found.is_in_order and connection.scalar(some) is None:
        return found
    return replace(found, common_below=connection.scalar(found.beyond()))


def in_fts5(root: Node) -> Hits:
    holds: ColumnElement[bool] = fts5.c.articles_fts.op("MATCH")(literal(as_match(root), TEXT))
    # bm25() is the better the lower; the migration says what a field weighs.
    return Hits(fts5.c.rowid, -fts5.c.rank, holds, is_in_order=True)


def _in_vectors(root: Node) -> Hits:
    query = cast(bindparam("tsquery", as_tsquery(root), TEXT, unique=True), Tsquery)
    # The weights of D, C, B and A, as the migration has them for FTS5.
    weights: ColumnElement[Any] = literal_column("'{0.1, 0.0, 0.4, 1.0}'::float4[]")
    score = cast(func.ts_rank_cd(weights, vectors.c.vector, query), Double)
    return Hits(vectors.c.article_id, score, vectors.c.vector.op("@@")(query), is_in_order=False)
