"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select
from sqlalchemy.types import TypeEngine

from storage.articles.as_of import PresenceChanges, summary_as_of
from storage.articles.filters import Sort
from storage.articles.results import ArticleByGrowth, ArticleFull, ArticleSummary, ScoredArticle, ViewReading
from storage.database.article_sections import column_of
from storage.database.tables import articles, events, revisions, sources, view_readings
from storage.model.article_fields import SOURCE_FIELDS
from storage.model.event_kinds import EventKind

SourceAttribution = Mapping[str, Mapping[str, Any]]
"""Title and terms of each source, in this order."""
RowFactory = Callable[[Sequence[Any], SourceAttribution], ArticleSummary]


def source_attribution(connection: Connection) -> SourceAttribution:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    return {name: {"source_title": title, "terms": terms} for name, title, terms in connection.execute(_SOURCES).all()}


_SOURCES = select(sources.c.name, sources.c.title, sources.c.terms)


def _column(name: str) -> ColumnElement[Any]:
    return column_of(name).label(name)


def field_type(name: str) -> TypeEngine[Any] | None:
    """Return the column type of an article's field; None for one that comes from the row of its source."""
    return None if name in SOURCE_FIELDS else column_of(name).type


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in SOURCE_FIELDS)


SUMMARY_COLUMNS = _columns(ArticleSummary)
SUMMARY_SELECT = select(*SUMMARY_COLUMNS)
"""Built once: to name the columns takes as long as to read a page of them."""
FULL_COLUMNS = _columns(ArticleFull)
_NAMES = tuple(column.name for column in SUMMARY_COLUMNS)
_SOURCE = _NAMES.index("source")


def to_summary(row: Sequence[Any], attribution: SourceAttribution) -> ArticleSummary:
    """Return the article of a row of SUMMARY_SELECT."""
    return ArticleSummary(**dict(zip(_NAMES, row, strict=True)), **attribution[row[_SOURCE]])


def row_factory(sort: Sort, until: datetime) -> RowFactory:
    """Return a function that makes an article of a row of a list.

    A row has the columns of SUMMARY_SELECT and behind them the score or the gain by which it is sorted, if any.
    """

    def scored(row: Sequence[Any], attribution: SourceAttribution) -> ScoredArticle:
        *values, score = row
        return ScoredArticle(**dict(zip(_NAMES, values, strict=True)), **attribution[row[_SOURCE]], score=score)

    def grown(row: Sequence[Any], attribution: SourceAttribution) -> ArticleByGrowth:
        *values, gain = row
        named = dict(zip(_NAMES, values, strict=True))
        return ArticleByGrowth(**named, **attribution[row[_SOURCE]], view_gain=gain, until=until)

    return {Sort.RANK: scored, Sort.GROWTH: grown}.get(sort, to_summary)


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_attribution(connection)
    found = (to_summary(row, notes) for row in connection.execute(SUMMARY_SELECT.where(articles.c.id.in_(ids))))
    return {article.id: article for article in found}


@dataclass(frozen=True, slots=True, kw_only=True)
class _TextVersion:
    """Fields of a revision that a list shows; never its body."""

    revision_number: int
    seen_until: datetime
    title: str
    sections: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None


def summaries_as_of(connection: Connection, ids: Sequence[int], moment: datetime) -> Iterator[ArticleSummary]:
    """Yield articles as a list at the moment would have shown them, in the order of the ids."""
    now = summaries(connection, ids)
    said = _by_article(connection, ids)
    read = _last_readings(connection, ids, moment)
    changes = presence_changes(connection, [article.url for article in now.values()])
    for article_id in ids:
        article = now[article_id]
        then = summary_as_of(article, said[article_id], read[article_id], changes[article.url], moment)
        if then is not None:
            yield then


def _by_article(connection: Connection, ids: Sequence[int]) -> dict[int, list[_TextVersion]]:
    columns = [revisions.c[name] for name in _TextVersion.__dataclass_fields__]
    found: dict[int, list[_TextVersion]] = defaultdict(list)
    statement = select(revisions.c.article_id, *columns).where(revisions.c.article_id.in_(ids))
    for article_id, *said in connection.execute(statement):
        found[article_id].append(_TextVersion(**dict(zip(_TextVersion.__dataclass_fields__, said, strict=True))))
    return found


def _last_readings(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[ViewReading]]:
    last = view_readings.alias("last")
    at = select(func.max(last.c.measured_at)).where(last.c.article_id == view_readings.c.article_id)
    up_to = at.where(last.c.measured_at <= moment).scalar_subquery()
    statement = select(view_readings).where(view_readings.c.article_id.in_(ids), view_readings.c.measured_at == up_to)
    found: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.article_id].append(ViewReading(measured_at=row.measured_at, view_count=row.view_count))
    return found


def presence_changes(connection: Connection, urls: Sequence[str]) -> dict[str, PresenceChanges]:
    """Return, for each URL, when the article was found gone and when restored."""
    kinds = (EventKind.GONE.value, EventKind.RESTORED.value)
    statement = select(events.c.subject, events.c.kind, events.c.opened_at)
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in connection.execute(statement.where(events.c.kind.in_(kinds), events.c.subject.in_(urls))):
        moments[row.subject, row.kind].append(row.opened_at)
    return {url: PresenceChanges(**{kind: tuple(moments[url, kind]) for kind in kinds}) for url in urls}
