"""Query the status of every source: schedule, last run, open events and counts of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage.crawling.events import Event, Events
from storage.crawling.quarantine import quarantined_urls
from storage.crawling.runs import CrawlRun, list_runs
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
    is_watched: bool
    sources: tuple[StoredSourceStatus, ...]


def system_status(database: Database, *, since: datetime, now: datetime) -> SystemStatus:
    """Return the status of the daemon and of every source, with counts since `since`. Raises StoreError."""
    lease = Leases(database).holder()
    schedules = Schedules(database).all()
    names = sorted({*schedules, *_crawled_sources(database)})
    return SystemStatus(
        daemon=lease,
        is_watched=lease is not None and lease.is_alive(now),
        sources=tuple(_source_status(database, name, schedules.get(name), since) for name in names),
    )


def _crawled_sources(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(crawl_runs.c.source).distinct()))


def _source_status(database: Database, source: str, schedule: Schedule | None, since: datetime) -> StoredSourceStatus:
    last = next(list_runs(database, source=source, limit=1), None)
    with database.read() as connection:
        stored = (articles.c.source == source, articles.c.stored_at >= since)
        pending = (links.c.source == source, links.c.outcome == Outcome.PENDING)
        runs = (crawl_runs.c.source == source, crawl_runs.c.started_at >= since)
        selected = select(func.sum(crawl_runs.c.recrawl_count)).where(*runs)
        selected_count = connection.scalar(selected) or 0
        return StoredSourceStatus(
            source=source,
            schedule=schedule,
            last_run=last,
            is_running=last is not None and last.status is RunStatus.RUNNING,
            stored_today=connection.scalar(select(func.count()).select_from(articles).where(*stored)) or 0,
            pending=connection.scalar(select(func.count()).select_from(links).where(*pending)) or 0,
            quarantined=quarantined_urls(connection, source),
            recrawls=RecrawlCounts(due=selected_count + _deferred_recrawls(last), chosen=selected_count),
            events=tuple(Events(database).find(source=source, open_only=True)),
        )


def _deferred_recrawls(last: CrawlRun | None) -> int:
    """Count the recrawls that exceeded the request budget of the last crawl, with those deferred before."""
    return 0 if last is None else last.recrawl_due_count - last.recrawl_count
