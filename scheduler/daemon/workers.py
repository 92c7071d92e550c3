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
"""Seconds between two looks at a child's memory and time."""

NORMAL_EXIT_CODES = frozenset({0, 1, 2, 3})
"""The exit codes of `presswatch crawl`; any other end is a crash."""


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
    """What a person would type for these sources. Where articles are kept goes in the environment: `ps` shows this."""
    return [sys.executable, "-m", "presswatch", "crawl", *sources, "--scheduled"]


def classify_exit(exit_code: int) -> tuple[RunStatus | None, str | None]:
    """What the end of a process that nobody ended means."""
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
        """Whether it has ended, after so many seconds at the most."""
        done, _ = await asyncio.wait({self.waiting}, timeout=within)
        return bool(done)

    async def end(self, grace: timedelta) -> None:
        """End it in good order, or after the grace in any."""
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
        return tuple(child.process.pid for child in self._running)

    async def run(self, sources: Sequence[str]) -> WorkerExit:
        """Crawl these sources in one process, to its end or to its limits."""
        process = await asyncio.create_subprocess_exec(
            *command(sources),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the daemon's terminal is the daemon's to pass on
        )
        child = Worker(process, asyncio.create_task(process.wait()))
        self._running.add(child)
        try:
            if self._stopped:  # it was being started meanwhile
                await child.end(self._limits.grace)
            return await self._watch(child, tuple(sources))
        finally:
            self._running.discard(child)

    async def _watch(self, child: Worker, sources: tuple[str, ...]) -> WorkerExit:
        loop, pid = asyncio.get_running_loop(), child.process.pid
        ends_at = loop.time() + self._limits.deadline.total_seconds()
        while not await child.ended(min(MONITOR_INTERVAL, max(0.0, ends_at - loop.time()))):
            found = self._transgression(pid, late=loop.time() >= ends_at)
            if found is not None:
                await child.end(self._limits.grace)
                code = await child.waiting
                return WorkerExit(sources=sources, pid=pid, exit_code=code, status=found[0], error=found[1])
        code = await child.waiting
        status, error = classify_exit(code)
        return WorkerExit(sources=sources, pid=pid, exit_code=code, status=status, error=error)

    def _transgression(self, pid: int, *, late: bool) -> tuple[RunStatus, str] | None:
        if late:
            return RunStatus.TIMED_OUT, f"its process took longer than {self._limits.deadline} and was ended"
        if rss_bytes(pid) > self._limits.memory:
            return RunStatus.CRASHED, f"its process took more than {self._limits.memory // 10**6} MB and was ended"
        return None

    async def stop(self) -> None:
        """Wait for what runs; end what is not done within the grace, kill what does not end then."""
        self._stopped = True
        running = tuple(self._running)
        if running:
            await asyncio.wait({child.waiting for child in running}, timeout=self._limits.grace.total_seconds())
        await asyncio.gather(*(child.end(self._limits.grace) for child in running))


def _send_signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(number)


def rss_bytes(pid: int) -> int:
    """Bytes of memory a process has in use; 0 where the system does not say."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
