"""The statements of a list of articles by its shape; what an article must meet is added to them.

Where a list begins, how long it is and what is asked of the full-text index are values, so that one statement is for
all pages of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

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

from storage.article_sections import article_sections, plain_name
from storage.filters import Sort
from storage.models import ArticleRow
from storage.summaries import LIST, SUMMARY

if TYPE_CHECKING:
    from storage.search import Hits

articles = ArticleRow.__table__
NEWEST = articles.c.id.desc()
KEY = "key"
BEHIND: BindParameter[int] = bindparam("behind", type_=Integer)
MOST: BindParameter[int] = bindparam("most", type_=Integer)
"""The place a list begins behind, and how long it is: values of a statement that is built once."""

_KEYS = {Sort.DATE: articles.c.published_at, Sort.VIEWS: articles.c.view_count}


class Number(StrEnum):
    """What is known of how many answers a question has."""

    UNKNOWN = "unknown"
    FEW = "few"  # no more than storage.search.COMMON
    COMMON = "common"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the statements of a list depend on, but for what an article must meet."""

    sort: Sort
    behind: bool
    """Whether the list begins behind a place."""
    keyed: bool
    """Whether it has any left of what has a key."""
    limited: bool
    section: str | None = None
    """The folded section whose rows the list begins with."""
    hits: Hits | None = None
    """What of the full-text index the list begins with."""
    number: Number = Number.FEW


Make = Callable[[Shape, Sequence[ColumnElement[bool]]], Select[Any]]


def last_stored(shape: Shape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # Ids are given in the order of storing, and are an index that is always there.
    return newest(shape, _among(shape, LIST.where(*tests)))


def with_key(shape: Shape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    whole, key, article_id = _beginning(shape)
    return sorted_behind(shape, _among(shape, whole.where(key.is_not(None), *tests)), key, article_id)


def without_key(shape: Shape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    whole, key, article_id = _beginning(shape)
    return newest(shape, _among(shape, whole.where(key.is_(None), *tests)), article_id)


def _beginning(shape: Shape) -> tuple[Select[Any], ColumnElement[Any], ColumnElement[int]]:
    """The articles, the key they are sorted by, and their ids: those of a section as its own index has them."""
    if shape.section is None:
        return LIST, _KEYS[shape.sort], articles.c.id
    of_section = LIST.join_from(article_sections, articles, articles.c.id == article_sections.c.article_id).where(
        article_sections.c.section == plain_name(shape.section)
    )
    return of_section, article_sections.c.published_at, article_sections.c.article_id


def few_answers(shape: Shape, tests: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """What has a key and then what has none: of a few that are looked up one by one no index has the order."""
    key = _KEYS[shape.sort]
    found = _among(shape, LIST.where(*tests, *([] if shape.keyed else [key.is_(None)])))
    if shape.behind:
        found = found.where(or_(key.is_(None), _behind(key, articles.c.id)) if shape.keyed else articles.c.id < BEHIND)
    return _limited(shape, found.order_by(key.is_(None), key.desc(), NEWEST))


def best_answers(shape: Shape, others: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The answers that are weighed: all of them, or the last stored of a common question's."""
    assert shape.hits is not None
    weighed = shape.hits.weighed(shape.number).subquery("weighed")
    if not others:
        # The index alone knows the first ones: no other article is looked at.
        weighed = sorted_behind(shape, select(weighed), weighed.c.score, weighed.c.id).subquery("found")
    whole = select(*SUMMARY, weighed.c.score).join_from(weighed, articles, articles.c.id == weighed.c.id)
    return sorted_behind(shape, whole.where(*others), weighed.c.score, weighed.c.id)


def older_answers(shape: Shape, others: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """The answers to a common question that are not weighed."""
    from storage.search import OLDEST

    assert shape.hits is not None
    unweighed = select(*SUMMARY, cast(null(), Double).label("score")).where(*others, articles.c.id <= OLDEST)
    return newest(shape, shape.hits.among(unweighed, Number.COMMON))


def _among(shape: Shape, found: Select[Any]) -> Select[Any]:
    return found if shape.hits is None else shape.hits.among(found, shape.number)


def sorted_behind(
    shape: Shape, found: Select[Any], key: ColumnElement[Any], article_id: ColumnElement[int]
) -> Select[Any]:
    """The first of what has a key, behind the place of the cursor."""
    behind = [_behind(key, article_id)] if shape.behind else []
    return _limited(shape, found.where(*behind).order_by(key.desc(), article_id.desc()))


def _behind(key: ColumnElement[Any], article_id: ColumnElement[int]) -> ColumnElement[bool]:
    return tuple_(key, article_id) < tuple_(bindparam(KEY, type_=key.type), BEHIND)


def newest(shape: Shape, found: Select[Any], article_id: ColumnElement[int] = articles.c.id) -> Select[Any]:
    """The last stored, behind the place of the cursor."""
    behind = [article_id < BEHIND] if shape.behind else []
    return _limited(shape, found.where(*behind).order_by(article_id.desc()))


def _limited(shape: Shape, found: Select[Any]) -> Select[Any]:
    return found.limit(MOST) if shape.limited else found
