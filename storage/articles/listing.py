"""Build the keyset-paginated SELECTs of a sorted list of articles.

A list is one SELECT or two: the articles that have the sort key, then those that have none. SQLite and PostgreSQL sort
NULLs differently, and one ORDER BY for both would keep them from their indexes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Double, Select, cast, literal, null, or_, select, tuple_

from storage.articles.conditions import (
    conditions,
    date_range,
    filter_conditions,
    first_seen_range,
    matches_wanted,
    published_in_section,
    published_range,
    recently_edited_ids,
    section_tests,
)
from storage.articles.filters import GROWTH_WINDOW, ArticleFilter, Cursor, Sort
from storage.articles.row_mapping import SUMMARY_COLUMNS, SUMMARY_SELECT
from storage.database.article_sections import plain_name
from storage.database.tables import article_sections, articles
from storage.model.errors import ConfigError
from storage.search.fulltext import (
    P_CUTOFF_ID,
    FullTextMatches,
    MatchCount,
    is_cheap_to_count,
    match_expression,
    prepared_match,
    query_params,
    ranking_cutoff_id,
)
from storage.search.index import require_complete
from storage.search.query import Query
from storage.text.section_names import normalize_section

NEWEST_FIRST = articles.c.id.desc()
MAX_ARTICLE_ID = 2**63 - 1
"""Ids are BIGINT: a larger number is no id, and PostgreSQL refuses to compare with it."""

_KEYS = {Sort.DATE: articles.c.published_at, Sort.VIEWS: articles.c.view_count}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRequest:
    """Ask for a page of a list: filter, sort, cursor of the article before it, maximum number of articles."""

    article_filter: ArticleFilter
    sort: Sort
    cursor: Cursor | None
    limit: int | None
    now: datetime

    def check(self) -> None:
        """Raise ConfigError for a sort that the filter has no order for."""
        if self.sort is Sort.RANK and self.article_filter.query is None:
            raise ConfigError("only the matches of a query have a rank: give one, or sort by date, views or stored")
        if self.article_filter.ever and self.sort is Sort.RANK:
            raise ConfigError("the matches of all versions have no rank: sort by date, views, stored or growth")

    @property
    def has_keyed_left(self) -> bool:
        """Return whether articles with a sort key are left; those without one come last."""
        return self.cursor is None or self.cursor.key is not None

    @property
    def growth_until(self) -> datetime:
        """Return the time at which growth is measured: that of the first page, for all pages."""
        return self.now if self.cursor is None or self.cursor.until is None else self.cursor.until


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuery:
    """One SELECT of a list without its LIMIT, and the values of its bind parameters."""

    statement: Select[Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    is_last: bool = False
    """If it yields any article, no later SELECT is executed."""


def listing_queries(connection: Connection, request: ListingRequest) -> Iterator[ListingQuery]:
    """Yield the SELECTs of a list, to be executed one after the other until it is long enough.

    Raises StoreError for a full-text query while the index is incomplete.
    """
    if request.sort is Sort.GROWTH:
        return _by_growth(connection, request)
    if request.sort is Sort.RANK and request.article_filter.query is not None:
        return _by_rank(connection, request, request.article_filter.query)
    return _by_column(connection, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FullText:
    """Restrict SELECTs to the matches of a query; without one, to nothing."""

    matches: FullTextMatches | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    count: MatchCount = MatchCount.FEW

    def restrict(self, statement: Select[Any]) -> Select[Any]:
        return statement if self.matches is None else self.matches.restrict_to(statement, self.count)


def _full_text(connection: Connection, expression: str, count: MatchCount | None = None) -> _FullText:
    """Prepare the full-text part of a list; `count` is looked up in the index if it is not given."""
    if count is None:
        count = MatchCount.FEW if ranking_cutoff_id(connection, expression) is None else MatchCount.MANY
    matches = prepared_match(connection.dialect.name)
    return _FullText(matches=matches, values=query_params(expression), count=count)


def _by_column(connection: Connection, request: ListingRequest) -> Iterator[ListingQuery]:
    """Sort by a column of `articles`: date, views or order of storing."""
    article_filter, key = request.article_filter, _KEYS.get(request.sort)
    full_text = _FullText()
    tests = [*conditions(article_filter), *recently_edited_ids(connection, article_filter)]
    if article_filter.query is not None and article_filter.ever:
        tests.append(matches_wanted(connection, article_filter.query, article_filter))
    elif article_filter.query is not None:
        full_text = _full_text(connection, match_expression(connection, article_filter.query))
    section = _section_to_start_from(request)
    if section is None:
        tests += section_tests(connection, article_filter)

    def query(statement: Select[Any]) -> ListingQuery:
        return ListingQuery(statement=full_text.restrict(statement), values=full_text.values)

    if key is None:
        found = SUMMARY_SELECT.where(*tests, *date_range(article_filter))
        yield query(_newest(found, request.cursor))
    elif full_text.matches is not None and full_text.count is MatchCount.FEW:
        # No index has the order of a few articles that are looked up by id: one SELECT sorts them.
        yield query(_small_result(request, key, [*tests, *date_range(article_filter)]))
    else:
        yield from map(query, _keyed_then_unkeyed(request, key, section, tests))


def _section_to_start_from(request: ListingRequest) -> str | None:
    """Return the section whose rows of `article_sections` have the order of the list; None if they have not."""
    wanted = request.article_filter
    has_order = wanted.query is None and wanted.edited_since is None and request.sort is Sort.DATE
    return None if wanted.section is None or not has_order else normalize_section(wanted.section)


def _keyed_then_unkeyed(
    request: ListingRequest, key: ColumnElement[Any], section: str | None, tests: Sequence[ColumnElement[bool]]
) -> Iterator[Select[Any]]:
    whole, article_id = SUMMARY_SELECT, articles.c.id
    by_date = request.sort is Sort.DATE
    keyed_range = published_range if by_date else date_range
    if section is not None:
        joined = articles.c.id == article_sections.c.article_id
        whole = SUMMARY_SELECT.join_from(article_sections, articles, joined)
        whole = whole.where(article_sections.c.section == plain_name(section))
        key, article_id, keyed_range = (
            article_sections.c.published_at,
            article_sections.c.article_id,
            published_in_section,
        )
    if request.has_keyed_left:
        keyed = whole.where(key.is_not(None), *tests, *keyed_range(request.article_filter))
        yield after_cursor(keyed, key, article_id, request.cursor)
    unkeyed_range = first_seen_range if by_date else date_range
    unkeyed = whole.where(key.is_(None), *tests, *unkeyed_range(request.article_filter))
    yield _newest(unkeyed, _unkeyed_cursor(request), article_id)


def _small_result(
    request: ListingRequest, key: ColumnElement[Any], tests: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    found = SUMMARY_SELECT.where(*tests)
    if not request.has_keyed_left:
        found = found.where(key.is_(None))
    if (cursor := request.cursor) is not None:
        rest = or_(key.is_(None), _is_after(key, articles.c.id, cursor))
        found = found.where(rest if request.has_keyed_left else articles.c.id < cursor.id)
    return found.order_by(key.is_(None), key.desc(), NEWEST_FIRST)


def _by_rank(connection: Connection, request: ListingRequest, query: Query) -> Iterator[ListingQuery]:
    """Sort by relevance; of very many matches only the last stored are ranked, and the older ones follow."""
    article_filter = request.article_filter
    tests = [
        *conditions(article_filter),
        *date_range(article_filter),
        *section_tests(connection, article_filter),
    ]
    is_cheap, cutoff = is_cheap_to_count(connection, query), None
    expression = match_expression(connection, query)
    if is_cheap:
        cutoff = ranking_cutoff_id(connection, expression)
    else:
        require_complete(connection)
    if request.has_keyed_left and cutoff is None:
        count = MatchCount.FEW if is_cheap else MatchCount.UNKNOWN
        yield _ranked(request, _full_text(connection, expression, count), tests, is_last=True)
    if not is_cheap:
        # The first SELECT found nothing, or there are too many matches.
        cutoff = ranking_cutoff_id(connection, expression)
    if cutoff is None:
        return
    full_text = _full_text(connection, expression, MatchCount.MANY)
    if request.has_keyed_left:
        yield _ranked(request, full_text, tests)
    unranked = select(*SUMMARY_COLUMNS, cast(null(), Double).label("score")).where(*tests, articles.c.id <= P_CUTOFF_ID)
    rest = full_text.restrict(_newest(unranked, _unkeyed_cursor(request)))
    yield ListingQuery(statement=rest, values={**full_text.values, P_CUTOFF_ID.key: cutoff})


def _ranked(
    request: ListingRequest, full_text: _FullText, tests: Sequence[ColumnElement[bool]], *, is_last: bool = False
) -> ListingQuery:
    assert full_text.matches is not None
    ranked = full_text.matches.with_weights(full_text.count).subquery("ranked")
    if not tests:
        # The index alone knows the first ones: no other article is read.
        first = after_cursor(select(ranked), ranked.c.score, ranked.c.id, request.cursor)
        ranked = first.limit(request.limit).subquery("first")
    whole = select(*SUMMARY_COLUMNS, ranked.c.score).join_from(ranked, articles, articles.c.id == ranked.c.id)
    statement = after_cursor(whole.where(*tests), ranked.c.score, ranked.c.id, request.cursor)
    return ListingQuery(statement=statement, values=full_text.values, is_last=is_last)


def _by_growth(connection: Connection, request: ListingRequest) -> Iterator[ListingQuery]:
    """Sort by the views gained in GROWTH_WINDOW, of equal gains the last stored; articles without a gain follow."""
    from storage.articles.view_gains import gains_query  # noqa: PLC0415  (start-up time: 11 ms for --sort growth alone)

    tests, until = filter_conditions(connection, request.article_filter), request.growth_until
    grown = gains_query(tests, since=until - GROWTH_WINDOW, until=until).subquery("grown")
    if request.has_keyed_left:
        same = articles.c.id == grown.c.article_id
        whole = select(*SUMMARY_COLUMNS, grown.c.view_gain).join_from(grown, articles, same)
        yield ListingQuery(statement=after_cursor(whole, grown.c.view_gain, grown.c.article_id, request.cursor))
    others = select(*SUMMARY_COLUMNS, cast(null(), BigInteger).label("view_gain"))
    rest = others.where(*tests, articles.c.id.not_in(select(grown.c.article_id)))
    yield ListingQuery(statement=_newest(rest, _unkeyed_cursor(request)))


def _unkeyed_cursor(request: ListingRequest) -> Cursor | None:
    """Return the cursor if it is among the articles without a key; all of them follow otherwise."""
    return None if request.has_keyed_left else request.cursor


def after_cursor(
    statement: Select[Any], key: ColumnElement[Any], article_id: ColumnElement[int], cursor: Cursor | None
) -> Select[Any]:
    """Sort by key and id, highest first, from after the cursor."""
    tests = [] if cursor is None else [_is_after(key, article_id, cursor)]
    return statement.where(*tests).order_by(key.desc(), article_id.desc())


def _is_after(key: ColumnElement[Any], article_id: ColumnElement[int], cursor: Cursor) -> ColumnElement[bool]:
    return tuple_(key, article_id) < tuple_(literal(cursor.key, key.type), literal(cursor.id))


def _newest(
    statement: Select[Any], cursor: Cursor | None, article_id: ColumnElement[int] = articles.c.id
) -> Select[Any]:
    """Sort by id, which is given in the order of storing, highest first, from after the cursor."""
    tests = [] if cursor is None else [article_id < cursor.id]
    return statement.where(*tests).order_by(article_id.desc())
