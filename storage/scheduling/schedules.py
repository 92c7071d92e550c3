"""Store when each source is polled next, and why; store requests to pause, resume or trigger a crawl."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from storage.crawling import events
from storage.database.daemon_tables import schedules
from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import channels, crawl_runs, sources
from storage.model.errors import StoreError
from storage.model.event_kinds import EventKind
from storage.model.failure_causes import FailureCause
from storage.model.records import FailureStage, RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The next poll of a source, its reason, and requests of people."""

    source: str
    next_poll_at: datetime
    interval: timedelta | None
    reason: str
    consecutive_failures: int = 0  # failed crawls in a row
    first_failure_at: datetime | None = None
    run_isolated: bool = False  # its last crawl was killed: run it in a process of its own
    local_failures: int = 0  # consecutive crawls that failed on this side
    local_failure_cause: FailureCause | None = None  # of the last of them
    first_local_failure_at: datetime | None = None
    paused_at: datetime | None = None
    crawl_requested_at: datetime | None = None  # time of a request to crawl now


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCrawl:
    """Result of the last finished crawl of a source: the input of the planner."""

    process_id: str
    started_at: datetime
    finished_at: datetime
    status: RunStatus
    error: str | None
    cause: FailureCause | None
    listed: int
    new_links: int
    changed: bool
    stage: FailureStage | None  # of the first channel that failed in it
    rate_limited_until: datetime | None
    since: datetime | None  # end of the last successful crawl before it


class Schedules:
    """Read and write the rows of `schedules`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, Schedule]:
        """Return every schedule by source name."""
        with self._database.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(schedules.c.source)).mappings()
            return {row["source"]: Schedule(**row) for row in rows}

    def get(self, source: str) -> Schedule | None:
        """Return the schedule of a source; None if it has none."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(schedules.c.source == source)).mappings().first()
        return None if row is None else Schedule(**row)

    def set(self, schedule: Schedule) -> None:
        """Store the next poll of a source; a pause or a crawl request that was stored meanwhile stays."""
        values = {name: getattr(schedule, name) for name in _PLANNED}
        with self._database.write() as connection:
            statement = upsert_insert(connection, schedules).values(source=schedule.source, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))

    def pause(self, source: str, *, now: datetime) -> None:
        """Pause the schedule of a source until it is resumed. Raises StoreError for a source without a schedule."""
        self._update(source, {"paused_at": now})

    def resume(self, source: str, *, now: datetime) -> None:
        """Resume the schedule of a source, and record its pause. Raises StoreError for a source without a schedule."""
        own = schedules.c.source == source
        with self._database.write() as connection:
            row = connection.execute(select(schedules.c.paused_at).where(own).with_for_update()).first()
            if row is None:
                raise _no_schedule(source)
            if row.paused_at is not None:
                pause = {"source": source, "kind": EventKind.PAUSED, "subject": ""}
                details = {"sentence": "paused by hand"}
                events.record(connection, **pause, details=details, opened_at=row.paused_at, now=now)
            connection.execute(update(schedules).where(own).values(paused_at=None))

    def request_crawl(self, source: str, *, now: datetime) -> None:
        """Store a request to the daemon to crawl now. Raises StoreError for a source without a schedule."""
        self._update(source, {"crawl_requested_at": now})

    def clear_crawl_request(self, sources: Collection[str]) -> None:
        """Clear the crawl requests of sources whose crawl is being started."""
        with self._database.write() as connection:
            connection.execute(update(schedules).where(schedules.c.source.in_(sources)).values(crawl_requested_at=None))

    def _update(self, source: str, values: dict[str, Any]) -> None:
        with self._database.write() as connection:
            changed = connection.execute(update(schedules).where(schedules.c.source == source).values(values))
        if changed.rowcount == 0:
            raise _no_schedule(source)

    def last_crawl(self, source: str) -> LastCrawl | None:
        """Return the last finished crawl of a source; None if there is none."""
        with self._database.read() as connection:
            return _last_crawl(connection, source, crawl_runs.c.source == source)

    def with_crawl_of(self, source: str, process: str) -> tuple[Schedule, LastCrawl | None]:
        """Return the schedule of a source and its finished crawl by the process with a random id; None without one.

        Raises StoreError for a source without a schedule.
        """
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(schedules.c.source == source)).mappings().one()
            # An expression, for the process finds its few runs: in the order of ids all of a source would be read.
            return Schedule(**row), _last_crawl(
                connection, source, crawl_runs.c.source + "" == source, crawl_runs.c.process_id == process
            )


def _no_schedule(source: str) -> StoreError:
    return StoreError(f"{source} has no schedule yet: start presswatch daemon first")


_COLUMNS = tuple(schedules.columns)
_PLANNED = tuple(
    field.name for field in fields(Schedule) if field.name not in {"source", "paused_at", "crawl_requested_at"}
)
"""Columns that the planner writes; people write the others."""
_LAST_RUN = select(crawl_runs).where(crawl_runs.c.finished_at.is_not(None)).order_by(crawl_runs.c.id.desc()).limit(1)
_LAST_SUCCESS = (
    select(crawl_runs.c.finished_at)
    .where(crawl_runs.c.status == RunStatus.SUCCEEDED)
    .order_by(crawl_runs.c.id.desc())
    .limit(1)
)
_FAILING = select(channels.c.failure_stage).where(channels.c.consecutive_failures > 0).order_by(channels.c.id).limit(1)


def _last_crawl(connection: Connection, source: str, *which: ColumnElement[bool]) -> LastCrawl | None:
    run = connection.execute(_LAST_RUN.where(*which)).first()
    if run is None:
        return None
    failing = connection.scalar(
        _FAILING.where(channels.c.source == source, channels.c.last_failed_at >= run.started_at)
    )
    rate_limited_until = connection.scalar(select(sources.c.rate_limited_until).where(sources.c.name == source))
    since = connection.scalar(_LAST_SUCCESS.where(crawl_runs.c.source == source, crawl_runs.c.id < run.id))
    return LastCrawl(
        process_id=run.process_id,
        started_at=run.started_at,
        finished_at=run.finished_at,
        status=run.status,
        error=run.error,
        cause=run.failure_cause,
        listed=run.listed_count,
        new_links=run.new_link_count,
        changed=run.channels_changed,
        stage=None if run.status is RunStatus.SUCCEEDED else failing,
        rate_limited_until=rate_limited_until,
        since=since,
    )
