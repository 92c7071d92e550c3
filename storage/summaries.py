"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.types import TypeEngine

from storage.answers import ArticleFull, ArticleGain, ArticleHit, ArticleSummary
from storage.article_sections import column_of
from storage.filters import Sort
from storage.models import ArticleRow, SourceRow

articles = ArticleRow.__table__
sources = SourceRow.__table__

# What stands under another name in the table, or comes from the row of the source.
RENAMED = {"fetched_at": "last_fetched_at"}
OF_SOURCE = {"source_title", "terms"}

Notes = Mapping[str, Mapping[str, Any]]
"""Title and terms of each source, in this order."""
Made = TypeVar("Made", bound=ArticleSummary)
Make = Callable[[Sequence[Any], Notes], ArticleSummary]


def source_notes(connection: Connection) -> Notes:
    """Title and terms of each source.

    Asked for apart: joined to the articles, the planner may begin with the sources and then sort every article.
    """
    return {name: {"source_title": title, "terms": terms} for name, title, terms in connection.execute(_SOURCES).all()}


_SOURCES = select(sources.c.name, sources.c.title, sources.c.terms)


def _column(name: str) -> ColumnElement[Any]:
    return column_of(RENAMED.get(name, name)).label(name)


def field_type(name: str) -> TypeEngine[Any] | None:
    """Return the column type of an article's field; None for one that comes from the row of its source."""
    return None if name in OF_SOURCE else column_of(RENAMED.get(name, name)).type


def _columns(kind: type[ArticleSummary]) -> tuple[ColumnElement[Any], ...]:
    return tuple(_column(field.name) for field in fields(kind) if field.name not in OF_SOURCE)


SUMMARY = _columns(ArticleSummary)
LIST = select(*SUMMARY)
"""Built once: to name the columns takes as long as to read a page of them."""
FULL = _columns(ArticleFull)
_NAMES = (*(column.name for column in SUMMARY), "source_title", "terms")
_SOURCE = _NAMES.index("source")


def summary(row: Sequence[Any], notes: Notes) -> ArticleSummary:
    """What a row of SUMMARY says."""
    return _made(ArticleSummary, _SUMMARY, (*row, *notes[row[_SOURCE]].values()))


def maker(sort: Sort, until: datetime) -> Make:
    """What makes an article of a row of a list: of SUMMARY, and behind it what it is sorted by if no field has that."""
    if sort is Sort.RANK:
        return lambda row, notes: _made(ArticleHit, _HIT, (*row, *notes[row[_SOURCE]].values()))
    if sort is Sort.GROWTH:
        return lambda row, notes: _made(ArticleGain, _GAIN, (*row, *notes[row[_SOURCE]].values(), until))
    return summary


Put = Callable[[Any, Any], None]


def _puts(kind: type[ArticleSummary], names: Iterable[str]) -> tuple[Put, ...]:
    return tuple(getattr(kind, name).__set__ for name in names)


_SUMMARY = _puts(ArticleSummary, _NAMES)
_HIT = _puts(ArticleHit, (*_NAMES[:-2], "score", *_NAMES[-2:]))
_GAIN = _puts(ArticleGain, (*_NAMES[:-2], "gained", *_NAMES[-2:], "until"))


def _made(kind: type[Made], puts: Iterable[Put], values: Iterable[Any]) -> Made:
    """A frozen value by its slots: its own constructor, which finds each of them by name, takes three times as long."""
    made = object.__new__(kind)
    for put, value in zip(puts, values, strict=True):
        put(made, value)
    return made


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_notes(connection)
    found = (summary(row, notes) for row in connection.execute(LIST.where(articles.c.id.in_(ids))))
    return {article.id: article for article in found}
