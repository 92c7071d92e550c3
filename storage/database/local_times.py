"""Write the day and hour of a stored time by the clocks of a zone, in SQL that both databases take.

SQLite knows no zones, and PostgreSQL has a zone database of its own: the offsets of the zone stand in the statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Interval, Text, case, cast, func, literal, select

from storage.model.time_zones import OffsetPeriod, offset_periods

_LENGTH_TO_SECOND = 19
_LENGTH_OF_HOUR, _LENGTH_OF_DAY = 13, 10
LAST_MINUTE = 59
OFFSET_MARK = "|"
"""Parts an hour from its offset, which tells the two hours of an autumn night apart."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """Times of a column by the clocks of a zone. `is_day` tells the rows whose time is a day alone, in every zone."""

    moment: ColumnElement[Any]
    zone: tzinfo
    periods: tuple[OffsetPeriod, ...] = ()
    """Offsets of the zone while the times are; none in UTC."""
    is_day: ColumnElement[bool] | None = None

    def day(self, dialect: str) -> ColumnElement[Any]:
        """Return the day as text, such as 2026-11-04."""
        return self._text(dialect, _LENGTH_OF_DAY)

    def hour(self, dialect: str) -> ColumnElement[Any]:
        """Return the hour as text, such as 2026-11-04 08, with OFFSET_MARK and its offset in seconds if that varies."""
        hour = self._text(dialect, _LENGTH_OF_HOUR)
        if len(self.periods) < 2:
            return hour
        offset = self.by_offset(lambda offset: literal(f"{OFFSET_MARK}{_seconds(offset)}", Text))
        return hour.concat(offset if self.is_day is None else case((self.is_day, ""), else_=offset))

    def _text(self, dialect: str, length: int) -> ColumnElement[Any]:
        in_utc = _utc_text(self.moment, dialect, length)
        if not any(period.offset for period in self.periods):
            return in_utc
        local = (_sqlite_text if dialect == "sqlite" else _postgres_text)(self, length)
        return local if self.is_day is None else case((self.is_day, in_utc), else_=local)

    def by_offset(self, made: Callable[[timedelta], ColumnElement[Any]]) -> ColumnElement[Any]:
        """Return what is made of the offset at the time of a row."""
        first, *later = self.periods
        ways = [(self.moment >= period.since, made(period.offset)) for period in reversed(later)]
        return case(*ways, else_=made(first.offset)) if ways else made(first.offset)


def local_time(
    connection: Connection,
    moment: ColumnElement[Any],
    zone: tzinfo,
    *,
    where: ColumnElement[bool] | None = None,
    is_day: ColumnElement[bool] | None = None,
) -> LocalTime:
    """Return the local time of a column, with the offsets from its first value to its last.

    `where` selects the rows whose times count, if not all do.
    """
    if zone is UTC:
        return LocalTime(moment, zone)
    ends = (select(end(moment)) for end in (func.min, func.max))  # two statements: each is answered by an index
    first, last = (connection.scalar(end if where is None else end.where(where)) for end in ends)
    periods = () if first is None or last is None else tuple(offset_periods(zone, first, last))
    return LocalTime(moment, zone, periods, is_day)


def hour_key(local: datetime) -> str:
    """Return the text of an hour with its offset, as the statements that LocalTime makes give it."""
    return f"{local.date()} {local.hour:02}{OFFSET_MARK}{_seconds(local.utcoffset() or timedelta(0))}"


def local_start(key: str, zone: tzinfo) -> datetime:
    """Return a time of a day or an hour, by its text: the first that has its offset, if that is given."""
    wall, _, seconds = key.partition(OFFSET_MARK)
    begin = datetime.fromisoformat(wall).replace(tzinfo=zone)
    if not seconds:
        return begin
    offset, minutes = timedelta(seconds=int(seconds)), (0, LAST_MINUTE)  # half of an hour may have come twice
    times = (begin.replace(minute=minute, fold=fold) for minute in minutes for fold in (0, 1))
    return next((at for at in times if at.utcoffset() == offset), begin)


def _utc_text(moment: ColumnElement[Any], dialect: str, length: int) -> ColumnElement[Any]:
    if dialect == "postgresql":
        return func.to_char(func.timezone("UTC", moment), _POSTGRES_FORMATS[length])
    return func.substr(cast(moment, Text), 1, length)


_POSTGRES_FORMATS = {_LENGTH_OF_HOUR: "YYYY-MM-DD HH24", _LENGTH_OF_DAY: "YYYY-MM-DD"}
_SQLITE_FORMATS = {_LENGTH_OF_HOUR: "%Y-%m-%d %H", _LENGTH_OF_DAY: "%Y-%m-%d"}


def _sqlite_text(local: LocalTime, length: int) -> ColumnElement[Any]:
    # Whole seconds: SQLite rounds what is behind them, and a day would end before it does.
    whole = func.substr(cast(local.moment, Text), 1, _LENGTH_TO_SECOND)
    offset = local.by_offset(lambda offset: literal(f"{_seconds(offset)} seconds", Text))
    return func.strftime(_SQLITE_FORMATS[length], whole, offset)


def _postgres_text(local: LocalTime, length: int) -> ColumnElement[Any]:
    offset = local.by_offset(lambda offset: literal(offset, Interval))
    return func.to_char(func.timezone("UTC", local.moment) + offset, _POSTGRES_FORMATS[length])


def _seconds(offset: timedelta) -> str:
    return f"{offset // timedelta(seconds=1):+d}"
