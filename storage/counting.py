"""How many articles there are, in all and by day, source, section or language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Text, cast, func, select

from storage.articles import EVERYTHING
from storage.criteria import passing
from storage.filters import ArticleFilter
from storage.summaries import articles

if TYPE_CHECKING:
    from storage.store import Store


class By(StrEnum):
    """What articles are counted by."""

    DAY = "day"  # in UTC, of published_at, or of first_seen_at where an article has no date
    SOURCE = "source"
    SECTION = "section"  # the one an article was asked for
    LANGUAGE = "language"


def count(store: Store, wanted: ArticleFilter = EVERYTHING) -> int:
    """How many articles pass the filter. Raises StoreError."""
    with store.read() as connection:
        return count_in(connection, wanted)


def count_in(connection: Connection, wanted: ArticleFilter) -> int:
    """The same inside a transaction, so that what is counted is what is read next."""
    return connection.scalar(select(func.count()).select_from(articles).where(*passing(connection, wanted))) or 0


def counts(store: Store, wanted: ArticleFilter, by: Sequence[By]) -> Iterator[tuple[Any, ...]]:
    """Each combination of `by` that occurs, with how many articles have it behind it.

    The latest day first, then what most articles have; None is what an article lacks. Raises StoreError.
    """
    with store.read() as connection:
        keys = [_key(one, connection.dialect.name).label(one) for one in by]
        number = func.count().label("article_count")
        days = [key.desc() for key, one in zip(keys, by, strict=True) if one is By.DAY]
        order = [*days, number.desc(), *(key.asc().nulls_last() for key in keys)]
        found = select(*keys, number).where(*passing(connection, wanted)).group_by(*keys).order_by(*order)
        yield from (tuple(row) for row in connection.execute(found))


def _key(by: By, dialect: str) -> ColumnElement[Any]:
    if by is not By.DAY:
        return articles.c[by]
    return day_of(func.coalesce(articles.c.published_at, articles.c.first_seen_at), dialect)


def day_of(moment: ColumnElement[Any], dialect: str) -> ColumnElement[Any]:
    """The UTC day of a time as text, such as 2026-11-04."""
    if dialect == "postgresql":
        return func.to_char(func.timezone("UTC", moment), "YYYY-MM-DD")
    return func.substr(cast(moment, Text), 1, 10)
