"""How each source stands: its plan, its last crawl, what is open, what came today."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage.events import Event, Events
from storage.leases import Lease, Leases
from storage.models import ArticleRow, CrawlRunRow, LinkRow
from storage.records import Outcome, RunStatus
from storage.runs import CrawlRun, past_runs
from storage.schedules import Schedule, Schedules
from storage.session import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Relooks:
    """Re-looks of a period: due, and done of them."""

    due: int
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One source, as it stands now."""

    source: str
    schedule: Schedule | None
    last_run: CrawlRun | None
    is_running: bool
    stored_today: int
    pending: int
    relooks: Relooks  # since `since`
    events: tuple[Event, ...]  # open


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The daemon and all sources."""

    daemon: Lease | None
    is_watched: bool
    conditions: tuple[Condition, ...]


def standing(database: Database, *, since: datetime, now: datetime) -> Standing:
    """How everything stands; counts are since `since`. Raises StoreError."""
    lease = Leases(database).holder()
    schedules = Schedules(database).all()
    names = sorted({*schedules, *_crawled(database)})
    return Standing(
        daemon=lease,
        is_watched=lease is not None and lease.holds(now),
        conditions=tuple(_condition(database, name, schedules.get(name), since) for name in names),
    )


def _crawled(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.scalars(select(CrawlRunRow.source).distinct()))


def _condition(database: Database, source: str, schedule: Schedule | None, since: datetime) -> Condition:
    last = next(past_runs(database, source=source, limit=1), None)
    with database.read() as connection:
        stored = (ArticleRow.source == source, ArticleRow.stored_at >= since)
        pending = (LinkRow.source == source, LinkRow.outcome == Outcome.PENDING)
        runs = (CrawlRunRow.source == source, CrawlRunRow.started_at >= since)
        relooks = select(func.sum(CrawlRunRow.relook_count)).where(*runs)
        done = connection.scalar(relooks) or 0
        return Condition(
            source=source,
            schedule=schedule,
            last_run=last,
            is_running=last is not None and last.status is RunStatus.RUNNING,
            stored_today=connection.scalar(select(func.count()).select_from(ArticleRow).where(*stored)) or 0,
            pending=connection.scalar(select(func.count()).select_from(LinkRow).where(*pending)) or 0,
            relooks=Relooks(due=done + _left_over(last), done=done),
            events=tuple(Events(database).find(source=source, open_only=True)),
        )


def _left_over(last: CrawlRun | None) -> int:
    """Re-looks that found no room in the last crawl's budget; those before it found theirs, or are among these."""
    return 0 if last is None else last.relook_due_count - last.relook_count
