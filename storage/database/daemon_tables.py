"""Define the tables of the daemon: schedules, lease, saved searches and alerts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, text

from storage.database.column_types import BigInt, DurationSeconds, UtcDateTime, Utf8Text, enum_of
from storage.database.tables import METADATA, process_columns
from storage.model.failure_causes import FailureCause
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
    Column(
        "local_failures",
        Integer,
        default=0,
        server_default="0",
        nullable=False,
        doc="Consecutive crawls that failed on this side: database, disk, memory, configuration, worker.",
    ),
    Column("local_failure_cause", enum_of(FailureCause), doc="Cause of the last of them."),
    Column("first_local_failure_at", UtcDateTime, doc="Time of the first of them."),
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
    Column(
        "owner_id",
        Utf8Text,
        default="",
        server_default=text("''"),
        nullable=False,
        doc="Random id of the daemon's process, which holds the lease.",
    ),
    *process_columns("daemon"),
    Column("version", Utf8Text, nullable=False, doc="Version of the program."),
    Column("started_at", UtcDateTime, nullable=False, doc="Start of the daemon."),
    Column("heartbeat_at", UtcDateTime, nullable=False, doc="Last heartbeat."),
    Column("problem", Utf8Text, doc="Trouble of the daemon itself, such as an invalid configuration."),
    info={"doc": "The lease of the one daemon of a database."},
)

saved_searches = Table(
    "saved_searches",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
    Column("name", Utf8Text, unique=True, nullable=False, doc="Name of the saved search."),
    Column("query", Utf8Text, nullable=False, doc="Full-text query."),
    Column(
        "target",
        Utf8Text,
        nullable=False,
        doc="Apprise URL, empty for none; may hold a secret, so that it is always redacted.",
    ),
    Column("delivery_mode", enum_of(DeliveryMode), nullable=False, doc="Delivery mode."),
    Column("digest_every", DurationSeconds, doc="Digest interval."),
    Column("quiet_from", Utf8Text, doc="Start of the quiet hours, HH:MM in `timezone`."),
    Column("quiet_until", Utf8Text, doc="End of the quiet hours, HH:MM in `timezone`."),
    Column("timezone", Utf8Text, nullable=False, doc="IANA time zone of the quiet hours and digests."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of creation."),
    Column("last_article_id", BigInt, nullable=False, doc="Id of the last article that was matched against the query."),
    Column("last_notified_at", UtcDateTime, doc="Time of the last digest."),
    Column("digest_at", Utf8Text, doc="Hours of daily digests, HH:MM in `timezone`, separated by commas."),
    info={"doc": "A saved search; one with a target is notified once of each matching article."},
)

alerts = Table(
    "alerts",
    METADATA,
    Column("id", BigInt, primary_key=True, doc="Row id."),
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
    Column("target_hash", Utf8Text, nullable=False, doc="Hash of the Apprise URL of its target."),
    Column("title", Utf8Text, nullable=False, doc="Title of the message."),
    Column("body", Utf8Text, nullable=False, doc="Text of the message."),
    Column("created_at", UtcDateTime, nullable=False, doc="Time of creation."),
    Column("attempts", Integer, default=0, nullable=False, doc="Delivery attempts, counted when they begin."),
    Column(
        "next_attempt_at",
        UtcDateTime,
        nullable=False,
        doc="Time of the next attempt; of the first, the time of its digest or the end of the quiet hours.",
    ),
    Column("delivered_at", UtcDateTime, doc="Time of delivery."),
    Column("error", Utf8Text, doc="Error of the last attempt."),
    Column("saved_search_id", BigInt, ForeignKey("saved_searches.id", ondelete="SET NULL"), doc="The saved search."),
    Column("article_id", BigInt, ForeignKey("articles.id"), doc="The article."),
    Column("event_id", BigInt, ForeignKey("events.id"), doc="The event."),
    Column("refused_since", UtcDateTime, doc="Time at which the target first refused this message by itself."),
    Column("given_up_at", UtcDateTime, doc="Time at which its delivery was given up; `error` is the reason."),
    Index("ix_alerts_delivered_at_next_attempt_at", "delivered_at", "next_attempt_at"),
    info={"doc": "A message in the outbox; kept after its delivery."},
)

alert_receipts = Table(
    "alert_receipts",
    METADATA,
    Column("alert_id", BigInt, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True, doc="The message."),
    Column(
        "receipt", Utf8Text, primary_key=True, doc="Number of the part and hash of the recipient that has accepted it."
    ),
    info={"doc": "A recipient of a target that has a message which others of the same target have not accepted yet."},
)

alert_targets = Table(
    "alert_targets",
    METADATA,
    Column("target_hash", Utf8Text, primary_key=True, doc="Hash of the Apprise URL."),
    Column("target", Utf8Text, nullable=False, doc="The URL without its secrets."),
    Column("consecutive_failures", Integer, nullable=False, doc="Consecutive failed attempts."),
    Column("failing_since", UtcDateTime, nullable=False, doc="Time of the first of the consecutive failures."),
    Column("next_attempt_at", UtcDateTime, nullable=False, doc="Time before which nothing is sent to it."),
    Column("error", Utf8Text, nullable=False, doc="Error of the last attempt."),
    info={"doc": "A target that cannot be reached; its row is deleted when it accepts a message."},
)
