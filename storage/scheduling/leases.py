"""Lease a database to one daemon at a time."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from storage.crawling.processes import is_alive
from storage.database.daemon_tables import leases
from storage.database.engine import advisory_lock, upsert_insert
from storage.database.session import Database

DAEMON_LEASE = "daemon"
HEARTBEAT_INTERVAL = timedelta(seconds=10)
LEASE_TIMEOUT = timedelta(minutes=2)
"""Age of the last heartbeat after which a holder on another host counts as dead: twelve heartbeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The daemon that holds the lease: its host, process, version and heartbeat."""

    host: str
    pid: int
    process_start_time: str | None
    version: str
    started_at: datetime
    heartbeat_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Return whether the holder's process is alive; of another host, whether its heartbeat is recent."""
        return is_alive(self.host, self.pid, self.process_start_time) and (
            self.host == socket.gethostname() or now - self.heartbeat_at < LEASE_TIMEOUT
        )

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.started_at:%Y-%m-%d %H:%M} UTC"


class Leases:
    """Read and write the row of the daemon's lease."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, *, process: str | None, version: str, now: datetime) -> Lease | None:
        """Acquire the daemon's lease for this process and return None; if a live process holds it, return its lease."""
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "process_start_time": process, "version": version}
        values = {**holder, "started_at": now, "heartbeat_at": now}
        with self._database.write() as connection:
            advisory_lock(connection, "daemon")  # a row that does not exist yet cannot be locked
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
            current = None if row is None else Lease(**row)
            if current is not None and current.is_alive(now):
                return current
            statement = upsert_insert(connection, leases).values(name=DAEMON_LEASE, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
        return None

    def holder(self) -> Lease | None:
        """Return the current lease, its holder alive or not; None if it was released."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
        return None if row is None else Lease(**row)

    def heartbeat(self, *, now: datetime) -> bool:
        """Update the heartbeat; return False if another process holds the lease by now."""
        with self._database.write() as connection:
            own_row = update(leases).where(_DAEMON, leases.c.pid == os.getpid(), leases.c.host == socket.gethostname())
            return connection.execute(own_row.values(heartbeat_at=now)).rowcount == 1

    def release(self) -> None:
        """Release the lease if this process holds it."""
        own_row = delete(leases).where(_DAEMON, leases.c.pid == os.getpid(), leases.c.host == socket.gethostname())
        with self._database.write() as connection:
            connection.execute(own_row)


_DAEMON = leases.c.name == DAEMON_LEASE
_COLUMNS = tuple(column for column in leases.columns if column.name != "name")
