"""Declare the arguments of every tool: what a client may send, with the words that explain it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from presswatch.mcp.toolset import Arguments
from storage.articles.filters import Sort

MAX_LIMIT = 50
MAX_READINGS = 500
MAX_BODY_LENGTH = 40_000
MAX_SOURCES = 50
MAX_QUERY_LENGTH = 2_000
MAX_NAME_LENGTH = 300
MAX_OFFSET = 2**31 - 1

TIME_FORMS = 'today, yesterday, "7 days" (ago), "2026-11", "2026-11-01" or "2026-11-01T08:00Z"; UTC'

Query = Annotated[
    str,
    Field(
        max_length=MAX_QUERY_LENGTH,
        description='words in any inflected form, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and '
        "field:word with the fields title, subtitle, body, section, source and language",
    ),
]
Since = Annotated[str, Field(max_length=MAX_NAME_LENGTH, description=f"beginning of the period: {TIME_FORMS}")]
Until = Annotated[
    str, Field(max_length=MAX_NAME_LENGTH, description="end of the period, not part of it; by default now, or as_of")
]
AsOf = Annotated[
    str,
    Field(
        max_length=MAX_NAME_LENGTH,
        description=f"answer with what was known at this time, without later changes: {TIME_FORMS}",
    ),
]
Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH)]
Sources = Annotated[
    tuple[Name, ...], Field(max_length=MAX_SOURCES, description="names of the sources asked about; none: all of them")
]
ArticleKey = Annotated[int | Annotated[str, Field(max_length=4_000)], Field(description="id or URL of the article")]
Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT, description="maximum number of entries")]
Offset = Annotated[int, Field(ge=0, le=MAX_OFFSET)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchArguments(Arguments):
    """Select the articles that are searched."""

    query: Query | None = None
    since: Since | None = None
    until: Until | None = None
    source: Annotated[Name | None, Field(description="only this source")] = None
    section: Annotated[Name | None, Field(description="only articles with this section")] = None
    language: Annotated[Name | None, Field(description="only this language, such as en, ru or az")] = None
    author: Annotated[Name | None, Field(description="only articles with this name, or part of it, as author")] = None
    edited_since: Annotated[Name | None, Field(description="only articles edited at or after this time")] = None
    is_stealth: Annotated[
        bool | None, Field(description="true: only articles with a stealth edit, which left the date on the page")
    ] = None
    is_gone: Annotated[bool | None, Field(description="true: only articles gone from the site; false: the others")] = (
        None
    )
    sort: Annotated[Sort | None, Field(description="by default rank with a query, date without one or with as_of")] = (
        None
    )
    limit: Limit = 10
    cursor: Annotated[Name | None, Field(description="next_cursor of the page before; the rest must be the same")] = (
        None
    )
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleArguments(Arguments):
    """Select an article, as of when, and a part of its body."""

    article: ArticleKey
    body_offset: Annotated[
        Offset, Field(description="first character of the body: next_body_offset of the part before")
    ] = 0
    body_length: Annotated[
        int, Field(ge=0, le=MAX_BODY_LENGTH, description="maximum number of characters of the body")
    ] = 8_000
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsArguments(Arguments):
    """Select an article, and some of its versions."""

    article: ArticleKey
    after_revision: Annotated[
        Offset, Field(description="only later versions: next_after_revision of the answer before")
    ] = 0
    limit: Limit = 10
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsArguments(Arguments):
    """Select an article, and some of its readings."""

    article: ArticleKey
    offset: Annotated[
        Offset, Field(description="readings to leave out, the oldest first: next_offset of the answer before")
    ] = 0
    limit: Annotated[int, Field(ge=1, le=MAX_READINGS, description="maximum number of readings")] = 100
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopViewsArguments(Arguments):
    """Select the articles that are ranked, and the period."""

    window: Annotated[Name, Field(description='length of the period, such as "6 h" or "7 days"')] = "24 h"
    source: Annotated[Name | None, Field(description="only this source")] = None
    section: Annotated[Name | None, Field(description="only articles with this section")] = None
    language: Annotated[Name | None, Field(description="only this language")] = None
    since: Annotated[Name | None, Field(description=f"only articles published at or after: {TIME_FORMS}")] = None
    limit: Limit = 10
    as_of: Annotated[AsOf | None, Field(description="end of the period, with what was known then; by default now")] = (
        None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageArguments(Arguments):
    """Select sources and a period."""

    sources: Sources = ()
    since: Annotated[Since | None, Field(description=f"{TIME_FORMS}; by default 7 days before as_of, or now")] = None
    until: Until | None = None
    as_of: AsOf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimArguments(Arguments):
    """State what is claimed, of which sources and period."""

    query: Query
    since: Since
    until: Until | None = None
    sources: Sources = ()
    section: Annotated[Name | None, Field(description="only articles with this section")] = None
    language: Annotated[Name | None, Field(description="only this language")] = None
    limit: Limit = 20
    as_of: AsOf | None = None
