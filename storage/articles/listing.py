"""What a sorted list of articles is read from, part by part; it goes on behind a cursor.

A list is one statement or two: what has the key it is sorted by, then what has none. Databases differ in where NULLs
stand, and one order for both would keep them from their indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, cast, null, select

from storage.articles.conditions import (
    conditions,
    date_range,
    filter_conditions,
    first_seen_range,
    published_in_section,
    published_range,
    recently_edited_ids,
    section_tests,
)
from storage.articles.filters import GROWTH_WINDOW, ArticleFilter, Cursor, Sort
from storage.articles.row_mapping import SUMMARY_COLUMNS
from storage.articles.statements import (
    P_CURSOR_ID,
    SORT_KEY,
    ListingShape,
    RowFactory,
    after_cursor,
    by_id,
    keyed,
    newest,
    ranked,
    small_result,
    unkeyed,
    unranked_rest,
)
from storage.database.tables import articles
from storage.model.errors import ConfigError
from storage.search.fulltext import MatchCount
from storage.text.section_names import normalize_section

if TYPE_CHECKING:
    from storage.search.fulltext import FullTextMatches
    from storage.search.query import Query

MAX_ARTICLE_ID = 2**31 - 1
"""Ids are INTEGER: a larger number is no id, and PostgreSQL refuses to compare with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """A list: what is in it, how it is sorted, behind which place it begins and how long it is at most."""

    article_filter: ArticleFilter
    sort: Sort
    cursor: Cursor | None
    limit: int | None
    now: datetime

    def check(self) -> None:
        """Raise ConfigError for a sort that the filter has no order for."""
        if self.sort is Sort.RANK and self.article_filter.query is None:
            raise ConfigError("only the answers to a question have a rank: ask one, or sort by date, views or stored")
        if self.article_filter.as_of is not None and self.sort in {Sort.RANK, Sort.GROWTH}:
            raise ConfigError(f"as of a moment nothing is sorted by {self.sort}: sort by date, views or stored")

    @property
    def has_date_key(self) -> bool:
        """Whether the list has any left of what has a key."""
        return self.cursor is None or self.cursor.key is not None

    @property
    def growth_until(self) -> datetime:
        """When the first page of the list was made."""
        return self.now if self.cursor is None or self.cursor.until is None else self.cursor.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """A statement of a list, to be executed with these values; MOST is how many articles it yields at most."""

    statement: Select[Any]
    values: Mapping[str, Any]
    is_last: bool = False
    """Whether, if it yields any article, nothing follows."""


def listing_queries(connection: Connection, order: ListingRequest) -> Iterator[ListingQuery]:
    """The statements, to be read one after the other.

    Raises StoreError for a question to an index that is not whole.
    """
    if order.sort is Sort.GROWTH:
        return _by_growth(connection, order)
    if order.sort is Sort.RANK and order.article_filter.query is not None:
        return _by_rank(connection, order, order.article_filter.query)
    found = _hits(connection, order)
    of_section = () if found.shape.section is not None else section_tests(connection, order.article_filter)
    found = replace(found, extra=(*recently_edited_ids(connection, order.article_filter), *of_section))
    return _by_id(found) if order.sort is Sort.STORED else _by_key(found)


