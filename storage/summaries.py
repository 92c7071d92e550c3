"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from storage.answers import ArticleFull, ArticleGain, ArticleHit, ArticleSummary
from storage.models import ArticleRow, SourceRow

articles = ArticleRow.__table__
sources = SourceRow.__table__

# What stands under another name in the table, or comes from the row of the source.
RENAMED = {"fetched_at": "last_fetched_at"}
OF_SOURCE = {"source_title", "terms"}

Notes = Mapping[str, Mapping[str, str]]


def source_notes(connection: Connection) -> Notes:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    rows = connection.execute(select(sources.c.name, sources.c.title, sources.c.terms))
    return {name: {"source_title": title, "terms": terms} for name, title, terms in rows}


def _column(name: str) -> ColumnElement[Any]:
    return articles.c[RENAMED.get(name, name)].label(name)


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in OF_SOURCE)


SUMMARY = _columns(ArticleSummary)
"""The columns of an ArticleSummary; `score` beside them makes an ArticleHit, `gained` an ArticleGain."""
FULL = _columns(ArticleFull)


def values(row: RowMapping, notes: Notes) -> dict[str, Any]:
    """A row and what its source says, by the names of the fields."""
    return {**row, **notes[row["source"]]}


def summary(row: RowMapping, notes: Notes, *, until: datetime | None = None) -> ArticleSummary:
    """What a row of SUMMARY says; `until` is when the list was made."""
    if "score" in row:
        return ArticleHit(**values(row, notes))
    if "gained" in row:
        return ArticleGain(**values(row, notes), until=until)
    return ArticleSummary(**values(row, notes))


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_notes(connection)
    found = connection.execute(select(*SUMMARY).where(articles.c.id.in_(ids))).mappings()
    return {row["id"]: summary(row, notes) for row in found}
