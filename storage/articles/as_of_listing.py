"""List articles as they were known at a moment (storage.articles.as_of defines what that means).

Filter and sort on narrow columns first, then read the listed fields of a few articles at a time. The statements are the
same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, func, literal, select, tuple_

from storage.articles.as_of import PresenceChanges, summary_as_of
from storage.articles.as_of_conditions import (
    REVISION_BATCH_SIZE,
    after_cursor,
    existing,
    published_as_of,
    revised,
    unrevised,
    views_as_of,
)
from storage.articles.filters import Cursor, Sort
from storage.articles.listing import NEWEST_FIRST, ListingRequest
from storage.articles.results import ArticleSummary, ViewReading
from storage.articles.row_mapping import summaries
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import articles, events, revisions, view_readings
from storage.model.event_kinds import EventKind

T = TypeVar("T")


def find_as_of(database: Database, order: ListingRequest, moment: datetime) -> Iterator[ArticleSummary]:
    """Yield the articles of a list as it was at the moment; see `Articles.find`."""
    with database.read() as connection:
        found = islice(_ids(connection, order, moment), order.limit)
        while ids := list(islice(found, REVISION_BATCH_SIZE)):
            yield from _displayed(connection, ids, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextVersion:
    """Fields of a revision that a list shows; never its body."""

    revision_number: int
    seen_until: datetime
    title: str
    sections: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None


def _displayed(connection: Connection, ids: Sequence[int], moment: datetime) -> Iterator[ArticleSummary]:
    now = summaries(connection, ids)
    said = _by_article(connection, ids)
    read = _last_readings(connection, ids, moment)
    changes = presence_changes(connection, [article.url for article in now.values()])
    for article_id in ids:
        article = now[article_id]
        then = summary_as_of(article, said[article_id], read[article_id], changes[article.url], moment)
        if then is not None:
            yield then


def _by_article(connection: Connection, ids: Sequence[int]) -> dict[int, list[_TextVersion]]:
    columns = [revisions.c[name] for name in _TextVersion.__dataclass_fields__]
    found: dict[int, list[_TextVersion]] = defaultdict(list)
    statement = select(revisions.c.article_id, *columns).where(revisions.c.article_id.in_(ids))
    for article_id, *said in connection.execute(statement):
        found[article_id].append(_TextVersion(**dict(zip(_TextVersion.__dataclass_fields__, said, strict=True))))
    return found


def _last_readings(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[ViewReading]]:
    last = view_readings.alias("last")
    at = select(func.max(last.c.measured_at)).where(last.c.article_id == view_readings.c.article_id)
    up_to = at.where(last.c.measured_at <= moment).scalar_subquery()
    statement = select(view_readings).where(view_readings.c.article_id.in_(ids), view_readings.c.measured_at == up_to)
    found: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.article_id].append(ViewReading(measured_at=row.measured_at, view_count=row.view_count))
    return found


def presence_changes(connection: Connection, urls: Sequence[str]) -> dict[str, PresenceChanges]:
    """Return, for each URL, when the article was found gone and when restored."""
    kinds = (EventKind.GONE.value, EventKind.RESTORED.value)
    statement = select(events.c.subject, events.c.kind, events.c.opened_at)
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in connection.execute(statement.where(events.c.kind.in_(kinds), events.c.subject.in_(urls))):
        moments[row.subject, row.kind].append(row.opened_at)
    return {url: PresenceChanges(**{kind: tuple(moments[url, kind]) for kind in kinds}) for url in urls}


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
