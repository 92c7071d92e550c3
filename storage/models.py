"""The tables. `articles` says what a page says now; what it said before and what it counted stand beside it.

They are made by the migrations, which alone say `postgresql_where` of a partial index: said here, it would load the
whole dialect of PostgreSQL (30 ms) at every start on SQLite.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, false, text

from storage.columns import Large, enum_of
from storage.records import (
    ChangeKind,
    FetchResult,
    Outcome,
    Precision,
    Problem,
    RunStatus,
    Stage,
    Trigger,
    Why,
)
from storage.tables import Mapped, Model, mapped_column

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
    held_until: Mapped[datetime | None]
    """No request to `held_base` before this: its host asked so with Retry-After."""
    held_base: Mapped[str | None]


ASKED_BY = ("section", "language")


class ArticleRow(Model):
    """What the page says now."""

    __tablename__ = "articles"
    __table_args__ = (
        # What counts are grouped by goes along, so that they are read from the index alone.
        Index("ix_articles_published_at_id", "published_at", "id", *ASKED_BY),
        Index("ix_articles_source_published_at_id", "source", "published_at", "id", *ASKED_BY),
        Index("ix_articles_section_published_at_id", "section", "published_at", "id"),
        Index("ix_articles_view_count_id", "view_count", "id"),
        Index("ix_articles_content_hash", "content_hash"),
        Index("ix_articles_source_relook_at", "source", "relook_at"),
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
    published_text: Mapped[str | None]
    published_precision: Mapped[Precision | None] = mapped_column(enum_of(Precision))
    author: Mapped[str | None]
    view_count: Mapped[int | None] = mapped_column(Large)
    image_url: Mapped[str | None]
    content_hash: Mapped[str]
    problems: Mapped[tuple[Problem, ...]]
    first_seen_at: Mapped[datetime]
    """First listed on a channel; first fetched, for one that was named by hand."""
    last_seen_at: Mapped[datetime]
    """Last listed on a channel."""
    stored_at: Mapped[datetime]
    last_fetched_at: Mapped[datetime]
    revised_at: Mapped[datetime | None]
    gone_at: Mapped[datetime | None]
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    """The first article of the source with the same wording; or the one whose address has come to redirect here."""
    reader_version: Mapped[int]
    relook_at: Mapped[datetime | None]
    suspect_hash: Mapped[str | None]
    suspect_at: Mapped[datetime | None]


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
        UniqueConstraint("article_id", "number"),
        Index("ix_revisions_seen_until_article_id", "seen_until", "article_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    number: Mapped[int]
    title: Mapped[str]
    subtitle: Mapped[str | None]
    body: Mapped[str]
    author: Mapped[str | None]
    sections: Mapped[tuple[str, ...]]
    published_at: Mapped[datetime | None]
    published_text: Mapped[str | None]
    content_hash: Mapped[str]
    seen_from: Mapped[datetime]
    seen_until: Mapped[datetime]
    kind: Mapped[ChangeKind] = mapped_column(enum_of(ChangeKind))
    """What sort of edit ended this wording."""
    undeclared: Mapped[bool]
    """The wording moved, but the page's own date did not."""


class ViewReadingRow(Model):
    """A view count as read at one moment; append only."""

    __tablename__ = "view_readings"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    read_at: Mapped[datetime] = mapped_column(primary_key=True)
    view_count: Mapped[int] = mapped_column(Large)


class SearchIndexRow(Model):
    """The one row that says how the full-text index, `articles_fts`, stands. It is no model: see storage.indexing."""

    __tablename__ = "search_index"

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
    published_text: Mapped[str | None]
    sections: Mapped[tuple[str, ...]]
    language: Mapped[str | None]
    first_listed_at: Mapped[datetime]
    last_listed_at: Mapped[datetime]
    outcome: Mapped[Outcome] = mapped_column(enum_of(Outcome))
    reason: Mapped[str | None]
    attempts: Mapped[int]
    """Failed fetches since the last one that brought a page."""
    next_attempt_at: Mapped[datetime | None]
    missing_at: Mapped[datetime | None]
    """First of the 404s or 410s in a row; a second one 6 h later means gone."""
    read_at: Mapped[datetime | None]
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
    fingerprint: Mapped[str | None]
    """Reader version and settings the body was last read with; "unchanged" needs it equal too."""
    validators_trusted: Mapped[bool]
    failures: Mapped[int]
    failure: Mapped[Stage | None] = mapped_column(enum_of(Stage))
    failure_reason: Mapped[str | None]
    last_looked_at: Mapped[datetime | None]
    last_good_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    last_changed_at: Mapped[datetime | None]
    unconditional_at: Mapped[datetime | None]
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
    beat_at: Mapped[datetime]
    """Last sign of life; only looked at when the run's process cannot be seen from here."""
    host: Mapped[str]
    pid: Mapped[int]
    process: Mapped[str | None]
    """What tells the process from a later one with the same pid."""
    listed_count: Mapped[int] = mapped_column(default=0)
    new_count: Mapped[int] = mapped_column(default=0)
    revised_count: Mapped[int] = mapped_column(default=0)
    same_count: Mapped[int] = mapped_column(default=0)
    recounted_count: Mapped[int] = mapped_column(default=0)
    filtered_count: Mapped[int] = mapped_column(default=0)
    failed_count: Mapped[int] = mapped_column(default=0)
    gone_count: Mapped[int] = mapped_column(default=0)
    pending_count: Mapped[int] = mapped_column(default=0)
    request_count: Mapped[int] = mapped_column(default=0)
    byte_count: Mapped[int] = mapped_column(Large, default=0)
    changed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether any channel listed something else than at the look before."""
    fresh_count: Mapped[int] = mapped_column(default=0, server_default="0")
    """Listed addresses that were never listed before."""
    relook_due_count: Mapped[int] = mapped_column(default=0, server_default="0")
    relook_count: Mapped[int] = mapped_column(default=0, server_default="0")
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
    why: Mapped[Why] = mapped_column(enum_of(Why))
    result: Mapped[FetchResult] = mapped_column(enum_of(FetchResult))
    stage: Mapped[Stage | None] = mapped_column(enum_of(Stage))
    reason: Mapped[str | None]
    http_status: Mapped[int | None]
    byte_count: Mapped[int | None] = mapped_column(Large)
    view_count: Mapped[int | None] = mapped_column(Large)


class EventRow(Model):
    """Describe what happened to a source, a channel or an article; the kinds are those of storage.event_kinds."""

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
    told_at: Mapped[datetime | None]
    """When alerts of its beginning were written; `end_told_at` of its end."""
    end_told_at: Mapped[datetime | None]
