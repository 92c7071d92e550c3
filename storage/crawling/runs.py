"""Open, close and list crawl runs: one open run per source; one whose process has ended becomes interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage.crawling import quarantine
from storage.crawling.processes import is_alive, location, process_id
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import crawl_runs, fetches, links
from storage.model.errors import AlreadyRunningError, StoreError
from storage.model.failure_causes import FailureCause
from storage.model.records import FetchResult, Outcome, RunStatus, Trigger

HEARTBEAT_INTERVAL = timedelta(seconds=30)
RUN_BATCH_SIZE = 200
"""Rows fetched at a time when runs are listed."""
HEARTBEAT_TIMEOUT = timedelta(minutes=10)
"""Age of the last heartbeat after which a run that cannot be seen counts as dead: twenty heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Status and totals of a closed run."""

    run_id: int
    source: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime
    listed: int
    new: int
    revised: int
    unchanged: int
    views_updated: int
    filtered: int
    failed: int
    gone: int
    pending: int
    requests: int
    received: int  # bytes of bodies
    error: str | None
    cause: FailureCause | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailure:
    """Failure of a run: its status, cause and error, and the last lines its process wrote to stderr."""

    status: RunStatus
    cause: FailureCause
    error: str
    stderr_tail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlRun:
    """A row of `crawl_runs`; `finished_at` is None while it runs."""

    id: int
    source: str
    trigger: Trigger
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None
    listed_count: int
    new_count: int
    revised_count: int
    unchanged_count: int
    view_update_count: int
    filtered_count: int
    failed_count: int
    gone_count: int
    pending_count: int
    new_link_count: int  # listed URLs never listed before
    recrawl_due_count: int
    recrawl_count: int
    request_count: int
    byte_count: int
    error: str | None
    failure_cause: FailureCause | None
    stderr_tail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlCounts:
    """Counts of a crawl that cannot be counted from its fetches."""

    listed: int = 0
    new_links: int = 0  # of them never listed before
    changed: bool = False  # a channel listed other links than at the poll before
    set_aside: int = 0  # links filtered without a fetch, by the hints of their listings
    recrawls_due: int = 0
    recrawls: int = 0  # of them selected; the rest exceeded the request budget
    requests: int = 0
    received: int = 0  # bytes of bodies


NO_COUNTS = CrawlCounts()


class Runs:
    """Open, update and close rows of `crawl_runs`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, source: str, trigger: Trigger, *, now: datetime) -> int:
        """Open a run and return its id.

        Open runs of the source whose process has ended are closed as interrupted first.
        Raises AlreadyRunningError if the process of one is alive.
        """
        with one_open_run(self._database, source), self._database.write() as connection:
            return open_run(connection, source, trigger, now=now)

    def close_for_process(self, process: str, failure: RunFailure, *, now: datetime) -> list[str]:
        """Close the runs that the crawl process with this random id left open when it ended; return their sources.

        A run that the process closed itself as interrupted, because it was terminated at a limit, gets the failure.
        """
        columns = select(crawl_runs.c.id, crawl_runs.c.source, crawl_runs.c.finished_at, crawl_runs.c.status)
        with self._database.read() as connection:
            runs = connection.execute(columns.where(crawl_runs.c.process_id == process)).all()
        keeps = failure.status is RunStatus.INTERRUPTED
        ended = [r for r in runs if r.finished_at is None or (r.status is RunStatus.INTERRUPTED and not keeps)]
        for run in ended:
            if run.finished_at is None:
                self._close_dead(run.id, failure, now=now)
        if ended:
            statement = update(crawl_runs).where(crawl_runs.c.id.in_([run.id for run in ended]))
            with self._database.write() as connection:
                connection.execute(statement.values(_failure_columns(failure)))
        return [run.source for run in ended]

    def sources_of(self, process: str) -> frozenset[str]:
        """Return the sources of which a crawl process opened a run."""
        with self._database.read() as connection:
            sources = select(crawl_runs.c.source).where(crawl_runs.c.process_id == process)
            return frozenset(connection.scalars(sources))

    def keep_stderr(self, process: str, stderr_tail: str) -> None:
        """Store the last lines of a crawl process with its runs that did not succeed."""
        failed = (crawl_runs.c.process_id == process, crawl_runs.c.status != RunStatus.SUCCEEDED)
        with self._database.write() as connection:
            connection.execute(update(crawl_runs).where(*failed).values(stderr_tail=stderr_tail))

    def record_unopened(
        self, source: str, process: str, failure: RunFailure, *, started_at: datetime, now: datetime
    ) -> None:
        """Insert the closed run of a crawl process that ended before it opened one.

        Of several in a row with the same cause the last is kept: a crawl is tried again every minute.
        """
        last = select(crawl_runs.c.id, crawl_runs.c.request_count, crawl_runs.c.failure_cause)
        newest = last.where(crawl_runs.c.source == source).order_by(crawl_runs.c.id.desc()).limit(1)
        values = {"process_id": process, "finished_at": now, "heartbeat_at": now, **_failure_columns(failure)}
        with self._database.write() as connection:
            before = connection.execute(newest).first()
            if before is not None and before.failure_cause is failure.cause and before.request_count == 0:
                connection.execute(update(crawl_runs).where(crawl_runs.c.id == before.id).values(values))
                return
            opened = {"source": source, "trigger": Trigger.SCHEDULED, "started_at": started_at, **location()}
            connection.execute(insert(crawl_runs).values({**opened, **values}))

    def _close_dead(self, run_id: int, failure: RunFailure, *, now: datetime) -> None:
        with self._database.write() as connection:
            quarantine.suspect_marked(connection, run_id, now=now)
            close_run(connection, run_id, failure.status, now=now, error=failure.error)

    def heartbeat(self, run_id: int, *, now: datetime) -> None:
        """Update the time of the run's last heartbeat."""
        with self._database.write() as connection:
            connection.execute(update(crawl_runs).where(crawl_runs.c.id == run_id).values(heartbeat_at=now))

    def close(
        self,
        run_id: int,
        status: RunStatus,
        *,
        now: datetime,
        counts: CrawlCounts = NO_COUNTS,
        error: str | None = None,
        cause: FailureCause | None = None,
    ) -> RunSummary:
        """Close a run and return its totals."""
        with self._database.write() as connection:
            return close_run(connection, run_id, status, now=now, counts=counts, error=error, cause=cause)


