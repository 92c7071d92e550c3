"""List articles as they were known at a moment (storage.articles.as_of defines what that means).

Filter and sort on narrow columns first, then read the listed fields of a few articles at a time. The statements are the
same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from heapq import merge
from itertools import chain, islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, literal, null, select, tuple_

from storage.articles.as_of_conditions import (
    after_cursor,
    corpus_of,
    existing,
    published_as_of,
    revised,
    unrevised,
    views_as_of,
)
from storage.articles.conditions import REVISION_BATCH_SIZE
from storage.articles.filters import GROWTH_WINDOW, Cursor, Sort
from storage.articles.listing import NEWEST_FIRST, ListingRequest
from storage.articles.listing import after_cursor as listing_after_cursor
from storage.articles.results import ArticleByGrowth, ArticleSummary, ScoredArticle
from storage.articles.row_mapping import summaries_as_of
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import articles
from storage.search.past_scores import past_scores

T = TypeVar("T")
Key = TypeVar("Key")

RANKED_LIMIT = 2_000
"""Matches of a past moment that are ranked, 0.3 ms each: their texts are read. Of more, the last stored are."""


def find_as_of(database: Database, order: ListingRequest, moment: datetime) -> Iterator[ArticleSummary]:
    """Yield the articles of a list as it was at the moment; see `Articles.find`."""
    if order.sort is Sort.GROWTH:
        yield from _find_by_growth(database, order, moment)
        return
    if order.sort is Sort.RANK:
        yield from _find_by_rank(database, order, moment)
        return
    with database.read() as connection:
        found = islice(_ids(connection, order, moment), order.limit)
        while ids := list(islice(found, REVISION_BATCH_SIZE)):
            yield from summaries_as_of(connection, ids, moment)


def _ids(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[int]:
    if order.sort is Sort.DATE:
        return _by_date(connection, order, moment)
    statement = select(articles.c.id).where(*existing(connection, order.article_filter, moment))
    if order.sort is Sort.STORED:
        last = [] if order.cursor is None else [articles.c.id < order.cursor.id]
        return _read_articles(
            connection, statement.where(*last).order_by(NEWEST_FIRST).limit(order.limit), _first_revision
        )
    views = views_as_of(moment)
    ranked = statement.where(*after_cursor(views, order.cursor)).order_by(views.is_(None), views.desc(), NEWEST_FIRST)
    return _read_articles(connection, ranked.limit(order.limit), _first_revision)


def _by_date(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[int]:
    """Merge the unrevised articles, from the index by date, with those revised since."""
    both = (_unrevised_articles(connection, order, moment), _revised_articles(connection, order, moment))
    return (article_id for _date, article_id in merge(*both, key=_sort_position, reverse=True))


PublishedKey = tuple[datetime | None, int]
"""Publication time of an article as it said then, and its id."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _sort_position(dated: PublishedKey) -> tuple[bool, datetime, int]:
    """The higher, the earlier in the list: the newest first, those without a date last."""
    published_at, article_id = dated
    return published_at is not None, published_at or _EARLIEST, article_id


