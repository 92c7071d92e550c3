"""Bound the time at which an article appeared: the last poll without it, the first poll with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.coverage.history import Poll
from storage.coverage.intervals import Interval
from storage.model.published import MAX_DAY_LEAD
from storage.model.records import DatePrecision

LATEST_DAY_END = timedelta(hours=36)
"""End of a day in the last zone, after midnight UTC, as which it is stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """Bounds of the time at which something appeared. `earliest` is None if it was there before it was looked for."""

    earliest: datetime | None
    latest: datetime

    def overlaps(self, period: Interval) -> bool:
        """Return whether it may have appeared in a period."""
        return (self.earliest is None or self.earliest < period.until) and self.latest >= period.since

    def is_before(self, other: Appearance) -> bool:
        """Return whether it certainly appeared before the other."""
        return other.earliest is not None and self.latest < other.earliest


def appearance(first_listed_at: datetime, before: Poll | None) -> Appearance:
    """Return the bounds of an article that a poll listed first at a time, and the poll before did not.

    `before` is the last poll that ended before; what the site published while it ran may be missing in it.
    """
    return Appearance(earliest=None if before is None else before.started_at, latest=first_listed_at)


def widened(appeared: Appearance, published_at: datetime | None, precision: DatePrecision | None) -> Appearance:
    """Move the earlier bound back to the date on the page, if that is before.

    An article may have been on a list before it was seen on one, and have come back: restored, or moved up. What a page
    says of itself can take a claim back, and never makes one.
    """
    if appeared.earliest is None or published_at is None or published_at >= appeared.earliest:
        return appeared
    if precision is DatePrecision.DAY:
        is_earlier_day = published_at + LATEST_DAY_END <= appeared.earliest
        return replace(appeared, earliest=published_at - MAX_DAY_LEAD) if is_earlier_day else appeared
    return replace(appeared, earliest=published_at)


def stated(published_at: datetime, precision: DatePrecision | None, *, latest: datetime) -> Appearance:
    """Return the bounds that the date on a page states; a day alone is one of any zone, and ends by `latest`."""
    if precision is not DatePrecision.DAY:
        return Appearance(earliest=published_at, latest=published_at)
    return Appearance(earliest=published_at - MAX_DAY_LEAD, latest=min(published_at + LATEST_DAY_END, latest))