@contextmanager
def one_open_run(database: Database, source: str) -> Iterator[None]:
    """Translate the unique-index violation of `open_run` into AlreadyRunningError."""
    try:
        yield
    except StoreError as error:
        if isinstance(error.__cause__, IntegrityError):
            raise _already_open(database, source) from error
        raise


def open_run(connection: Connection, source: str, trigger: Trigger, *, now: datetime) -> int:
    """Insert an open run and return its id; close those whose process has ended as interrupted."""
    for run in connection.execute(_open_runs(source)).all():
        if not _is_alive(run, now):
            error = "its process ended without closing it"
            quarantine.suspect_marked(connection, run.id, now=now)
            close_run(connection, run.id, RunStatus.INTERRUPTED, now=now, error=error, cause=FailureCause.CRASH)
    moments = {"started_at": now, "heartbeat_at": now}
    process = {"process_id": process_id(), **location()}
    values = {"source": source, "trigger": trigger, "status": RunStatus.RUNNING, **process, **moments}
    run_id: int = connection.execute(insert(crawl_runs).values(values).returning(crawl_runs.c.id)).scalar_one()
    return run_id


def close_run(
    connection: Connection,
    run_id: int,
    status: RunStatus,
    *,
    now: datetime,
    counts: CrawlCounts = NO_COUNTS,
    error: str | None = None,
    cause: FailureCause | None = None,
) -> RunSummary:
    """Close a run and return its totals, counted from its fetches, so that a killed run is counted like any other."""
    source = connection.scalar(select(crawl_runs.c.source).where(crawl_runs.c.id == run_id))
    totals = _fetch_counts(connection, run_id, source or "")
    totals["filtered_count"] += counts.set_aside
    outcome = {"status": status, "finished_at": now, "error": error, "failure_cause": cause}
    values = {**outcome, **totals, **_count_columns(counts)}
    closed = update(crawl_runs).where(crawl_runs.c.id == run_id).values(values).returning(crawl_runs)
    return _summary(connection.execute(closed).one())


def _already_open(database: Database, source: str) -> AlreadyRunningError:
    with database.read() as connection:
        run = connection.execute(_open_runs(source)).first()
    owner = f" by process {run.pid} on {run.host} since {run.started_at:%Y-%m-%d %H:%M} UTC" if run else ""
    return AlreadyRunningError(f"{source} is being crawled already{owner}; wait for it to end")


