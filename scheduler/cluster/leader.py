"""Let one of several daemons lead: the one that holds the leader's lock of PostgreSQL, and the lease of the database.

The lock tells at once that the leader before has died, wherever it ran, and in SESSION_TIMEOUT that it is frozen or cut
off; the lease, as with a daemon that crawls itself, tells everybody who watches, and keeps out daemons of that kind.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from storage.crawling.processes import process_start_time
from storage.model.errors import StoreError
from storage.model.version import VERSION
from storage.scheduling.leader_lock import SESSION_TIMEOUT, LeaderLock
from storage.scheduling.leases import HEARTBEAT_INTERVAL, Lease
from storage.store import Store

logger = logging.getLogger(__name__)

CONFIRM_TIMEOUT = timedelta(seconds=6)
"""Time in which the server has to answer before the connection counts as lost."""
LEADS_FOR = SESSION_TIMEOUT - timedelta(seconds=3)
"""Time since the last answer of the server in which a daemon leads: it ends before the server gives the lock away."""
LOST_AFTER = 2 * HEARTBEAT_INTERVAL
"""Time without a heartbeat of its lease after which a daemon that has no lock is lost."""


class Leader:
    """Lead, or stand by; see `scheduler.daemon.daemon.Claim`."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.holder: Lease | None = None
        self._store = store
        self._clock = clock
        self._lock = LeaderLock(store)
        self._answered_at: float | None = None
        self._seen_at = clock()

    @property
    def leads(self) -> bool:
        """Return whether no other daemon can lead now: a frozen process that wakes does not until it has asked."""
        return self._answered_at is not None and self._clock() - self._answered_at < LEADS_FOR.total_seconds()

    def acquire(self) -> bool:
        """Acquire lock and lease; return False if another daemon has one of them. Raises StoreError."""
        at = self._clock()
        is_locked = self._lock.hold()
        holder = self._store.leases.holder()
        if holder != self.holder:
            self.holder, self._seen_at = holder, at
        if not is_locked:
            return False
        lost = holder if at - self._seen_at >= LOST_AFTER.total_seconds() else None
        process = process_start_time(os.getpid())
        alive = self._store.leases.acquire(process=process, version=VERSION, now=datetime.now(UTC), lost=lost)
        if alive is None:
            self._answered_at = at
        return alive is None

    async def confirm(self) -> bool:
        """Show that this daemon leads; return False if another one does by now."""
        at = self._clock()
        asking = asyncio.create_task(asyncio.to_thread(self._confirm))
        done, _ = await asyncio.wait({asking}, timeout=CONFIRM_TIMEOUT.total_seconds())
        if not done:
            self._lock.cut()
        try:
            if not await asking:
                self._answered_at = None
                return False
        except StoreError as error:
            if self._answered_at is not None:
                logger.warning("not leading: the connection that holds the lock of the leader was lost: %s", error)
            self._answered_at = None
            return True
        if self._answered_at is None:
            logger.info("leading again")
        self._answered_at = at
        return True

    def _confirm(self) -> bool:
        if not self._lock.hold():
            return False
        if self._answered_at is not None:
            return True  # the lock was never lost; the heartbeat of the lease looks after its row
        holder = self._store.leases.holder()
        return holder is not None and holder.owner_id == self._store.leases.owner_id

    def release(self) -> None:
        """Give lease and lock back. Raises StoreError."""
        self._answered_at = None
        try:
            self._store.leases.release()
        finally:
            self._lock.release()
