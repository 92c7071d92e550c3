"""Query the status of every source: schedule, last run, open events and counts of the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, func, select

from storage.crawling import runs
from storage.crawling.events import Event, Events
from storage.crawling.quarantine import quarantined_urls
from storage.crawling.runs import CrawlRun
from storage.database.session import Database
from storage.database.tables import articles, crawl_runs, links
from storage.model.records import Outcome, RunStatus
from storage.scheduling.leases import Lease, Leases
from storage.scheduling.schedules import Schedule, Schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class RecrawlCounts:
    """Numbers of recrawls in a period: due, and selected of them."""

    due: int
    chosen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSourceStatus:
    """Status of one source."""

    source: str
    schedule: Schedule | None
    last_run: CrawlRun | None
    is_running: bool
    stored_today: int
    pending: int
    quarantined: tuple[str, ...]  # URLs of pages of which parsers died
    recrawls: RecrawlCounts  # since `since`
    events: tuple[Event, ...]  # open


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """Status of the daemon and of all sources."""

    daemon: Lease | None
    once: Lease | None  # of the last `daemon --once`
    is_watched: bool
    sources: tuple[StoredSourceStatus, ...]


def system_status(database: Database, *, since: datetime, now: datetime) -> SystemStatus:
    """Return the status of the daemon and of every source, with counts since `since`. Raises StoreError."""
    lease, once = Leases(database).holder(), Leases(database).last_once()
    schedules = Schedules(database).all()
    open_events: dict[str, list[Event]] = {}
    for event in Events(database).find(open_only=True):
        open_events.setdefault(event.source, []).append(event)
    with database.read() as connection:
        last_runs = runs.last_runs(connection)
        names = sorted({*schedules, *last_runs})
        stored = _counts(connection, articles.c.source, names, articles.c.stored_at >= since)
        pending = _counts(connection, links.c.source, names, links.c.outcome == Outcome.PENDING)
        recrawls = _counts(
            connection, crawl_runs.c.source, names, crawl_runs.c.started_at >= since, of=crawl_runs.c.recrawl_count
        )
        quarantined = quarantined_urls(connection)
    return SystemStatus(
        daemon=lease,
        once=once,
        is_watched=lease is not None and lease.is_alive(now),
        sources=tuple(
            StoredSourceStatus(
                source=name,
                schedule=schedules.get(name),
                last_run=last_runs.get(name),
                is_running=name in last_runs and last_runs[name].status is RunStatus.RUNNING,
                stored_today=stored.get(name, 0),
                pending=pending.get(name, 0),
                quarantined=tuple(quarantined.get(name, ())),
                recrawls=_recrawl_counts(last_runs.get(name), recrawls.get(name, 0)),
                events=tuple(open_events.get(name, ())),
            )
            for name in names
        ),
    )


def _counts(
    connection: Connection,
    source: Column[Any],
    names: Sequence[str],
    condition: ColumnElement[bool],
    *,
    of: ColumnElement[int] | None = None,
) -> dict[str, int]:
    """Count the rows of each of these sources that meet the condition, or sum `of` over them."""
    number = func.count() if of is None else func.sum(of)
    # Named, the sources are looked up one by one in the index that begins with them; else all rows would be counted.
    rows = connection.execute(select(source, number).where(source.in_(names), condition).group_by(source))
    return {name: int(counted) for name, counted in rows}


def _recrawl_counts(last: CrawlRun | None, chosen: int) -> RecrawlCounts:
    """Add the recrawls that exceeded the request budget of the last crawl, with those deferred before."""
    deferred = 0 if last is None else last.recrawl_due_count - last.recrawl_count
    return RecrawlCounts(due=chosen + deferred, chosen=chosen)
