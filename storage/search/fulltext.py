"""Compile full-text queries to FTS5 and tsquery and build the SELECTs of their matches.

Both databases get index entries of our own analyzer (storage.search.index_entries): letters, digits and our own signs.
No text of a user reaches FTS5 or tsquery syntax, so none can break it. Tests compare the matches with those of
`storage.search.matcher`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import (
    TEXT,
    BigInteger,
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

from storage.database.sql import no_index
from storage.database.tables import articles
from storage.search.index import IS_COMPLETE, require_complete
from storage.search.index_entries import LABEL_MARK, TSVECTOR_WEIGHTS, label_term
from storage.search.indexed_languages import indexed_analyzers
from storage.search.query import LABEL_FIELDS, And, Node, Not, Or, Query, SearchField, Term
from storage.text.analyzer import Analyzer, QueryTerms

RANK_LIMIT = 20_000
"""Maximum number of matches that are ranked; of more, only the last stored are, and the others follow."""

FTS5_COLUMNS = {
    SearchField.TITLE: "title",
    SearchField.SUBTITLE: "subtitle",
    SearchField.BODY: "body",
    SearchField.SECTION: "section",
    SearchField.SOURCE: "source",
    SearchField.LANGUAGE: "language",
}


class Tsquery(UserDefinedType[str]):
    """PostgreSQL's tsquery type by name alone: its dialect takes 30 ms to load, on SQLite too."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "TSQUERY"


class Tsvector(UserDefinedType[str]):
    """PostgreSQL's tsvector type, by name alone, too."""

    cache_ok = True

    def get_col_spec(self, **_kw: Any) -> str:
        return "TSVECTOR"


TEXT_COLUMNS = "{title subtitle body}"

fts5: Any = table("articles_fts", column("rowid", Integer), column("rank", Double), column("articles_fts", TEXT))
vectors: Any = table("articles_fts", column("article_id", BigInteger), column("vector"))


def match_expression(connection: Connection, query: Query) -> str:
    """Compile a query to the syntax of the database, for articles in the languages that the index has."""
    write = to_fts5 if connection.dialect.name == "sqlite" else to_tsquery
    return write(query.root, indexed_analyzers(connection))


def to_fts5(node: Node, analyzers: Sequence[Analyzer] = ()) -> str:
    """Compile a query to FTS5 syntax (https://sqlite.org/fts5.html, 3)."""
    if isinstance(node, Term):
        return " OR ".join(phrase_expression(node.field, reading) for reading in readings(node, analyzers))

    def join(operator: str, parts: Iterable[Node]) -> str:
        return f" {operator} ".join(_inner(to_fts5(part, analyzers), part) for part in _deepest_first(parts))

    if isinstance(node, Or):
        return join("OR", node.parts)
    if isinstance(node, And):
        wanted = join("AND", [part for part in node.parts if not isinstance(part, Not)])
        barred = join("OR", [part.part for part in node.parts if isinstance(part, Not)])
        return f"({wanted}) NOT ({barred})" if barred else wanted
    raise TypeError(f"{node} only says what must not be")


def _deepest_first(parts: Iterable[Node]) -> list[Node]:
    """FTS5's parser has room for 100 entries: a level on the left takes one of them, on the right three or four."""
    return sorted(parts, key=query_depth, reverse=True)


def _inner(expression: str, node: Node) -> str:
    return expression if isinstance(node, Term) and " OR " not in expression else f"({expression})"


def phrase_expression(field: SearchField | None, reading: QueryTerms) -> str:
    """Return one reading of a term of a field, or of any text, in FTS5 syntax."""
    entries = f'"{" ".join(reading.terms)}"{" *" if reading.is_prefix else ""}'
    return f"{FTS5_COLUMNS[field] if field else TEXT_COLUMNS} : {entries}"


