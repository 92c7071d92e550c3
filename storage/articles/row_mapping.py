"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.types import TypeEngine

from storage.articles.filters import Sort
from storage.articles.results import ArticleByGrowth, ArticleFull, ArticleSummary, ScoredArticle
from storage.database.article_sections import column_of
from storage.database.tables import articles, sources
from storage.model.article_fields import SOURCE_FIELDS

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
