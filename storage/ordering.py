"""What a sorted list of articles is read from, part by part; it goes on behind a cursor.

A list is one statement or two: what has the key it is sorted by, then what has none. Databases differ in where NULLs
stand, and one order for both would keep them from their indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, cast, null, select

from storage.criteria import (
    conditions,
    dated,
    first_seen,
    lately_edited,
    passing,
    published,
    published_in_section,
    section_tests,
)
from storage.errors import ConfigError
from storage.filters import GROWTH_WINDOW, ArticleFilter, Cursor, Sort
from storage.list_statements import (
    BEHIND,
    KEY,
    Make,
    Number,
    Shape,
    best_answers,
    few_answers,
    last_stored,
    newest,
    older_answers,
    sorted_behind,
    with_key,
    without_key,
)
from storage.models import ArticleRow
from storage.section_names import normalize_section
from storage.summaries import SUMMARY

if TYPE_CHECKING:
    from storage.questions import Question
    from storage.search import Hits

LARGEST_ID = 2**31 - 1
"""Ids are INTEGER: a larger number is no id, and PostgreSQL refuses to compare with it."""

articles = ArticleRow.__table__


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A statement of a list, to be executed with these values; MOST is how many articles it yields at most."""

    statement: Select[Any]
    values: Mapping[str, Any]
    ends: bool = False
    """Whether, if it yields any article, nothing follows."""


def parts(connection: Connection, order: Order) -> Iterator[Part]:
    """The statements, to be read one after the other.

    Raises StoreError for a question to an index that is not whole.
    """
    if order.sort is Sort.GROWTH:
        return _by_growth(connection, order)
    if order.sort is Sort.RANK and order.wanted.question is not None:
        return _by_rank(connection, order, order.wanted.question)
    found = _hits(connection, order)
    of_section = () if found.shape.section is not None else section_tests(connection, order.wanted)
    found = replace(found, extra=(*lately_edited(connection, order.wanted), *of_section))
    return _by_id(found) if order.sort is Sort.STORED else _by_key(found)


Times = Callable[[ArticleFilter], Sequence[ColumnElement[bool]]]
"""Which of its times an article must have within those of the filter."""


@lru_cache(maxsize=256)
def _built(make: Make, shape: Shape, wanted: ArticleFilter, times: Times) -> Select[Any]:
    """A statement for all pages of a list: to build one takes as long as to execute it."""
    return make(shape, (*conditions(wanted), *times(wanted)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A list, what it begins with, and the values of its statements."""

    order: Order
    shape: Shape
    values: Mapping[str, Any]
    extra: Sequence[ColumnElement[bool]] = ()
    """Conditions of this list alone."""

    def part(self, make: Make, times: Times, *, ends: bool = False) -> Part:
        """A statement. Its question is one of the values."""
        wanted = self.order.wanted
        if self.extra:
            statement = make(self.shape, (*conditions(wanted), *times(wanted), *self.extra))
        else:
            asked = wanted if wanted.question is None else replace(wanted, question=None)
            statement = _built(make, self.shape, asked, times)
        return Part(statement=statement, values=self.values, ends=ends)

    def of(self, number: Number, **values: Any) -> _Found:
        """The same, when more is known of how many answers there are."""
        return replace(self, shape=replace(self.shape, number=number), values={**self.values, **values})

    def among_unkeyed(self) -> _Found:
        """The same of what has no key: all of it, unless the list begins among it."""
        return replace(self, shape=replace(self.shape, behind=not self.order.keyed))


def _beginning(order: Order, hits: Hits | None = None, **asked: Any) -> _Found:
    after = order.after
    shape = Shape(
        sort=order.sort, behind=after is not None, keyed=order.keyed, limited=order.limit is not None, hits=hits
    )
    place = {} if after is None else {KEY: after.key, BEHIND.key: after.id}
    return _Found(order=order, shape=shape, values={**asked, **place})


def _hits(connection: Connection, order: Order) -> _Found:
    """What of the full-text index a list begins with; nothing if it begins with the articles."""
    wanted = order.wanted
    if wanted.question is not None:
        from storage.search import asked, common_below, given

        dialect = connection.dialect.name
        found = _beginning(order, asked(dialect), **given(dialect, wanted.question))
        return found.of(Number.FEW if common_below(connection, wanted.question) is None else Number.COMMON)
    found = _beginning(order)
    if wanted.section is None or wanted.edited_since is not None or order.sort is not Sort.DATE:
        return found
    return replace(found, shape=replace(found.shape, section=normalize_section(wanted.section)))


def _by_id(found: _Found) -> Iterator[Part]:
    yield found.part(last_stored, dated)


def _by_key(found: _Found) -> Iterator[Part]:
    by_date = found.order.sort is Sort.DATE
    if found.shape.hits is not None and found.shape.number is Number.FEW:
        yield found.part(few_answers, dated)
        return
    if found.order.keyed:
        of_section = found.shape.section is not None
        yield found.part(with_key, published_in_section if of_section else published if by_date else dated)
    yield found.among_unkeyed().part(without_key, first_seen if by_date else dated)


def _by_rank(connection: Connection, order: Order, question: Question) -> Iterator[Part]:
    """The answers that are weighed, the best first, of equal ones the last stored; then the older ones of a common
    question, the last stored first."""
    from storage.indexing import require_complete
    from storage.search import OLDEST, asked, common_below, counts_quickly, given

    dialect = connection.dialect.name
    found = _beginning(order, asked(dialect), **given(dialect, question))
    found = replace(found, extra=section_tests(connection, order.wanted))
    below, quick = None, counts_quickly(connection, question)
    if quick:
        below = common_below(connection, question)
    else:
        require_complete(connection)
    if order.keyed and below is None:
        yield found.of(Number.FEW if quick else Number.UNKNOWN).part(best_answers, dated, ends=True)
    if not quick:
        below = common_below(connection, question)  # there were none, or too many
    if below is None:
        return
    if order.keyed:
        yield found.of(Number.COMMON).part(best_answers, dated)
    yield found.of(Number.COMMON, **{OLDEST.key: below}).among_unkeyed().part(older_answers, dated)


def _by_growth(connection: Connection, order: Order) -> Iterator[Part]:
    """What gained most views in the window, of equal gains the last stored; then what gained none."""
    from storage.gains import gained

    tests = passing(connection, order.wanted)
    grown = gained(tests, since=order.until - GROWTH_WINDOW, until=order.until).subquery("grown")
    found = _beginning(order)
    if order.keyed:
        whole = select(*SUMMARY, grown.c.gained).join_from(grown, articles, articles.c.id == grown.c.article_id)
        by_gain = sorted_behind(found.shape, whole, grown.c.gained, grown.c.article_id)
        yield Part(statement=by_gain, values=found.values)
    others = select(*SUMMARY, cast(null(), BigInteger).label("gained"))
    rest = others.where(*tests, articles.c.id.not_in(select(grown.c.article_id)))
    found = found.among_unkeyed()
    yield Part(statement=newest(found.shape, rest), values=found.values)
