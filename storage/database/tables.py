"""Define the tables of sources, articles, links, channels, crawls and events as SQLAlchemy Core tables.

The migrations create them. A partial index is given its `postgresql_where` by the migration alone: named here, it would
load the whole dialect of PostgreSQL (30 ms) at every start on SQLite. SQLAlchemy's mapper is left out: to import and
configure it takes a quarter of a second of every `presswatch query`.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, false, text

from storage.database.column_types import BigInt, ProblemList, StringList, UtcDateTime, Utf8Text, enum_of
from storage.model.records import (
    DatePrecision,
    EditKind,
    FailureStage,
    FetchPurpose,
    FetchResult,
    Outcome,
    RunStatus,
    Trigger,
)

SCHEMA_VERSION = "0004"
"""Alembic revision of these tables; revisions are numbered, so that a newer one can be told from an older one."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the database; those of storage.database.daemon_tables join when that module is imported."""

sources = Table(
    "sources",
    METADATA,
    Column("name", Utf8Text, primary_key=True),
    Column("title", Utf8Text, nullable=False),
    Column("home", Utf8Text, nullable=False),
    Column("terms", Utf8Text, nullable=False),
    Column("timezone", Utf8Text, nullable=False),
    Column(
        "rate_limited_until",
        UtcDateTime,
        doc="No request to `rate_limited_base_url` before this: its host asked so with Retry-After.",
    ),
    Column("rate_limited_base_url", Utf8Text),
    info={"doc": "A source as last declared, so that the database can name it and its terms without the code."},
)

INDEXED_LISTING_COLUMNS = ("section", "language")

articles = Table(
    "articles",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False),
    Column("url", Utf8Text, unique=True, nullable=False),
    Column("language", Utf8Text),
    Column(
        "section",
        Utf8Text,
        doc="The first of the article's sections that the source's settings ask for, else the first of the page.",
    ),
    Column("title", Utf8Text, nullable=False),
    Column("subtitle", Utf8Text),
    Column("body", Utf8Text, nullable=False),
    Column("description", Utf8Text),
    Column("published_at", UtcDateTime),
    Column("published_raw", Utf8Text),
    Column("published_precision", enum_of(DatePrecision)),
    Column("author", Utf8Text),
    Column("view_count", BigInt),
    Column("image_url", Utf8Text),
    Column("content_hash", Utf8Text, nullable=False),
    Column("problems", ProblemList, nullable=False),
    Column(
        "first_seen_at",
        UtcDateTime,
        nullable=False,
        doc="First listed on a channel; first fetched, for one that was named by hand.",
    ),
    Column("last_seen_at", UtcDateTime, nullable=False, doc="Last listed on a channel."),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("revised_at", UtcDateTime),
    Column("gone_at", UtcDateTime),
    Column(
        "duplicate_of_id",
        Integer,
        ForeignKey("articles.id"),
        doc="First article of the source with the same content hash, or the article whose URL redirects here.",
    ),
    Column("parser_version", Integer, nullable=False),
    Column("recrawl_at", UtcDateTime),
    Column("unconfirmed_hash", Utf8Text),
    Column("unconfirmed_since", UtcDateTime),
    # What counts are grouped by goes along, so that they are read from the index alone.
    Index("ix_articles_published_at_id", "published_at", "id", *INDEXED_LISTING_COLUMNS),
    Index("ix_articles_source_published_at_id", "source", "published_at", "id", *INDEXED_LISTING_COLUMNS),
    Index("ix_articles_section_published_at_id", "section", "published_at", "id"),
    Index("ix_articles_view_count_id", "view_count", "id"),
    Index("ix_articles_content_hash", "content_hash"),
    Index("ix_articles_source_recrawl_at", "source", "recrawl_at"),
    Index("ix_articles_revised_at", "revised_at", sqlite_where=text("revised_at IS NOT NULL")),
    info={"doc": "What the page says now."},
)