def _unrevised_articles(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[PublishedKey]:
    published_at, after = articles.c.published_at, order.cursor
    with_date, without = unrevised(connection, order.article_filter, moment)
    if order.has_keyed_left:
        dated = select(published_at, articles.c.id).where(
            *with_date, *_is_after_cursor(published_at, articles.c.id, after)
        )
        yield from _read_articles(
            connection, dated.order_by(published_at.desc(), NEWEST_FIRST).limit(order.limit), _merge_by_date
        )
    last = [] if order.has_keyed_left or after is None else [articles.c.id < after.id]
    undated = select(published_at, articles.c.id).where(*without, *last)
    yield from _read_articles(connection, undated.order_by(NEWEST_FIRST).limit(order.limit), _merge_by_date)


def _is_after_cursor(
    key: ColumnElement[Any], article_id: ColumnElement[int], after: Cursor | None
) -> list[ColumnElement[bool]]:
    """Behind the place of a cursor, among what has a key."""
    if after is None:
        return []
    place = tuple_(literal(after.key, key.type), literal(after.id))
    return [tuple_(key, article_id) < place]


def _revised_articles(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[PublishedKey]:
    date = published_as_of(moment)
    tests = [*revised(connection, order.article_filter, moment), *after_cursor(date, order.cursor)]
    statement = select(date.label("date"), articles.c.id).where(*tests)
    yield from _read_articles(
        connection, statement.order_by(date.is_(None), date.desc(), NEWEST_FIRST).limit(order.limit), _merge_by_date
    )


def _read_articles(connection: Connection, statement: Select[Any], made: Callable[[AnyRow], T]) -> Iterator[T]:
    with connection.execution_options(yield_per=REVISION_BATCH_SIZE).execute(statement) as found:
        yield from map(made, found)


def _first_revision(row: AnyRow) -> int:
    return int(row[0])


def _merge_by_date(row: AnyRow) -> PublishedKey:
    return row[0], row[1]


def _summaries(
    connection: Connection, found: Iterator[tuple[int, Key | None]], moment: datetime
) -> Iterator[tuple[dict[str, Any], Key | None]]:
    """Yield the fields of each article as it was at the moment, and what it is sorted by."""
    while batch := dict(islice(found, REVISION_BATCH_SIZE)):
        for article in summaries_as_of(connection, list(batch), moment):
            yield {field.name: getattr(article, field.name) for field in fields(ArticleSummary)}, batch[article.id]


def _find_by_rank(database: Database, order: ListingRequest, moment: datetime) -> Iterator[ScoredArticle]:
    """Yield the articles of a list by relevance as it was at the moment; see `Articles.find`."""
    with database.read() as connection:
        found = islice(_scores(connection, order, moment), order.limit)
        for values, score in _summaries(connection, found, moment):
            yield ScoredArticle(**values, score=score)


def _scores(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[tuple[int, float | None]]:
    """Yield ids with their scores, the best first; of very many matches, those stored before the last ones follow."""
    assert order.article_filter.query is not None
    matching = _newest_first(connection, order, moment)
    if order.has_keyed_left:
        ranked = list(islice(matching, RANKED_LIMIT))
        scores = past_scores(connection, order.article_filter.query, ranked, corpus_of(connection, moment))
        places = sorted(((score, article_id) for article_id, score in scores.items()), reverse=True)
        after = order.cursor
        yield from (
            (article_id, score)
            for score, article_id in places
            if after is None or (score, article_id) < (after.key, after.id)
        )
    yield from ((article_id, None) for article_id in matching)


def _newest_first(connection: Connection, order: ListingRequest, moment: datetime) -> Iterator[int]:
    """Yield the ids of what matched at the moment, the last stored first, from after a cursor without a key."""
    last = [] if order.has_keyed_left or order.cursor is None else [articles.c.id < order.cursor.id]
    parts = (*unrevised(connection, order.article_filter, moment), revised(connection, order.article_filter, moment))
    statements = [select(articles.c.id).where(*tests, *last).order_by(NEWEST_FIRST) for tests in parts]
    most = None if order.limit is None else order.limit + RANKED_LIMIT
    found = [_read_articles(connection, statement.limit(most), _first_revision) for statement in statements]
    return merge(*found, reverse=True)


def _find_by_growth(database: Database, order: ListingRequest, moment: datetime) -> Iterator[ArticleByGrowth]:
    """Yield the articles of a list by growth as it was at the moment; see `Articles.find`."""
    until = min(moment, order.growth_until)
    with database.read() as connection:
        found = islice(_gains(connection, order, moment, until), order.limit)
        for values, gain in _summaries(connection, found, moment):
            yield ArticleByGrowth(**values, view_gain=gain, until=until)


def _gains(
    connection: Connection, order: ListingRequest, moment: datetime, until: datetime
) -> Iterator[tuple[int, int | None]]:
    """Yield ids with what was gained, most first; then those without a gain, the last stored first."""
    from storage.articles.view_gains import gains_query  # noqa: PLC0415  (start-up time, as in storage.articles.listing)

    tests = existing(connection, order.article_filter, moment)
    grown = gains_query(tests, since=until - GROWTH_WINDOW, until=until).subquery("grown")
    article_id, gain = grown.c.article_id, grown.c.view_gain
    keyed = listing_after_cursor(select(article_id, gain), gain, article_id, order.cursor)
    last = [] if order.has_keyed_left or order.cursor is None else [articles.c.id < order.cursor.id]
    unkeyed = select(articles.c.id, null()).where(*tests, articles.c.id.not_in(select(article_id)), *last)
    parts = [keyed] if order.has_keyed_left else []
    statements: list[Select[Any]] = [*parts, unkeyed.order_by(NEWEST_FIRST)]
    return chain.from_iterable(_gain_rows(connection, statement.limit(order.limit)) for statement in statements)


def _gain_rows(connection: Connection, statement: Select[Any]) -> Iterator[tuple[int, int | None]]:
    with connection.execution_options(yield_per=REVISION_BATCH_SIZE).execute(statement) as found:
        yield from ((row[0], row[1]) for row in found)
