"""Fence the writes of a crawl: each is made only while its run is open, in one transaction with that check.

A crawl holds the lease of its source while its run is open and its heartbeat recent; the id of the run is the token of
the lease. Ids only rise, a closed run is never opened again, and a source has one open run at most: a crawl that slept
or lost the network, and whose run was closed by another one meanwhile, is refused whatever it writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from storage.database.session import Database
from storage.database.tables import crawl_runs
from storage.model.errors import LostLeaseError

LEASE = timedelta(minutes=2)
"""Default age of the last heartbeat after which another crawl takes over."""
HEARTBEATS = 4
"""Heartbeats in the time of a lease."""
MAX_IDLE = timedelta(seconds=20)
"""Time after which PostgreSQL ends a transaction of a crawl that sends nothing: what a stopped process has locked would
hold up the next crawl for ever."""

_RUN = select(crawl_runs.c.source, crawl_runs.c.finished_at, crawl_runs.c.error).where(
    crawl_runs.c.id == bindparam("token")
)
_ENDED_IDLE = func.set_config("idle_in_transaction_session_timeout", f"{MAX_IDLE // timedelta(milliseconds=1)}", True)
# The lock is the one of a reader: it waits for whoever closes the run, and holds up nobody who refers to it.
_LOCKED_RUN = _RUN.add_columns(_ENDED_IDLE).with_for_update(read=True)


@contextmanager
def fenced_write(database: Database, *run_ids: int | None) -> Iterator[Connection]:
    """Open a write transaction of crawls by the ids of their runs; None is a write of no crawl, which is not fenced.

    Raises LostLeaseError, before anything is written, if one of the runs is closed. Raises StoreError.
    """
    with database.write() as connection:
        for run_id in dict.fromkeys(run_ids):
            if run_id is not None:
                require_open(connection, run_id)
        yield connection


def require_open(connection: Connection, run_id: int) -> None:
    """Keep a run open until the transaction ends: one indexed read. Raises LostLeaseError if it is closed."""
    # SQLite needs no lock of a row: its transaction holds that of the database since its begin.
    statement = _LOCKED_RUN if connection.dialect.name == "postgresql" else _RUN
    run: Any = connection.execute(statement, {"token": run_id}).first()
    if run is None:
        raise LostLeaseError(f"run {run_id} is in this database no longer; its writes are refused")
    if run.finished_at is not None:
        closed = f"it was closed at {run.finished_at:%Y-%m-%d %H:%M:%S} UTC"
        why = f" ({run.error})" if run.error else ""
        raise LostLeaseError(f"{run.source}: run {run_id} lost its lease: {closed}{why}; its writes are refused")
