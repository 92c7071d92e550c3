"""Load one article or link with everything stored about it: views, revisions, fetches, listings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from storage.articles.articles import Articles, url_candidates
from storage.articles.results import ArticleDetails, ArticleFull, FetchRecord, LinkDetails, ListingPeriod, ViewReading
from storage.articles.row_mapping import source_attribution
from storage.articles.view_series import ViewDelta, ViewsAtAge, at_ages, deltas
from storage.database.session import Database
from storage.database.tables import articles, channels, fetches, links, listings
from storage.model.records import DatePrecision

LINK_COLUMNS = (
    "url",
    "source",
    "title",
    "outcome",
    "outcome_reason",
    "failed_attempts",
    "next_attempt_at",
    "first_404_at",
    "parser_deaths",
    "quarantined_at",
)
LISTING_COLUMNS = (
    select(channels.c.url.label("channel"), listings.c.first_listed_at, listings.c.last_listed_at)
    .join(listings, listings.c.channel_id == channels.c.id)
    .order_by(listings.c.first_listed_at, channels.c.id)
)
_TRIES = select(*(fetches.c[field.name] for field in fields(FetchRecord))).order_by(fetches.c.fetched_at, fetches.c.id)


def article_details(database: Database, id_or_address: int | str) -> ArticleDetails | None:
    """An article with its views and its revisions; None if there is none.

    Takes an id, or an address as a person types it. Raises ValueError for what is no address.
    """
    articles = Articles(database)
    article = articles.get(id_or_address)
    if article is None:
        return None
    return ArticleDetails(
        article=article,
        readings=articles.readings(article.id),
        revisions=articles.revisions(article.id),
        duplicates=articles.same_text(article.id),
    )


def link_details(database: Database, address: str) -> LinkDetails | None:
    """All that is known of an address as a person types it; None for one that was never listed nor asked for.

    Raises ValueError for what is no address.
    """
    with database.read() as connection:
        link = _link(connection, url_candidates(address))
        if link is None:
            return None
        listed = connection.execute(LISTING_COLUMNS.where(listings.c.link_id == link["id"]))
        periods = tuple(ListingPeriod(**row) for row in listed.mappings())
        tried = connection.execute(_TRIES.where(fetches.c.link_id == link["id"]))
        facts: dict[str, Any] = {
            **{name: link[name] for name in LINK_COLUMNS},
            **source_attribution(connection)[link["source"]],
            "first_listed_at": min((period.first_listed_at for period in periods), default=None),
            "last_listed_at": link["last_listed_at"] if periods else None,
            "listings": periods,
            "fetches": tuple(FetchRecord(**row) for row in tried.mappings()),
        }
    article = None if link["article_id"] is None else article_details(database, link["article_id"])
    return LinkDetails(**facts, article=article)


def _link(connection: Connection, candidates: tuple[str, ...]) -> RowMapping | None:
    """The link at one of these addresses, else the one that led to the article there (the site sent it on)."""
    at_address = select(links).where(links.c.url.in_(candidates)).order_by(links.c.id)
    led_there = (
        select(links)
        .join(articles, articles.c.id == links.c.article_id)
        .where(articles.c.url.in_(candidates))
        .order_by(links.c.id)
    )
    found = connection.execute(at_address).mappings().first()
    return connection.execute(led_there).mappings().first() if found is None else found


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
    return views_of(article, articles.readings(article.id))


def views_of(article: ArticleFull, readings: Sequence[ViewReading]) -> ArticleViews:
    """Compute what the readings of an article say, oldest first. Pure."""
    # A date that is known to the day may be off by one, and so would every age be.
    exact = article.published_at is not None and article.published_precision is not DatePrecision.DAY
    ages = at_ages(readings, article.published_at) if article.published_at is not None and exact else None
    return ArticleViews(article=article, readings=tuple(readings), series=deltas(readings), at_age=ages)
