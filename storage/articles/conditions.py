"""Build the WHERE conditions of an article filter over `articles`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, and_, bindparam, exists, or_, select, type_coerce

from storage.articles.filters import ArticleFilter
from storage.database.article_sections import all_sections, in_section
from storage.database.column_types import Utf8Text
from storage.database.tables import article_sections, articles, revisions
from storage.model.errors import ConfigError
from storage.model.records import DatePrecision
from storage.search.fulltext import matches
from storage.search.matcher import IndexedDocument, compile_matcher
from storage.search.query import Query
from storage.text.section_names import normalize_section

REVISION_BATCH_SIZE = 200
"""Rows fetched at a time."""
FEW_EDITED_LIMIT = 2_000
"""Edited articles that are looked up one by one, 8 µs each; they are counted no further than that."""


def filter_conditions(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return all conditions of a filter, for a statement over `articles`.

    Raises ConfigError for a filter with `as_of`, whose conditions are others (storage.articles.as_of_conditions), and
    StoreError for a full-text query while the index is incomplete.
    """
    return [*_query_condition(connection, wanted), *date_range(wanted)]


def filter_conditions_by_date_presence(
    connection: Connection, wanted: ArticleFilter
) -> tuple[list[ColumnElement[bool]], list[ColumnElement[bool]]]:
    """The same for two statements: what has a date, and what has none. No article passes both.

    Each can be answered out of an index, which no statement over either time can.
    """
    asked = _query_condition(connection, wanted)
    dateless = articles.c.published_at.is_(None)
    return [*asked, ~dateless, *published_range(wanted)], [*asked, dateless, *first_seen_range(wanted)]


