"""Questions to the full-text index: what a question is to FTS5 and to PostgreSQL, and the statements that ask it.

Both are asked for entries that our own analyser made (see storage.indexed), letters and digits and our own signs: no
text of a person's reaches the languages of the two, so none can break them. That the answers are those of
`storage.matching` is what the tests compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    TEXT,
    ColumnElement,
    Connection,
    Double,
    Integer,
    Select,
    and_,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.indexed import NAME, STEM, WEIGHTS, name_of
from storage.indexing import require_complete
from storage.models import ArticleRow
from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term

COMMON = 20_000
"""Answers that are weighed; of a question with more only the last stored so many are, and the others follow."""

DEEPEST_MATCH = 20
"""Levels of one MATCH. FTS5's parser has a stack of 100 entries, of which a level takes three at most."""

COLUMNS = {
    Field.TITLE: "title",
    Field.SUBTITLE: "subtitle",
    Field.BODY: "body",
    Field.SECTION: "sections",
    Field.SOURCE: "source",
    Field.LANGUAGE: "language",
}
ANYWHERE = "{title subtitle body}"

articles = ArticleRow.__table__
fts5: Any = table("articles_fts", column("rowid", Integer), column("rank", Double), column("articles_fts", TEXT))
vectors: Any = table("articles_fts", column("article_id", Integer), column("vector"))


def as_match(node: Node) -> str:
    """The question as FTS5 takes it (https://sqlite.org/fts5.html, 3); of no more than DEEPEST_MATCH levels."""
    if isinstance(node, Term):
        return f"{COLUMNS[node.field] if node.field else ANYWHERE} : {_phrase(node)}"
    if isinstance(node, Either):
        return " OR ".join(map(_inner, node.parts))
    if isinstance(node, All):
        wanted = " AND ".join(_inner(part) for part in node.parts if not isinstance(part, Not))
        barred = " OR ".join(_inner(part.part) for part in node.parts if isinstance(part, Not))
        return f"({wanted}) NOT ({barred})" if barred else wanted
    raise TypeError(f"{node} only says what must not be")


def _inner(node: Node) -> str:
    return as_match(node) if isinstance(node, Term) else f"({as_match(node)})"


def _phrase(term: Term) -> str:
    return f'"{" ".join(_entries(term))}"{" *" if term.prefix else ""}'


def _entries(term: Term) -> list[str]:
    words = [word.word for word in term.words]
    if term.field in LABELS:
        return [name_of(words)]
    return words if term.prefix else [STEM + word.stem for word in term.words]


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
    entries = _entries(term)
    for place, entry in enumerate(entries, 1):
        marks = ("*" if term.prefix and place == len(entries) else "") + weight
        yield f"'{before}{entry}'" + (f":{marks}" if marks else "")


def depth(node: Node) -> int:
    """How many levels of parts a question has; a term has one."""
    if isinstance(node, Term):
        return 1
    return 1 + (depth(node.part) if isinstance(node, Not) else max(map(depth, node.parts)))


def wanted_terms(node: Node) -> Iterator[Term]:
    """What an answer must have at least one of."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, All | Either):
        for part in node.parts:
            yield from wanted_terms(part)


@dataclass(frozen=True, slots=True)
class Hits:
    """The answers to a question, as statements take them."""

    id: ColumnElement[int]
    """The column of their ids in the index."""
    score: ColumnElement[float]
    """How well an article answers: the higher, the better. Comparable within one question and one database."""
    holds: ColumnElement[bool]
    """Whether a row of the index is an answer."""
    common_below: int | None
    """Of a question with more than COMMON answers: the id up to which they are not weighed. None of any other."""

    def is_answer(self) -> ColumnElement[bool]:
        """Whether an article is an answer."""
        # With the sign SQLite takes no list of ids to begin with, and walks the order of the list instead.
        key: ColumnElement[int] = (
            articles.c.id if self.common_below is None else literal_column("+articles.id", Integer)
        )
        return key.in_(select(self.id).where(self.holds))

    def weighed(self) -> Select[Any]:
        """Id and score of those that are weighed."""
        found: Select[Any] = select(self.id.label("id"), self.score.label("score")).where(self.holds)
        return found if self.common_below is None else found.where(self.id > self.common_below)


def hits(connection: Connection, question: Question) -> Hits:
    """The answers to a question. Raises StoreError if the index does not hold all articles."""
    require_complete(connection)
    dialect = connection.dialect.name
    found = _in_fts5(question.root) if dialect == "sqlite" else _in_vectors(question.root)
    oldest = select(found.id).where(found.holds).order_by(found.id.desc()).limit(1).offset(COMMON)
    return Hits(found.id, found.score, found.holds, connection.scalar(oldest))


def _in_fts5(root: Node) -> Hits:
    # bm25() is the better the lower; the migration says what a field weighs.
    if depth(root) <= DEEPEST_MATCH:
        return Hits(fts5.c.rowid, -fts5.c.rank, _matches(root), None)
    any_of = Either(tuple(dict.fromkeys(wanted_terms(root))))
    return Hits(fts5.c.rowid, -fts5.c.rank, and_(_matches(any_of), _matches_deep(root)), None)


def _matches(node: Node) -> ColumnElement[bool]:
    asked: ColumnElement[bool] = fts5.c.articles_fts.op("MATCH")(literal(as_match(node), TEXT))
    return asked


def _matches_deep(node: Node) -> ColumnElement[bool]:
    """A question of more levels than one MATCH takes, as a condition on the ids."""
    if isinstance(node, Not):
        return not_(_matches_deep(node.part))
    if depth(node) > DEEPEST_MATCH and not isinstance(node, Term):
        join: Callable[..., ColumnElement[bool]] = and_ if isinstance(node, All) else or_
        return join(*map(_matches_deep, node.parts))
    found: ColumnElement[bool] = fts5.c.rowid.in_(select(fts5.c.rowid).where(_matches(node)).correlate(None))
    return found


def _in_vectors(root: Node) -> Hits:
    query = cast(bindparam("tsquery", as_tsquery(root), TEXT, unique=True), TSQUERY)
    # The weights of D, C, B and A, as the migration has them for FTS5.
    weights: ColumnElement[Any] = literal_column("'{0.1, 0.0, 0.4, 1.0}'::float4[]")
    score = cast(func.ts_rank_cd(weights, vectors.c.vector, query), Double)
    return Hits(vectors.c.article_id, score, vectors.c.vector.op("@@")(query), None)
