"""Define the tables of sources, articles, links, channels, crawls and events as SQLAlchemy Core tables.

The migrations create them. A partial index is given its `postgresql_where` by the migration alone: named here, it would
load the whole dialect of PostgreSQL (30 ms) at every start on SQLite. SQLAlchemy's mapper is left out: to import and
configure it takes a quarter of a second of every `presswatch query`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, false, text

from storage.database.column_types import BigInt, ProblemList, StringList, UtcDateTime, Utf8Text, enum_of
from storage.model.failure_causes import FailureCause
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

SCHEMA_VERSION = "0016"
"""Alembic revision of these tables; revisions are numbered, so that a newer one is known from an older one."""

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of the database; those of daemon_tables and note_tables join when these are imported."""

sources = Table(
    "sources",
    METADATA,
    Column("name", Utf8Text, primary_key=True, doc="Name of the source."),
    Column("title", Utf8Text, nullable=False, doc="Title shown to people."),
    Column("home", Utf8Text, nullable=False, doc="URL of the home page."),
    Column("terms", Utf8Text, nullable=False, doc="Terms of use."),
    Column("timezone", Utf8Text, nullable=False, doc="IANA time zone of the source."),
    Column(
        "rate_limited_until",
        UtcDateTime,
        doc="Time before which no request goes to `rate_limited_base_url` (HTTP Retry-After).",
    ),
    Column("rate_limited_base_url", Utf8Text, doc="Scheme, host and port that answered with Retry-After."),
    info={"doc": "A source as last declared, with its terms of use."},
)

INDEXED_LISTING_COLUMNS = ("section", "language")

articles = Table(
    "articles",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id, in the order of storing."),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False, doc="Source of the article."),
    Column("url", Utf8Text, unique=True, nullable=False, doc="Canonical URL."),
    Column("language", Utf8Text, doc="Language code."),
    Column(
        "section",
        Utf8Text,
        doc="The first of the article's sections that the source's settings ask for, else the first of the page.",
    ),
    Column("title", Utf8Text, nullable=False, doc="Headline."),
    Column("subtitle", Utf8Text, doc="Subheadline."),
    Column("body", Utf8Text, nullable=False, doc="Text of the article, paragraphs separated by an empty line."),
    Column("description", Utf8Text, doc="Summary from the page's metadata."),
    Column("published_at", UtcDateTime, doc="Time of publication."),
    Column("published_raw", Utf8Text, doc="Time of publication as written on the page."),
    Column("published_precision", enum_of(DatePrecision), doc="Precision of `published_at`."),
    Column("author", Utf8Text, doc="Authors, joined by a comma."),
    Column("authors", StringList, doc="Name of each author."),
    Column("view_count", BigInt, doc="Last view count."),
    Column("image_url", Utf8Text, doc="URL of the main image."),
    Column("content_hash", Utf8Text, nullable=False, doc="Hash of title, subtitle and body."),
    Column("problems", ProblemList, nullable=False, doc="Fields that could not be parsed, with reasons, as JSON."),
    Column("reservations", Utf8Text, doc="Reservations of rights, each with signal, value, origin and time, as JSON."),
    Column(
        "first_seen_at",
        UtcDateTime,
        nullable=False,
        doc="First listed on a channel; first fetched, for one that was named by hand.",
    ),
    Column("last_seen_at", UtcDateTime, nullable=False, doc="Last listed on a channel."),
    Column("stored_at", UtcDateTime, nullable=False, doc="Time of the first storing."),
    Column("fetched_at", UtcDateTime, nullable=False, doc="Time of the last fetch."),
    Column("revised_at", UtcDateTime, doc="Time of the last edit."),
    Column("gone_at", UtcDateTime, doc="Time at which the article was confirmed gone."),
    Column(
        "duplicate_of_id",
        BigInt,
        ForeignKey("articles.id"),
        doc="First article of the source with the same content hash, or the article whose URL redirects here.",
    ),
    Column("parser_version", Integer, nullable=False, doc="Version of the parser that read the stored content."),
    Column("recrawl_at", UtcDateTime, doc="Time of the next recrawl; none is due if empty."),
    Column("unconfirmed_hash", Utf8Text, doc="Content hash of a change that a second fetch must confirm."),
    Column("unconfirmed_since", UtcDateTime, doc="Time at which the unconfirmed change was first fetched."),
    # What counts are grouped by goes along, so that they are read from the index alone.
    Index("ix_articles_published_at_id", "published_at", "id", *INDEXED_LISTING_COLUMNS),
    Index("ix_articles_source_published_at_id", "source", "published_at", "id", *INDEXED_LISTING_COLUMNS),
    Index("ix_articles_section_published_at_id", "section", "published_at", "id"),
    Index("ix_articles_view_count_id", "view_count", "id"),
    Index("ix_articles_content_hash", "content_hash"),
    Index("ix_articles_source_recrawl_at", "source", "recrawl_at"),
    Index("ix_articles_source_stored_at", "source", "stored_at"),
    Index("ix_articles_revised_at", "revised_at", sqlite_where=text("revised_at IS NOT NULL")),
    info={"doc": "An article with its current content."},
)

