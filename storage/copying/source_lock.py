"""Keep every other process from writing to a database while it is copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine, select

from storage.copying.stored_tables import stored_tables
from storage.crawling.fencing import LEASE
from storage.crawling.processes import is_alive
from storage.database.engine import read_only_uri, shown_url, transaction
from storage.database.session import Database
from storage.database.tables import crawl_runs
from storage.model.errors import AlreadyRunningError
from storage.scheduling.leases import Leases


@contextmanager
def locked(engine: Engine, *, now: datetime) -> Iterator[Connection]:
    """Open one transaction in which nobody else can write; a file that may only be read is read as it is.

    It ends with this process, whatever ends that: no lock is left behind. Raises AlreadyRunningError if a daemon or a
    crawl runs on the database, StoreError if another process holds its lock for too long.
    """
    with transaction(engine, writes=_is_writable(engine)) as connection:
        if connection.dialect.name == "postgresql":
            # Before the first SELECT: the transaction then sees all that was written by then.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            names = ", ".join(stored.name for stored in stored_tables("postgresql"))
            connection.exec_driver_sql(f"LOCK TABLE {names} IN SHARE MODE")
        _refuse_writers(connection, engine, now)
        yield connection


def _is_writable(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql" or read_only_uri(engine.url.database or "") is None


def _refuse_writers(connection: Connection, engine: Engine, now: datetime) -> None:
    where = shown_url(engine)
    lease = Leases(Database(engine)).holder()
    if lease is not None and lease.is_alive(now):
        raise AlreadyRunningError(f"database {where}: a daemon writes to it ({lease}); stop it first")
    for run in connection.execute(_OPEN_RUNS):
        seen = is_alive(run.host, run.machine, run.pid, run.process_start_time)
        if now - run.heartbeat_at < LEASE if seen is None else seen:
            raise AlreadyRunningError(
                f"database {where}: process {run.pid} on {run.host} crawls {run.source}; wait for it to end"
            )


_OPEN_RUNS = select(
    crawl_runs.c.source,
    crawl_runs.c.host,
    crawl_runs.c.machine,
    crawl_runs.c.pid,
    crawl_runs.c.process_start_time,
    crawl_runs.c.heartbeat_at,
).where(crawl_runs.c.finished_at.is_(None))