article_sections = Table(
    "article_sections",
    METADATA,
    Column("article_id", Integer, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "position",
        Integer,
        primary_key=True,
        doc="Place on the page, from 1; 0 for the section it was stored under if the page does not name it.",
    ),
    Column("section", Utf8Text, nullable=False, doc="The folded name."),
    Column("published_at", UtcDateTime, doc="Copy of `articles.published_at`."),
    Index("ix_article_sections_section_published_at_article_id", "section", "published_at", "article_id"),
    # SQLite keeps the rows in the primary key itself: there is no second copy to look up.
    sqlite_with_rowid=False,
    info={"doc": "A section that an article is in now."},
)

revisions = Table(
    "revisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("article_id", Integer, ForeignKey("articles.id"), nullable=False),
    Column("revision_number", Integer, nullable=False),
    Column("title", Utf8Text, nullable=False),
    Column("subtitle", Utf8Text),
    Column("body", Utf8Text, nullable=False),
    Column("author", Utf8Text),
    Column("sections", StringList, nullable=False),
    Column("published_at", UtcDateTime),
    Column("published_raw", Utf8Text),
    Column("content_hash", Utf8Text, nullable=False),
    Column("seen_from", UtcDateTime, nullable=False),
    Column("seen_until", UtcDateTime, nullable=False),
    Column("edit_kind", enum_of(EditKind), nullable=False, doc="What sort of edit ended this wording."),
    Column("is_stealth", Boolean, nullable=False, doc="The wording moved, but the page's own date did not."),
    UniqueConstraint("article_id", "revision_number"),
    Index("ix_revisions_seen_until_article_id", "seen_until", "article_id"),
    info={"doc": "An earlier wording of an article."},
)

view_readings = Table(
    "view_readings",
    METADATA,
    Column("article_id", Integer, ForeignKey("articles.id"), primary_key=True),
    Column("measured_at", UtcDateTime, primary_key=True),
    Column("view_count", BigInt, nullable=False),
    info={"doc": "A view count as read at one moment; append only."},
)

search_index_state = Table(
    "search_index_state",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("analyser_version", Integer, nullable=False),
    Column("complete", Boolean, nullable=False),
    info={"doc": "The one row with the state of the full-text index `articles_fts` (storage.search.index)."},
)

links = Table(
    "links",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False),
    Column("url", Utf8Text, unique=True, nullable=False),
    Column("title", Utf8Text),
    Column("published_at", UtcDateTime),
    Column("published_raw", Utf8Text),
    Column("sections", StringList, nullable=False),
    Column("language", Utf8Text),
    Column("first_listed_at", UtcDateTime, nullable=False),
    Column("last_listed_at", UtcDateTime, nullable=False),
    Column("outcome", enum_of(Outcome), nullable=False),
    Column("outcome_reason", Utf8Text),
    Column("failed_attempts", Integer, nullable=False, doc="Failed fetches since the last one that brought a page."),
    Column("next_attempt_at", UtcDateTime),
    Column("first_404_at", UtcDateTime, doc="First of the 404s or 410s in a row; a second one 6 h later means gone."),
    Column(
        "parsed_at",
        UtcDateTime,
        doc="When its page was last read; before, sections and language are what its listings hint at.",
    ),
    Column("article_id", Integer, ForeignKey("articles.id")),
    Index("ix_links_source_outcome", "source", "outcome"),
    info={"doc": "An address that was ever listed or asked for, and where it stands."},
)

channels = Table(
    "channels",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False),
    Column("url", Utf8Text, nullable=False),
    Column("etag", Utf8Text),
    Column("last_modified", Utf8Text),
    Column("body_hash", Utf8Text),
    Column(
        "parser_fingerprint",
        Utf8Text,
        doc='Reader version and settings the body was last read with; "unchanged" needs it equal too.',
    ),
    Column("validators_trusted", Boolean, nullable=False),
    Column("consecutive_failures", Integer, nullable=False),
    Column("failure_stage", enum_of(FailureStage)),
    Column("failure_reason", Utf8Text),
    Column("polled_at", UtcDateTime),
    Column("last_success_at", UtcDateTime),
    Column("last_failed_at", UtcDateTime),
    Column("last_changed_at", UtcDateTime),
    Column(
        "last_unconditional_at", UtcDateTime, doc="Last look without validators, by which they are put to the test."
    ),
    UniqueConstraint("source", "url"),
    info={"doc": "The poll state of one address that lists articles."},
)

