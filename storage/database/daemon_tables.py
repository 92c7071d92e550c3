"""The tables the daemon lives on: when each source is due, who keeps watch, what people asked to be told."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Index

from storage.database.column_types import enum_of
from storage.database.declarative import Mapped, Model, mapped_column
from storage.model.records import DeliveryMode


class ScheduleRow(Model):
    """When a source is looked at next, and why. One number decides; nothing overrules it silently."""

    __tablename__ = "schedules"

    source: Mapped[str] = mapped_column(ForeignKey("sources.name"), primary_key=True)
    next_poll_at: Mapped[datetime]
    interval: Mapped[timedelta | None]
    reason: Mapped[str]
    consecutive_failures: Mapped[int] = mapped_column(default=0)
    """Crawls in a row that failed."""
    first_failure_at: Mapped[datetime | None]
    run_isolated: Mapped[bool] = mapped_column(default=False)
    """Its last crawl had to be killed: it shares no process until one ends well."""
    paused_at: Mapped[datetime | None]
    crawl_requested_at: Mapped[datetime | None]
    """Somebody asked for a crawl now; the daemon clears it when it starts one."""


class LeaseRow(Model):
    """The one daemon of a database."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    process_start_time: Mapped[str | None]
    """What tells the process from a later one with the same pid."""
    version: Mapped[str]
    started_at: Mapped[datetime]
    heartbeat_at: Mapped[datetime]


class WatchRow(Model):
    """A saved question; who asked it is told of each article that answers it, once."""

    __tablename__ = "saved_searches"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    query: Mapped[str]
    target: Mapped[str]
    """An Apprise address. It may hold a secret: never shown whole, never logged."""
    delivery_mode: Mapped[DeliveryMode] = mapped_column(enum_of(DeliveryMode))
    digest_every: Mapped[timedelta | None]
    quiet_from: Mapped[str | None]
    """HH:MM in `timezone`; alerts between this and `quiet_until` wait."""
    quiet_until: Mapped[str | None]
    timezone: Mapped[str]
    created_at: Mapped[datetime]
    last_article_id: Mapped[int]
    """Articles up to this id were asked already."""
    last_notified_at: Mapped[datetime | None]
    """The last digest."""


class AlertRow(Model):
    """A message on its way to somebody; kept until it is delivered."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_delivered_at_next_attempt_at", "delivered_at", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """What it is about and for whom, so that nothing is told twice: `watch:3:article:17`, `event:9:opened:1`."""
    target: Mapped[str]
    title: Mapped[str]
    body: Mapped[str]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    error: Mapped[str | None]
    saved_search_id: Mapped[int | None] = mapped_column(ForeignKey("saved_searches.id", ondelete="SET NULL"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("events.id"))
