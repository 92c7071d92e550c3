"""Describe how a crawl of a worker ended: by its report, or by the end of the worker that held it."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass

from storage.crawling.worker_messages import CrawlReport
from storage.model.errors import AlreadyRunningError, ConfigError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus

STOPPED = "stopped before its end"

START_FAILURES = frozenset({1, 2, 3})
"""Exit codes of a worker that could not start."""
TERMINATIONS = frozenset({0, -signal.SIGTERM, -signal.SIGINT, -getattr(signal, "SIGHUP", signal.SIGTERM)})
"""Exit codes of a worker that was asked to end: by us, by a person or by the system that shuts down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlExit:
    """Describe how a crawl ended; `status` is None if it did so by itself and as planned, or was stopped."""

    source: str
    crawl_id: str = ""  # the `process_id` of its run; empty if it was given to no worker
    pid: int = 0  # of its worker
    exit_code: int | None = None  # of its worker, if that ended before the crawl
    status: RunStatus | None = None
    error: str | None = None
    cause: FailureCause | None = None  # None: as the run or the report says
    report: CrawlReport | None = None
    stderr_tail: str = ""  # of a crawl that failed

    @property
    def has_succeeded(self) -> bool:
        """Return whether the crawl reported that it succeeded, and so closed its run."""
        return self.report is not None and self.failure_cause is None

    @property
    def failure_cause(self) -> FailureCause | None:
        """Return the cause of a crawl that left no run; None if it succeeded."""
        if self.cause is not None:
            return self.cause
        if self.report is not None:
            return self.report.cause
        return _UNREPORTED_CAUSES.get(self.exit_code, FailureCause.WORKER)

    @property
    def error_line(self) -> str:
        """Return the error in one line: ours, that of the report, or the last line that the worker wrote."""
        last_line = self.stderr_tail.rpartition("\n")[2].strip()
        return self.error or (self.report.error if self.report else None) or last_line or "it ended without reporting"


_UNREPORTED_CAUSES: dict[int | None, FailureCause] = {
    ConfigError.exit_code: FailureCause.CONFIGURATION,
    AlreadyRunningError.exit_code: FailureCause.BUSY,
}
"""Causes by the exit code of a worker that ended before it could report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnd:
    """End of a worker, as it counts for a crawl that it held and that did not report."""

    exit_code: int
    was_ready: bool  # it took crawls
    was_stopped: bool  # because the daemon stops, or because of another crawl
    ran_out_of_memory: bool = False  # the system ended processes for want of memory meanwhile

    def classify(self) -> tuple[RunStatus | None, str | None, FailureCause | None]:
        """Return the status, error and cause of the crawl; all None if the worker could not start."""
        code = self.exit_code
        if self.was_stopped or (code in TERMINATIONS and (self.was_ready or code != 0)):
            return None, STOPPED, FailureCause.STOP
        if not self.was_ready and code in {0, *START_FAILURES}:
            return None, None, None
        if code == -signal.SIGKILL and self.ran_out_of_memory:
            error = "its process was ended by the system, which ran out of memory"
            return RunStatus.CRASHED, error, FailureCause.MEMORY
        return RunStatus.CRASHED, crash_error(code), FailureCause.CRASH


def crash_error(exit_code: int) -> str:
    """Describe the end of a process that was not ended by us."""
    if exit_code < 0:
        with suppress(ValueError):
            return f"its process was ended by {signal.Signals(-exit_code).name}"
    return f"its process ended with exit code {exit_code}"