article_sections = Table(
    "article_sections",
    METADATA,
    Column("article_id", BigInt, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True, doc="The article."),
    Column(
        "position",
        Integer,
        primary_key=True,
        doc="Position on the page, from 1; 0 for a stored section that the page does not name.",
    ),
    Column("section", Utf8Text, nullable=False, doc="Normalized section name."),
    Column("published_at", UtcDateTime, doc="Copy of `articles.published_at`."),
    Index("ix_article_sections_section_published_at_article_id", "section", "published_at", "article_id"),
    # SQLite keeps the rows in the primary key itself: there is no second copy to look up.
    sqlite_with_rowid=False,
    info={"doc": "A current section of an article."},
)

revisions = Table(
    "revisions",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("article_id", BigInt, ForeignKey("articles.id"), nullable=False, doc="The article."),
    Column("revision_number", Integer, nullable=False, doc="Number of the version, from 1."),
    Column("title", Utf8Text, nullable=False, doc="Headline of the version."),
    Column("subtitle", Utf8Text, doc="Subheadline of the version."),
    Column("body", Utf8Text, nullable=False, doc="Text of the version."),
    Column("author", Utf8Text, doc="Byline of the version."),
    Column("sections", StringList, nullable=False, doc="Sections of the version."),
    Column("published_at", UtcDateTime, doc="Time of publication given by the version."),
    Column("published_raw", Utf8Text, doc="Time of publication as written in the version."),
    Column("content_hash", Utf8Text, nullable=False, doc="Content hash of the version."),
    Column("seen_from", UtcDateTime, nullable=False, doc="Time of the first fetch of the version."),
    Column("seen_until", UtcDateTime, nullable=False, doc="Time of the fetch that found the next version."),
    Column("edit_kind", enum_of(EditKind), nullable=False, doc="Kind of the edit that replaced the version."),
    Column("is_stealth", Boolean, nullable=False, doc="True if the text was edited and the page's own date was not."),
    UniqueConstraint("article_id", "revision_number"),
    Index("ix_revisions_seen_until_article_id", "seen_until", "article_id"),
    info={"doc": "An earlier version of an article."},
)

view_readings = Table(
    "view_readings",
    METADATA,
    Column("article_id", BigInt, ForeignKey("articles.id"), primary_key=True, doc="The article."),
    Column("measured_at", UtcDateTime, primary_key=True, doc="Time of the fetch, or of the poll of a list."),
    Column("view_count", BigInt, nullable=False, doc="View count on the page, or in a list."),
    info={"doc": "A view count at one time; rows are only added."},
)

