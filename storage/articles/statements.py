"""The statements of a list of articles by its shape; what an article must meet is added to them.

Where a list begins, how long it is and what is asked of the full-text index are values, so that one statement is for
all pages of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Double,
    Integer,
    Select,
    bindparam,
    cast,
    null,
    or_,
    select,
    tuple_,
)

from storage.articles.filters import Sort
from storage.articles.row_mapping import SUMMARY_COLUMNS, SUMMARY_SELECT
from storage.database.article_sections import plain_name
from storage.database.tables import article_sections, articles
from storage.search.fulltext import P_CUTOFF_ID, FullTextMatches, MatchCount

NEWEST_FIRST = articles.c.id.desc()
SORT_KEY = "key"
P_CURSOR_ID: BindParameter[int] = bindparam("behind", type_=Integer)
P_LIMIT: BindParameter[int] = bindparam("most", type_=Integer)
"""The place a list begins behind, and how long it is: values of a statement that is built once."""

_KEYS = {Sort.DATE: articles.c.published_at, Sort.VIEWS: articles.c.view_count}


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingShape:
    """What the statements of a list depend on, but for what an article must meet."""

    sort: Sort
    is_after_cursor: bool
    """Whether the list begins behind a place."""
    keyed: bool
    """Whether it has any left of what has a key."""
    limited: bool
    section: str | None = None
    """The folded section whose rows the list begins with."""
    matches: FullTextMatches | None = None
    """What of the full-text index the list begins with."""
    match_count: MatchCount = MatchCount.FEW


RowFactory = Callable[[ListingShape, Sequence[ColumnElement[bool]]], Select[Any]]


def by_id(shape: ListingShape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # Ids are given in the order of storing, and are an index that is always there.
    return newest(shape, _among(shape, SUMMARY_SELECT.where(*tests)))


def keyed(shape: ListingShape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    whole, key, article_id = _beginning(shape)
    return after_cursor(shape, _among(shape, whole.where(key.is_not(None), *tests)), key, article_id)


def unkeyed(shape: ListingShape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    whole, key, article_id = _beginning(shape)
    return newest(shape, _among(shape, whole.where(key.is_(None), *tests)), article_id)


def _beginning(shape: ListingShape) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[int]]:
    """The articles, the key they are sorted by, and their ids: those of a section as its own index has them."""
    if shape.section is None:
        return SUMMARY_SELECT, _KEYS[shape.sort], articles.c.id
    of_section = SUMMARY_SELECT.join_from(
        article_sections, articles, articles.c.id == article_sections.c.article_id
    ).where(article_sections.c.section == plain_name(shape.section))
    return of_section, article_sections.c.published_at, article_sections.c.article_id


def small_result(shape: ListingShape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """What has a key and then what has none: of a few that are looked up one by one no index has the order."""
    key = _KEYS[shape.sort]
    found = _among(shape, SUMMARY_SELECT.where(*tests, *([] if shape.keyed else [key.is_(None)])))
    if shape.is_after_cursor:
        found = found.where(
            or_(key.is_(None), _after_id(key, articles.c.id)) if shape.keyed else articles.c.id < P_CURSOR_ID
        )
    return _limited(shape, found.order_by(key.is_(None), key.desc(), NEWEST_FIRST))


def ranked(shape: ListingShape, others: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The answers that are weighed: all of them, or the last stored of a common question's."""
    assert shape.matches is not None
    weighed = shape.matches.with_weights(shape.match_count).subquery("weighed")
    if not others:
        # The index alone knows the first ones: no other article is looked at.
        weighed = after_cursor(shape, select(weighed), weighed.c.score, weighed.c.id).subquery("found")
    whole = select(*SUMMARY_COLUMNS, weighed.c.score).join_from(weighed, articles, articles.c.id == weighed.c.id)
    return after_cursor(shape, whole.where(*others), weighed.c.score, weighed.c.id)


def unranked_rest(shape: ListingShape, others: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The answers to a common question that are not weighed."""
    assert shape.matches is not None
    unweighed = select(*SUMMARY_COLUMNS, cast(null(), Double).label("score")).where(
        *others, articles.c.id <= P_CUTOFF_ID
    )
    return newest(shape, shape.matches.restrict_to(unweighed, MatchCount.MANY))


def _among(shape: ListingShape, found: Select[Any]) -> Select[Any]:
    return found if shape.matches is None else shape.matches.restrict_to(found, shape.match_count)


def after_cursor(
    shape: ListingShape, found: Select[Any], key: ColumnElement[Any], article_id: ColumnElement[int]
) -> Select[Any]:
    """The first of what has a key, behind the place of the cursor."""
    behind = [_after_id(key, article_id)] if shape.is_after_cursor else []
    return _limited(shape, found.where(*behind).order_by(key.desc(), article_id.desc()))


def _after_id(key: ColumnElement[Any], article_id: ColumnElement[int]) -> ColumnElement[bool]:
    return tuple_(key, article_id) < tuple_(bindparam(SORT_KEY, type_=key.type), P_CURSOR_ID)


def newest(shape: ListingShape, found: Select[Any], article_id: ColumnElement[int] = articles.c.id) -> Select[Any]:
    """The last stored, behind the place of the cursor."""
    behind = [article_id < P_CURSOR_ID] if shape.is_after_cursor else []
    return _limited(shape, found.where(*behind).order_by(article_id.desc()))


def _limited(shape: ListingShape, found: Select[Any]) -> Select[Any]:
    return found.limit(P_LIMIT) if shape.limited else found
