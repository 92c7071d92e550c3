"""Questions about articles: lists by filter, one article, its earlier wordings, its view readings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    literal,
    or_,
    select,
    tuple_,
)

from storage.answers import ArticleFull, ArticleSummary, Revision, ViewReading
from storage.criteria import conditions, dated, first_seen, published
from storage.filters import ArticleFilter, Cursor, Sort
from storage.models import ArticleRow, RevisionRow, SourceRow, ViewReadingRow

if TYPE_CHECKING:
    from storage.store import Store

T = TypeVar("T")

CHUNK = 200
"""Rows fetched from the database at a time while a list is read."""

LARGEST_ID = 2**31 - 1
"""Ids are INTEGER: a larger number is no id, and PostgreSQL refuses to compare with it."""

articles = ArticleRow.__table__
sources = SourceRow.__table__
revisions = RevisionRow.__table__
view_readings = ViewReadingRow.__table__

# What stands under another name in the table, or comes from the row of the source.
RENAMED = {"fetched_at": "last_fetched_at"}
OF_SOURCE = {"source_title", "terms"}

EVERYTHING = ArticleFilter()


class Articles:
    """The asking side of `articles` and of what stands beside it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(
        self,
        wanted: ArticleFilter = EVERYTHING,
        *,
        sort: Sort = Sort.DATE,
        limit: int | None = None,
        after: Cursor | None = None,
    ) -> Iterator[ArticleSummary]:
        """The articles that pass the filter, read from the database as they are asked for; bodies are not loaded.

        `after` is the cursor of an article of an earlier list with the same filter and sort: the list goes on behind
        it. A list of at most CHUNK is read at once; a longer one, or one without a limit, holds its transaction until
        the iterator ends or is closed. Raises StoreError.
        """
        if wanted.as_of is not None:
            from storage.past import find_past

            return find_past(self._store, wanted, wanted.as_of, sort=sort, limit=limit, after=after)
        found = self._read(wanted, sort, limit, after)
        return at_once(found) if limit is not None and limit <= CHUNK else found

    def _read(
        self, wanted: ArticleFilter, sort: Sort, limit: int | None, after: Cursor | None
    ) -> Iterator[ArticleSummary]:
        with self._store.read() as connection:
            notes = source_notes(connection)
            left = limit
            for part in _parts(wanted, sort, after):
                if left == 0:
                    return
                # Closed when the list is left half read: on PostgreSQL its cursor is the server's.
                with connection.execution_options(yield_per=CHUNK).execute(part.limit(left)) as found:
                    for rows in found.partitions():
                        yield from (_summary(row, notes) for row in rows)
                        left = None if left is None else left - len(rows)

    def get(self, id_or_address: int | str) -> ArticleFull | None:
        """The article with this id or at this address as a person types it; None if there is none.

        Raises ValueError for what is no address.
        """
        where = _by_id(id_or_address) if isinstance(id_or_address, int) else _by_address(id_or_address)
        with self._store.read() as connection:
            row = connection.execute(select(*_FULL).where(where).order_by(articles.c.id)).mappings().first()
            return None if row is None else ArticleFull(**row, **source_notes(connection)[row["source"]])

    def revisions(self, article_id: int) -> tuple[Revision, ...]:
        """The earlier wordings of an article, oldest first."""
        statement = _REVISIONS.where(revisions.c.article_id == article_id)
        with self._store.read() as connection:
            return tuple(Revision(**row) for row in connection.execute(statement).mappings())

    def readings(self, article_id: int) -> tuple[ViewReading, ...]:
        """The view counts of an article as they were read, oldest first."""
        statement = _READINGS.where(view_readings.c.article_id == article_id)
        with self._store.read() as connection:
            return tuple(ViewReading(**row) for row in connection.execute(statement).mappings())

    def same_wording(self, article_id: int) -> tuple[ArticleSummary, ...]:
        """The other articles of its source that say the same now, and the one it repeated when it was stored.

        In the order of their ids. Equal titles over empty bodies are no sameness.
        """
        with self._store.read() as connection:
            this = connection.execute(_IDENTITY.where(articles.c.id == article_id)).first()
            if this is None:
                return ()
            alike = and_(
                articles.c.content_hash == this.content_hash, articles.c.source == this.source, articles.c.body != ""
            )
            either = or_(alike, articles.c.id == this.same_as_id) if this.same_as_id else alike
            statement = _LIST.where(either, articles.c.id != article_id).order_by(articles.c.id)
            notes = source_notes(connection)
            return tuple(_summary(row, notes) for row in connection.execute(statement))


