"""Query articles: lists by filter, one article, its revisions, its view readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from operator import index
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from storage.articles.as_of_listing import find_as_of
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.listing import MAX_ARTICLE_ID, ListingQuery, ListingRequest, listing_queries
from storage.articles.results import ArticleFull, ArticleSummary, Revision, ViewReading
from storage.articles.row_mapping import FULL_COLUMNS, SUMMARY_SELECT, row_factory, source_attribution, to_summary
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import articles, revisions, view_readings
from storage.model.urls import canonicalize

T = TypeVar("T")

LIST_BATCH_SIZE = 200
"""Rows fetched from the database at a time while a list is read."""


NO_FILTER = ArticleFilter()


class Articles:
    """The asking side of `articles` and of what stands beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        wanted: ArticleFilter = NO_FILTER,
        *,
        sort: Sort | None = None,
        limit: int | None = None,
        after: Cursor | None = None,
        now: datetime | None = None,
    ) -> Iterator[ArticleSummary]:
        """The articles that pass the filter, read from the database as they are asked for; bodies are not loaded.

        Without `sort` the best answers to a query come first, without a query the newest. Sort.RANK yields
        ScoredArticle, Sort.GROWTH ArticleByGrowth, which counts until `now` (by default, this moment).

        `after` is the cursor of an article of an earlier list with the same filter and sort: the list goes on behind
        it. A list of at most CHUNK is read at once; a longer one, or one without a limit, holds its transaction until
        the iterator ends or is closed. Raises StoreError, ConfigError for a sort that the filter has no order for, and
        ValueError for a sort that is none and for a limit below 0, TypeError for a limit that is no whole number.
        """
        limit = None if limit is None else index(limit)  # numpy's, say: as a value of a statement it would be refused
        if limit is not None and limit < 0:
            raise ValueError(f"limit = {limit}: a list has no fewer than 0 articles")
        by = Sort(sort or wanted.usual_sort)  # its word is as good
        if after is not None:
            after = replace(after, id=min(after.id, MAX_ARTICLE_ID))
        order = ListingRequest(article_filter=wanted, sort=by, cursor=after, limit=limit, now=now or datetime.now(UTC))
        order.check()
        if wanted.as_of is not None:
            return find_as_of(self._database, order, wanted.as_of)
        found = self._read(order)
        return buffered(found) if limit is not None and limit <= LIST_BATCH_SIZE else found

    def _read(self, order: ListingRequest) -> Iterator[ArticleSummary]:
        with self._database.read() as connection:
            notes = source_attribution(connection)
            make, left = row_factory(order.sort, order.growth_until), order.limit
            for part in listing_queries(connection, order) if left != 0 else ():
                read = 0
                for rows in _rows(connection, part, left):
                    yield from [make(row, notes) for row in rows]
                    read += len(rows)
                left = None if left is None else left - read
                if left == 0 or (read and part.is_last):
                    return  # before the next part is made: to know what belongs to it may take a query of its own

    def get(self, id_or_address: int | str) -> ArticleFull | None:
        """The article with this id or at this address as a person types it; None if there is none.

        Raises ValueError for what is no address.
        """
        where = _by_id(id_or_address) if isinstance(id_or_address, int) else _by_address(id_or_address)
        with self._database.read() as connection:
            row = connection.execute(select(*FULL_COLUMNS).where(where).order_by(articles.c.id)).mappings().first()
            return None if row is None else ArticleFull(**row, **source_attribution(connection)[row["source"]])

    def descriptions(self, ids: Sequence[int], *, as_of: datetime | None = None) -> dict[int, str]:
        """Return the descriptions of articles by id, without those that have none.

        With `as_of`, only of pages that were last fetched by then: earlier descriptions are not kept.
        """
        wanted = [articles.c.id.in_(ids), articles.c.description.is_not(None)]
        known = [] if as_of is None else [articles.c.fetched_at <= as_of]
        with self._database.read() as connection:
            rows = connection.execute(select(articles.c.id, articles.c.description).where(*wanted, *known)).all()
            return {row.id: row.description for row in rows}

    def by_url(self, urls: Sequence[str]) -> dict[str, ArticleSummary]:
        """Return the articles at these addresses, by address, without those that are not stored."""
        with self._database.read() as connection:
            notes = source_attribution(connection)
            found = connection.execute(SUMMARY_SELECT.where(articles.c.url.in_(urls)))
            return {article.url: article for article in (to_summary(row, notes) for row in found)}

    def authors(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        """Return the names of the authors of articles by id, without those that name none."""
        wanted = select(articles.c.id, articles.c.authors).where(
            articles.c.id.in_(ids), articles.c.authors.is_not(None)
        )
        with self._database.read() as connection:
            return {row.id: row.authors for row in connection.execute(wanted)}

    def revisions(self, article_id: int) -> tuple[Revision, ...]:
        """The revisions of an article, oldest first."""
        statement = _REVISIONS.where(revisions.c.article_id == article_id)
        with self._database.read() as connection:
            return tuple(Revision(**row) for row in connection.execute(statement).mappings())

    def readings(self, article_id: int) -> tuple[ViewReading, ...]:
        """The view counts of an article as they were read, oldest first."""
        statement = _READINGS.where(view_readings.c.article_id == article_id)
        with self._database.read() as connection:
            return tuple(ViewReading(**row) for row in connection.execute(statement).mappings())

    def same_text(self, article_id: int, *, everywhere: bool = False) -> tuple[ArticleSummary, ...]:
        """Return the other articles of its source with the same text now, and the one it repeated when it was stored.

        In the order of their ids; `everywhere` adds those of other sources. Articles with an empty body are never the
        same.
        """
        with self._database.read() as connection:
            this = connection.execute(_IDENTITY.where(articles.c.id == article_id)).first()
            if this is None:
                return ()
            of_source = [] if everywhere else [articles.c.source == this.source]
            alike = and_(articles.c.content_hash == this.content_hash, articles.c.body != "", *of_source)
            either = or_(alike, articles.c.id == this.duplicate_of_id) if this.duplicate_of_id else alike
            statement = SUMMARY_SELECT.where(either, articles.c.id != article_id).order_by(articles.c.id)
            notes = source_attribution(connection)
            return tuple(to_summary(row, notes) for row in connection.execute(statement))


def _rows(connection: Connection, query: ListingQuery, limit: int | None) -> Iterator[Sequence[AnyRow]]:
    """Yield the rows of one SELECT of a list, LIST_BATCH_SIZE at a time."""
    statement = query.statement if limit is None else query.statement.limit(limit)
    if limit is not None and limit <= LIST_BATCH_SIZE:
        yield connection.execute(statement, query.values).all()
        return
    # Closed when the list is left half read: on PostgreSQL its cursor is the server's.
    with connection.execution_options(yield_per=LIST_BATCH_SIZE).execute(statement, query.values) as found:
        yield from found.partitions()


def buffered(found: Iterator[T]) -> Iterator[T]:
    """The same, read to its end when the first is asked for: left half read, it leaves no transaction open."""
    yield from list(found)


def url_candidates(typed: str) -> tuple[str, ...]:
    """The addresses that a person may mean: cleaned, and its http or https twin.

    Raises ValueError for what is no address.
    """
    typed = typed.strip()
    whole = typed if "://" in typed else f"https://{typed}"
    # One word, such as a misspelt command, would pass for the name of a host.
    cleaned = canonicalize(whole) if "/" in typed else None
    if cleaned is None:
        raise ValueError(f"{typed!r} is no address: write it as https://caliber.az/en/post/some-title")
    scheme, _, rest = cleaned.partition("://")
    return cleaned, f"{'http' if scheme == 'https' else 'https'}://{rest}"


_IDENTITY = select(articles.c.source, articles.c.content_hash, articles.c.duplicate_of_id)
_REVISIONS = select(*(revisions.c[field.name] for field in fields(Revision))).order_by(revisions.c.revision_number)
_READINGS = select(view_readings.c.measured_at, view_readings.c.view_count).order_by(view_readings.c.measured_at)


def _by_id(article_id: int) -> ColumnElement[bool]:
    return articles.c.id == (article_id if 0 < article_id <= MAX_ARTICLE_ID else 0)


def _by_address(typed: str) -> ColumnElement[bool]:
    return articles.c.url.in_(url_candidates(typed))
