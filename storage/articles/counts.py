"""Count articles, in total or by day, source, section or language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Text, cast, func, select, union_all

from storage.articles.articles import NO_FILTER
from storage.articles.conditions import filter_conditions, filter_conditions_by_date_presence
from storage.articles.filters import ArticleFilter
from storage.database.session import Database
from storage.database.tables import articles
from storage.search.fulltext import FullTextMatches, match_expression, prepared_match, query_params
from storage.search.index import IS_COMPLETE, require_complete
from storage.search.query import Query


class By(StrEnum):
    """Field that counts are grouped by."""

    DAY = "day"  # in UTC, of published_at, or of first_seen_at where an article has no date
    SOURCE = "source"
    SECTION = "section"  # the one an article was asked for
    LANGUAGE = "language"


def count(database: Database, wanted: ArticleFilter = NO_FILTER) -> int:
    """Count the articles that pass the filter. Raises StoreError."""
    with database.read() as connection:
        return count_with(connection, wanted)


def count_with(connection: Connection, wanted: ArticleFilter) -> int:
    """The same inside a transaction, so that what is counted is what is read next."""
    if wanted.query is not None and wanted == ArticleFilter(query=wanted.query):
        return _matches(connection, wanted.query)
    return sum(
        connection.scalar(select(func.count()).select_from(articles).where(*tests)) or 0
        for _moment, tests in _group_columns(connection, wanted, ())
    )


def _matches(connection: Connection, query: Query) -> int:
    """Count by the full-text index alone, without reading an article."""
    statement = _grouped_matches(prepared_match(connection.dialect.name))
    found, whole = connection.execute(statement, query_params(match_expression(connection, query))).one()
    if not whole:
        require_complete(connection)
    return int(found)


@cache
def _grouped_matches(hits: FullTextMatches) -> Select[Any]:
    """Return the count and whether the index is complete."""
    return select(func.count(), IS_COMPLETE.scalar_subquery()).select_from(hits.id.table).where(hits.condition)


def counts(database: Database, wanted: ArticleFilter, by: Sequence[By]) -> Iterator[tuple[Any, ...]]:
    """Each combination of `by` that occurs, with how many articles have it behind it.

    The latest day first, then what most articles have; None is what an article lacks. Raises StoreError.
    """
    with database.read() as connection:
        yield from (tuple(row) for row in connection.execute(_group_counts(connection, wanted, by)))


def _group_counts(connection: Connection, wanted: ArticleFilter, by: Sequence[By]) -> Select[Any]:
    dialect = connection.dialect.name
    parts = [_group_column(moment, tests, by, dialect) for moment, tests in _group_columns(connection, wanted, by)]
    each = union_all(*parts).subquery("each") if len(parts) > 1 else parts[0].subquery("each")
    keys = [each.c[one] for one in by]
    # PostgreSQL sums whole numbers to a decimal one.
    number = cast(func.sum(each.c.article_count), BigInteger).label("article_count")
    days = [key.desc() for key, one in zip(keys, by, strict=True) if one is By.DAY]
    order = [*days, number.desc(), *(key.asc().nulls_last() for key in keys)]
    return select(*keys, number).group_by(*keys).order_by(*order)


def _group_column(
    moment: ColumnElement[Any], tests: list[ColumnElement[bool]], by: Sequence[By], dialect: str
) -> Select[Any]:
    keys = [(day_of(moment, dialect) if one is By.DAY else articles.c[one]).label(one) for one in by]
    return select(*keys, func.count().label("article_count")).where(*tests).group_by(*keys)


def _group_columns(
    connection: Connection, wanted: ArticleFilter, by: Sequence[By]
) -> list[tuple[ColumnElement[Any], list[ColumnElement[bool]]]]:
    """In two parts where a time matters: a million days over either time take 2.1 s, out of the index of each 0.4 s."""
    if By.DAY not in by and wanted.since is None and wanted.until is None:
        return [(articles.c.published_at, filter_conditions(connection, wanted))]
    with_date, without = filter_conditions_by_date_presence(connection, wanted)
    return [(articles.c.published_at, with_date), (articles.c.first_seen_at, without)]


def day_of(moment: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """The UTC day of a time as text, such as 2026-11-04."""
    if dialect == "postgresql":
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
    return func.substr(cast(moment, Text), 1, 10)
