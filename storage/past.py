"""Articles as they were known at a moment, asked of the database; storage.as_of says what that means.

Which articles, and in what order, is settled on narrow columns; what a list shows is then made of the rows of a few
articles at a time. Statements are the same on both databases: no function of either is used.
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

from storage.answers import ArticleSummary, Listed, ViewReading
from storage.articles import revisions, view_readings
from storage.as_of import Comings, StoryThen, story_as_of, summary_as_of
from storage.engine import AnyRow
from storage.event_kinds import EventKind
from storage.filters import Cursor, Sort
from storage.list_statements import NEWEST
from storage.models import LinkRow, ListingRow
from storage.ordering import Order
from storage.past_conditions import (
    CHUNK,
    behind,
    edited,
    events,
    published_then,
    stored,
    unchanged,
    views_then,
)
from storage.session import Database
from storage.stories import LISTINGS, article_story
from storage.summaries import articles, summaries

T = TypeVar("T")

listings = ListingRow.__table__
links = LinkRow.__table__


def story_then(database: Database, id_or_address: int | str, moment: datetime) -> StoryThen | None:
    """An article as it was known at a moment; None if there is none at all. Raises ValueError for no address."""
    story = article_story(database, id_or_address)
    if story is None:
        return None
    with database.read() as connection:
        comings = _comings(connection, [story.article.url])
        own = LISTINGS.join(links, links.c.id == listings.c.link_id).where(links.c.url == story.article.url)
        listed = tuple(Listed(**row) for row in connection.execute(own).mappings())
    return story_as_of(story, comings[story.article.url], listed, moment)


def find_past(database: Database, order: Order, moment: datetime) -> Iterator[ArticleSummary]:
    """The list as it would have been at the moment: `Articles.find` says the rest."""
    with database.read() as connection:
        found = islice(_ids(connection, order, moment), order.limit)
        while ids := list(islice(found, CHUNK)):
            yield from _shown(connection, ids, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """What a list needs of a revision; never its body."""

    number: int
    seen_until: datetime
    title: str
    sections: tuple[str, ...]
    published_at: datetime | None


def _shown(connection: Connection, ids: Sequence[int], moment: datetime) -> Iterator[ArticleSummary]:
    now = summaries(connection, ids)
    said = _by_article(connection, ids)
    read = _last_readings(connection, ids, moment)
    comings = _comings(connection, [article.url for article in now.values()])
    for article_id in ids:
        article = now[article_id]
        then = summary_as_of(article, said[article_id], read[article_id], comings[article.url], moment)
        if then is not None:
            yield then


def _by_article(connection: Connection, ids: Sequence[int]) -> dict[int, list[_Wording]]:
    columns = [revisions.c[name] for name in _Wording.__dataclass_fields__]
    found: dict[int, list[_Wording]] = defaultdict(list)
    statement = select(revisions.c.article_id, *columns).where(revisions.c.article_id.in_(ids))
    for article_id, *said in connection.execute(statement):
        found[article_id].append(_Wording(**dict(zip(_Wording.__dataclass_fields__, said, strict=True))))
    return found


def _last_readings(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[ViewReading]]:
    last = view_readings.alias("last")
    at = select(func.max(last.c.read_at)).where(last.c.article_id == view_readings.c.article_id)
    up_to = at.where(last.c.read_at <= moment).scalar_subquery()
    statement = select(view_readings).where(view_readings.c.article_id.in_(ids), view_readings.c.read_at == up_to)
    found: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.article_id].append(ViewReading(read_at=row.read_at, view_count=row.view_count))
    return found


def _comings(connection: Connection, urls: Sequence[str]) -> dict[str, Comings]:
    kinds = (EventKind.GONE.value, EventKind.RESTORED.value)
    statement = select(events.c.subject, events.c.kind, events.c.opened_at)
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in connection.execute(statement.where(events.c.kind.in_(kinds), events.c.subject.in_(urls))):
        moments[row.subject, row.kind].append(row.opened_at)
    return {url: Comings(**{kind: tuple(moments[url, kind]) for kind in kinds}) for url in urls}


def _ids(connection: Connection, order: Order, moment: datetime) -> Iterator[int]:
    if order.sort is Sort.DATE:
        return _by_date(connection, order, moment)
    statement = select(articles.c.id).where(*stored(connection, order.wanted, moment))
    if order.sort is Sort.STORED:
        last = [] if order.after is None else [articles.c.id < order.after.id]
        return _read(connection, statement.where(*last).order_by(NEWEST).limit(order.limit), _first)
    views = views_then(moment)
    ranked = statement.where(*behind(views, order.after)).order_by(views.is_(None), views.desc(), NEWEST)
    return _read(connection, ranked.limit(order.limit), _first)


def _by_date(connection: Connection, order: Order, moment: datetime) -> Iterator[int]:
    """What says the same now, out of the index by date, and in between what was edited since."""
    both = (_unchanged(connection, order, moment), _edited(connection, order, moment))
    return (article_id for _date, article_id in merge(*both, key=_place, reverse=True))


Dated = tuple[datetime | None, int]
"""When an article was published, as it said then, and its id."""
_EARLIEST = datetime.min.replace(tzinfo=UTC)


def _place(dated: Dated) -> tuple[bool, datetime, int]:
    """The higher, the earlier in the list: the newest first, those without a date last."""
    published_at, article_id = dated
    return published_at is not None, published_at or _EARLIEST, article_id


def _unchanged(connection: Connection, order: Order, moment: datetime) -> Iterator[Dated]:
    published_at, after = articles.c.published_at, order.after
    with_date, without = unchanged(connection, order.wanted, moment)
    if order.keyed:
        dated = select(published_at, articles.c.id).where(
            *with_date, *_place_behind(published_at, articles.c.id, after)
        )
        yield from _read(connection, dated.order_by(published_at.desc(), NEWEST).limit(order.limit), _both)
    last = [] if order.keyed or after is None else [articles.c.id < after.id]
    undated = select(published_at, articles.c.id).where(*without, *last)
    yield from _read(connection, undated.order_by(NEWEST).limit(order.limit), _both)


def _place_behind(
    key: ColumnElement[Any], article_id: ColumnElement[int], after: Cursor | None
) -> list[ColumnElement[bool]]:
    """Behind the place of a cursor, among what has a key."""
    if after is None:
        return []
    place = tuple_(literal(after.key, key.type), literal(after.id))
    return [tuple_(key, article_id) < place]


def _edited(connection: Connection, order: Order, moment: datetime) -> Iterator[Dated]:
    date = published_then(moment)
    tests = [*edited(connection, order.wanted, moment), *behind(date, order.after)]
    statement = select(date.label("date"), articles.c.id).where(*tests)
    yield from _read(connection, statement.order_by(date.is_(None), date.desc(), NEWEST).limit(order.limit), _both)


def _read(connection: Connection, statement: Select[Any], made: Callable[[AnyRow], T]) -> Iterator[T]:
    with connection.execution_options(yield_per=CHUNK).execute(statement) as found:
        yield from map(made, found)


def _first(row: AnyRow) -> int:
    return int(row[0])


def _both(row: AnyRow) -> Dated:
    return row[0], row[1]
