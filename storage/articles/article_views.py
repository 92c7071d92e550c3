"""Load the view series of one article and its views at fixed ages."""

from __future__ import annotations

from dataclasses import dataclass

from storage.articles.articles import Articles
from storage.articles.results import ArticleFull, ViewReading
from storage.articles.view_series import ViewDelta, ViewsAtAge, at_ages, deltas
from storage.database.session import Database
from storage.model.records import DatePrecision


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleViews:
    """An article, its view readings and what they say; `at_age` is None if its age is not known to the minute."""

    article: ArticleFull
    readings: tuple[ViewReading, ...]
    series: tuple[ViewDelta, ...]
    at_age: tuple[ViewsAtAge, ...] | None


def article_views(database: Database, id_or_address: int | str) -> ArticleViews | None:
    """Load the views of an article; None if it is not stored. Raises ValueError for an invalid URL, StoreError."""
    articles = Articles(database)
    article = articles.get(id_or_address)
    if article is None:
        return None
    readings = articles.readings(article.id)
    # A date that is known to the day may be off by one, and so would every age be.
    exact = article.published_at is not None and article.published_precision is not DatePrecision.DAY
    ages = at_ages(readings, article.published_at) if article.published_at is not None and exact else None
    return ArticleViews(article=article, readings=readings, series=deltas(readings), at_age=ages)
