"""Questions to the full-text index: what a question is to FTS5 and to PostgreSQL, and the statements that ask it.

Both are asked for entries that our own analyser made (see storage.indexed), letters and digits and our own signs: no
text of a person's reaches the languages of the two, so none can break them. That the answers are those of
`storage.matching` is what the tests compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    TEXT,
    BindParameter,
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
from storage.indexing import IS_WHOLE, require_complete
from storage.list_statements import Number
from storage.models import ArticleRow
from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term

COMMON = 20_000
"""Answers that are weighed; of a question with more only the last stored so many are, and the others follow."""

COLUMNS = {
    Field.TITLE: "title",
    Field.SUBTITLE: "subtitle",
    Field.BODY: "body",
    Field.SECTION: "section",
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


ASKED: BindParameter[str] = bindparam("question", type_=TEXT)
ROOM: BindParameter[int] = bindparam("common", type_=Integer)
"""What a statement that is built once is given of a question: `given` says the values."""
OLDEST: BindParameter[int] = bindparam("oldest", type_=Integer)
"""The id up to which the answers to a common question are not weighed: see `common_below`."""


@dataclass(frozen=True, slots=True, eq=False)
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

    def among(self, wanted: Select[Any], number: Number) -> Select[Any]:
        """Those of the articles that are answers."""
        # SQLite looks nothing up by a column with a sign: it begins with the answers where they are few, and walks
        # the list in its order where every page of it has some.
        if number is not Number.COMMON:
            return wanted.join_from(articles, self.id.table, articles.c.id == signed(self.id)).where(self.holds)
        return wanted.where(signed(articles.c.id).in_(select(self.id).where(self.holds)))

    def weighed(self, number: Number) -> Select[Any]:
        """Id and score of those that are weighed: the last stored COMMON of a common question's, else all.

        Of one whose answers were not counted none are if they turn out to be more.
        """
        columns: tuple[ColumnElement[Any], ...] = (self.id.label("id"), self.score.label("score"))
        every = select(*columns).where(self.holds)
        if number is Number.FEW:
            return every
        if number is Number.COMMON and self.is_in_order:
            return every.order_by(self.id.desc()).limit(ROOM)
        if number is Number.COMMON:
            return every.where(self.id > func.coalesce(self.beyond().scalar_subquery(), 0))
        some = every.limit(ROOM + 1).subquery("some")
        counted = select(some, func.count().over().label("found")).subquery("counted")
        return select(counted.c.id, counted.c.score).where(counted.c.found <= ROOM)

    def beyond(self) -> Select[Any]:
        """The id up to which they are older than the last stored COMMON; nothing if there is none."""
        return select(self.id).where(self.holds).order_by(self.id.desc()).limit(1).offset(ROOM)


def answers_in(connection: Connection, question: Question) -> Hits:
    """The answers to a question. Raises StoreError if the index does not hold all articles."""
    require_complete(connection)
    return in_fts5(question.root) if connection.dialect.name == "sqlite" else _in_vectors(question.root)


@cache
def asked(dialect: str) -> Hits:
    """The answers to whatever question a statement is given."""
    return _fts5(ASKED) if dialect == "sqlite" else _vectors(ASKED)


def given(dialect: str, question: Question) -> dict[str, Any]:
    """The values of `asked`."""
    write = as_match if dialect == "sqlite" else as_tsquery
    return {ASKED.key: write(question.root), ROOM.key: COMMON}


def common_below(connection: Connection, question: Question) -> int | None:
    """The id up to which answers are older than the last stored COMMON; None if there are no more than so many.

    Raises StoreError if the index does not hold all articles.
    """
    dialect = connection.dialect.name
    hits, values = asked(dialect), given(dialect, question)
    below: int | None
    whole, below = connection.execute(_some(hits), values).one()
    if not whole:
        require_complete(connection)
    if below is not None and hits.is_in_order:
        below = connection.scalar(hits.beyond(), values)
    return below


@cache
def _some(hits: Hits) -> Select[Any]:
    """Whether the index is whole, and an id if the answers are more than COMMON: that up to which they are older, if
    the index does not go forwards. FTS5 does, in half of the time that it takes backwards."""
    some = select(hits.id).where(hits.holds).limit(1).offset(ROOM) if hits.is_in_order else hits.beyond()
    return select(IS_WHOLE.scalar_subquery(), some.scalar_subquery())


def counts_quickly(connection: Connection, question: Question) -> bool:
    """Whether the index counts the answers in a fraction of the time that it takes to weigh them.

    FTS5 does where it need not compare places: 3,000 answers of one word take 0.1 ms to count and 5 ms to weigh.
    PostgreSQL always does, for to weigh an answer it fetches the words of the whole article.
    """
    one_word = isinstance(question.root, Term) and len(entries_of(question.root)) == 1
    return one_word or connection.dialect.name == "postgresql"


def in_fts5(root: Node) -> Hits:
    """The answers to one question of FTS5's."""
    return _fts5(literal(as_match(root), TEXT))


def _fts5(match: ColumnElement[str]) -> Hits:
    holds: ColumnElement[bool] = fts5.c.articles_fts.op("MATCH")(match)
    # bm25() is the better the lower; the migration says what a field weighs.
    return Hits(fts5.c.rowid, -fts5.c.rank, holds, is_in_order=True)


def _in_vectors(root: Node) -> Hits:
    return _vectors(bindparam("tsquery", as_tsquery(root), TEXT, unique=True))


def _vectors(written: ColumnElement[str]) -> Hits:
    query = cast(written, Tsquery)
    # The weights of D, C, B and A, as the migration has them for FTS5.
    weights: ColumnElement[Any] = literal_column("'{0.1, 0.0, 0.4, 1.0}'::float4[]")
    score = cast(func.ts_rank_cd(weights, vectors.c.vector, query), Double)
    return Hits(vectors.c.article_id, score, vectors.c.vector.op("@@")(query), is_in_order=False)
