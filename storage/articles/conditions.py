"""Build the WHERE conditions of an article filter over `articles`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, type_coerce

from storage.articles.filters import ArticleFilter
from storage.database.article_sections import in_section
from storage.database.column_types import Utf8Text
from storage.database.tables import article_sections, articles, revisions
from storage.model.errors import ConfigError
from storage.search.fulltext import matches
from storage.search.query import Query
from storage.text.section_names import normalize_section

FEW_EDITED_LIMIT = 2_000
"""Edited articles that are looked up one by one, 8 µs each; they are counted no further than that."""


def filter_conditions(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return all conditions of a filter, for a statement over `articles`.

    Raises ConfigError for a filter with `as_of`, which only lists support, and StoreError for a full-text query while
    the index is incomplete.
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
        raise ConfigError("only lists are answered as of a moment: leave out --as-of, or what counts or takes out")
    return [*conditions(wanted), *_is_indexed(connection, wanted)]


def _is_indexed(connection: Connection, wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on the full-text index and on `article_sections`."""
    asked = [] if wanted.query is None else [matches_query(connection, wanted.query)]
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


def conditions(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """All but the query, the section and the times."""
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
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


def contains_name(names: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return whether a column of names contains a name."""
    # As text: compared as what it is, Names, the pattern would be taken for a list of letters.
    return type_coerce(names, Utf8Text).contains(f"|{name}|", autoescape=True)


def _within(column: ColumnElement[Any], wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    since = [] if wanted.since is None else [column >= wanted.since]
    return since if wanted.until is None else [*since, column < wanted.until]


def published_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The times of an article that has a date."""
    return _within(articles.c.published_at, wanted)


def published_in_section(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The same of a statement that begins with `article_sections`."""
    return _within(article_sections.c.published_at, wanted)


def first_seen_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """The times of an article that has none."""
    return _within(articles.c.first_seen_at, wanted)


def date_range(wanted: ArticleFilter) -> list[ColumnElement[bool]]:
    """By published_at, or by first_seen_at where there is no date."""
    if wanted.since is None and wanted.until is None:
        return []
    undated = and_(articles.c.published_at.is_(None), *first_seen_range(wanted))
    return [or_(and_(*published_range(wanted)), undated)]
