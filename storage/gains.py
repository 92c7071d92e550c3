"""What gained most views in a window: ranked by the database, told by storage.view_series."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
    select,
)

from storage.answers import ArticleSummary, ViewReading
from storage.articles import view_readings
from storage.columns import UtcDateTime
from storage.criteria import passing
from storage.filters import ArticleFilter
from storage.session import Database
from storage.summaries import articles, summaries
from storage.view_series import Gain, gain


@dataclass(frozen=True, slots=True, kw_only=True)
class Gainer:
    """An article and what it gained in a window; `view_count` is the last that was read in it."""

    article: ArticleSummary
    gain: Gain
    view_count: int


def most_gained(
    database: Database, wanted: ArticleFilter, *, since: datetime, until: datetime, limit: int
) -> tuple[Gainer, ...]:
    """The articles that pass the filter and gained most views after `since`, as known at `until`; most first.

    Equal gains stand in the order of their ids. What gained nothing is left out. Only readings of the window, and the
    last one before it of each article that has any, are looked at. Raises StoreError.
    """
    with database.read() as connection:
        most = gained(passing(connection, wanted), since=since, until=until).subquery("most")
        order = (most.c.gained.desc(), most.c.article_id)
        ids = list(connection.scalars(select(most.c.article_id).order_by(*order).limit(limit)))
        found = summaries(connection, ids)
        series = _series(connection, ids)
    gainers = [_gainer(found[article_id], series[article_id], since, until) for article_id in ids]
    # The database reckons in whole seconds: a view more or less may part what it ranked.
    return tuple(sorted(gainers, key=lambda one: (-one.gain.gained, one.article.id)))


def _gainer(article: ArticleSummary, readings: Sequence[ViewReading], since: datetime, until: datetime) -> Gainer:
    last = max((one for one in readings if one.read_at <= until), key=lambda one: one.read_at)
    return Gainer(article=article, gain=gain(readings, since=since, until=until), view_count=last.view_count)


def _series(connection: Connection, ids: Sequence[int]) -> dict[int, list[ViewReading]]:
    series: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(select(*view_readings.c).where(view_readings.c.article_id.in_(ids))):
        series[row.article_id].append(ViewReading(read_at=row.read_at, view_count=row.view_count))
    return series


def gained(tests: Sequence[ColumnElement[bool]], *, since: datetime, until: datetime) -> Select[Any]:
    """`article_id` and `gained` of what gained views: the rises between neighbouring readings, the first of them by its
    share after `since`. `tests` are what the articles must meet."""
    pairs = _pairs(tests, since, until)
    views = func.sum(_risen(pairs.c, literal(since, UtcDateTime)))
    total = cast(views, BigInteger).label("gained")
    return select(pairs.c.article_id, total).group_by(pairs.c.article_id).having(views > 0)


def _pairs(tests: Sequence[ColumnElement[bool]], since: datetime, until: datetime) -> Any:
    """Each reading from the last one before the window on, with the one before it."""
    read = view_readings.alias("read")
    start = _started(tests, since, until)
    earlier: dict[str, Any] = {"partition_by": read.c.article_id, "order_by": read.c.read_at}
    columns = (
        read.c.article_id,
        read.c.read_at,
        read.c.view_count,
        func.lag(read.c.view_count).over(**earlier).label("count_before"),
        func.lag(read.c.read_at).over(**earlier).label("before_at"),
    )
    own = and_(read.c.article_id == start.c.article_id, read.c.read_at >= start.c.start_at)
    return select(*columns).join(start, own).where(read.c.read_at <= until).subquery("pairs")


def _started(tests: Sequence[ColumnElement[bool]], since: datetime, until: datetime) -> Any:
    """The articles with a reading in the window, and from when on their readings count."""
    inside, before = view_readings.alias("inside"), view_readings.alias("before")
    touched = select(inside.c.article_id).where(inside.c.read_at > since, inside.c.read_at <= until).distinct()
    if tests:
        touched = touched.join(articles, articles.c.id == inside.c.article_id).where(*tests)
    some = touched.subquery("touched")
    last = select(func.max(before.c.read_at)).where(before.c.article_id == some.c.article_id, before.c.read_at <= since)
    start = func.coalesce(last.scalar_subquery(), literal(since, UtcDateTime))
    return select(some.c.article_id, start.label("start_at")).subquery("start")


def _risen(pair: Any, since: ColumnElement[datetime]) -> ColumnElement[int]:
    """As storage.view_series reckons it, in whole seconds: both databases know these exactly."""
    rise = cast(pair.view_count - pair.count_before, BigInteger)
    inside = _seconds(pair.read_at) - _seconds(since)
    whole = _seconds(pair.read_at) - _seconds(pair.before_at)
    return case(
        (pair.before_at.is_(None), 0),
        (pair.view_count <= pair.count_before, 0),
        (pair.before_at >= since, rise),
        # Within one second there is nothing to share out.
        else_=func.coalesce(_share(rise, inside, func.nullif(whole, 0)), rise),
    )


def _share(rise: ColumnElement[int], part: ColumnElement[int], whole: ColumnElement[Any]) -> ColumnElement[int]:
    """`rise * part / whole`, rounded down; in two parts, because that product may be no number of a database's."""
    return _divided(rise, whole) * part + _divided(rise.op("%", precedence=8)(whole) * part, whole)


def _seconds(moment: ColumnElement[datetime]) -> ColumnElement[int]:
    """Whole seconds, rounded down, from a beginning that is the database's own: only for differences.

    PostgreSQL's cast rounds to the nearest and SQLite's leaves fractions out: with half a second less, both say alike.
    """
    return cast(extract("epoch", moment) - literal(0.5, Numeric(2, 1, asdecimal=False)), BigInteger)


def _divided(dividend: ColumnElement[int], divisor: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole division, which both databases spell "/" between whole numbers; SQLAlchemy's "/" is not whole."""
    return dividend.op("/", precedence=8, return_type=BigInteger())(divisor)
