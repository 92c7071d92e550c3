"""The errors of Presswatch. Each reaches a person as one line that says what to do."""

from __future__ import annotations

import errno

from storage.model.failure_causes import FailureCause


class PresswatchError(Exception):
    """Anything Presswatch refuses or fails at. `exit_code` is what the command line answers with."""

    exit_code = 1
    cause = FailureCause.SOURCE
    """Cause of a crawl that ends with this error."""


class ConfigError(PresswatchError):
    """A setting, an option or an address that cannot be used."""

    exit_code = 2
    cause = FailureCause.CONFIGURATION


class StoreError(PresswatchError):
    """The database refused; the message names it and says what to do."""

    cause = FailureCause.DATABASE


class DiskError(StoreError):
    """The disk of the database is full or failed."""

    cause = FailureCause.DISK


class RateLimitedError(PresswatchError):
    """The host asked to be left alone until a later time."""


class CrawlStoppedError(PresswatchError):
    """A crawl was stopped on purpose."""

    cause = FailureCause.STOP


class RefusedRowError(StoreError):
    """The database refused a row for its values; another row may be written. `reason` is one line without its name."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class AlreadyRunningError(PresswatchError):
    """A crawl of this source is already running."""

    exit_code = 3
    cause = FailureCause.BUSY


def failure_cause(error: BaseException) -> FailureCause:
    """Return the cause of a crawl that an exception ended."""
    if isinstance(error, PresswatchError):
        return error.cause
    if isinstance(error, MemoryError):
        return FailureCause.MEMORY
    if isinstance(error, ImportError):
        return FailureCause.WORKER
    if isinstance(error, OSError):
        return _SYSTEM_CAUSES.get(error.errno or 0, FailureCause.CRASH)
    return FailureCause.CRASH


_SYSTEM_CAUSES = {
    errno.ENOSPC: FailureCause.DISK,
    errno.EDQUOT: FailureCause.DISK,
    errno.EIO: FailureCause.DISK,
    errno.EROFS: FailureCause.DISK,
    errno.ENOMEM: FailureCause.MEMORY,
    errno.EAGAIN: FailureCause.WORKER,
    errno.EMFILE: FailureCause.WORKER,
    errno.ENFILE: FailureCause.WORKER,
}
"""Causes of system errors: full disks, exhausted memory, no more processes or file handles."""