def at_once(found: Iterator[T]) -> Iterator[T]:
    """The same, read to its end when the first is asked for: left half read, it leaves no transaction open."""
    yield from list(found)


def addresses(typed: str) -> tuple[str, ...]:
    """The addresses that a person may mean: cleaned, and its http or https twin.

    Raises ValueError for what is no address.
    """
    from storage.addresses import canonical

    typed = typed.strip()
    whole = typed if "://" in typed else f"https://{typed}"
    # One word, such as a misspelt command, would pass for the name of a host.
    cleaned = canonical(whole) if "/" in typed else None
    if cleaned is None:
        raise ValueError(f"{typed!r} is no address: write it as https://caliber.az/en/post/some-title")
    scheme, _, rest = cleaned.partition("://")
    return cleaned, f"{'http' if scheme == 'https' else 'https'}://{rest}"


def source_notes(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    return {name: {"source_title": title, "terms": terms} for name, title, terms in connection.execute(_SOURCES)}


def _column(name: str) -> ColumnElement[Any]:
    return articles.c[RENAMED.get(name, name)].label(name)


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in OF_SOURCE)


_SUMMARY = _columns(ArticleSummary)
_NAMES = tuple(column.name for column in _SUMMARY)
_SOURCE = _NAMES.index("source")
_NEWEST = articles.c.id.desc()


def _sorted_by(key: ColumnElement[Any]) -> tuple[ColumnElement[Any], Select[Any], Select[Any]]:
    """The key, the list of what has it, and that of what has not."""
    having = _LIST.where(key.is_not(None)).order_by(key.desc(), _NEWEST)
    return key, having, _LIST.where(key.is_(None)).order_by(_NEWEST)


# Built once but for their conditions: to name the columns takes as long as to read a page of them.
_LIST = select(*_SUMMARY)
_BY_DATE = _sorted_by(articles.c.published_at)
_BY_VIEWS = _sorted_by(articles.c.view_count)
_SOURCES = select(sources.c.name, sources.c.title, sources.c.terms)
_FULL = _columns(ArticleFull)
_IDENTITY = select(articles.c.source, articles.c.content_hash, articles.c.same_as_id)
_REVISIONS = select(*(revisions.c[field.name] for field in fields(Revision))).order_by(revisions.c.number)
_READINGS = select(view_readings.c.read_at, view_readings.c.view_count).order_by(view_readings.c.read_at)


def _summary(row: Sequence[Any], notes: Mapping[str, Mapping[str, Any]]) -> ArticleSummary:
    """Of a row of _SUMMARY."""
    return ArticleSummary(**dict(zip(_NAMES, row, strict=True)), **notes[row[_SOURCE]])


def _by_id(article_id: int) -> ColumnElement[bool]:
    return articles.c.id == (article_id if 0 < article_id <= LARGEST_ID else 0)


def _by_address(typed: str) -> ColumnElement[bool]:
    return articles.c.url.in_(addresses(typed))


def _parts(wanted: ArticleFilter, sort: Sort, after: Cursor | None) -> Iterator[Select[Any]]:
    """The list in one or two statements: what has the key it is sorted by, then what has none.

    Databases differ in where NULLs stand, and one order for both would keep them from their indexes.
    """
    if sort is Sort.STORED:
        # Ids are given in the order of storing, and are an index that is always there.
        yield _LIST.where(*conditions(wanted), *dated(wanted), *_behind_id(after)).order_by(_NEWEST)
        return
    by_date = sort is Sort.DATE
    key, with_key, without = _BY_DATE if by_date else _BY_VIEWS
    if after is None or after.key is not None:
        times = published(wanted) if by_date else dated(wanted)
        yield with_key.where(*conditions(wanted), *times, *_behind(key, after))
        after = None
    times = first_seen(wanted) if by_date else dated(wanted)
    yield without.where(*conditions(wanted), *times, *_behind_id(after))


def _behind(key: ColumnElement[Any], after: Cursor | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    place = tuple_(literal(after.key, key.type), literal(min(after.id, LARGEST_ID)))
    return [tuple_(key, articles.c.id) < place]


def _behind_id(after: Cursor | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [articles.c.id < min(after.id, LARGEST_ID)]


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_notes(connection)
    found = (_summary(row, notes) for row in connection.execute(_LIST.where(articles.c.id.in_(ids))))
    return {article.id: article for article in found}
