"""Query the queue of crawls that `presswatch worker` works through: its workers, its depth, and what is stalled in it.

Periodic tasks of the daemon, which are in it, too, are not counted. The tables are those of procrastinate, which is not
needed to read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

from storage.database.session import Database

QUEUE_SCHEMA = "presswatch_queue"
STALE_AFTER = timedelta(seconds=20)
"""Age of the last heartbeat of a worker after which its crawls are stalled, and given to others: four heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """Status of the queue, by the clock of the server."""

    worker_count: int  # that sent a heartbeat lately
    waiting_count: int
    running_count: int
    stalled_count: int  # of those whose worker sends no heartbeat
    oldest_waiting: timedelta | None
    """Age of the crawl that waits longest."""
    oldest_stalled: timedelta | None
    """Time since a crawl that is stalled was begun, of the longest."""


def queue_status(database: Database) -> QueueStatus | None:
    """Return the status of the queue; None if there is none, or the user may not read it. Raises StoreError."""
    if database.engine.dialect.name != "postgresql":
        return None
    with database.read() as connection:
        return _status(connection) if _is_readable(connection) else None


def _is_readable(connection: Connection) -> bool:
    return bool(connection.execute(_READABLE, {"schema": QUEUE_SCHEMA}).scalar_one() == len(_TABLES))


def _status(connection: Connection) -> QueueStatus:
    return QueueStatus(**connection.execute(_STATUS, {"stale": STALE_AFTER}).mappings().one())


_TABLES = ("procrastinate_jobs", "procrastinate_workers", "procrastinate_events")
_READABLE = text(f"""
SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = :schema AND relname IN {_TABLES}
        AND has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, 'SELECT')
""")  # noqa: S608
_STATUS = text(f"""
WITH alive AS (
    SELECT id FROM {QUEUE_SCHEMA}.procrastinate_workers WHERE last_heartbeat >= now() - CAST(:stale AS interval)
), job AS (
    SELECT status, status = 'doing' AND NOT EXISTS (SELECT FROM alive WHERE alive.id = worker_id) AS is_stalled,
        now() - (SELECT max(at) FROM {QUEUE_SCHEMA}.procrastinate_events AS event
            WHERE event.job_id = job.id) AS age
    FROM {QUEUE_SCHEMA}.procrastinate_jobs AS job WHERE status IN ('todo', 'doing') AND task_name = 'crawl'
)
SELECT (SELECT count(*) FROM alive) AS worker_count,
    count(*) FILTER (WHERE status = 'todo') AS waiting_count,
    count(*) FILTER (WHERE status = 'doing' AND NOT is_stalled) AS running_count,
    count(*) FILTER (WHERE is_stalled) AS stalled_count,
    max(age) FILTER (WHERE status = 'todo') AS oldest_waiting,
    max(age) FILTER (WHERE is_stalled) AS oldest_stalled
FROM job
""")  # noqa: S608
