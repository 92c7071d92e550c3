"""Flatten view series, views at fixed ages and view gains into rows for CSV and JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presswatch.output.formats import as_dict
from storage.articles.article_views import ArticleViews
from storage.articles.results import ArticleFull, ArticleSummary
from storage.articles.view_gains import RankedGain
from storage.articles.view_series import ONE_HOUR, ViewDelta, ViewsAtAge


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewRow:
    """One reading, or the views at one age, with the article they are of. `kind` is `reading` or `at age`."""

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
    gap_hours: float | None  # between the readings around it; for a reading, since the one before
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GainRow:
    """An article and what it gained, as far as readings cover the window: from `gained_from` until `gained_until`."""

    id: int
    source: str
    source_title: str
    url: str
    title: str
    published_at: datetime | None
    fetched_at: datetime
    terms: str
    gained: int
    gained_per_hour: float | None
    gained_from: datetime | None
    gained_until: datetime | None
    reset_count: int
    view_count: int


def view_rows(told: ArticleViews) -> Iterator[ViewRow]:
    """The series, then the views at each age."""
    for step in told.series:
        yield _delta_row(told.article, step)
    for one in told.at_age or ():
        yield _row_at_age(told.article, one)


def _delta_row(article: ArticleFull, step: ViewDelta) -> ViewRow:
    born = article.published_at
    return ViewRow(
        **_identity(article),
        kind="reading",
        at=step.read_at,
        age_hours=None if born is None else _hours(step.read_at - born),
        view_count=step.view_count,
        gained=step.gained,
        gained_per_hour=None if step.per_hour is None else round(step.per_hour, 3),
        gap_hours=_hours(step.duration),
        basis="reset" if step.is_reset else "read",
    )


def _row_at_age(article: ArticleFull, one: ViewsAtAge) -> ViewRow:
    return ViewRow(
        **_identity(article),
        kind="at age",
        at=one.views.at,
        age_hours=_hours(one.age),
        view_count=one.views.view_count,
        gained=None,
        gained_per_hour=None,
        gap_hours=_hours(one.views.gap),
        basis=one.views.basis.value,
    )


def gain_row(one: RankedGain) -> GainRow:
    rate = one.gain.per_hour
    return GainRow(
        **_identity(one.article),
        published_at=one.article.published_at,
        gained=one.gain.gained,
        gained_per_hour=None if rate is None else round(rate, 3),
        gained_from=one.gain.since,
        gained_until=one.gain.until,
        reset_count=one.gain.reset_count,
        view_count=one.view_count,
    )


ARTICLE_ID_FIELDS = ("id", "source", "source_title", "url", "title", "fetched_at", "terms")


def _identity(article: ArticleSummary) -> dict[str, Any]:
    return {name: getattr(article, name) for name in ARTICLE_ID_FIELDS}


def _hours(duration: timedelta | None) -> float | None:
    return None if duration is None else round(duration / ONE_HOUR, 3)


def to_json(told: ArticleViews) -> dict[str, Any]:
    """The article, its readings and its views at each age as one mapping."""
    parts: dict[str, list[dict[str, Any]]] = {"reading": [], "at age": []}
    for row in map(as_dict, view_rows(told)):
        parts[row["kind"]].append(
            {name: value for name, value in row.items() if name not in {*ARTICLE_ID_FIELDS, "kind"}}
        )
    article = told.article
    dated = {"published_at": article.published_at, "published_precision": article.published_precision}
    return {**_identity(article), **dated, "readings": parts["reading"], "at_age": parts["at age"]}
