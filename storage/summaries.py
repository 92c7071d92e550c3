"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from storage.answers import ArticleFull, ArticleGain, ArticleHit, ArticleSummary
from storage.filters import Sort
from storage.models import ArticleRow, SourceRow

articles = ArticleRow.__table__
sources = SourceRow.__table__

# What stands under another name in the table, or comes from the row of the source.
RENAMED = {"fetched_at": "last_fetched_at"}
OF_SOURCE = {"source_title", "terms"}

Notes = Mapping[str, Mapping[str, Any]]
Make = Callable[[Sequence[Any], Notes], ArticleSummary]


def source_notes(connection: Connection) -> Notes:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    return {name: {"source_title": title, "terms": terms} for name, title, terms in connection.execute(_SOURCES)}


_SOURCES = select(sources.c.name, sources.c.title, sources.c.terms)


def _column(name: str) -> ColumnElement[Any]:
    return articles.c[RENAMED.get(name, name)].label(name)


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in OF_SOURCE)


SUMMARY = _columns(ArticleSummary)
LIST = select(*SUMMARY)
"""Built once: to name the columns takes as long as to read a page of them."""
FULL = _columns(ArticleFull)
_NAMES = tuple(column.name for column in SUMMARY)
_SOURCE = _NAMES.index("source")


def summary(row: Sequence[Any], notes: Notes) -> ArticleSummary:
    """What a row of SUMMARY says."""
    return ArticleSummary(**_values(row, notes))


def maker(sort: Sort, until: datetime) -> Make:
    """What makes an article of a row of a list: of SUMMARY, and behind it what it is sorted by if no field has that."""
    if sort is Sort.RANK:
        return lambda row, notes: ArticleHit(**_values(row, notes), score=row[-1])
    if sort is Sort.GROWTH:
        return lambda row, notes: ArticleGain(**_values(row, notes), gained=row[-1], until=until)
    return summary


def _values(row: Sequence[Any], notes: Notes) -> dict[str, Any]:
    return {**dict(zip(_NAMES, row, strict=False)), **notes[row[_SOURCE]]}


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_notes(connection)
    found = (summary(row, notes) for row in connection.execute(LIST.where(articles.c.id.in_(ids))))
    return {article.id: article for article in found}
