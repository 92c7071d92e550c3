"""Open, close and list crawl runs: one open run per source.

One whose process has ended, or sent no heartbeat for the time of a lease, is closed as interrupted by the next one.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.crawling import quarantine
from storage.crawling.fencing import LEASE, fenced_write
from storage.crawling.processes import is_alive, location, process_id
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import crawl_runs, fetches, links, sources
from storage.model.errors import AlreadyRunningError, LostLeaseError, StoreError
from storage.model.failure_causes import FailureCause
from storage.model.records import FetchResult, Outcome, RunStatus, Trigger

RUN_BATCH_SIZE = 200
"""Rows fetched at a time when runs are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """Status and totals of a closed run."""

    run_id: int
    source: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime
    listed: int
    list_changed: bool  # a channel listed other links than at the poll before
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
    channels_changed: bool  # a channel listed other links than at the poll before
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
    channels_read: bool = False  # every channel of the source was read
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

    def open(
        self, source: str, trigger: Trigger, *, now: datetime, process: str | None = None, lease: timedelta = LEASE
    ) -> int:
        """Open a run and return its id; `process` is the id of a crawl of a worker, default: that of this process.

        Open runs of the source whose process has ended, or whose last heartbeat is older than the lease, are closed as
        interrupted first. Raises AlreadyRunningError if there is another one.
        """
        with one_open_run(self._database, source), self._database.write() as connection:
            return open_run(connection, source, trigger, now=now, process=process, lease=lease)

    def close_for_process(self, process: str, failure: RunFailure, *, now: datetime) -> list[str]:
        """Close the runs that the crawl process or crawl with this id left open when it ended; return their sources.

        A run that was closed as interrupted, because its crawl was stopped at a limit, gets the failure; so does one
        that was closed as failed then, for a part of what it had done. One that another crawl took over stays as it is.
        """
        columns = select(
            *(crawl_runs.c.id, crawl_runs.c.source, crawl_runs.c.finished_at),
            *(crawl_runs.c.status, crawl_runs.c.failure_cause),
        )
        with self._database.read() as connection:
            runs = connection.execute(columns.where(crawl_runs.c.process_id == process)).all()
        overruled = set() if failure.status is RunStatus.INTERRUPTED else {RunStatus.INTERRUPTED}
        if failure.cause is FailureCause.LIMIT:
            overruled.add(RunStatus.FAILED)
        kept = [run for run in runs if run.failure_cause is not FailureCause.LEASE]
        ended = [run for run in kept if run.finished_at is None or run.status in overruled]
        for run in ended:
            if run.finished_at is None:
                self._close_dead(run.id, failure, now=now)
        if ended:
            statement = update(crawl_runs).where(crawl_runs.c.id.in_([run.id for run in ended]))
            with self._database.write() as connection:
                connection.execute(statement.values(_failure_columns(failure)))
        return [run.source for run in ended]

    def sources_of(self, process: str) -> frozenset[str]:
        """Return the sources of which the crawl process or crawl with this id opened a run."""
        with self._database.read() as connection:
            sources = select(crawl_runs.c.source).where(crawl_runs.c.process_id == process)
            return frozenset(connection.scalars(sources))

    def keep_stderr(self, process: str, stderr_tail: str) -> None:
        """Store the last lines of a process with its runs of this id that did not succeed."""
        failed = (crawl_runs.c.process_id == process, crawl_runs.c.status != RunStatus.SUCCEEDED)
        with self._database.write() as connection:
            connection.execute(update(crawl_runs).where(*failed).values(stderr_tail=stderr_tail))

    def record_unopened(
        self, source: str, process: str, failure: RunFailure, *, started_at: datetime, now: datetime
    ) -> None:
        """Insert the closed run of a crawl that ended before it opened one.

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
        with suppress(LostLeaseError), fenced_write(self._database, run_id) as connection:
            quarantine.suspect_marked(connection, run_id, now=now)
            close_run(connection, run_id, failure.status, now=now, error=failure.error)

    def heartbeat(self, run_id: int, *, now: datetime) -> None:
        """Update the time of the run's last heartbeat. Raises LostLeaseError if it is closed."""
        with fenced_write(self._database, run_id) as connection:
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
        """Close a run and return its totals. Raises LostLeaseError if it is closed already."""
        with fenced_write(self._database, run_id) as connection:
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