search_index_state = Table(
    "search_index_state",
    METADATA,
    Column(
        "id",
        Integer,
        primary_key=True,
        doc="1 is the index; any other id is the code of a language with stems of its own, read in base 36.",
    ),
    Column("analyser_version", Integer, nullable=False, doc="Version of the analyzer that made the indexed tokens."),
    Column("complete", Boolean, nullable=False, doc="True if every article is indexed."),
    info={"doc": "The state of the full-text index `articles_fts`, and the languages in it (storage.search.index)."},
)

links = Table(
    "links",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False, doc="Source of the link."),
    Column("url", Utf8Text, unique=True, nullable=False, doc="Canonical URL."),
    Column(
        "request_url",
        Utf8Text,
        doc="Spelling that is requested: the one last answered, else the listed one; empty if it is `url`.",
    ),
    Column("title", Utf8Text, doc="Title in the list."),
    Column("published_at", UtcDateTime, doc="Time of publication in the list."),
    Column("published_raw", Utf8Text, doc="Time of publication as written in the list."),
    Column("sections", StringList, nullable=False, doc="Sections of the page, or those hinted at by its channels."),
    Column("language", Utf8Text, doc="Language of the page, or the one hinted at by its channels."),
    Column("first_listed_at", UtcDateTime, nullable=False, doc="Time of the first poll that listed the URL."),
    Column("last_listed_at", UtcDateTime, nullable=False, doc="Time of the last poll that listed the URL."),
    Column("outcome", enum_of(Outcome), nullable=False, doc="Outcome of the link."),
    Column("outcome_reason", Utf8Text, doc="Reason of the outcome."),
    Column("failed_attempts", Integer, nullable=False, doc="Failed fetches since the last successful one."),
    Column("next_attempt_at", UtcDateTime, doc="Time of the next attempt."),
    Column(
        "first_404_at",
        UtcDateTime,
        doc="Time of the first of consecutive 404 or 410 answers; a second one 6 h later means gone.",
    ),
    Column(
        "parsed_at",
        UtcDateTime,
        doc=("Time at which the page was last parsed; sections and language are hints of its channels before."),
    ),
    Column("article_id", BigInt, ForeignKey("articles.id"), doc="The article at this URL."),
    Column(
        "parsing_run_id",
        BigInt,
        doc="Run that fetches or parses the page next; empty once the outcome is known.",
    ),
    Column(
        "parser_deaths",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Processes that died while the page was parsed; after the first one it is parsed in a process of its own.",
    ),
    Column(
        "quarantined_at",
        UtcDateTime,
        doc="Time of the second death, after which the page is fetched only by `presswatch crawl --url`.",
    ),
    Index("ix_links_source_outcome", "source", "outcome"),
    Index("ix_links_source_first_listed_at", "source", "first_listed_at"),
    Index("ix_links_parsing_run_id", "parsing_run_id", sqlite_where=text("parsing_run_id IS NOT NULL")),
    Index("ix_links_quarantined", "source", sqlite_where=text("quarantined_at IS NOT NULL")),
    info={"doc": "A URL that was listed or requested, with its crawl outcome."},
)

channels = Table(
    "channels",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False, doc="Source of the channel."),
    Column("url", Utf8Text, nullable=False, doc="URL of the feed or list page."),
    Column("etag", Utf8Text, doc="ETag of the last response."),
    Column("last_modified", Utf8Text, doc="Last-Modified of the last response."),
    Column("body_hash", Utf8Text, doc="Hash of the last body."),
    Column(
        "parser_fingerprint",
        Utf8Text,
        doc=(
            "Parser version and settings used for the last body; a change of them means that it must be parsed again."
        ),
    ),
    Column(
        "validators_trusted", Boolean, nullable=False, doc="False once an ETag stayed the same while the body changed."
    ),
    Column("consecutive_failures", Integer, nullable=False, doc="Consecutive failed polls."),
    Column("failure_stage", enum_of(FailureStage), doc="Stage of the last failure."),
    Column("failure_reason", Utf8Text, doc="Reason of the last failure."),
    Column("polled_at", UtcDateTime, doc="Time of the last poll."),
    Column("last_success_at", UtcDateTime, doc="Time of the last successful poll."),
    Column("last_failed_at", UtcDateTime, doc="Time of the last failed poll."),
    Column("last_changed_at", UtcDateTime, doc="Time of the last poll with changed content."),
    Column("last_unconditional_at", UtcDateTime, doc="Time of the last poll without validators, which tests them."),
    UniqueConstraint("source", "url"),
    info={"doc": "The poll state of a feed or list page."},
)

