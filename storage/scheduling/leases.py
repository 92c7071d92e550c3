"""Lease a database to one daemon at a time; every other one waits or leaves."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from storage.crawling.processes import is_alive
from storage.database.daemon_tables import LeaseRow
from storage.database.engine import advisory_lock, upsert_insert
from storage.database.session import Database

DAEMON_LEASE = "daemon"
HEARTBEAT_INTERVAL = timedelta(seconds=10)
LEASE_TIMEOUT = timedelta(minutes=2)
"""A holder on another machine without a sign of life for so long is taken for dead: twelve beats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who watches."""

    host: str
    pid: int
    process_start_time: str | None
    version: str
    started_at: datetime
    heartbeat_at: datetime

    def is_alive(self, now: datetime) -> bool:
        """Whether its holder lives, as far as can be seen from here."""
        return is_alive(self.host, self.pid, self.process_start_time) and (
            self.host == socket.gethostname() or now - self.heartbeat_at < LEASE_TIMEOUT
        )

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.started_at:%Y-%m-%d %H:%M} UTC"


class Leases:
    """The rows of `leases`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, *, process: str | None, version: str, now: datetime) -> Lease | None:
        """Take the daemon's lease for this process; if somebody alive holds it, return that one instead."""
        own = {"host": socket.gethostname(), "pid": os.getpid(), "process_start_time": process, "version": version}
        values = {**own, "started_at": now, "heartbeat_at": now}
        with self._database.write() as connection:
            advisory_lock(connection, "daemon")  # a row that is not there yet cannot be held
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
            held = None if row is None else Lease(**row)
            if held is not None and held.is_alive(now):
                return held
            statement = upsert_insert(connection, LeaseRow).values(name=DAEMON_LEASE, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
        return None

    def holder(self) -> Lease | None:
        """Who took the lease last, alive or not; None if it was given back."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(_DAEMON)).mappings().first()
        return None if row is None else Lease(**row)

    def heartbeat(self, *, now: datetime) -> bool:
        """Show a sign of life; False if the lease is another's by now."""
        with self._database.write() as connection:
            mine = update(LeaseRow).where(_DAEMON, LeaseRow.pid == os.getpid(), LeaseRow.host == socket.gethostname())
            return connection.execute(mine.values(heartbeat_at=now)).rowcount == 1

    def release(self) -> None:
        """Give the lease back, if it is ours."""
        mine = delete(LeaseRow).where(_DAEMON, LeaseRow.pid == os.getpid(), LeaseRow.host == socket.gethostname())
        with self._database.write() as connection:
            connection.execute(mine)


_DAEMON = LeaseRow.name == DAEMON_LEASE
_COLUMNS = tuple(column for column in LeaseRow.__table__.columns if column.name != "name")
