"""Flatten view series, views at fixed ages and view gains into rows for CSV and JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from presswatch.output.formats import as_dict, field_value
from storage.articles.details import ArticleViews
from storage.articles.results import ArticleFull, ArticleSummary
from storage.articles.view_gains import RankedAtAge, RankedGain
from storage.articles.view_series import ONE_HOUR, ViewDelta, ViewsAtAge
from storage.model.published import day_or_time
from storage.model.records import DatePrecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRow:
    """One view reading, or the views at one age, with its article. `kind` is `reading` or `at age`."""

    id: int
    source: str
    source_title: str
    url: str
    title: str
    fetched_at: datetime
    terms: str
    kind: str
    at: datetime
    age_hours: float | None
    view_count: int | None
    gained: int | None
    gained_per_hour: float | None
    gap_hours: float | None  # between the readings before and after; for a reading, since the previous one
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedRow:
    """Fields of the article that every row of a ranking has."""

    id: int
    source: str
    source_title: str
    url: str
    title: str
    published_at: date | datetime | None
    fetched_at: datetime
    terms: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GainRow(RankedRow):
    """An article and its view gain in the part of a period that readings cover, `gained_from` to `gained_until`."""

    gained: int
    gained_per_hour: float | None
    gained_from: datetime | None
    gained_until: datetime | None
    reset_count: int
    view_count: int


def view_rows(views: ArticleViews) -> Iterator[ViewRow]:
    """Yield the readings, then the views at each age."""
    for delta in views.series:
        yield _delta_row(views.article, delta)
    for at_age in views.at_age or ():
        yield _row_at_age(views.article, at_age)


def _delta_row(article: ArticleFull, delta: ViewDelta) -> ViewRow:
    # At an unknown hour of its day, an article is of no age in hours.
    published_at = None if article.published_precision is DatePrecision.DAY else article.published_at
    return ViewRow(
        **_identity(article),
        kind="reading",
        at=delta.read_at,
        age_hours=None if published_at is None else _hours(delta.read_at - published_at),
        view_count=delta.view_count,
        gained=delta.gained,
        gained_per_hour=None if delta.per_hour is None else round(delta.per_hour, 3),
        gap_hours=_hours(delta.duration),
        basis="reset" if delta.is_reset else "read",
    )


def _row_at_age(article: ArticleFull, at_age: ViewsAtAge) -> ViewRow:
    return ViewRow(
        **_identity(article),
        kind="at age",
        at=at_age.views.at,
        age_hours=_hours(at_age.age),
        view_count=at_age.views.view_count,
        gained=None,
        gained_per_hour=None,
        gap_hours=_hours(at_age.views.gap),
        basis=at_age.views.basis.value,
    )


def gain_row(ranked: RankedGain) -> GainRow:
    """Flatten an article and its view gain into one row."""
    rate = ranked.gain.per_hour
    return GainRow(
        **_identity(ranked.article),
        published_at=day_or_time(ranked.article.published_at, ranked.article.published_precision),
        gained=ranked.gain.gained,
        gained_per_hour=None if rate is None else round(rate, 3),
        gained_from=ranked.gain.since,
        gained_until=ranked.gain.until,
        reset_count=ranked.gain.reset_count,
        view_count=ranked.view_count,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAgeRow(RankedRow):
    """An article and its views at an age; `basis` says whether they were read just then or lie between two readings."""

    age_hours: float | None
    at: datetime
    view_count: int | None
    gap_hours: float | None
    basis: str


def at_age_row(ranked: RankedAtAge) -> AtAgeRow:
    """Flatten an article and its views at an age into one row."""
    views = ranked.at_age.views
    return AtAgeRow(
        **_identity(ranked.article),
        published_at=ranked.article.published_at,
        age_hours=_hours(ranked.at_age.age),
        at=views.at,
        view_count=views.view_count,
        gap_hours=_hours(views.gap),
        basis=views.basis.value,
    )


ARTICLE_ID_FIELDS = ("id", "source", "source_title", "url", "title", "fetched_at", "terms")


def _identity(article: ArticleSummary) -> dict[str, Any]:
    return {name: getattr(article, name) for name in ARTICLE_ID_FIELDS}


def _hours(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration / ONE_HOUR, 3)


def to_json(views: ArticleViews) -> dict[str, Any]:
    """Return an article, its readings and its views at each age as one mapping."""
    parts: dict[str, list[dict[str, Any]]] = {"reading": [], "at age": []}
    for row in map(as_dict, view_rows(views)):
        parts[row["kind"]].append(
            {name: value for name, value in row.items() if name not in {*ARTICLE_ID_FIELDS, "kind"}}
        )
    article = views.article
    publication = {name: field_value(article, name) for name in ("published_at", "published_precision")}
    return {**_identity(article), **publication, "readings": parts["reading"], "at_age": parts["at age"]}
