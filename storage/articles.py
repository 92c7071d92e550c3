"""Questions about articles: lists by filter, one article, its earlier wordings, its view readings."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    RowMapping,
    Select,
    Text,
    and_,
    cast,
    literal,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
)

from storage.answers import ArticleFull, ArticleHit, ArticleSummary, Revision, ViewReading
from storage.filters import ArticleFilter, Cursor, Sort
from storage.models import ArticleRow, RevisionRow, SourceRow, ViewReadingRow

if TYPE_CHECKING:
    from storage.search import Hits
    from storage.store import Store

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
        sort: Sort | None = None,
        limit: int | None = None,
        after: Cursor | None = None,
    ) -> Iterator[ArticleSummary]:
        """The articles that pass the filter, read from the database as they are asked for; bodies are not loaded.

        Without `sort` the best answers to a question come first, without a question the newest. Sort.RANK yields
        ArticleHit, and raises ValueError where there is no question.

        `after` is the cursor of an article of an earlier list with the same filter and sort: the list goes on behind
        it. One transaction lasts until the iterator ends or is closed. Raises StoreError.
        """
        with self._store.read() as connection:
            notes = source_notes(connection)
            left = limit
            for part in _parts(wanted, sort or wanted.usual_sort, after, _hits(connection, wanted), limit):
                if left == 0:
                    return
                found = connection.execution_options(yield_per=CHUNK).execute(part.limit(left))
                for row in found.mappings():
                    yield _summary(row, notes)
                    left = None if left is None else left - 1

    def get(self, id_or_address: int | str) -> ArticleFull | None:
        """The article with this id or at this address as a person types it; None if there is none.

        Raises ValueError for what is no address.
        """
        where = _by_id(id_or_address) if isinstance(id_or_address, int) else _by_address(id_or_address)
        with self._store.read() as connection:
            row = connection.execute(select(*_FULL).where(where).order_by(articles.c.id)).mappings().first()
            return None if row is None else ArticleFull(**_values(row, source_notes(connection)))

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
            statement = select(*_SUMMARY).where(either, articles.c.id != article_id).order_by(articles.c.id)
            notes = source_notes(connection)
            return tuple(_summary(row, notes) for row in connection.execute(statement).mappings())


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


def source_notes(connection: Connection) -> dict[str, Mapping[str, str]]:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    rows = connection.execute(select(sources.c.name, sources.c.title, sources.c.terms))
    return {name: {"source_title": title, "terms": terms} for name, title, terms in rows}


def _column(name: str) -> ColumnElement[Any]:
    return articles.c[RENAMED.get(name, name)].label(name)


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in OF_SOURCE)


_SUMMARY = _columns(ArticleSummary)
_FULL = _columns(ArticleFull)
_IDENTITY = select(articles.c.source, articles.c.content_hash, articles.c.same_as_id)
_REVISIONS = select(*(revisions.c[field.name] for field in fields(Revision))).order_by(revisions.c.number)
_READINGS = select(view_readings.c.read_at, view_readings.c.view_count).order_by(view_readings.c.read_at)


def _values(row: RowMapping, notes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {**row, **notes[row["source"]]}


def _summary(row: RowMapping, notes: Mapping[str, Mapping[str, str]]) -> ArticleSummary:
    kind = ArticleHit if "score" in row else ArticleSummary
    return kind(**_values(row, notes))


def _by_id(article_id: int) -> ColumnElement[bool]:
    return articles.c.id == (article_id if 0 < article_id <= LARGEST_ID else 0)


def _by_address(typed: str) -> ColumnElement[bool]:
    return articles.c.url.in_(addresses(typed))


def _hits(connection: Connection, wanted: ArticleFilter) -> Hits | None:
    if wanted.question is None:
        return None
    from storage.search import hits

    return hits(connection, wanted.question)


def _parts(
    wanted: ArticleFilter, sort: Sort, after: Cursor | None, hits: Hits | None, limit: int | None
) -> Iterator[Select[Any]]:
    """The list in one or two statements: what has the key it is sorted by, then what has none.

    Databases differ in where NULLs stand, and one order for both would keep them from their indexes.
    """
    if sort is Sort.RANK:
        yield from _ranked(wanted, after, hits, limit)
        return
    newest = articles.c.id.desc()
    if sort is Sort.STORED:
        # Ids are given in the order of storing, and are an index that is always there.
        yield _select(wanted, _dated(wanted), _behind_id(after), hits).order_by(newest)
        return
    by_date = sort is Sort.DATE
    key = articles.c.published_at if by_date else articles.c.view_count
    if after is None or after.key is not None:
        times = _published(wanted) if by_date else _dated(wanted)
        place = [key.is_not(None), *_behind(key, articles.c.id, after)]
        yield _select(wanted, times, place, hits).order_by(key.desc(), newest)
        after = None
    times = _first_seen(wanted) if by_date else _dated(wanted)
    yield _select(wanted, times, [key.is_(None), *_behind_id(after)], hits).order_by(newest)


def _ranked(wanted: ArticleFilter, after: Cursor | None, hits: Hits | None, limit: int | None) -> Iterator[Select[Any]]:
    """The answers that are weighed, the best first, of equal ones the last stored; then the older ones of a common
    question, the last stored first."""
    if hits is None:
        raise ValueError("only the answers to a question have a rank")
    others = [*_conditions(wanted), *_dated(wanted)]
    if after is None or after.key is not None:
        weighed = hits.weighed().where(*_behind(hits.score, hits.id, after))
        if not others:
            # The index alone knows the first ones: no other article is looked at.
            weighed = weighed.order_by(hits.score.desc(), hits.id.desc()).limit(limit)
        found = weighed.subquery("found")
        whole = select(*_SUMMARY, found.c.score).join_from(found, articles, articles.c.id == found.c.id)
        yield whole.where(*others).order_by(found.c.score.desc(), found.c.id.desc())
        after = None
    if hits.common_below is not None:
        older = [articles.c.id <= hits.common_below, *_behind_id(after)]
        unweighed = select(*_SUMMARY, cast(null(), Double).label("score"))
        yield hits.among(unweighed.where(*others, *older)).order_by(articles.c.id.desc())


def _select(
    wanted: ArticleFilter, times: list[ColumnElement[bool]], place: list[ColumnElement[bool]], hits: Hits | None
) -> Select[Any]:
    found = select(*_SUMMARY).where(*_conditions(wanted), *times, *place)
    return found if hits is None else hits.among(found)


def _behind(key: ColumnElement[Any], article_id: ColumnElement[int], after: Cursor | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    place = tuple_(literal(after.key, key.type), literal(after.id))
    return [tuple_(key, article_id) < place]


def _behind_id(after: Cursor | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [articles.c.id < after.id]


def _conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
        (wanted.section, _in_section),
        (wanted.min_views, lambda count: column.view_count >= count),
        (wanted.max_views, lambda count: column.view_count <= count),
        (wanted.edited_since, lambda moment: column.revised_at >= moment),
        (wanted.gone, lambda gone: column.gone_at.is_not(None) if gone else column.gone_at.is_(None)),
    )
    return [test(value) for value, test in tests if value is not None]


def _in_section(section: str) -> ColumnElement[bool]:
    """By any of the article's sections, as the page names them, or by the one it was asked for."""
    # As the scraper folds labels: İ and ı count as i.
    plain = unicodedata.normalize("NFKC", section).casefold().replace("i\u0307", "i").replace("ı", "i")
    folded = " ".join(unicodedata.normalize("NFKC", plain).split())
    # As text: compared as what it is, Names, the pattern would be taken for a list of letters.
    names = type_coerce(articles.c.sections, Text)
    return or_(articles.c.section == folded, names.contains(f"|{folded}|", autoescape=True))


def _within(column: ColumnElement[Any], wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    since = [] if wanted.since is None else [column >= wanted.since]
    return since if wanted.until is None else [*since, column < wanted.until]


def _published(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    return _within(articles.c.published_at, wanted)


def _first_seen(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    return _within(articles.c.first_seen_at, wanted)


def _dated(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """By published_at, or by first_seen_at where there is no date."""
    if wanted.since is None and wanted.until is None:
        return []
    undated = and_(articles.c.published_at.is_(None), *_first_seen(wanted))
    return [or_(and_(*_published(wanted)), undated)]
