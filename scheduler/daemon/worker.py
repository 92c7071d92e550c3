"""Hold one worker: a process that lives on and runs many crawls, each within a deadline, within a limit of memory."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio import Future, Task, TimerHandle
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from scheduler.daemon.crawl_exit import STOPPED, CrawlExit, WorkerEnd
from scheduler.daemon.worker_output import LogPipe, MessagePipe
from storage.crawling.processes import new_process_id
from storage.crawling.worker_messages import (
    Configuration,
    CrawlJob,
    CrawlReport,
    Message,
    StopCrawl,
    WorkerReady,
    as_line,
)
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "presswatch", "crawl", "--worker")
"""Without the database URL, which goes in the environment: `ps` shows command lines."""
MONITOR_INTERVAL = 0.5
"""Seconds between two checks of the memory of a worker that crawls."""
LAST_WORDS_TIMEOUT = 2.0
"""Seconds to wait for the end of the output of a worker that has ended."""
HURRIED_GRACE = timedelta(seconds=3)
"""Time that a worker is given at most once a stop was asked for twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Limit the time of a crawl and the memory of a worker, and how much is done at once."""

    deadline: timedelta
    grace: timedelta  # to end in good order before it is killed
    memory: int  # bytes of resident memory
    workers: int = 2
    crawls: int = 8  # at once in a worker


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerProgram:
    """Environment and configuration of a worker; without a configuration it reads the file itself."""

    environment: Mapping[str, str]
    toml: str | None


@dataclass(slots=True, eq=False)
class HeldCrawl:
    """A crawl that a worker runs; `exceeded` is set once it must end because of a limit."""

    job: CrawlJob
    log_position: int
    oom_kills: int  # of the machine when it began
    reported: Future[CrawlReport]
    exceeded: tuple[RunStatus, str] | None = None


@dataclass(slots=True, eq=False)
class _Started:
    """The process of a worker and its pipes."""

    process: asyncio.subprocess.Process
    log: LogPipe
    ended: Task[int]  # with the exit code, once its output has been read, too


@dataclass(eq=False)
class Worker:
    """A process that is started by its first crawl. `on_end` is called when it has ended."""

    program: WorkerProgram
    limits: WorkerLimits
    hurry: asyncio.Event
    on_end: Callable[[Worker], None]
    id: str = field(default_factory=new_process_id)
    crawls: int = 0
    """Crawls that it was given so far."""
    first_rss: int = 0
    """Bytes of resident memory when it was ready for its first crawl."""
    _held: dict[str, HeldCrawl] = field(default_factory=dict)
    _starting: Task[_Started] | None = None
    _started: _Started | None = None
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _is_stopping: bool = False
    _finishing: Task[None] | None = None
    _ending: Task[None] | None = None
    _monitoring: TimerHandle | None = None

    @property
    def pid(self) -> int:
        """Return the id of its process; 0 if it has none."""
        return 0 if self._started is None else self._started.process.pid

    @property
    def rss(self) -> int:
        """Return the bytes of resident memory."""
        return rss_bytes(self.pid) if self.pid else 0

    async def crawl(self, source: str, crawl_id: str | None = None) -> CrawlExit:
        """Crawl a source, until the crawl ends, exceeds a limit or the worker dies.

        The process of its run has the id `crawl_id`, or one of this worker. Raises OSError if the process of the worker
        cannot be started.
        """
        started = await self._begin()
        if self._is_stopping or (self._ready.is_set() and started.ended.done()):  # it died while it held nothing
            return CrawlExit(source=source, error=STOPPED, cause=FailureCause.STOP)
        held = self._hold(source, crawl_id, started)
        try:
            if not await self._ends_within(self.limits.deadline, held, started):
                await self._end_late(held, started)
            return await self._exit_of(held, started)
        finally:
            del self._held[held.job.crawl_id]

    async def start(self) -> None:
        """Start the process before its first crawl, and wait until it is ready or has ended. Raises OSError."""
        started = await self._begin()
        ready = asyncio.create_task(self._ready.wait())
        await asyncio.wait({ready, started.ended}, return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()

    @property
    def is_stopping(self) -> bool:
        """Return whether its process is being ended, so that it takes no crawl."""
        return self._is_stopping

    @property
    def has_begun(self) -> bool:
        """Return whether its process was started."""
        return self._starting is not None

    async def _begin(self) -> _Started:
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        return await asyncio.shield(self._starting)

    async def _start(self) -> _Started:
        descriptors = list[int]()
        messages, log = MessagePipe(self._receive), LogPipe()
        try:
            for pipe in (messages, log):
                descriptors.append(await pipe.open())
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                env=self.program.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=descriptors[0],
                stderr=descriptors[1],
                start_new_session=True,  # Ctrl-C in the terminal reaches the daemon alone, which ends its workers
            )
        except BaseException:
            messages.close()
            log.close()
            self.on_end(self)
            raise
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        self._started = _Started(process, log, asyncio.create_task(self._wait(process, messages, log)))
        self._send(Configuration(toml=self.program.toml))
        return self._started

    async def _wait(self, process: asyncio.subprocess.Process, messages: MessagePipe, log: LogPipe) -> int:
        """Wait for the end of the process and of its output, and return the exit code."""
        code = await process.wait()
        await asyncio.wait({messages.closed, log.closed}, timeout=LAST_WORDS_TIMEOUT)
        messages.close()
        log.close()
        if process.stdin is not None:
            process.stdin.close()
        self.on_end(self)
        return code

    def _hold(self, source: str, crawl_id: str | None, started: _Started) -> HeldCrawl:
        self.crawls += 1
        job = CrawlJob(crawl_id=crawl_id or f"{self.id}-{self.crawls}", source=source)
        reported = asyncio.get_running_loop().create_future()
        position = started.log.position if self._ready.is_set() else 0  # why it cannot start belongs to each crawl
        held = self._held[job.crawl_id] = HeldCrawl(job, position, count_oom_kills(), reported)
        self._send(job)
        if self._monitoring is None:
            self._monitor()
        return held

    def stop_crawl(self, crawl_id: str) -> None:
        """Ask for the end of a crawl: it finishes the requests under way; asked again, it drops them."""
        if crawl_id in self._held:
            self._send(StopCrawl(crawl_id=crawl_id))

    def _send(self, message: Message) -> None:
        if self._started is not None and self._started.process.stdin is not None:
            self._started.process.stdin.write(as_line(message))

    def _receive(self, message: Message) -> None:
        if isinstance(message, WorkerReady):
            self._ready.set()
            self.first_rss = self.rss
        elif isinstance(message, CrawlReport) and message.crawl_id in self._held:
            held = self._held[message.crawl_id]
            if not held.reported.done():
                held.reported.set_result(message)

    async def _ends_within(self, length: timedelta, held: HeldCrawl, started: _Started) -> bool:
        """Wait at most so long for the report of a crawl or the end of the worker; return whether one came."""
        futures: set[Future[CrawlReport] | Task[int]] = {held.reported, started.ended}
        done, _ = await asyncio.wait(futures, timeout=length.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        return bool(done)

    async def _end_late(self, held: HeldCrawl, started: _Started) -> None:
        """Ask the worker to stop a crawl: in good order, then now; end the worker if the crawl outlasts the grace."""
        if not self._is_stopping:
            took = f"it took longer than {self.limits.deadline} and was ended"
            held.exceeded = held.exceeded or (RunStatus.TIMED_OUT, took)
            for _ in range(2):
                self._send(StopCrawl(crawl_id=held.job.crawl_id))
                if await self._ends_within(self.limits.grace / 2, held, started):
                    return
            logger.warning("%s does not stop: its worker %d is ended", held.job.source, self.pid)
            await self.end()
        await started.ended

    async def _exit_of(self, held: HeldCrawl, started: _Started) -> CrawlExit:
        job, report = held.job, held.reported.result() if held.reported.done() else None
        if report is not None and report.cause is not None:
            await asyncio.sleep(0)  # what was logged before the report lies in its pipe
            await asyncio.sleep(0)
        code = started.ended.result() if report is None else None
        status, error, cause = None, None, None
        if held.exceeded is not None and (report is None or report.cause is not None):
            (status, error), cause = held.exceeded, FailureCause.LIMIT
        elif code is not None:
            end = WorkerEnd(
                exit_code=code,
                was_ready=self._ready.is_set(),
                was_stopped=self._is_stopping,
                ran_out_of_memory=count_oom_kills() > held.oom_kills,
            )
            status, error, cause = end.classify()
        has_failed = report is None or report.cause is not None
        return CrawlExit(
            source=job.source,
            crawl_id=job.crawl_id,
            pid=self.pid,
            exit_code=code,
            status=status,
            error=error,
            cause=cause,
            report=report,
            stderr_tail=started.log.tail(held.log_position) if has_failed else "",
        )

    def _monitor(self) -> None:
        self._monitoring = None
        if not self._held:
            return
        if self._started is not None and self.rss > self.limits.memory and not self._is_stopping:
            took = f"its process took more than {self.limits.memory // 10**6} MB and was ended"
            for held in self._held.values():
                held.exceeded = held.exceeded or (RunStatus.CRASHED, took)
            self._is_stopping = True
            self._ending = self._ending or asyncio.create_task(self._end(self._started))
            return
        self._monitoring = asyncio.get_running_loop().call_later(MONITOR_INTERVAL, self._monitor)

    def finish(self) -> None:
        """Let the worker end by itself, as it holds no crawl: its stdin ends. It is ended after the grace period."""
        if self._starting is not None and self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(self._starting))

    async def _finish(self, starting: Task[_Started]) -> None:
        with suppress(OSError):  # it could not be started
            started = await asyncio.shield(starting)
            if started.process.stdin is not None:
                started.process.stdin.close()
            done, _ = await asyncio.wait({started.ended}, timeout=self.limits.grace.total_seconds())
            if not done:
                await self.end()

    async def stop(self) -> None:
        """End the worker because the daemon stops: crawls finish the requests under way, and no others."""
        self._is_stopping = True
        if self._starting is None:
            return
        with suppress(OSError):  # it could not be started
            started = await asyncio.shield(self._starting)
            if self._held or not self._ready.is_set():
                await self.end()
            else:
                self.finish()
                await started.ended

    async def end(self) -> None:
        """Send SIGTERM, and SIGKILL after the grace period; `hurry` sends another SIGTERM and shortens the rest."""
        if self._started is not None:
            self._is_stopping = True
            if self._ending is None:
                self._ending = asyncio.create_task(self._end(self._started))
            await asyncio.shield(self._ending)

    async def _end(self, started: _Started) -> None:
        _send_signal(started.process, signal.SIGTERM)
        hurried = asyncio.create_task(self.hurry.wait())
        grace = self.limits.grace
        await asyncio.wait({started.ended, hurried}, timeout=grace.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()
        if self.hurry.is_set() and not started.ended.done():
            _send_signal(started.process, signal.SIGTERM)
            await asyncio.wait({started.ended}, timeout=min(grace, HURRIED_GRACE).total_seconds())
        if not started.ended.done():
            _send_signal(started.process, signal.SIGKILL)
            await started.ended


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