listings = Table(
    "listings",
    METADATA,
    Column("link_id", BigInt, ForeignKey("links.id"), primary_key=True, doc="The link."),
    Column("channel_id", BigInt, ForeignKey("channels.id"), primary_key=True, doc="The channel."),
    Column(
        "first_listed_at",
        UtcDateTime,
        nullable=False,
        doc="Time of the first poll that listed the link on the channel.",
    ),
    Column(
        "last_listed_at", UtcDateTime, nullable=False, doc="Time of the last poll that listed the link on the channel."
    ),
    Index("ix_listings_channel_id_last_listed_at", "channel_id", "last_listed_at"),
    info={"doc": "A link on a channel."},
)


def process_columns(of: str) -> tuple[Column[Any], ...]:
    """Return the columns that say where a process runs; `of` names the process in their descriptions."""
    same = "Start time of the process; tells it from a later one with the same pid."
    return (
        Column("host", Utf8Text, nullable=False, doc=f"Host of the {of}."),
        Column(
            "machine",
            Utf8Text,
            default="",
            server_default=text("''"),
            nullable=False,
            doc=f"Boot and PID namespace of the {of}; only from there can `pid` be looked up.",
        ),
        Column("pid", Integer, nullable=False, doc=f"Process id of the {of}."),
        Column("process_start_time", Utf8Text, doc=same),
    )


crawl_runs = Table(
    "crawl_runs",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False, doc="Source that was crawled."),
    Column("trigger", enum_of(Trigger), nullable=False, doc="Cause of the crawl."),
    Column("status", enum_of(RunStatus), nullable=False, doc="Status of the run."),
    Column("started_at", UtcDateTime, nullable=False, doc="Start."),
    Column("finished_at", UtcDateTime, doc="End; empty while the run is open."),
    Column(
        "heartbeat_at",
        UtcDateTime,
        nullable=False,
        doc="Last heartbeat; used only if the process cannot be seen from here.",
    ),
    Column(
        "process_id",
        Utf8Text,
        default="",
        server_default=text("''"),
        nullable=False,
        doc="Random id of the crawl process, with the number of the crawl in a worker; identifies it among hosts and "
        "containers.",
    ),
    *process_columns("process"),
    Column("listed_count", Integer, default=0, nullable=False, doc="Links listed."),
    Column("new_count", Integer, default=0, nullable=False, doc="Articles stored for the first time."),
    Column("revised_count", Integer, default=0, nullable=False, doc="Articles edited."),
    Column("unchanged_count", Integer, default=0, nullable=False, doc="Articles fetched without an edit."),
    Column("view_update_count", Integer, default=0, nullable=False, doc="Articles with a new view count."),
    Column("filtered_count", Integer, default=0, nullable=False, doc="Links filtered out."),
    Column("failed_count", Integer, default=0, nullable=False, doc="Failed fetches."),
    Column("gone_count", Integer, default=0, nullable=False, doc="Articles confirmed gone."),
    Column("pending_count", Integer, default=0, nullable=False, doc="Links pending at the end."),
    Column("request_count", Integer, default=0, nullable=False, doc="HTTP requests."),
    Column("byte_count", BigInt, default=0, nullable=False, doc="Bytes received."),
    Column(
        "channels_changed",
        Boolean,
        default=False,
        server_default=false(),
        nullable=False,
        doc="True if any channel listed something other than at its previous poll.",
    ),
    Column(
        "channels_read",
        Boolean,
        default=False,
        server_default=false(),
        nullable=False,
        doc="True if every channel of the source was read, so that what they had listed by `started_at` is known.",
    ),
    Column(
        "new_link_count",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Listed URLs that were never listed before.",
    ),
    Column("recrawl_due_count", Integer, default=0, server_default="0", nullable=False, doc="Recrawls due."),
    Column(
        "recrawl_count",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Recrawls selected; the others due exceeded the request budget.",
    ),
    Column("error", Utf8Text, doc="Error that ended the run."),
    Column(
        "failure_cause",
        enum_of(FailureCause),
        doc="Cause of a run that did not succeed: source, limit and crash are the source's, the others are not.",
    ),
    Column("stderr_tail", Utf8Text, doc="Last lines that the process of a failed run wrote to stderr."),
    Index("uq_crawl_runs_open", "source", unique=True, sqlite_where=text("finished_at IS NULL")),
    Index("ix_crawl_runs_process_id", "process_id"),
    Index("ix_crawl_runs_source_started_at", "source", "started_at"),
    Index("ix_crawl_runs_source_id", "source", "id"),
    Index("ix_crawl_runs_source_status_id", "source", "status", "id"),
    Index("ix_crawl_runs_channels_read", "source", "started_at", sqlite_where=text("channels_read = 1")),
    info={"doc": "One crawl of one source."},
)