def readings(term: Term, analyzers: Iterable[Analyzer]) -> tuple[QueryTerms, ...]:
    """Return the index entries of a term in articles of each language: those of one reading side by side."""
    if term.field in LABEL_FIELDS:
        return (QueryTerms((label_term(term.label_words),), term.prefix),)
    return term.alternatives(analyzers)


def to_tsquery(node: Node, analyzers: Sequence[Analyzer] = ()) -> str:
    """Compile a query to tsquery syntax."""
    if isinstance(node, Term):
        return " | ".join(" <-> ".join(_lexemes(node, reading)) for reading in readings(node, analyzers))
    if isinstance(node, Not):
        return f"!({to_tsquery(node.part, analyzers)})"
    return (" & " if isinstance(node, And) else " | ").join(f"({to_tsquery(part, analyzers)})" for part in node.parts)


def _lexemes(term: Term, reading: QueryTerms) -> Iterator[str]:
    before = f"{LABEL_MARK}{term.field}{LABEL_MARK}" if term.field in LABEL_FIELDS else ""
    weight = TSVECTOR_WEIGHTS.get(term.field, "") if term.field else ""
    for place, entry in enumerate(reading.terms, 1):
        marks = ("*" if reading.is_prefix and place == len(reading.terms) else "") + weight
        yield f"'{before}{entry}'" + (f":{marks}" if marks else "")


def query_depth(node: Node) -> int:
    """Return the depth of the query tree; a term has depth one."""
    if isinstance(node, Term):
        return 1
    return 1 + (query_depth(node.part) if isinstance(node, Not) else max(map(query_depth, node.parts)))


P_MATCH: BindParameter[str] = bindparam("match", type_=TEXT)
P_RANK_LIMIT: BindParameter[int] = bindparam("common", type_=Integer)
"""Bind parameters of a statement that is built once; `query_params` returns their values."""
P_CUTOFF_ID: BindParameter[int] = bindparam("oldest", type_=BigInteger)
"""Id up to which the matches of a common query are not ranked: see `ranking_cutoff_id`."""


class MatchCount(StrEnum):
    """Number of articles that match a query, as far as it is known."""

    UNKNOWN = "unknown"
    FEW = "few"  # no more than COMMON
    MANY = "common"


@dataclass(frozen=True, slots=True, eq=False)
class FullTextMatches:
    """Columns and condition of the matches of a query in the full-text index."""

    id: Any
    """The column of their ids in the index."""
    score: ColumnElement[float]
    """Relevance score, higher is better. Comparable within one query and one database."""
    condition: ColumnElement[bool]
    """Condition that a row of the index matches."""
    is_ranked: bool
    """True if the index yields matches in the order of their ids, so that it can stop."""

    def restrict_to(self, wanted: Select[Any], number: MatchCount) -> Select[Any]:
        """Those of the articles that are answers."""
        # SQLite looks nothing up by a column with a sign: it begins with the answers where they are few, and walks
        # the list in its order where every page of it has some.
        if number is not MatchCount.MANY:
            return wanted.join_from(articles, self.id.table, articles.c.id == no_index(self.id)).where(self.condition)
        return wanted.where(no_index(articles.c.id).in_(select(self.id).where(self.condition)))

    def with_weights(self, number: MatchCount) -> Select[Any]:
        """Select id and score of the ranked matches: the last stored RANK_LIMIT of a common query, else all.

        Of one whose answers were not counted none are if they turn out to be more.
        """
        columns: tuple[ColumnElement[Any], ...] = (self.id.label("id"), self.score.label("score"))
        every = select(*columns).where(self.condition)
        if number is MatchCount.FEW:
            return every
        if number is MatchCount.MANY and self.is_ranked:
            return every.order_by(self.id.desc()).limit(P_RANK_LIMIT)
        if number is MatchCount.MANY:
            return every.where(self.id > func.coalesce(self.past_cutoff().scalar_subquery(), 0))
        some = every.limit(P_RANK_LIMIT + 1).subquery("some")
        counted = select(some, func.count().over().label("found")).subquery("counted")
        return select(counted.c.id, counted.c.score).where(counted.c.found <= P_RANK_LIMIT)

    def past_cutoff(self) -> Select[Any]:
        """The id up to which they are older than the last stored COMMON; nothing if there is none."""
        return select(self.id).where(self.condition).order_by(self.id.desc()).limit(1).offset(P_RANK_LIMIT)