def open_run(
    connection: Connection,
    source: str,
    trigger: Trigger,
    *,
    now: datetime,
    process: str | None = None,
    lease: timedelta = LEASE,
) -> int:
    """Insert an open run and return its id; close those that have lapsed as interrupted."""
    # Locked before anything of theirs is changed, in the order in which their own writes lock it.
    for run in connection.execute(_open_runs(source).with_for_update()).all():
        lapse = _lapse(run, now, lease)
        if lapse is not None:
            cause, error = lapse
            quarantine.suspect_marked(connection, run.id, now=now)
            close_run(connection, run.id, RunStatus.INTERRUPTED, now=now, error=error, cause=cause)
    moments = {"started_at": now, "heartbeat_at": now}
    where = {"process_id": process or process_id(), **location()}
    values = {"source": source, "trigger": trigger, "status": RunStatus.RUNNING, **where, **moments}
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


def _lapse(run: AnyRow, now: datetime, lease: timedelta) -> tuple[FailureCause, str] | None:
    """Return why another crawl takes a source over, as cause and error of its open run; None if it does not."""
    if is_alive(run.host, run.machine, run.pid, run.process_start_time) is False:
        return FailureCause.CRASH, "its process ended without closing it"
    if now - run.heartbeat_at < lease:
        return None
    since = f"no heartbeat of process {run.pid} on {run.host} since {run.heartbeat_at:%Y-%m-%d %H:%M:%S} UTC"
    return FailureCause.LEASE, f"{since}; process {os.getpid()} on {socket.gethostname()} took over"


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
        "channels_read": counts.channels_read,
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
        list_changed=row.channels_changed,
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
_NEWEST = (crawl_runs.c.started_at.desc(), crawl_runs.c.id.desc())
"""Order of the runs of a source, as its index has them."""


def last_runs(connection: Connection) -> dict[str, CrawlRun]:
    """Return the last crawl run of each source that has any, by source."""
    last = select(crawl_runs.c.id).where(crawl_runs.c.source == sources.c.name).order_by(*_NEWEST).limit(1)
    ids = connection.scalars(select(last.correlate(sources).scalar_subquery()).select_from(sources)).all()
    rows = connection.execute(select(*_RUN_COLUMNS).where(crawl_runs.c.id.in_(ids))).mappings()
    return {row["source"]: CrawlRun(**row) for row in rows}


def list_runs(
    database: Database,
    *,
    source: str | None = None,
    limit: int | None = None,
    before: int | None = None,
    as_of: datetime | None = None,
) -> Iterator[CrawlRun]:
    """Iterate over the crawl runs of all sources or of one, newest first. Raises StoreError.

    `before` is the id of a run: the list goes on behind it. `as_of` leaves out those that began later.

    A list of at most RUN_BATCH_SIZE is read at once; a longer one keeps its transaction until it ends or is closed.
    """
    tests = [] if before is None else [crawl_runs.c.id < before if source is None else _is_before(before)]
    tests += [] if as_of is None else [crawl_runs.c.started_at <= as_of]
    runs = _iter_runs(database, source, limit, tests)
    return iter(list(runs)) if limit is not None and limit <= RUN_BATCH_SIZE else runs


def _is_before(run_id: int) -> ColumnElement[bool]:
    """Return the condition of the runs behind one in a list; ids are not always given in the order of the starts."""
    one = crawl_runs.alias("one")
    started_at = select(one.c.started_at).where(one.c.id == run_id).scalar_subquery()
    at_once = and_(crawl_runs.c.started_at == started_at, crawl_runs.c.id < run_id)
    return or_(crawl_runs.c.started_at < started_at, at_once)


def _iter_runs(
    database: Database, source: str | None, limit: int | None, tests: Sequence[ColumnElement[bool]]
) -> Iterator[CrawlRun]:
    statement = select(*_RUN_COLUMNS).where(*tests).order_by(crawl_runs.c.id.desc()).limit(limit)
    if source is not None:
        of_source = select(*_RUN_COLUMNS).where(crawl_runs.c.source == source, *tests)
        statement = of_source.order_by(*_NEWEST).limit(limit)
    streaming = {"yield_per": RUN_BATCH_SIZE}
    with database.read() as connection, connection.execution_options(**streaming).execute(statement) as rows:
        for row in rows.mappings():
            yield CrawlRun(**row)


def get_run(database: Database, run_id: int) -> CrawlRun | None:
    """Return a crawl run by its id; None if there is none. Raises StoreError."""
    with database.read() as connection:
        row = connection.execute(select(*_RUN_COLUMNS).where(crawl_runs.c.id == run_id)).mappings().first()
    return None if row is None else CrawlRun(**row)