fetches = Table(
    "fetches",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("link_id", BigInt, ForeignKey("links.id"), nullable=False, doc="The link."),
    Column("run_id", BigInt, ForeignKey("crawl_runs.id"), doc="The run."),
    Column("fetched_at", UtcDateTime, nullable=False, doc="Time of the fetch."),
    Column("purpose", enum_of(FetchPurpose), nullable=False, doc="Purpose of the fetch."),
    Column("result", enum_of(FetchResult), nullable=False, doc="Result of the fetch."),
    Column("failure_stage", enum_of(FailureStage), doc="Stage of the failure."),
    Column("reason", Utf8Text, doc="Reason of the result."),
    Column("http_status", Integer, doc="HTTP status of the response."),
    Column("byte_count", BigInt, doc="Bytes received."),
    Column("view_count", BigInt, doc="View count on the page."),
    Index("ix_fetches_link_id", "link_id"),
    Index("ix_fetches_run_id", "run_id"),
    info={"doc": "One attempt to fetch a URL; the counts of a run are computed from its fetches."},
)

events = Table(
    "events",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("source", Utf8Text, ForeignKey("sources.name"), nullable=False, doc="Source of the event."),
    Column("kind", Utf8Text, nullable=False, doc="Kind of the event."),
    Column("subject", Utf8Text, nullable=False, doc="URL or field that the event is about."),
    Column("details", JSON, nullable=False, doc="Details of the event as JSON."),
    Column("opened_at", UtcDateTime, nullable=False, doc="Start of the event."),
    Column("closed_at", UtcDateTime, doc="End of the event; empty while it is open."),
    Column(
        "open_notified_at",
        UtcDateTime,
        doc="Time at which alerts of the start were queued.",
    ),
    Column("close_notified_at", UtcDateTime, doc="Time at which alerts of the end were queued."),
    Index("ix_events_source_kind_opened_at", "source", "kind", "opened_at"),
    Index("ix_events_unnotified", "kind", sqlite_where=text("close_notified_at IS NULL")),
    Index("uq_events_open", "source", "kind", "subject", unique=True, sqlite_where=text("closed_at IS NULL")),
    info={"doc": "An event of a source, a channel or an article; its kind is one of storage.model.event_kinds."},
)