def matches(connection: Connection, query: Query) -> FullTextMatches:
    """Return the matches of a query. Raises StoreError if the index does not hold all articles."""
    require_complete(connection)
    expression = match_expression(connection, query)
    if connection.dialect.name == "sqlite":
        return _fts5(literal(expression, TEXT))
    return _vectors(bindparam("tsquery", expression, TEXT, unique=True))


@cache
def prepared_match(dialect: str) -> FullTextMatches:
    """Return the matches of a query that is bound when the statement runs."""
    return _fts5(P_MATCH) if dialect == "sqlite" else _vectors(P_MATCH)


def query_params(expression: str) -> dict[str, Any]:
    """Return the values of the bind parameters, of an expression by `match_expression`."""
    return {P_MATCH.key: expression, P_RANK_LIMIT.key: RANK_LIMIT}


def ranking_cutoff_id(connection: Connection, expression: str) -> int | None:
    """The id up to which answers are older than the last stored COMMON; None if there are no more than so many.

    Raises StoreError if the index does not hold all articles.
    """
    hits, values = prepared_match(connection.dialect.name), query_params(expression)
    below: int | None
    whole, below = connection.execute(_any_of(hits), values).one()
    if not whole:
        require_complete(connection)
    if below is not None and hits.is_ranked:
        below = connection.scalar(hits.past_cutoff(), values)
    return below


@cache
def _any_of(hits: FullTextMatches) -> Select[Any]:
    """Select whether the index is complete, and the cutoff id if there are more than RANK_LIMIT matches, if
    the index does not go forwards. FTS5 does, in half of the time that it takes backwards."""
    some = select(hits.id).where(hits.condition).limit(1).offset(P_RANK_LIMIT) if hits.is_ranked else hits.past_cutoff()
    return select(IS_COMPLETE.scalar_subquery(), some.scalar_subquery())


def is_cheap_to_count(connection: Connection, query: Query) -> bool:
    """Return whether the index counts the matches in a fraction of the time that ranking them takes.

    FTS5 does where it need not compare places: 3,000 answers of one word take 0.1 ms to count and 5 ms to weigh.
    PostgreSQL always does, for to weigh an answer it fetches the words of the whole article.
    """
    one_word = isinstance(query.root, Term) and len(readings(query.root, ())[0].terms) == 1
    return one_word or connection.dialect.name == "postgresql"


def _fts5(match: ColumnElement[str]) -> FullTextMatches:
    holds: ColumnElement[bool] = fts5.c.articles_fts.op("MATCH")(match)
    # bm25() is the better the lower; the migration says what a field weighs.
    return FullTextMatches(fts5.c.rowid, -fts5.c.rank, holds, is_ranked=True)


def _vectors(written: ColumnElement[str]) -> FullTextMatches:
    holds = vectors.c.vector.op("@@")(cast(written, Tsquery))
    return FullTextMatches(vectors.c.article_id, vector_score(vectors.c.vector, written), holds, is_ranked=False)


def vector_score(vector: ColumnElement[Any], written: ColumnElement[str]) -> ColumnElement[float]:
    """Return the relevance of a tsvector for a query in tsquery syntax."""
    # The weights of D, C, B and A, as the migration has them for FTS5.
    weights: ColumnElement[Any] = literal_column("'{0.1, 0.0, 0.4, 1.0}'::float4[]")
    return cast(func.ts_rank_cd(weights, vector, cast(written, Tsquery)), Double)
