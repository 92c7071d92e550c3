"""Hold the lock of the daemon that leads: an advisory lock of PostgreSQL, which one session has at a time.

The server gives it back when the session ends: at once if its process dies, and after SESSION_TIMEOUT if nothing comes
from it any more, such as from a process that is frozen, or behind a network that is cut.
"""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from datetime import timedelta
from threading import Lock

from sqlalchemy import Connection, NullPool, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from storage.database.engine import ADVISORY_LOCK_IDS, wrap_error
from storage.database.session import Database

SESSION_TIMEOUT = timedelta(seconds=15)
"""Time without a statement after which the server ends the session."""
CONNECT_TIMEOUT = timedelta(seconds=5)


class LeaderLock:
    """Take and keep the lock by a connection of its own, from any thread."""

    def __init__(self, database: Database) -> None:
        self._engine = create_engine(
            database.engine.url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": round(CONNECT_TIMEOUT.total_seconds())},
        )
        self._connection: Connection | None = None
        self._is_held = False
        self._using = Lock()

    def hold(self) -> bool:
        """Take the lock, or show the server that it is still held; return False if another session has it.

        Raises StoreError if the server cannot be reached: the lock may be lost then.
        """
        with self._using:
            try:
                if self._is_held and self._connection is not None:
                    self._connection.execute(text("SELECT 1"))
                else:
                    self._is_held = self._try()
            except SQLAlchemyError as error:
                self._close()
                raise wrap_error(self._engine, error) from error
            return self._is_held

    def cut(self) -> None:
        """Cut the connection, so that a thread that waits for the server in `hold` gets an error at once."""
        connection = self._connection
        driver = None if connection is None or connection.closed else connection.connection.driver_connection
        if driver is not None:
            # Whatever the driver says of a connection that was closed meanwhile.
            with suppress(Exception), closing(socket.socket(fileno=os.dup(driver.fileno()))) as handle:
                handle.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        """Give the lock back and close the connection.

        Unlocking is a statement of its own: the server ends a session some time after its client has closed it, and
        until then nobody else could lead.
        """
        with self._using:
            if self._is_held and self._connection is not None:
                # A lost connection has lost the lock as well.
                with suppress(SQLAlchemyError):
                    self._connection.execute(select(func.pg_advisory_unlock(ADVISORY_LOCK_IDS["leader"])))
            self._close()

    def _try(self) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._connection.execute(text(f"SET idle_session_timeout = {SESSION_TIMEOUT // timedelta(milliseconds=1)}"))
        taken = self._connection.execute(select(func.pg_try_advisory_lock(ADVISORY_LOCK_IDS["leader"])))
        return bool(taken.scalar_one())

    def _close(self) -> None:
        connection, self._connection, self._is_held = self._connection, None, False
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()
