"""The statements of a sorted list of articles, which goes on behind a cursor.

A list is one statement or two: what has the key it is sorted by, then what has none. Databases differ in where NULLs
stand, and one order for both would keep them from their indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Double, Select, cast, literal, null, select, tuple_

from storage.criteria import conditions, dated, first_seen, lately_edited, passing, published
from storage.errors import ConfigError
from storage.filters import GROWTH_WINDOW, ArticleFilter, Cursor, Sort
from storage.models import ArticleRow
from storage.summaries import LIST, SUMMARY

if TYPE_CHECKING:
    from storage.questions import Question
    from storage.search import Hits

LARGEST_ID = 2**31 - 1
"""Ids are INTEGER: a larger number is no id, and PostgreSQL refuses to compare with it."""

articles = ArticleRow.__table__
NEWEST = articles.c.id.desc()


def _sorted_by(key: ColumnElement[Any]) -> tuple[ColumnElement[Any], Select[Any], Select[Any]]:
    """The key, the list of what has it, and that of what has not."""
    having = LIST.where(key.is_not(None)).order_by(key.desc(), NEWEST)
    return key, having, LIST.where(key.is_(None)).order_by(NEWEST)


_BY_DATE = _sorted_by(articles.c.published_at)
_BY_VIEWS = _sorted_by(articles.c.view_count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A list: what is in it, how it is sorted, behind which place it begins and how long it is at most."""

    wanted: ArticleFilter
    sort: Sort
    after: Cursor | None
    limit: int | None
    now: datetime

    def check(self) -> None:
        """Raise ConfigError for a sort that the filter has no order for."""
        if self.sort is Sort.RANK and self.wanted.question is None:
            raise ConfigError("only the answers to a question have a rank: ask one, or sort by date, views or stored")
        if self.wanted.as_of is not None and self.sort in {Sort.RANK, Sort.GROWTH}:
            raise ConfigError(f"as of a moment nothing is sorted by {self.sort}: sort by date, views or stored")

    @property
    def keyed(self) -> bool:
        """Whether the list has any left of what has a key."""
        return self.after is None or self.after.key is not None

    @property
    def until(self) -> datetime:
        """When the first page of the list was made."""
        return self.now if self.after is None or self.after.until is None else self.after.until


def parts(connection: Connection, order: Order) -> Iterator[Select[Any]]:
    """The statements, to be read one after the other.

    Raises StoreError for a question to an index that is not whole.
    """
    if order.sort is Sort.GROWTH:
        return _by_growth(connection, order)
    if order.sort is Sort.RANK and order.wanted.question is not None:
        return _by_rank(connection, order, order.wanted.question)
    hits = _hits(connection, order.wanted)
    tests = [*conditions(order.wanted), *lately_edited(connection, order.wanted)]
    return _by_id(order, hits, tests) if order.sort is Sort.STORED else _by_key(order, hits, tests)


def _hits(connection: Connection, wanted: ArticleFilter) -> Hits | None:
    """What of the full-text index a list begins with; None if it begins with the articles."""
    if wanted.question is not None:
        from storage.search import hits

        return hits(connection, wanted.question)
    if wanted.section is None:
        return None
    from storage.rare_sections import rare

    return rare(connection, wanted.section)


def _by_id(order: Order, hits: Hits | None, tests: Sequence[ColumnElement[bool]]) -> Iterator[Select[Any]]:
    # Ids are given in the order of storing, and are an index that is always there.
    found = LIST.where(*tests, *dated(order.wanted), *_behind_id(order.after))
    yield _among(hits, found).order_by(NEWEST)


def _by_key(order: Order, hits: Hits | None, tests: Sequence[ColumnElement[bool]]) -> Iterator[Select[Any]]:
    wanted, by_date = order.wanted, order.sort is Sort.DATE
    key, with_key, without = _BY_DATE if by_date else _BY_VIEWS
    if order.keyed:
        times = published(wanted) if by_date else dated(wanted)
        yield _among(hits, with_key.where(*tests, *times, *place_behind(key, articles.c.id, order.after)))
    times = first_seen(wanted) if by_date else dated(wanted)
    yield _among(hits, without.where(*tests, *times, *_behind_unkeyed(order)))


def _by_rank(connection: Connection, order: Order, question: Question) -> Iterator[Select[Any]]:
    """The answers that are weighed, the best first, of equal ones the last stored; then the older ones of a common
    question, the last stored first."""
    from storage.search import answers_in, counted

    hits = answers_in(connection, question)
    others = [*conditions(order.wanted), *dated(order.wanted)]
    if order.keyed:
        found = hits.weighed().subquery("weighed")
        best = select(found).where(*place_behind(found.c.score, found.c.id, order.after))
        if not others:
            # The index alone knows the first ones: no other article is looked at.
            best = best.order_by(found.c.score.desc(), found.c.id.desc()).limit(order.limit)
        found = best.subquery("found")
        whole = select(*SUMMARY, found.c.score).join_from(found, articles, articles.c.id == found.c.id)
        yield whole.where(*others).order_by(found.c.score.desc(), found.c.id.desc())
    hits = counted(connection, hits)  # now: most lists end before
    if hits.common_below is not None:
        older = [articles.c.id <= hits.common_below, *_behind_unkeyed(order)]
        unweighed = select(*SUMMARY, cast(null(), Double).label("score"))
        yield hits.among(unweighed.where(*others, *older)).order_by(NEWEST)


def _by_growth(connection: Connection, order: Order) -> Iterator[Select[Any]]:
    """What gained most views in the window, of equal gains the last stored; then what gained none."""
    from storage.gains import gained

    tests = passing(connection, order.wanted)
    grown = gained(tests, since=order.until - GROWTH_WINDOW, until=order.until).subquery("grown")
    if order.keyed:
        whole = select(*SUMMARY, grown.c.gained).join_from(grown, articles, articles.c.id == grown.c.article_id)
        yield whole.where(*place_behind(grown.c.gained, grown.c.article_id, order.after)).order_by(
            grown.c.gained.desc(), grown.c.article_id.desc()
        )
    others = select(*SUMMARY, cast(null(), BigInteger).label("gained"))
    rest = articles.c.id.not_in(select(grown.c.article_id))
    yield others.where(*tests, rest, *_behind_unkeyed(order)).order_by(NEWEST)


def _among(hits: Hits | None, found: Select[Any]) -> Select[Any]:
    return found if hits is None else hits.among(found)


def place_behind(
    key: ColumnElement[Any], article_id: ColumnElement[int], after: Cursor | None
) -> list[ColumnElement[bool]]:
    """Behind the place of a cursor, among what has a key."""
    if after is None:
        return []
    place = tuple_(literal(after.key, key.type), literal(after.id))
    return [tuple_(key, article_id) < place]


def _behind_unkeyed(order: Order) -> list[ColumnElement[bool]]:
    """Of what has no key all, unless the list begins among it."""
    return [] if order.keyed else _behind_id(order.after)


def _behind_id(after: Cursor | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [articles.c.id < after.id]
