"""Define the tables of the daemon: schedules, lease, saved searches and alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table

from storage.database.column_types import DurationSeconds, UtcDateTime, Utf8Text, enum_of
from storage.database.tables import METADATA
from storage.model.records import DeliveryMode

schedules = Table(
    "schedules",
    METADATA,
    Column("source", Utf8Text, ForeignKey("sources.name"), primary_key=True, doc="The source."),
    Column("next_poll_at", UtcDateTime, nullable=False, doc="Time of the next poll."),
    Column("interval", DurationSeconds, doc="Poll interval."),
    Column("reason", Utf8Text, nullable=False, doc="Reason of the planned time."),
    Column("consecutive_failures", Integer, default=0, nullable=False, doc="Consecutive failed crawls."),
    Column("first_failure_at", UtcDateTime, doc="Time of the first of the consecutive failures."),
    Column(
        "run_isolated",
        Boolean,
        default=False,
        nullable=False,
        doc=("True after a crawl had to be killed: the source gets a process of its own until a crawl succeeds."),
    ),
    Column("paused_at", UtcDateTime, doc="Time at which the source was paused."),
    Column(
        "crawl_requested_at",
        UtcDateTime,
        doc="Time at which a crawl was requested; cleared when the daemon starts it.",
    ),
    info={"doc": "The next poll of a source and its reason."},
)

leases = Table(
    "leases",
    METADATA,
    Column("name", Utf8Text, primary_key=True, doc="Name of the lease."),
    Column("host", Utf8Text, nullable=False, doc="Host of the daemon."),
    Column("pid", Integer, nullable=False, doc="Process id of the daemon."),
    Column(
        "process_start_time", Utf8Text, doc="Start time of the process; tells it from a later one with the same pid."
    ),
    Column("version", Utf8Text, nullable=False, doc="Version of the program."),
    Column("started_at", UtcDateTime, nullable=False, doc="Start of the daemon."),
    Column("heartbeat_at", UtcDateTime, nullable=False, doc="Last heartbeat."),
    info={"doc": "The lease of the one daemon of a database."},
)

saved_searches = Table(
    "saved_searches",
    METADATA,
    Column("id", Integer, primary_key=True, doc="Row id."),
    Column("name", Utf8Text, unique=True, nullable=False, doc="Name of the saved search."),
    Column("query", Utf8Text, nullable=False, doc="Full-text query."),
    Column(
        "target",
        Utf8Text,
        nullable=False,
        doc="Apprise URL; may hold a secret, so that it is always redacted.",
    ),
    Column("delivery_mode", enum_of(DeliveryMode), nullable=False, doc="Delivery mode."),
    Column("digest_every", DurationSeconds, doc="Digest interval."),
    Column("quiet_from", Utf8Text, doc="Start of the quiet hours, HH:MM in `timezone`."),
    Column("quiet_until", Utf8Text, doc="End of the quiet hours, HH:MM in `timezone`."),
    Column("timezone", Utf8Text, nullable=False, doc="IANA time zone of the quiet hours."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of creation."),
    Column(
        "last_article_id", Integer, nullable=False, doc="Id of the last article that was matched against the query."
    ),
    Column("last_notified_at", UtcDateTime, doc="Time of the last digest."),
    info={"doc": "A saved search, notified once for each matching article."},
)

alerts = Table(
    "alerts",
    METADATA,
    Column("id", Integer, primary_key=True, doc="Row id."),
    Column(
        "key",
        Utf8Text,
        unique=True,
        nullable=False,
        doc=(
            "Unique key of subject and target, such as `watch:3:article:17` or "
            "`event:9:opened:1`; prevents a second message."
        ),
    ),
    Column("target", Utf8Text, nullable=False, doc="Apprise URL."),
    Column("title", Utf8Text, nullable=False, doc="Title of the message."),
    Column("body", Utf8Text, nullable=False, doc="Text of the message."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of creation."),
    Column("attempts", Integer, default=0, nullable=False, doc="Delivery attempts."),
    Column("next_attempt_at", UtcDateTime, nullable=False, doc="Time of the next attempt."),
    Column("delivered_at", UtcDateTime, doc="Time of delivery."),
    Column("error", Utf8Text, doc="Error of the last attempt."),
    Column("saved_search_id", Integer, ForeignKey("saved_searches.id", ondelete="SET NULL"), doc="The saved search."),
    Column("article_id", Integer, ForeignKey("articles.id"), doc="The article."),
    Column("event_id", Integer, ForeignKey("events.id"), doc="The event."),
    Index("ix_alerts_delivered_at_next_attempt_at", "delivered_at", "next_attempt_at"),
    info={"doc": "A message in the outbox; kept after its delivery."},
)
