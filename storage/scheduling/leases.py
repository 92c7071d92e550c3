"""Lease a database to one daemon at a time.

The holder is a random id, made anew for every process: two containers may have the same host name and the same pid.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from storage.crawling.processes import is_alive, location, new_process_id, process_start_time
from storage.database.daemon_tables import leases
from storage.database.engine import advisory_lock, upsert_insert
from storage.database.session import Database
from storage.model.version import VERSION

DAEMON_LEASE = "daemon"
ONCE_LEASE = "daemon --once"
HEARTBEAT_INTERVAL = timedelta(seconds=10)
LEASE_TIMEOUT = timedelta(minutes=2)
"""Age of the last heartbeat after which a holder that cannot be seen counts as dead: twelve heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The daemon that holds the lease: its random id, host, process, version and heartbeat."""

    owner_id: str
    host: str
    machine: str
    pid: int
    process_start_time: str | None
    version: str
    started_at: datetime
    heartbeat_at: datetime
    problem: str | None

    def is_alive(self, now: datetime) -> bool:
        """Return whether the holder is alive: its process, or, if that cannot be seen, a recent heartbeat.

        A process of another PID namespace cannot be seen, whatever its host and pid.
        """
        seen = is_alive(self.host, self.machine, self.pid, self.process_start_time)
        return now - self.heartbeat_at < LEASE_TIMEOUT if seen is None else seen

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.started_at:%Y-%m-%d %H:%M} UTC"


class Leases:
    """Read and write the row of the daemon's lease."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.owner_id = new_process_id()

    def acquire(self, *, process: str | None, version: str, now: datetime, lost: Lease | None = None) -> Lease | None:
        """Acquire the daemon's lease for this process and return None; if a live process holds it, return its lease.

        `lost` is a lease that counts as that of a dead process, unless it has had a heartbeat since.
        """
        values = {
            "owner_id": self.owner_id,
            **location(),
            "process_start_time": process,
            "version": version,
            "started_at": now,
            "heartbeat_at": now,
            "problem": None,
        }
        with self._database.write() as connection:
            advisory_lock(connection, "daemon")  # a row that does not exist yet cannot be locked
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
            current = None if row is None else Lease(**row)
            if current is not None and current != lost and current.is_alive(now):
                return current
            statement = upsert_insert(connection, leases).values(name=DAEMON_LEASE, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
        return None

    def record_once(self, *, now: datetime) -> None:
        """Record the lease of this process, which ends after one round, as that of the last such round."""
        own = select(*_COLUMNS).where(*self._own)
        with self._database.write() as connection:
            row = connection.execute(own).mappings().first()
            if row is not None:
                values = {**row, "heartbeat_at": now}
                statement = upsert_insert(connection, leases).values(name=ONCE_LEASE, **values)
                connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))

    def last_once(self) -> Lease | None:
        """Return the lease of the last round of `daemon --once`, whose heartbeat is its end; None if there was none."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(leases.c.name == ONCE_LEASE)).mappings().first()
        return None if row is None else Lease(**row)

    def holder(self) -> Lease | None:
        """Return the current lease, its holder alive or not; None if it was released."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
        return None if row is None else Lease(**row)

    def heartbeat(self, *, now: datetime, problem: str | None = None) -> bool:
        """Update the heartbeat and the daemon's trouble; return False if another process holds the lease by now."""
        with self._database.write() as connection:
            own_row = update(leases).where(*self._own)
            return connection.execute(own_row.values(heartbeat_at=now, problem=problem)).rowcount == 1

    def release(self) -> None:
        """Release the lease if this process holds it."""
        with self._database.write() as connection:
            connection.execute(delete(leases).where(*self._own))

    @property
    def _own(self) -> tuple[ColumnElement[bool], ...]:
        return _DAEMON, leases.c.owner_id == self.owner_id


class LeaseClaim:
    """Claim a database for a daemon that crawls itself: by the lease alone, on SQLite and PostgreSQL."""

    leads = True

    def __init__(self, leases: Leases) -> None:
        self.holder: Lease | None = None
        self._leases = leases

    def acquire(self) -> bool:
        """Acquire the lease; return False if `holder` has it. Raises StoreError."""
        process = process_start_time(os.getpid())
        self.holder = self._leases.acquire(process=process, version=VERSION, now=datetime.now(UTC))
        return self.holder is None

    async def confirm(self) -> bool:
        """Return True: the heartbeat notices a lease that was lost."""
        return True

    def release(self) -> None:
        """Release the lease. Raises StoreError."""
        self._leases.release()


_DAEMON = leases.c.name == DAEMON_LEASE
_COLUMNS = tuple(column for column in leases.columns if column.name != "name")