listings = Table(
    "listings",
    METADATA,
    Column("link_id", Integer, ForeignKey("links.id"), primary_key=True),
    Column("channel_id", Integer, ForeignKey("channels.id"), primary_key=True),
    Column("first_listed_at", UtcDateTime, nullable=False),
    Column("last_listed_at", UtcDateTime, nullable=False),
    info={"doc": "Where a link was listed."},
)

crawl_runs = Table(
    "crawl_runs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False),
    Column("trigger", enum_of(Trigger), nullable=False),
    Column("status", enum_of(RunStatus), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column(
        "heartbeat_at",
        UtcDateTime,
        nullable=False,
        doc="Last sign of life; only looked at when the run's process cannot be seen from here.",
    ),
    Column("host", Utf8Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_start_time", Utf8Text, doc="What tells the process from a later one with the same pid."),
    Column("listed_count", Integer, default=0, nullable=False),
    Column("new_count", Integer, default=0, nullable=False),
    Column("revised_count", Integer, default=0, nullable=False),
    Column("unchanged_count", Integer, default=0, nullable=False),
    Column("view_update_count", Integer, default=0, nullable=False),
    Column("filtered_count", Integer, default=0, nullable=False),
    Column("failed_count", Integer, default=0, nullable=False),
    Column("gone_count", Integer, default=0, nullable=False),
    Column("pending_count", Integer, default=0, nullable=False),
    Column("request_count", Integer, default=0, nullable=False),
    Column("byte_count", BigInt, default=0, nullable=False),
    Column(
        "channels_changed",
        Boolean,
        default=False,
        server_default=false(),
        nullable=False,
        doc="Whether any channel listed something else than at the look before.",
    ),
    Column(
        "new_link_count",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Listed addresses that were never listed before.",
    ),
    Column("recrawl_due_count", Integer, default=0, server_default="0", nullable=False),
    Column(
        "recrawl_count",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Re-looks chosen; the rest of those due found no room in the budget.",
    ),
    Column("error", Utf8Text),
    Index("uq_crawl_runs_open", "source", unique=True, sqlite_where=text("finished_at IS NULL")),
    Index("ix_crawl_runs_source_started_at", "source", "started_at"),
    info={"doc": "One crawl of one source."},
)

fetches = Table(
    "fetches",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("link_id", Integer, ForeignKey("links.id"), nullable=False),
    Column("run_id", Integer, ForeignKey("crawl_runs.id")),
    Column("fetched_at", UtcDateTime, nullable=False),
    Column("purpose", enum_of(FetchPurpose), nullable=False),
    Column("result", enum_of(FetchResult), nullable=False),
    Column("failure_stage", enum_of(FailureStage)),
    Column("reason", Utf8Text),
    Column("http_status", Integer),
    Column("byte_count", BigInt),
    Column("view_count", BigInt),
    Index("ix_fetches_link_id", "link_id"),
    Index("ix_fetches_run_id", "run_id"),
    info={"doc": "One try at one address: what `explain` tells, and what a run's counts are counted from."},
)

events = Table(
    "events",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False),
    Column("kind", Utf8Text, nullable=False),
    Column("subject", Utf8Text, nullable=False, doc="The address or field it is about."),
    Column("details", JSON, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column(
        "open_notified_at",
        UtcDateTime,
        doc="When alerts of its beginning were written; `close_notified_at` of its end.",
    ),
    Column("close_notified_at", UtcDateTime),
    Index("ix_events_source_kind_opened_at", "source", "kind", "opened_at"),
    Index("uq_events_open", "source", "kind", "subject", unique=True, sqlite_where=text("closed_at IS NULL")),
    info={"doc": "An event of a source, a channel or an article; its kind is one of storage.model.event_kinds."},
)
