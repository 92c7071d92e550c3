"""Define the tables of the daemon: schedules, lease, saved searches and alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from storage.database.column_types import DurationSeconds, UtcDateTime, Utf8Text, enum_of
from storage.database.tables import METADATA
from storage.model.records import DeliveryMode

schedules = Table(
    "schedules",
    METADATA,
    Column("source", Utf8Text, ForeignKey("sources.name"), primary_key=True),
    Column("next_poll_at", UtcDateTime, nullable=False),
    Column("interval", DurationSeconds),
    Column("reason", Utf8Text, nullable=False),
    Column("consecutive_failures", Integer, default=0, nullable=False, doc="Crawls in a row that failed."),
    Column("first_failure_at", UtcDateTime),
    Column(
        "run_isolated",
        Boolean,
        default=False,
        nullable=False,
        doc="Its last crawl had to be killed: it shares no process until one ends well.",
    ),
    Column("paused_at", UtcDateTime),
    Column(
        "crawl_requested_at",
        UtcDateTime,
        doc="Somebody asked for a crawl now; the daemon clears it when it starts one.",
    ),
    info={"doc": "When a source is looked at next, and why. One number decides; nothing overrules it silently."},
)

leases = Table(
    "leases",
    METADATA,
    Column("name", Utf8Text, primary_key=True),
    Column("host", Utf8Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("process_start_time", Utf8Text, doc="What tells the process from a later one with the same pid."),
    Column("version", Utf8Text, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("heartbeat_at", UtcDateTime, nullable=False),
    info={"doc": "The one daemon of a database."},
)

saved_searches = Table(
    "saved_searches",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Utf8Text, unique=True, nullable=False),
    Column("query", Utf8Text, nullable=False),
    Column(
        "target",
        Utf8Text,
        nullable=False,
        doc="An Apprise address. It may hold a secret: never shown whole, never logged.",
    ),
    Column("delivery_mode", enum_of(DeliveryMode), nullable=False),
    Column("digest_every", DurationSeconds),
    Column("quiet_from", Utf8Text, doc="HH:MM in `timezone`; alerts between this and `quiet_until` wait."),
    Column("quiet_until", Utf8Text),
    Column("timezone", Utf8Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_article_id", Integer, nullable=False, doc="Articles up to this id were asked already."),
    Column("last_notified_at", UtcDateTime, doc="The last digest."),
    info={"doc": "A saved question; who asked it is told of each article that answers it, once."},
)

alerts = Table(
    "alerts",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column(
        "key",
        Utf8Text,
        unique=True,
        nullable=False,
        doc="What it is about and for whom, so that nothing is told twice: `watch:3:article:17`, `event:9:opened:1`.",
    ),
    Column("target", Utf8Text, nullable=False),
    Column("title", Utf8Text, nullable=False),
    Column("body", Utf8Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, default=0, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("error", Utf8Text),
    Column("saved_search_id", Integer, ForeignKey("saved_searches.id", ondelete="SET NULL")),
    Column("article_id", Integer, ForeignKey("articles.id")),
    Column("event_id", Integer, ForeignKey("events.id")),
    Index("ix_alerts_delivered_at_next_attempt_at", "delivered_at", "next_attempt_at"),
    info={"doc": "A message on its way to somebody; kept until it is delivered."},
)
