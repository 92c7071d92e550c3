"""The errors of Presswatch. Each reaches a person as one line that says what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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


@contextmanager
def collected(problems: list[str]) -> Iterator[None]:
    """Add the ConfigError that ends the block to `problems`, so that it does not hide others."""
    try:
        yield
    except ConfigError as error:
        problems.append(str(error))


def refuse(problems: Sequence[str]) -> None:
    """Raise ConfigError with the first problem, if there is any, and the number of the others that were looked for."""
    if not problems:
        return
    others = len(problems) - 1
    rest = f" (at least {others} more: run presswatch config --check)" if others else ""
    raise ConfigError(f"{problems[0]}{rest}")


class StoreError(PresswatchError):
    """The database refused; the message names it and says what to do."""

    cause = FailureCause.DATABASE


class DiskError(StoreError):
    """The disk of the database is full or failed."""

    cause = FailureCause.DISK


class QueryTimeoutError(StoreError):
    """A query took longer than its reader wants to wait."""


class LostLeaseError(StoreError):
    """A crawl wrote after its run was closed by another one, which took its source over."""

    cause = FailureCause.LEASE


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
