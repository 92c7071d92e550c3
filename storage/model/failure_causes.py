"""Classify why a crawl did not succeed: by the source, or by this side, which is no failure of the source."""

from __future__ import annotations

from enum import StrEnum


class FailureCause(StrEnum):
    """Cause of a crawl that did not succeed."""

    SOURCE = "source"  # its site, or what its site sent
    LIMIT = "limit"  # the crawl exceeded its time or memory
    CRASH = "crash"  # its process was killed by the system or by somebody, or ended unexpectedly
    DATABASE = "database"
    DISK = "disk"
    MEMORY = "memory"  # of the machine
    CONFIGURATION = "configuration"
    WORKER = "worker"  # the worker could not start
    STOP = "stop"  # the crawl was stopped on purpose
    BUSY = "busy"  # another process is crawling the source
    LEASE = "lease"  # it sent no heartbeat for too long, and another process took the source over

    @property
    def is_local(self) -> bool:
        """Return whether the cause lies on this side: the crawl is tried again soon, and counts for no back-off."""
        return self not in _OF_THE_SOURCE


_OF_THE_SOURCE = frozenset({FailureCause.SOURCE, FailureCause.LIMIT, FailureCause.CRASH})

LOCAL_CAUSE_TEXTS = {
    FailureCause.DATABASE: "the database was not available",
    FailureCause.DISK: "the disk was full or failed",
    FailureCause.MEMORY: "this machine ran out of memory",
    FailureCause.CONFIGURATION: "the configuration is invalid",
    FailureCause.WORKER: "the worker could not start",
    FailureCause.STOP: "the crawl was stopped",
    FailureCause.BUSY: "another process is crawling it",
    FailureCause.LEASE: "another process took it over",
}
"""Sentence of each cause on this side."""
