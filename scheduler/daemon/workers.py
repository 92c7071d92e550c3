"""Run crawls in processes of their own, within limits of time and memory.

A crawl that hangs, blocks its loop, leaks or crashes costs its batch and nothing else; memory goes back after each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from scheduler.daemon.worker_output import LogPipe, ReportPipe
from storage.config.settings import STDIN
from storage.crawling.crawl_reports import CrawlReport, parse_reports
from storage.crawling.processes import PROCESS_ID_VARIABLE, new_process_id
from storage.model.errors import AlreadyRunningError, ConfigError
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus

MONITOR_INTERVAL = 0.5
"""Seconds between two checks of the memory and running time of a process."""
LAST_WORDS_TIMEOUT = 2.0
"""Seconds to wait for the end of the output of a process that has ended."""
HURRIED_GRACE = timedelta(seconds=3)
"""Time that a process is given at most once a stop was asked for twice."""

NORMAL_EXIT_CODES = frozenset({0, 1, 2, 3})
"""Exit codes of `presswatch crawl`; any other is a crash."""
TERMINATIONS = frozenset({-signal.SIGTERM, -signal.SIGINT, -getattr(signal, "SIGHUP", signal.SIGTERM)})
"""Exit codes of a process that was asked to end: by us, by a person or by the system that shuts down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Limit the time and the memory of a crawl process."""

    deadline: timedelta
    grace: timedelta  # to end in good order before it is killed
    memory: int  # bytes of resident memory


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerExit:
    """Describe how a crawl process ended; `status` is None if it did so by itself and as planned."""

    sources: tuple[str, ...]
    pid: int = 0
    process_id: str = ""  # random id; empty if no process was started
    exit_code: int
    status: RunStatus | None = None
    error: str | None = None
    cause: FailureCause | None = None  # None: as the run or the report of each source says
    reports: Mapping[str, CrawlReport] = field(default_factory=dict)
    stderr_tail: str = ""

    def cause_of(self, source: str) -> FailureCause | None:
        """Return the cause of a crawl that left no run; None if it succeeded."""
        if self.cause is not None:
            return self.cause
        report = self.reports.get(source)
        if report is not None:
            return report.cause
        return _UNREPORTED_CAUSES.get(self.exit_code, FailureCause.WORKER)

    def error_of(self, source: str) -> str:
        """Return the error of a crawl in one line: ours, that of its report, or the last line it wrote."""
        report = self.reports.get(source)
        last_line = self.stderr_tail.rpartition("\n")[2].strip()
        return self.error or (report.error if report else None) or last_line or "it ended without reporting"


_UNREPORTED_CAUSES = {
    ConfigError.exit_code: FailureCause.CONFIGURATION,
    AlreadyRunningError.exit_code: FailureCause.BUSY,
}
"""Causes by the exit code of a process that ended before it could report."""


def command(sources: Sequence[str]) -> list[str]:
    """Build the command line of a crawl; the database URL goes in the environment, since `ps` shows command lines."""
    return [sys.executable, "-m", "presswatch", "crawl", *sources, "--scheduled"]


def classify_exit(exit_code: int) -> tuple[RunStatus | None, str | None]:
    """Classify the exit code of a process that was not killed by us, as status and error; both None if normal."""
    if exit_code in NORMAL_EXIT_CODES:
        return None, None
    if exit_code < 0:
        with suppress(ValueError):
            return RunStatus.CRASHED, f"its process was ended by {signal.Signals(-exit_code).name}"
    return RunStatus.CRASHED, f"its process ended with exit code {exit_code}"


@dataclass(frozen=True, slots=True, eq=False)
class Worker:
    """A crawl process, its output, and the wait for its end."""

    process: asyncio.subprocess.Process
    process_id: str
    sources: tuple[str, ...]
    waiting: asyncio.Task[int]
    reports: ReportPipe
    log: LogPipe
    oom_kills: int  # of the machine when it started

    async def ended(self, within: float) -> bool:
        """Wait at most `within` seconds for the end of the process; return whether it has ended."""
        done, _ = await asyncio.wait({self.waiting}, timeout=within)
        return bool(done)

    async def end(self, grace: timedelta, hurry: asyncio.Event | None = None) -> None:
        """Send SIGTERM, and SIGKILL after the grace period; `hurry` sends another SIGTERM and shortens the rest."""
        _send_signal(self.process, signal.SIGTERM)
        if hurry is None:
            await self.ended(grace.total_seconds())
        else:
            hurried = asyncio.create_task(hurry.wait())
            await asyncio.wait(
                {self.waiting, hurried}, timeout=grace.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
            hurried.cancel()
            if hurry.is_set() and not self.waiting.done():
                _send_signal(self.process, signal.SIGTERM)
                await self.ended(min(grace, HURRIED_GRACE).total_seconds())
        if not self.waiting.done():
            _send_signal(self.process, signal.SIGKILL)
            await self.waiting

    async def read_output(self) -> None:
        """Wait for the rest of the output of a process that has ended."""
        await asyncio.wait({self.reports.closed, self.log.closed}, timeout=LAST_WORDS_TIMEOUT)
        self.close()

    def close(self) -> None:
        """Close the pipes."""
        self.reports.close()
        self.log.close()


class WorkerPool:
    """Start crawl processes, watch them and end those that exceed a limit."""

    def __init__(self, limits: WorkerLimits, environment: Mapping[str, str], configuration: str | None = None) -> None:
        self._environment = {**os.environ, **environment}
        self._running: set[Worker] = set()
        self._stopped = False
        self._hurry = asyncio.Event()
        self.configure(limits, configuration)

    def configure(self, limits: WorkerLimits, configuration: str | None) -> None:
        """Set the limits and the configuration of the processes to come.

        They get the configuration as TOML on stdin, so that it is the daemon's, whatever its file says by now. With
        None they read the file themselves.
        """
        self._limits = limits
        self._configuration = (configuration or "").encode()
        if configuration is not None:
            self._environment["PRESSWATCH_CONFIG"] = STDIN

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(worker.process.pid for worker in self._running)

    async def run(self, sources: Sequence[str]) -> WorkerExit:
        """Crawl sources in one process, until it ends or exceeds a limit. Raises OSError if none can be started."""
        worker = await self._start(tuple(sources))
        self._running.add(worker)
        try:
            if self._stopped:  # stopped while the process was starting
                await worker.end(self._limits.grace, self._hurry)
            return await self._watch(worker, self._limits)
        finally:
            self._running.discard(worker)
            worker.close()

    async def _start(self, sources: tuple[str, ...]) -> Worker:
        process_id, descriptors = new_process_id(), list[int]()
        try:
            reports, stdout = await ReportPipe.open()
            descriptors.append(stdout)
            log, stderr = await LogPipe.open()
            descriptors.append(stderr)
            oom_kills = count_oom_kills()
            process = await asyncio.create_subprocess_exec(
                *command(sources),
                env={**self._environment, PROCESS_ID_VARIABLE: process_id},
                stdin=asyncio.subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,  # Ctrl-C in the terminal reaches the daemon alone, which ends its workers
            )
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        if process.stdin is not None:
            process.stdin.write(self._configuration)
            process.stdin.close()
        waiting = asyncio.create_task(process.wait())
        return Worker(process, process_id, sources, waiting, reports, log, oom_kills)

    async def _watch(self, worker: Worker, limits: WorkerLimits) -> WorkerExit:
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + limits.deadline.total_seconds()
        exceeded = None
        while not await worker.ended(min(MONITOR_INTERVAL, max(0.01, ends_at - loop.time()))):
            if self._stopped:
                await worker.waiting  # stop() ends it
                break
            exceeded = _exceeded_limit(worker.process.pid, limits, late=loop.time() >= ends_at)
            if exceeded is not None:
                await worker.end(limits.grace)
                break
        code = await worker.waiting
        await worker.read_output()
        return self._exit_of(worker, code, exceeded)

    def _exit_of(self, worker: Worker, code: int, exceeded: tuple[RunStatus, str] | None) -> WorkerExit:
        cause: FailureCause | None = None
        status, error = exceeded or classify_exit(code)
        if exceeded is not None:
            cause = FailureCause.LIMIT
        elif status is not None and (self._stopped or code in TERMINATIONS):
            status, error, cause = None, "stopped before its end", FailureCause.STOP
        elif code == -signal.SIGKILL and count_oom_kills() > worker.oom_kills:
            error, cause = "its process was ended by the system, which ran out of memory", FailureCause.MEMORY
        elif status is not None:
            cause = FailureCause.CRASH
        return WorkerExit(
            sources=worker.sources,
            pid=worker.process.pid,
            process_id=worker.process_id,
            exit_code=code,
            status=status,
            error=error,
            cause=cause,
            reports=parse_reports(bytes(worker.reports.output)),
            stderr_tail=worker.log.tail,
        )

    def hurry(self) -> None:
        """Shorten the stop: a second SIGTERM to each process, and SIGKILL after HURRIED_GRACE."""
        self._hurry.set()

    async def stop(self) -> None:
        """Send SIGTERM to the processes: they finish the requests under way, and no others; SIGKILL after the grace."""
        self._stopped = True
        await asyncio.gather(*(worker.end(self._limits.grace, self._hurry) for worker in tuple(self._running)))


def _exceeded_limit(pid: int, limits: WorkerLimits, *, late: bool) -> tuple[RunStatus, str] | None:
    if late:
        return RunStatus.TIMED_OUT, f"its process took longer than {limits.deadline} and was ended"
    if rss_bytes(pid) > limits.memory:
        return RunStatus.CRASHED, f"its process took more than {limits.memory // 10**6} MB and was ended"
    return None


def _send_signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def rss_bytes(pid: int) -> int:
    """Read the resident memory of a process, in bytes; 0 without /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def count_oom_kills() -> int:
    """Read how many processes the kernel has ended for want of memory; 0 where it does not count them."""
    try:
        lines = Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