def _query_condition(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """All but the times."""
    if wanted.as_of is not None:
        raise ConfigError("lists, counts and rankings are answered as of a moment, and nothing else: leave out as-of")
    return [*conditions(wanted), *_is_indexed(connection, wanted)]


def _is_indexed(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on the full-text index and on `article_sections`."""
    asked = [] if wanted.query is None else [matches_wanted(connection, wanted.query, wanted)]
    return asked + section_tests(connection, wanted, reads_all=True)


def section_tests(
    connection: Connection, wanted: ArticleFilter, *, reads_all: bool = False
) -> list[ColumnElement[bool]]:
    """Return the condition that an article is in the section of the filter, if it has one."""
    if wanted.section is None:
        return []
    return [in_section(connection, normalize_section(wanted.section), reads_all=reads_all)]


def matches_query(connection: Connection, query: Query) -> ColumnElement[bool]:
    """Return the condition that an article matches the query. Raises StoreError for an incomplete index."""
    found = matches(connection, query)
    return articles.c.id.in_(select(found.id).where(found.condition))


def matches_wanted(connection: Connection, query: Query, wanted: ArticleFilter) -> ColumnElement[bool]:
    """Return the condition that the current text of an article matches, or with `ever` one of its earlier versions."""
    current = matches_query(connection, query)
    return or_(current, _matched_before(connection, query, wanted)) if wanted.ever else current


def _matched_before(connection: Connection, query: Query, wanted: ArticleFilter) -> ColumnElement[bool]:
    """Return the condition that an earlier version matches. These are in no index: each of the edited is read."""
    lasting = (articles.c[name] for name in ("id", "source", "language", "section"))
    said = (revisions.c[name] for name in (*_SAID, "sections"))
    edited = select(*lasting, *said).join_from(revisions, articles, articles.c.id == revisions.c.article_id)
    matcher, found = compile_matcher(query), set()
    narrowed = edited.where(*conditions(wanted), *date_range(wanted))
    with connection.execution_options(yield_per=REVISION_BATCH_SIZE).execute(narrowed) as rows:
        for row in rows:
            text = {name: getattr(row, name) for name in _SAID}
            sections = row.sections or all_sections((), row.section)
            document = IndexedDocument(source=row.source, language=row.language, sections=sections, **text)
            if row.id not in found and matcher(document):
                found.add(row.id)
    # Written into the statement: there may be more than a database takes as values.
    ids: BindParameter[Any] = bindparam("ever", sorted(found), expanding=True, literal_execute=True)
    return articles.c.id.in_(ids)


_SAID = ("title", "subtitle", "body")


def conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """All but the query, the section and the times."""
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
        (wanted.author, has_author),
        (wanted.min_views, lambda count: column.view_count >= count),
        (wanted.max_views, lambda count: column.view_count <= count),
        (wanted.edited_since, lambda moment: column.revised_at >= moment),
        (_edit_conditions(wanted), lambda edit: edit),
        (wanted.gone, lambda gone: column.gone_at.is_not(None) if gone else column.gone_at.is_(None)),
    )
    return [test(value) for value, test in tests if value is not None]


def recently_edited_ids(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return a redundant `id IN (…)` of the articles edited since, if they are few; nothing otherwise.

    It says once more what the conditions say, in a way that a list begins with: without it, the list is walked in its
    order, all of it where fewer are found than it has room for.
    """
    if wanted.edited_since is None:
        return []
    lately = articles.alias("lately")
    since = select(lately.c.id).where(lately.c.revised_at >= wanted.edited_since)
    if connection.scalar(since.order_by(lately.c.revised_at).limit(1).offset(FEW_EDITED_LIMIT)) is not None:
        return []
    return [articles.c.id.in_(since)]


def _edit_conditions(wanted: ArticleFilter) -> ColumnElement[bool] | None:
    """Return the condition of an edit that passes the filter; None without a condition on edits."""
    edit = revisions.alias("edit")  # the statement around may be over revisions itself, as that of a report is
    tests: list[ColumnElement[bool]] = [edit.c.edit_kind.in_(wanted.edit_kinds)] if wanted.edit_kinds else []
    tests += [] if wanted.is_stealth is None else [edit.c.is_stealth == wanted.is_stealth]
    if not tests:
        return None
    tests += [] if wanted.edited_since is None else [edit.c.seen_until >= wanted.edited_since]
    return exists().where(edit.c.article_id == articles.c.id, *tests)


def has_author(name: str) -> ColumnElement[bool]:
    """Return whether the authors of an article contain a name, in any case.

    SQLite knows upper and lower case of ASCII alone: of other letters the usual spellings are looked for.
    """
    spellings = dict.fromkeys((name, name.lower(), name.upper(), name.title()))
    return or_(*(articles.c.author.icontains(spelling, autoescape=True) for spelling in spellings))


def contains_name(names: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return whether a column of names contains a name."""
    # As text: compared as what it is, Names, the pattern would be taken for a list of letters.
    return type_coerce(names, Utf8Text).contains(f"|{name}|", autoescape=True)


IS_DAY = articles.c.published_precision == DatePrecision.DAY
"""The date of an article is a day alone, in every zone."""


def _within(column: ColumnElement[Any], since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    begun = [] if since is None else [column >= since]
    return begun if until is None else [*begun, column < until]


def published_within(
    column: ColumnElement[Any], wanted: ArticleFilter, *, is_day: ColumnElement[bool] = IS_DAY
) -> list[ColumnElement[bool]]:
    """Return the conditions that a publication time lies in the times of a filter, or a day in their days.

    In a zone that is not UTC, days are not in order with times: both lie within the first condition, for an index.
    """
    times = _within(column, wanted.since, wanted.until)
    if wanted.timezone is UTC or not times:
        return times
    days = _within(column, wanted.day_since, wanted.day_until)
    begins = [at for at in (wanted.since, wanted.day_since) if at is not None]
    ends = [at for at in (wanted.until, wanted.day_until) if at is not None]
    either = _within(column, min(begins, default=None), max(ends, default=None))
    return [*either, or_(and_(is_day, *days), and_(is_day.is_not(True), *times))]


def published_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The times of an article that has a date."""
    return published_within(articles.c.published_at, wanted)


def published_in_section(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The same of a statement that begins with `article_sections`."""
    return published_within(article_sections.c.published_at, wanted)


def first_seen_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The times of an article that has none."""
    return _within(articles.c.first_seen_at, wanted.since, wanted.until)


def date_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """By published_at, or by first_seen_at where there is no date."""
    if wanted.since is None and wanted.until is None:
        return []
    undated = and_(articles.c.published_at.is_(None), *first_seen_range(wanted))
    return [or_(and_(*published_range(wanted)), undated)]
