"""The tables. `articles` says what a page says now; what it said before and what it counted stand beside it.

They are made by the migrations, which alone say `postgresql_where` of a partial index: said here, it would load the
whole dialect of PostgreSQL (30 ms) at every start on SQLite.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text

from storage.database.column_types import BigInt, enum_of
from storage.database.declarative import Mapped, Model, mapped_column
from storage.model.records import (
    DatePrecision,
    EditKind,
    FailureStage,
    FetchPurpose,
    FetchResult,
    Outcome,
    Problem,
    RunStatus,
    Trigger,
)

SCHEMA_VERSION = "0004"
"""The Alembic revision these models are written for; versions are numbered, so that newer can be told from older."""


class SourceRow(Model):
    """A source as last declared, so that the database can name it and its terms without the code."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    home: Mapped[str]
    terms: Mapped[str]
    timezone: Mapped[str]
    rate_limited_until: Mapped[datetime | None]
    """No request to `rate_limited_base_url` before this: its host asked so with Retry-After."""
    rate_limited_base_url: Mapped[str | None]


INDEXED_LISTING_COLUMNS = ("section", "language")


class ArticleRow(Model):
    """What the page says now."""

    __tablename__ = "articles"
    __table_args__ = (
        # What counts are grouped by goes along, so that they are read from the index alone.
        Index("ix_articles_published_at_id", "published_at", "id", *INDEXED_LISTING_COLUMNS),
        Index("ix_articles_source_published_at_id", "source", "published_at", "id", *INDEXED_LISTING_COLUMNS),
        Index("ix_articles_section_published_at_id", "section", "published_at", "id"),
        Index("ix_articles_view_count_id", "view_count", "id"),
        Index("ix_articles_content_hash", "content_hash"),
        Index("ix_articles_source_recrawl_at", "source", "recrawl_at"),
        Index("ix_articles_revised_at", "revised_at", sqlite_where=text("revised_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    url: Mapped[str] = mapped_column(unique=True)
    language: Mapped[str | None]
    section: Mapped[str | None]
    """The first of the article's sections that the source's settings ask for, else the first of the page."""
    title: Mapped[str]
    subtitle: Mapped[str | None]
    body: Mapped[str]
    description: Mapped[str | None]
    published_at: Mapped[datetime | None]
    published_raw: Mapped[str | None]
    published_precision: Mapped[DatePrecision | None] = mapped_column(enum_of(DatePrecision))
    author: Mapped[str | None]
    view_count: Mapped[int | None] = mapped_column(BigInt)
    image_url: Mapped[str | None]
    content_hash: Mapped[str]
    problems: Mapped[tuple[Problem, ...]]
    first_seen_at: Mapped[datetime]
    """First listed on a channel; first fetched, for one that was named by hand."""
    last_seen_at: Mapped[datetime]
    """Last listed on a channel."""
    stored_at: Mapped[datetime]
    fetched_at: Mapped[datetime]
    revised_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    duplicate_of_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    """The first article of the source with the same wording; or the one whose address has come to redirect here."""
    parser_version: Mapped[int]
    recrawl_at: Mapped[datetime | None]
    unconfirmed_hash: Mapped[str | None]
    unconfirmed_since: Mapped[datetime | None]


class ArticleSectionRow(Model):
    """A section that an article is in now."""

    __tablename__ = "article_sections"
    __table_args__ = (
        Index("ix_article_sections_section_published_at_article_id", "section", "published_at", "article_id"),
        # SQLite keeps the rows in the primary key itself: there is no second copy to look up.
        {"sqlite_with_rowid": False},
    )

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    """Place on the page, from 1; 0 for the section it was stored under if the page does not name it."""
    section: Mapped[str]
    """The folded name."""
    published_at: Mapped[datetime | None]
    """Copy of `articles.published_at`."""


class RevisionRow(Model):
    """An earlier wording of an article."""

    __tablename__ = "revisions"
    __table_args__ = (
        UniqueConstraint("article_id", "revision_number"),
        Index("ix_revisions_seen_until_article_id", "seen_until", "article_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    revision_number: Mapped[int]
    title: Mapped[str]
    subtitle: Mapped[str | None]
    body: Mapped[str]
    author: Mapped[str | None]
    sections: Mapped[tuple[str, ...]]
    published_at: Mapped[datetime | None]
    published_raw: Mapped[str | None]
    content_hash: Mapped[str]
    seen_from: Mapped[datetime]
    seen_until: Mapped[datetime]
    edit_kind: Mapped[EditKind] = mapped_column(enum_of(EditKind))
    """What sort of edit ended this wording."""
    is_stealth: Mapped[bool]
    """The wording moved, but the page's own date did not."""


class ViewReadingRow(Model):
    """A view count as read at one moment; append only."""

    __tablename__ = "view_readings"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    measured_at: Mapped[datetime] = mapped_column(primary_key=True)
    view_count: Mapped[int] = mapped_column(BigInt)


class SearchIndexRow(Model):
    """The one row that says how the full-text index, `articles_fts`, stands. It is no model: see storage.search.index."""

    __tablename__ = "search_index_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    analyser_version: Mapped[int]
    complete: Mapped[bool]


class LinkRow(Model):
    """An address that was ever listed or asked for, and where it stands."""

    __tablename__ = "links"
    __table_args__ = (Index("ix_links_source_outcome", "source", "outcome"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    url: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str | None]
    published_at: Mapped[datetime | None]
    published_raw: Mapped[str | None]
    sections: Mapped[tuple[str, ...]]
    language: Mapped[str | None]
    first_listed_at: Mapped[datetime]
    last_listed_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(enum_of(Outcome))
    outcome_reason: Mapped[str | None]
    failed_attempts: Mapped[int]
    """Failed fetches since the last one that brought a page."""
    next_attempt_at: Mapped[datetime | None]
    first_404_at: Mapped[datetime | None]
    """First of the 404s or 410s in a row; a second one 6 h later means gone."""
    parsed_at: Mapped[datetime | None]
    """When its page was last read; before, sections and language are what its listings hint at."""
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))


class ChannelRow(Model):
    """The poll state of one address that lists articles."""

    __tablename__ = "channels"
    __table_args__ = (UniqueConstraint("source", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    url: Mapped[str]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    body_hash: Mapped[str | None]
    parser_fingerprint: Mapped[str | None]
    """Reader version and settings the body was last read with; "unchanged" needs it equal too."""
    validators_trusted: Mapped[bool]
    consecutive_failures: Mapped[int]
    failure_stage: Mapped[FailureStage | None] = mapped_column(enum_of(FailureStage))
    failure_reason: Mapped[str | None]
    polled_at: Mapped[datetime | None]
    last_success_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    last_changed_at: Mapped[datetime | None]
    last_unconditional_at: Mapped[datetime | None]
    """Last look without validators, by which they are put to the test."""


class ListingRow(Model):
    """Where a link was listed."""

    __tablename__ = "listings"

    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id"), primary_key=True)
    first_listed_at: Mapped[datetime]
    last_listed_at: Mapped[datetime]


class CrawlRunRow(Model):
    """One crawl of one source."""

    __tablename__ = "crawl_runs"
    __table_args__ = (
        Index("uq_crawl_runs_open", "source", unique=True, sqlite_where=text("finished_at IS NULL")),
        Index("ix_crawl_runs_source_started_at", "source", "started_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    trigger: Mapped[Trigger] = mapped_column(enum_of(Trigger))
    status: Mapped[RunStatus] = mapped_column(enum_of(RunStatus))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime]
    """Last sign of life; only looked at when the run's process cannot be seen from here."""
    host: Mapped[str]
    pid: Mapped[int]
    process_start_time: Mapped[str | None]
    """What tells the process from a later one with the same pid."""
    listed_count: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)
    revised_count: Mapped[int] = mapped_column(default=0)
    unchanged_count: Mapped[int] = mapped_column(default=0)
    view_update_count: Mapped[int] = mapped_column(default=0)
    filtered_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    gone_count: Mapped[int] = mapped_column(default=0)
    pending_count: Mapped[int] = mapped_column(default=0)
    request_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(BigInt, default=0)
    channels_changed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether any channel listed something else than at the look before."""
    new_link_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Listed addresses that were never listed before."""
    recrawl_due_count: Mapped[int] = mapped_column(default=0, server_default="0")
    recrawl_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Re-looks chosen; the rest of those due found no room in the budget."""
    error: Mapped[str | None]


class FetchRow(Model):
    """One try at one address: what `explain` tells, and what a run's counts are counted from."""

    __tablename__ = "fetches"
    __table_args__ = (
        Index("ix_fetches_link_id", "link_id"),
        Index("ix_fetches_run_id", "run_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int] = mapped_column(ForeignKey("links.id"))
    run_id: Mapped[int | None] = mapped_column(ForeignKey("crawl_runs.id"))
    fetched_at: Mapped[datetime]
    purpose: Mapped[FetchPurpose] = mapped_column(enum_of(FetchPurpose))
    result: Mapped[FetchResult] = mapped_column(enum_of(FetchResult))
    failure_stage: Mapped[FailureStage | None] = mapped_column(enum_of(FailureStage))
    reason: Mapped[str | None]
    http_status: Mapped[int | None]
    byte_count: Mapped[int | None] = mapped_column(BigInt)
    view_count: Mapped[int | None] = mapped_column(BigInt)


class EventRow(Model):
    """Describe what happened to a source, a channel or an article; the kinds are those of storage.model.event_kinds."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_source_kind_opened_at", "source", "kind", "opened_at"),
        Index("uq_events_open", "source", "kind", "subject", unique=True, sqlite_where=text("closed_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name"))
    kind: Mapped[str]
    subject: Mapped[str]
    """The address or field it is about."""
    details: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    open_notified_at: Mapped[datetime | None]
    """When alerts of its beginning were written; `close_notified_at` of its end."""
    close_notified_at: Mapped[datetime | None]
