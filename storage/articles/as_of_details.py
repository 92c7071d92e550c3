"""Read one article as it was known at a moment."""

from __future__ import annotations

from datetime import datetime

from storage.articles.as_of import ArticleAsOf, article_details_as_of
from storage.articles.details import LISTING_COLUMNS, article_details
from storage.articles.results import ListingPeriod
from storage.articles.row_mapping import presence_changes
from storage.database.session import Database
from storage.database.tables import links, listings


def article_as_of(database: Database, id_or_address: int | str, moment: datetime) -> ArticleAsOf | None:
    """Return an article as it was known at a moment; None if it is not stored at all.

    Raises ValueError if `id_or_address` is neither an id nor a URL, StoreError.
    """
    details = article_details(database, id_or_address)
    if details is None:
        return None
    with database.read() as connection:
        presence = presence_changes(connection, [details.article.url])
        own = LISTING_COLUMNS.join(links, links.c.id == listings.c.link_id).where(links.c.url == details.article.url)
        listed = tuple(ListingPeriod(**row) for row in connection.execute(own).mappings())
    return article_details_as_of(details, presence[details.article.url], listed, moment)