def _open_runs(source: str) -> Any:
    process = (crawl_runs.c.host, crawl_runs.c.machine, crawl_runs.c.pid, crawl_runs.c.process_start_time)
    columns = (crawl_runs.c.id, *process)
    moments = (crawl_runs.c.started_at, crawl_runs.c.heartbeat_at)
    return select(*columns, *moments).where(crawl_runs.c.source == source, crawl_runs.c.finished_at.is_(None))


def _is_alive(run: AnyRow, now: datetime) -> bool:
    seen = is_alive(run.host, run.machine, run.pid, run.process_start_time)
    return now - run.heartbeat_at < HEARTBEAT_TIMEOUT if seen is None else seen


def _failure_columns(failure: RunFailure) -> dict[str, Any]:
    return {
        "status": failure.status,
        "error": failure.error,
        "failure_cause": failure.cause,
        "stderr_tail": failure.stderr_tail,
    }


def _fetch_counts(connection: Connection, run_id: int, source: str) -> dict[str, int]:
    rows = connection.execute(
        select(fetches.c.result, func.count()).where(fetches.c.run_id == run_id).group_by(fetches.c.result)
    )
    by_result: dict[FetchResult, int] = {result: count for result, count in rows}  # noqa: C416  (rows are not pairs to mypy)
    view_updates = and_(
        fetches.c.run_id == run_id, fetches.c.view_count.is_not(None), fetches.c.result != FetchResult.NEW
    )
    pending = and_(links.c.source == source, links.c.outcome == Outcome.PENDING)
    return {
        "new_count": by_result.get(FetchResult.NEW, 0),
        "revised_count": by_result.get(FetchResult.REVISED, 0),
        "unchanged_count": sum(by_result.get(result, 0) for result in UNCHANGED_RESULTS),
        "filtered_count": by_result.get(FetchResult.FILTERED, 0),
        "failed_count": by_result.get(FetchResult.FAILED, 0) + by_result.get(FetchResult.NOT_FOUND, 0),
        "gone_count": by_result.get(FetchResult.GONE, 0),
        "view_update_count": connection.scalar(select(func.count()).where(view_updates)) or 0,
        "pending_count": connection.scalar(select(func.count()).where(pending)) or 0,
    }


def _count_columns(counts: CrawlCounts) -> dict[str, Any]:
    return {
        "listed_count": counts.listed,
        "new_link_count": counts.new_links,
        "channels_changed": counts.changed,
        "recrawl_due_count": counts.recrawls_due,
        "recrawl_count": counts.recrawls,
        "request_count": counts.requests,
        "byte_count": counts.received,
    }


UNCHANGED_RESULTS = (FetchResult.UNCHANGED, FetchResult.REPARSED, FetchResult.UNCONFIRMED)


def _summary(row: AnyRow) -> RunSummary:
    return RunSummary(
        run_id=row.id,
        source=row.source,
        status=row.status,
        started_at=row.started_at,
        finished_at=row.finished_at,
        listed=row.listed_count,
        new=row.new_count,
        revised=row.revised_count,
        unchanged=row.unchanged_count,
        views_updated=row.view_update_count,
        filtered=row.filtered_count,
        failed=row.failed_count,
        gone=row.gone_count,
        pending=row.pending_count,
        requests=row.request_count,
        received=row.byte_count,
        error=row.error,
        cause=row.failure_cause,
    )


_RUN_COLUMNS = tuple(crawl_runs.c[field.name] for field in fields(CrawlRun))


def list_runs(database: Database, *, source: str | None = None, limit: int | None = None) -> Iterator[CrawlRun]:
    """Iterate over the crawl runs of all sources or of one, newest first. Raises StoreError.

    A list of at most RUN_BATCH_SIZE is read at once; a longer one keeps its transaction until it ends or is closed.
    """
    runs = _iter_runs(database, source, limit)
    return iter(list(runs)) if limit is not None and limit <= RUN_BATCH_SIZE else runs


def _iter_runs(database: Database, source: str | None, limit: int | None) -> Iterator[CrawlRun]:
    statement = select(*_RUN_COLUMNS).order_by(crawl_runs.c.id.desc()).limit(limit)
    if source is not None:
        latest = (crawl_runs.c.started_at.desc(), crawl_runs.c.id.desc())
        statement = select(*_RUN_COLUMNS).where(crawl_runs.c.source == source).order_by(*latest).limit(limit)
    streaming = {"yield_per": RUN_BATCH_SIZE}
    with database.read() as connection, connection.execution_options(**streaming).execute(statement) as rows:
        for row in rows.mappings():
            yield CrawlRun(**row)