Times = Callable[[ArticleFilter], Sequence[ColumnElement[bool]]]
"""Which of its times an article must have within those of the filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPlan:
    """A list, what it begins with, and the values of its statements."""

    order: ListingRequest
    shape: ListingShape
    values: Mapping[str, Any]
    extra: Sequence[ColumnElement[bool]] = ()
    """Conditions of this list alone."""

    def part(self, make: RowFactory, times: Times, *, ends: bool = False) -> ListingQuery:
        """A statement. Its question is one of the values."""
        wanted = self.order.article_filter
        statement = make(self.shape, (*conditions(wanted), *times(wanted), *self.extra))
        return ListingQuery(statement=statement, values=self.values, is_last=ends)

    def from_request(self, number: MatchCount, **values: Any) -> ListingPlan:
        """The same, when more is known of how many answers there are."""
        return replace(self, shape=replace(self.shape, match_count=number), values={**self.values, **values})

    def unkeyed_restriction(self) -> ListingPlan:
        """The same of what has no key: all of it, unless the list begins among it."""
        return replace(self, shape=replace(self.shape, is_after_cursor=not self.order.has_date_key))


def _start_cursor(order: ListingRequest, hits: FullTextMatches | None = None, **asked: Any) -> ListingPlan:
    after = order.cursor
    shape = ListingShape(
        sort=order.sort,
        is_after_cursor=after is not None,
        keyed=order.has_date_key,
        limited=order.limit is not None,
        matches=hits,
    )
    place = {} if after is None else {SORT_KEY: after.key, P_CURSOR_ID.key: after.id}
    return ListingPlan(order=order, shape=shape, values={**asked, **place})


def _hits(connection: Connection, order: ListingRequest) -> ListingPlan:
    """What of the full-text index a list begins with; nothing if it begins with the articles."""
    wanted = order.article_filter
    if wanted.query is not None:
        from storage.search.fulltext import prepared_match, query_params, ranking_cutoff_id

        dialect = connection.dialect.name
        found = _start_cursor(order, prepared_match(dialect), **query_params(dialect, wanted.query))
        return found.from_request(
            MatchCount.FEW if ranking_cutoff_id(connection, wanted.query) is None else MatchCount.MANY
        )
    found = _start_cursor(order)
    if wanted.section is None or wanted.edited_since is not None or order.sort is not Sort.DATE:
        return found
    return replace(found, shape=replace(found.shape, section=normalize_section(wanted.section)))


def _by_id(found: ListingPlan) -> Iterator[ListingQuery]:
    yield found.part(by_id, date_range)


def _by_key(found: ListingPlan) -> Iterator[ListingQuery]:
    by_date = found.order.sort is Sort.DATE
    if found.shape.matches is not None and found.shape.match_count is MatchCount.FEW:
        yield found.part(small_result, date_range)
        return
    if found.order.has_date_key:
        of_section = found.shape.section is not None
        yield found.part(keyed, published_in_section if of_section else published_range if by_date else date_range)
    yield found.unkeyed_restriction().part(unkeyed, first_seen_range if by_date else date_range)


def _by_rank(connection: Connection, order: ListingRequest, question: Query) -> Iterator[ListingQuery]:
    """The answers that are weighed, the best first, of equal ones the last stored; then the older ones of a common
    question, the last stored first."""
    from storage.search.fulltext import P_CUTOFF_ID, is_cheap_to_count, prepared_match, query_params, ranking_cutoff_id
    from storage.search.index import require_complete

    dialect = connection.dialect.name
    found = _start_cursor(order, prepared_match(dialect), **query_params(dialect, question))
    found = replace(found, extra=section_tests(connection, order.article_filter))
    below, quick = None, is_cheap_to_count(connection, question)
    if quick:
        below = ranking_cutoff_id(connection, question)
    else:
        require_complete(connection)
    if order.has_date_key and below is None:
        yield found.from_request(MatchCount.FEW if quick else MatchCount.UNKNOWN).part(ranked, date_range, ends=True)
    if not quick:
        below = ranking_cutoff_id(connection, question)  # there were none, or too many
    if below is None:
        return
    if order.has_date_key:
        yield found.from_request(MatchCount.MANY).part(ranked, date_range)
    yield (
        found.from_request(MatchCount.MANY, **{P_CUTOFF_ID.key: below})
        .unkeyed_restriction()
        .part(unranked_rest, date_range)
    )


def _by_growth(connection: Connection, order: ListingRequest) -> Iterator[ListingQuery]:
    """What gained most views in the window, of equal gains the last stored; then what gained none."""
    from storage.articles.view_gains import gains_query

    tests = filter_conditions(connection, order.article_filter)
    grown = gains_query(tests, since=order.growth_until - GROWTH_WINDOW, until=order.growth_until).subquery("grown")
    found = _start_cursor(order)
    if order.has_date_key:
        whole = select(*SUMMARY_COLUMNS, grown.c.view_gain).join_from(
            grown, articles, articles.c.id == grown.c.article_id
        )
        by_gain = after_cursor(found.shape, whole, grown.c.view_gain, grown.c.article_id)
        yield ListingQuery(statement=by_gain, values=found.values)
    others = select(*SUMMARY_COLUMNS, cast(null(), BigInteger).label("view_gain"))
    rest = others.where(*tests, articles.c.id.not_in(select(grown.c.article_id)))
    found = found.unkeyed_restriction()
    yield ListingQuery(statement=newest(found.shape, rest), values=found.values)
