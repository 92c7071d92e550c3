"""Run the crawls that a daemon asks for, many in one event loop, until its daemon has no more or has ended."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from asyncio import StreamReader, StreamReaderProtocol, Task
from contextlib import aclosing, suppress
from datetime import timedelta

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import check_options
from scraper.crawl.store_thread import StoreThread
from scraper.engine.run import crawl
from scraper.source import Source
from scraper.sources import load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG, print_error
from storage.config.settings import Config
from storage.crawling.runs import RunSummary
from storage.crawling.worker_messages import (
    Configuration,
    CrawlJob,
    CrawlReport,
    Message,
    StopCrawl,
    WorkerReady,
    as_line,
    parse_line,
)
from storage.model.errors import ConfigError, CrawlStoppedError, PresswatchError, failure_cause
from storage.model.records import Trigger
from storage.store import Store, open_store

logger = logging.getLogger(__name__)

OPTIONS = CrawlOptions(trigger=Trigger.SCHEDULED)
MAX_LINE = 2**26
"""Bytes of a line on stdin: the first holds the configuration with all declared sources."""
ALARM_GRACES = 3
"""Grace periods after which a process whose daemon has ended is ended by its own timer."""


async def serve(*, database: str | None = None) -> int:
    """Take crawls from stdin and report their ends on stdout; return the exit code.

    It ends with the end of stdin or a cancellation: crawls under way finish their requests, and no others. Raises
    ConfigError if the configuration is invalid.
    """
    lines = StreamReader(limit=MAX_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: StreamReaderProtocol(lines), sys.stdin)
    first = parse_line(await lines.readline())
    if not isinstance(first, Configuration):  # the daemon ended before it wrote it
        return ConfigError.exit_code
    config = load_crawl_config(toml=first.toml, database=database)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    async with aclosing(StoreThread()) as store_thread:
        worker = CrawlWorker(config, store_thread)
        _answer(WorkerReady(pid=os.getpid()))
        try:
            await worker.run(lines)
        finally:
            worker.close()
    return 0


class CrawlWorker:
    """Run crawls side by side; they share the configuration, one store and its thread, and nothing else."""

    def __init__(self, config: Config, store_thread: StoreThread) -> None:
        self._config = config
        self._sources = load_sources(config)
        self._checked: set[str] = set()
        self._store_thread = store_thread
        self._store: Store | None = None
        self._opening = asyncio.Lock()
        self._crawls: dict[str, Task[None]] = {}
        self._running = 0

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()

    async def run(self, lines: StreamReader) -> None:
        """Carry out messages until they end or this task is cancelled, and wait for the crawls under way."""
        try:
            while line := await lines.readline():
                self._receive(parse_line(line))
            self._lose_daemon()
        except asyncio.CancelledError:  # once to stop in good order, twice to stop now: each crawl counts for itself
            self._stop_all()
        while self._crawls:
            try:
                await asyncio.wait(self._crawls.values())
            except asyncio.CancelledError:
                self._stop_all()

    def _receive(self, message: Message | None) -> None:
        if isinstance(message, CrawlJob):
            self._crawls[message.crawl_id] = asyncio.create_task(self._answer_crawl(message))
        elif isinstance(message, StopCrawl) and message.crawl_id in self._crawls:
            self._crawls[message.crawl_id].cancel()

    def _lose_daemon(self) -> None:
        """Stop the crawls: their daemon has ended and plans them again at its next start."""
        if self._crawls:
            grace = self._config.scheduler.shutdown_grace_period
            set_alarm(ALARM_GRACES * grace)
            self._stop_all()
            asyncio.get_running_loop().call_later(grace.total_seconds(), self._stop_all)

    def _stop_all(self) -> None:
        for task in tuple(self._crawls.values()):
            task.cancel()

    async def _answer_crawl(self, job: CrawlJob) -> None:
        report = await self.crawl(job)
        del self._crawls[job.crawl_id]
        _answer(report)

    async def crawl(self, job: CrawlJob) -> CrawlReport:
        """Run one crawl beside others and report its end; cancelled once, it finishes the requests under way."""
        limits = self._config.scheduler
        set_alarm(limits.crawl_timeout + ALARM_GRACES * limits.shutdown_grace_period)
        self._running += 1
        try:
            return _finished(job, await self._crawl_source(job))
        except asyncio.CancelledError:
            return _failed(job, CrawlStoppedError("stopped before its end"))
        except Exception as error:  # noqa: BLE001  (whatever a crawl does must not end the others)
            return _failed(job, error)
        finally:
            self._running -= 1
            if not self._running:
                set_alarm(timedelta(0))

    async def _crawl_source(self, job: CrawlJob) -> RunSummary:
        source = self._source(job.source)
        store = await self._open_store()
        return await crawl(source, store, self._store_thread, self._config, OPTIONS, crawl_id=job.crawl_id)

    def _source(self, name: str) -> Source:
        """Return a source whose settings are valid. Raises ConfigError."""
        source = self._sources.named(name)
        if name not in self._checked:
            check_options(source, self._config, OPTIONS)
            self._checked.add(name)
        return source

    async def _open_store(self) -> Store:
        """Open the store for the first crawl, or again for the next one if it could not be opened."""
        async with self._opening:
            if self._store is None:
                storage = self._config.storage
                self._store = await self._store_thread(open_store, storage.database, busy_timeout=storage.busy_timeout)
            return self._store


def set_alarm(length: timedelta) -> None:
    """Set the timer that kills this process, if its loop hangs, some time after its daemon would have; zero stops it.

    A process whose daemon was killed is killed by nobody else, and its open runs would block their sources for ever.
    """
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_REAL, length.total_seconds())


def _finished(job: CrawlJob, run: RunSummary) -> CrawlReport:
    if run.error is not None:
        print_error(f"{job.source}: {run.error}", 1)
    return CrawlReport(crawl_id=job.crawl_id, source=job.source, cause=run.cause, error=run.error)


def _failed(job: CrawlJob, error: Exception) -> CrawlReport:
    """Print the error, with its trace if it is none of ours, and report it."""
    if isinstance(error, PresswatchError):
        print_error(str(error), error.exit_code)
    else:
        logger.error("%s: the crawl failed: %s", job.source, error, exc_info=error)
    cause = failure_cause(error)
    return CrawlReport(crawl_id=job.crawl_id, source=job.source, cause=cause, error=str(error) or type(error).__name__)


def _answer(message: Message) -> None:
    """Write a message to the daemon, after what was logged before it."""
    with suppress(OSError):
        sys.stderr.flush()
    with suppress(OSError):  # the daemon has ended: stdin says so, too
        sys.stdout.buffer.write(as_line(message))
        sys.stdout.buffer.flush()
