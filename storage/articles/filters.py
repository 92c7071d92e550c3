"""The one filter: which articles are asked for, and in what order. The same for every way of asking."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from storage.model.records import EditKind
from storage.model.time_zones import first_day_from, in_zone

if TYPE_CHECKING:
    from storage.search.query import Query


class Sort(StrEnum):
    """Sort order of a list of articles."""

    DATE = "date"  # the newest by published_at; those without a date come last
    VIEWS = "views"  # the most viewed; those without a count come last
    STORED = "stored"  # the last ones stored
    RANK = "rank"  # the best answers to the query; those that are not ranked come last
    GROWTH = "growth"  # what gained most views in GROWTH_WINDOW; what gained none comes last


class By(StrEnum):
    """What counts are grouped by; times, in the zone of the filter, are as ArticleFilter compares them."""

    HOUR = "hour"  # 2026-11-04 08:00
    DAY = "day"  # 2026-11-04
    WEEK = "week"  # 2026-W45, from Monday (ISO 8601)
    MONTH = "month"  # 2026-11
    YEAR = "year"  # 2026
    WEEKDAY = "weekday"  # Monday
    SOURCE = "source"
    SECTION = "section"  # the one an article was asked for
    LANGUAGE = "language"
    AUTHOR = "author"  # an article of two counts for each


PERIODS = (By.HOUR, By.DAY, By.WEEK, By.MONTH, By.YEAR)
"""Groups that follow each other in time, the shortest first."""
TIMES = frozenset({*PERIODS, By.WEEKDAY})
GROWTH_WINDOW = timedelta(hours=24)
MAX_NAME_LENGTH = 1_000
"""Characters of the name of a section or an author.

SQLite refuses a LIKE pattern of more than 50,000 bytes (sqlite.org/limits.html)."""


# Equal filters share their statements (storage.ordering), and drivers refuse numbers and truths of other types.
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    "edit_kinds": tuple,  # a list says the same, and has no hash
    "min_views": ceil,
    "max_views": floor,
    "is_stealth": bool,
    "gone": bool,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFilter:
    """Select articles; a criterion that is None selects nothing away.

    Times are aware and kept in UTC. `since` is inclusive and `until` exclusive, so that adjacent days share no article;
    both compare `published_at`, or `first_seen_at` of an article without a date. `section` is any of an article's
    sections, `author` a part of the names of its authors in any case. `edit_kinds` and `is_stealth` require one edit,
    after `edited_since` if given, of one of these kinds and (not) stealth. With `as_of`, all criteria apply to what was
    known at that moment (storage.articles.as_of): text, views, sections, edits and presence. `query` is a full-text
    query (storage.search.query.parse); with `ever` it may match any version of the text, not only the current one.
    `timezone` is that of the days: those that counts are grouped by, and those of articles whose date has no time,
    which begin at midnight there.
    Raises ValueError for limits that no article can meet and for a time without zone or outside of the calendar.
    """

    query: Query | None = None
    since: datetime | None = None
    until: datetime | None = None
    section: str | None = None
    language: str | None = None
    source: str | None = None
    author: str | None = None
    min_views: int | None = None
    max_views: int | None = None
    edited_since: datetime | None = None
    edit_kinds: tuple[EditKind, ...] = ()
    is_stealth: bool | None = None
    gone: bool | None = None
    as_of: datetime | None = None
    ever: bool = False
    timezone: tzinfo = UTC

    def __post_init__(self) -> None:
        for name, plain in _PLAIN.items():
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, plain(value))
        for name in ("since", "until", "edited_since", "as_of"):
            if (moment := getattr(self, name)) is not None:
                object.__setattr__(self, name, _in_utc(name, moment))
        if self.since is not None and self.until is not None and self.since >= self.until:
            since, until = (in_zone(at, self.timezone) for at in (self.since, self.until))
            raise ValueError(f"nothing lies since {since:%Y-%m-%d %H:%M} and before {until:%Y-%m-%d %H:%M}")
        if self.min_views is not None and self.max_views is not None and self.min_views > self.max_views:
            raise ValueError(f"nothing has at least {self.min_views} and at most {self.max_views} views")
        _refuse_long_names(section=self.section, author=self.author)
        if self.ever and (self.query is None or self.as_of is not None):
            raise ValueError("all versions are matched with a query, and not as of a moment")

    @property
    def day_since(self) -> datetime | None:
        """Return `since` for what was published on a day: the first one that begins no earlier, as it is stored."""
        return None if self.since is None else _as_stored(first_day_from(self.since, self.timezone))

    @property
    def day_until(self) -> datetime | None:
        """Return `until` for what was published on a day: the first one that begins no earlier, as it is stored."""
        return None if self.until is None else _as_stored(first_day_from(self.until, self.timezone))

    @property
    def usual_sort(self) -> Sort:
        """Return the default sort: by relevance with a query; without one, as of a moment, or of all versions,
        whose words are in no index, the newest."""
        return Sort.DATE if self.query is None or self.as_of is not None or self.ever else Sort.RANK


def _as_stored(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _refuse_long_names(**names: str | None) -> None:
    for kind, name in names.items():
        if name is not None and len(name) > MAX_NAME_LENGTH:
            raise ValueError(f"no {kind} has a name of {len(name)} characters")


def _in_utc(name: str, moment: datetime) -> datetime:
    """The same moment. Of two in one zone Python compares the clocks, though they show an hour of autumn twice (PEP
    495)."""
    if moment.tzinfo is None:
        raise ValueError(f"{name} = {moment} has no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{name} = {moment} lies outside of the calendar") from error


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a sorted list of articles: `key` is what the list is sorted by (None: the article lacks it).

    `until` is when the list was made; one by growth goes on as of then.
    """

    key: datetime | float | None
    id: int
    until: datetime | None = None
