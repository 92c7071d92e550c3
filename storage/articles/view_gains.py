"""Rank articles by the views gained in a window, in SQL, or by those they had at an age.

storage.articles.view_series computes gains and views at an age.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nsmallest
from itertools import groupby
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Numeric,
    Select,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
    select,
)

from storage.articles.as_of_conditions import changed_dates, existing, has_later_revision
from storage.articles.conditions import filter_conditions
from storage.articles.filters import ArticleFilter
from storage.articles.results import ArticleSummary, ViewReading
from storage.articles.row_mapping import summaries, summaries_as_of
from storage.articles.view_series import ViewGain, ViewsAtAge, at_ages, gain
from storage.database.column_types import UtcDateTime
from storage.database.session import Database
from storage.database.tables import articles, view_readings
from storage.model.records import DatePrecision

READING_BATCH_SIZE = 1_000
"""View readings fetched at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedGain:
    """An article and what it gained in a window; `view_count` is the last that was read in it."""

    article: ArticleSummary
    gain: ViewGain
    view_count: int


def top_gains(
    database: Database, wanted: ArticleFilter, *, since: datetime, until: datetime, limit: int
) -> tuple[RankedGain, ...]:
    """The articles that pass the filter and gained most views after `since`, as known at `until`; most first.

    Equal gains come in the order of their ids. Articles that gained nothing are left out. Only readings of the window,
    and the last one before it of each article that has any, are read. Raises StoreError.
    """
    moment = wanted.as_of
    until = until if moment is None else min(until, moment)
    with database.read() as connection:
        tests = filter_conditions(connection, wanted) if moment is None else existing(connection, wanted, moment)
        most = gains_query(tests, since=since, until=until).subquery("most")
        order = (most.c.view_gain.desc(), most.c.article_id)
        ids = list(connection.scalars(select(most.c.article_id).order_by(*order).limit(limit)))
        found = summaries(connection, ids) if moment is None else _as_of(connection, ids, moment)
        series = _series(connection, ids)
    gainers = [_gainer(found[article_id], series[article_id], since, until) for article_id in ids]
    # The database reckons in whole seconds: a view more or less may part what it ranked.
    return tuple(sorted(gainers, key=lambda one: (-one.gain.gained, one.article.id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedAtAge:
    """An article and the views it had at an age after its publication."""

    article: ArticleSummary
    at_age: ViewsAtAge


def top_at_age(database: Database, wanted: ArticleFilter, *, age: timedelta, limit: int) -> tuple[RankedAtAge, ...]:
    """The articles that pass the filter and had most views at an age; most first, equal ones by their ids.

    Left out are articles whose views at that age are not known: published at an unknown minute, younger than that, or
    without readings around it; with `as_of`, as they were known then. All readings of the articles that pass are read,
    and few kept. Raises StoreError.
    """
    moment = wanted.as_of
    with database.read() as connection:
        dates = {} if moment is None else changed_dates(connection, moment)
        readings = _all_readings(connection, wanted).execution_options(yield_per=READING_BATCH_SIZE)
        with connection.execute(readings) as rows:
            known = _known_at_age(rows, age, dates)
            most = nsmallest(limit, known, key=lambda one: (-(one[1].views.view_count or 0), one[0]))
        ids = [article_id for article_id, _views in most]
        found = summaries(connection, ids) if moment is None else _as_of(connection, ids, moment)
    return tuple(RankedAtAge(article=found[article_id], at_age=views) for article_id, views in most)


def _all_readings(connection: Connection, wanted: ArticleFilter) -> Select[Any]:
    """Select the readings of the articles that pass, and their dates; as of a moment, those of then, dated as now."""
    published, precision = articles.c.published_at, articles.c.published_precision
    dated: ColumnElement[bool] = and_(published.is_not(None), precision.is_distinct_from(DatePrecision.DAY))
    if (moment := wanted.as_of) is None:
        tests = [*filter_conditions(connection, wanted), dated]
    else:
        tests = [*existing(connection, wanted, moment), or_(dated, has_later_revision(moment))]
        tests += [view_readings.c.measured_at <= moment]
    joined = select(*view_readings.c, published).join_from(
        view_readings, articles, articles.c.id == view_readings.c.article_id
    )
    return joined.where(*tests).order_by(view_readings.c.article_id, view_readings.c.measured_at)


def _known_at_age(
    rows: Iterable[Any], age: timedelta, dates: Mapping[int, datetime | None]
) -> Iterator[tuple[int, ViewsAtAge]]:
    """Yield ids with what is known at an age; `dates` are those of articles that had another then."""
    for article_id, own in groupby(rows, key=lambda row: row.article_id):
        read = list(own)
        published_at = dates.get(article_id, read[0].published_at)
        if published_at is None:
            continue
        readings = [ViewReading(measured_at=row.measured_at, view_count=row.view_count) for row in read]
        for at_age in at_ages(readings, published_at, (age,)):
            if at_age.views.view_count is not None:
                yield article_id, at_age


def _as_of(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, ArticleSummary]:
    return {article.id: article for article in summaries_as_of(connection, ids, moment)}


def _gainer(article: ArticleSummary, readings: Sequence[ViewReading], since: datetime, until: datetime) -> RankedGain:
    last = max((one for one in readings if one.measured_at <= until), key=lambda one: one.measured_at)
    return RankedGain(article=article, gain=gain(readings, since=since, until=until), view_count=last.view_count)


def _series(connection: Connection, ids: Sequence[int]) -> dict[int, list[ViewReading]]:
    series: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(select(*view_readings.c).where(view_readings.c.article_id.in_(ids))):
        series[row.article_id].append(ViewReading(measured_at=row.measured_at, view_count=row.view_count))
    return series


def gains_query(tests: Sequence[ColumnElement[bool]], *, since: datetime, until: datetime) -> Select[Any]:
    """`article_id` and `gained` of what gained views: the rises between neighbouring readings, the first of them by its
    share after `since`. `tests` are what the articles must meet."""
    pairs = _reading_pairs(tests, since, until)
    views = func.sum(_positive_delta(pairs.c, literal(since, UtcDateTime)))
    total = cast(views, BigInteger).label("view_gain")
    return select(pairs.c.article_id, total).group_by(pairs.c.article_id).having(views > 0)


def _reading_pairs(tests: Sequence[ColumnElement[bool]], since: datetime, until: datetime) -> Any:
    """Each reading from the last one before the window on, with the one before it."""
    read = view_readings.alias("read")
    start = _first_readings(tests, since, until)
    earlier: dict[str, Any] = {"partition_by": read.c.article_id, "order_by": read.c.measured_at}
    columns = (
        read.c.article_id,
        read.c.measured_at,
        read.c.view_count,
        func.lag(read.c.view_count).over(**earlier).label("count_before"),
        func.lag(read.c.measured_at).over(**earlier).label("before_at"),
    )
    own = and_(read.c.article_id == start.c.article_id, read.c.measured_at >= start.c.start_at)
    return select(*columns).join(start, own).where(read.c.measured_at <= until).subquery("pairs")


def _first_readings(tests: Sequence[ColumnElement[bool]], since: datetime, until: datetime) -> Any:
    """The articles with a reading in the window, and from when on their readings count."""
    inside, before = view_readings.alias("inside"), view_readings.alias("before")
    touched = select(inside.c.article_id).where(inside.c.measured_at > since, inside.c.measured_at <= until).distinct()
    if tests:
        touched = touched.join(articles, articles.c.id == inside.c.article_id).where(*tests)
    some = touched.subquery("touched")
    last = select(func.max(before.c.measured_at)).where(
        before.c.article_id == some.c.article_id, before.c.measured_at <= since
    )
    start = func.coalesce(last.scalar_subquery(), literal(since, UtcDateTime))
    return select(some.c.article_id, start.label("start_at")).subquery("start")


def _positive_delta(pair: Any, since: ColumnElement[datetime]) -> ColumnElement[int]:
    """As storage.articles.view_series reckons it, in whole seconds: both databases know these exactly."""
    rise = cast(pair.view_count - pair.count_before, BigInteger)
    inside = _seconds(pair.measured_at) - _seconds(since)
    whole = _seconds(pair.measured_at) - _seconds(pair.before_at)
    return case(
        (pair.before_at.is_(None), 0),
        (pair.view_count <= pair.count_before, 0),
        (pair.before_at >= since, rise),
        # Within one second there is nothing to share out.
        else_=func.coalesce(_prorated(rise, inside, func.nullif(whole, 0)), rise),
    )


def _prorated(rise: ColumnElement[int], part: ColumnElement[int], whole: ColumnElement[Any]) -> ColumnElement[int]:
    """`rise * part / whole`, rounded down; in two parts, because that product may be no number of a database's."""
    return _quotient(rise, whole) * part + _quotient(rise.op("%", precedence=8)(whole) * part, whole)


def _seconds(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Whole seconds, rounded down, from a beginning that is the database's own: only for differences.

    PostgreSQL's cast rounds to the nearest and SQLite's leaves fractions out: with half a second less, both say alike.
    """
    return cast(extract("epoch", moment) - literal(0.5, Numeric(2, 1, asdecimal=False)), BigInteger)


def _quotient(dividend: ColumnElement[int], divisor: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole division, which both databases spell "/" between whole numbers; SQLAlchemy's "/" is not whole."""
    return dividend.op("/", precedence=8, return_type=BigInteger())(divisor)
