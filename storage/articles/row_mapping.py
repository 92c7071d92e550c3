"""Articles as lists show them, from rows of the database: which columns are read, and what a row becomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.types import TypeEngine

from storage.articles.filters import Sort
from storage.articles.results import ArticleByGrowth, ArticleFull, ArticleSummary, ScoredArticle
from storage.database.article_sections import column_of
from storage.database.tables import articles, sources
from storage.model.article_fields import SOURCE_FIELDS

SourceAttribution = Mapping[str, Mapping[str, Any]]
"""Title and terms of each source, in this order."""
Row = TypeVar("Row", bound=ArticleSummary)
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
_NAMES = (*(column.name for column in SUMMARY_COLUMNS), "source_title", "terms")
_SOURCE = _NAMES.index("source")


def to_summary(row: Sequence[Any], notes: SourceAttribution) -> ArticleSummary:
    """What a row of SUMMARY says."""
    return _fill_slots(ArticleSummary, _SUMMARY, (*row, *notes[row[_SOURCE]].values()))


def row_factory(sort: Sort, until: datetime) -> RowFactory:
    """What makes an article of a row of a list: of SUMMARY, and behind it what it is sorted by if no field has that."""
    if sort is Sort.RANK:
        return lambda row, notes: _fill_slots(ScoredArticle, _HIT, (*row, *notes[row[_SOURCE]].values()))
    if sort is Sort.GROWTH:
        return lambda row, notes: _fill_slots(ArticleByGrowth, _GAIN, (*row, *notes[row[_SOURCE]].values(), until))
    return to_summary


SlotSetter = Callable[[Any, Any], None]


def _slot_setters(kind: type[ArticleSummary], names: Iterable[str]) -> tuple[SlotSetter, ...]:
    return tuple(getattr(kind, name).__set__ for name in names)


_SUMMARY = _slot_setters(ArticleSummary, _NAMES)
_HIT = _slot_setters(ScoredArticle, (*_NAMES[:-2], "score", *_NAMES[-2:]))
_GAIN = _slot_setters(ArticleByGrowth, (*_NAMES[:-2], "view_gain", *_NAMES[-2:], "until"))


def _fill_slots(kind: type[Row], puts: Iterable[SlotSetter], values: Iterable[Any]) -> Row:
    """A frozen value by its slots: its own constructor, which finds each of them by name, takes three times as long."""
    made = object.__new__(kind)
    for put, value in zip(puts, values, strict=True):
        put(made, value)
    return made


def summaries(connection: Connection, ids: Sequence[int]) -> dict[int, ArticleSummary]:
    """The articles with these ids, by id."""
    notes = source_attribution(connection)
    found = (to_summary(row, notes) for row in connection.execute(SUMMARY_SELECT.where(articles.c.id.in_(ids))))
    return {article.id: article for article in found}
