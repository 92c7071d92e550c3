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
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from storage.model.records import RunStatus

MONITOR_INTERVAL = 0.5
"""Seconds between two checks of the memory and running time of a process."""

NORMAL_EXIT_CODES = frozenset({0, 1, 2, 3})
"""Exit codes of `presswatch crawl`; any other is a crash."""


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
    pid: int
    exit_code: int
    status: RunStatus | None = None
    error: str | None = None


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
    """A crawl process, and the wait for its end."""

    process: asyncio.subprocess.Process
    waiting: asyncio.Task[int]

    async def ended(self, within: float) -> bool:
        """Wait at most `within` seconds for the end of the process; return whether it has ended."""
        done, _ = await asyncio.wait({self.waiting}, timeout=within)
        return bool(done)

    async def end(self, grace: timedelta) -> None:
        """Send SIGTERM, and SIGKILL after the grace period."""
        _send_signal(self.process, signal.SIGTERM)
        if not await self.ended(grace.total_seconds()):
            _send_signal(self.process, signal.SIGKILL)
            await self.waiting


class WorkerPool:
    """Start crawl processes, watch them and end those that exceed a limit."""

    def __init__(self, limits: WorkerLimits, environment: Mapping[str, str]) -> None:
        self._limits = limits
        self._environment = {**os.environ, **environment}
        self._running: set[Worker] = set()
        self._stopped = False

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(worker.process.pid for worker in self._running)

    async def run(self, sources: Sequence[str]) -> WorkerExit:
        """Crawl sources in one process, until it ends or exceeds a limit."""
        process = await asyncio.create_subprocess_exec(
            *command(sources),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches the daemon alone, which ends its workers
        )
        worker = Worker(process, asyncio.create_task(process.wait()))
        self._running.add(worker)
        try:
            if self._stopped:  # stopped while the process was starting
                await worker.end(self._limits.grace)
            return await self._watch(worker, tuple(sources))
        finally:
            self._running.discard(worker)

    async def _watch(self, worker: Worker, sources: tuple[str, ...]) -> WorkerExit:
        loop, pid = asyncio.get_running_loop(), worker.process.pid
        ends_at = loop.time() + self._limits.deadline.total_seconds()
        while not await worker.ended(min(MONITOR_INTERVAL, max(0.0, ends_at - loop.time()))):
            exceeded = self._exceeded_limit(pid, late=loop.time() >= ends_at)
            if exceeded is not None:
                await worker.end(self._limits.grace)
                code = await worker.waiting
                return WorkerExit(sources=sources, pid=pid, exit_code=code, status=exceeded[0], error=exceeded[1])
        code = await worker.waiting
        status, error = classify_exit(code)
        return WorkerExit(sources=sources, pid=pid, exit_code=code, status=status, error=error)

    def _exceeded_limit(self, pid: int, *, late: bool) -> tuple[RunStatus, str] | None:
        if late:
            return RunStatus.TIMED_OUT, f"its process took longer than {self._limits.deadline} and was ended"
        if rss_bytes(pid) > self._limits.memory:
            return RunStatus.CRASHED, f"its process took more than {self._limits.memory // 10**6} MB and was ended"
        return None

    async def stop(self) -> None:
        """Wait for the processes; after the grace period send SIGTERM, after another SIGKILL."""
        self._stopped = True
        running = tuple(self._running)
        if running:
            await asyncio.wait({worker.waiting for worker in running}, timeout=self._limits.grace.total_seconds())
        await asyncio.gather(*(worker.end(self._limits.grace) for worker in running))


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
