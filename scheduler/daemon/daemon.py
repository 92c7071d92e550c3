"""Start, run and stop the daemon: APScheduler keeps the timetable, worker processes crawl."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from scheduler.daemon import systemd
from scheduler.daemon.dispatcher import Dispatcher
from scheduler.daemon.http import HttpServer
from scheduler.daemon.jobs import DaemonTasks
from scheduler.daemon.planner import Planner
from scheduler.daemon.workers import WorkerLimits, WorkerPool
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.processes import process_start_time
from storage.model.errors import AlreadyRunningError, ConfigError, PresswatchError
from storage.model.redaction import redact_target
from storage.model.version import VERSION
from storage.scheduling.leases import HEARTBEAT_INTERVAL, Lease
from storage.scheduling.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

CONTROL_INTERVAL = timedelta(seconds=1)
"""Interval between two reads of pause and crawl requests from the database."""
HEALTH_INTERVAL = timedelta(minutes=5)
NOTIFY_INTERVAL = timedelta(seconds=15)
LEASE_POLL_INTERVAL = timedelta(seconds=2)


class Daemon:
    """Poll sources of one store until a signal stops it."""

    def __init__(self, store: Store, config: Config, sources: Mapping[str, Source]) -> None:
        _refuse_invalid_targets(config.alerts.targets)
        self._store = store
        self._sources = sources
        self._planner = Planner(store, config, sources)
        self._tasks = DaemonTasks(store, config, sources, self._planner, clock=now)
        self._workers = WorkerPool(_limits(config), _environment(config))
        self._dispatcher = Dispatcher(self._workers, self._tasks, slots=config.scheduler.max_workers, clock=now)
        self._server = HttpServer(store, config, self._dispatcher, sources)
        # One process, jobs in memory: every start creates them from the stored plans.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._paused: set[str] = set()
        self._stop = asyncio.Event()
        self._exit_code = 0

    async def run(self, *, standby: bool, once: bool) -> int:
        """Run until SIGTERM or SIGINT, or with `once` until each due source was crawled; return the exit code.

        Raises AlreadyRunningError if another daemon holds the lease of this store and `standby` is False.
        """
        self._listen_to_signals()
        if not await self._acquire_lease(standby=standby):
            return 0
        try:
            return await (self._poll_once() if once else self._run_loop())
        finally:
            await asyncio.to_thread(self._store.leases.release)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        numbers = [signal.SIGTERM, signal.SIGINT]
        hang_up = getattr(signal, "SIGHUP", None)
        if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:  # nohup has it ignored
            numbers.append(hang_up)  # its terminal was closed: its crawls must be ended with it
        for number in numbers:
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, self._stop.set)

    async def _acquire_lease(self, *, standby: bool) -> bool:
        """Acquire the lease of the store, waiting for it if `standby`; False if a signal came first."""
        logged: Lease | None = None
        while (holder := await asyncio.to_thread(self._request_lease)) is not None:
            if not standby:
                raise AlreadyRunningError(
                    f"a daemon watches this database already: {holder}; --standby waits for its end"
                )
            if logged is None or logged.pid != holder.pid:
                logger.info("standing by: %s watches", holder)
                logged = holder
            if await self._stopped_within(LEASE_POLL_INTERVAL):
                return False
        return True

    def _request_lease(self) -> Lease | None:
        return self._store.leases.acquire(process=process_start_time(os.getpid()), version=VERSION, now=now())

    async def _stopped_within(self, length: timedelta) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), length.total_seconds())
        return self._stop.is_set()

    async def _poll_once(self) -> int:
        schedules = await asyncio.to_thread(self._planner.startup_schedules, now=now(), spread=False)
        due = [name for name, plan in schedules.items() if plan.next_poll_at <= now() and plan.paused_at is None]
        for name in due:
            self._dispatcher.enqueue(schedules[name])
        idle, stopped = asyncio.create_task(self._dispatcher.join()), asyncio.create_task(self._stop.wait())
        await asyncio.wait({idle, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await self._dispatcher.stop()
        stopped.cancel()
        await idle
        await self._tasks.check_health()
        await self._tasks.notify()
        after = await asyncio.to_thread(self._planner.schedules)
        return int(any(after[name].consecutive_failures for name in due))

    async def _run_loop(self) -> int:
        schedules = await asyncio.to_thread(self._planner.startup_schedules, now=now())
        for schedule in schedules.values():
            self._plan(schedule)
        self._add_interval_task(CONTROL_INTERVAL, self._control)
        self._add_interval_task(HEARTBEAT_INTERVAL, self._heartbeat)
        self._add_interval_task(HEALTH_INTERVAL, self._tasks.check_health)
        self._add_interval_task(NOTIFY_INTERVAL, self._tasks.notify)
        if (interval := systemd.watchdog_interval()) is not None:
            self._add_interval_task(interval, self._notify_watchdog)
        await self._server.start()
        self._scheduler.start()
        logger.info("watching %s", ", ".join(self._sources))
        systemd.sd_notify("READY=1")
        clock_follower = asyncio.create_task(self._follow_clock())
        await self._stop.wait()
        clock_follower.cancel()
        await self._shut_down()
        return self._exit_code

    async def _shut_down(self) -> None:
        logger.info("stopping: no new crawls, %d running", len(self._workers.pids))
        systemd.sd_notify("STOPPING=1")
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(self._dispatcher.stop(), self._tasks.stop())
        await self._server.stop()
        logger.info("stopped")

    def _add_interval_task(self, length: timedelta, job: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            with suppress(asyncio.CancelledError):  # at the end, and then it is no error to be logged
                await job()

        self._scheduler.add_job(run, IntervalTrigger(seconds=length.total_seconds()), id=job.__name__)

    def _plan(self, schedule: Schedule) -> None:
        """Schedule the next poll of a source in place of its previous job; remove the job of a paused source."""
        if schedule.paused_at is not None:
            with suppress(LookupError):
                self._scheduler.remove_job(schedule.source)
            return
        self._scheduler.add_job(
            self._enqueue,
            DateTrigger(schedule.next_poll_at),
            args=[schedule],
            id=schedule.source,
            replace_existing=True,
        )

    async def _enqueue(self, schedule: Schedule) -> None:  # a coroutine: APScheduler runs other callables in a thread
        self._dispatcher.enqueue(schedule)

    async def _control(self) -> None:
        """Carry out pause and crawl requests from the database, and keep one job a source at its stored time."""
        if not self._store.is_in_place:
            self._release_lease(
                "the file of the database was moved or replaced: start again with the one that is there", 1
            )
            return
        busy = self._dispatcher.is_busy  # the schedules read below may be older than a crawl that ends meanwhile
        try:
            schedules = await asyncio.to_thread(self._planner.schedules)
        except PresswatchError as error:
            logger.error("%s", error)
            return
        for name, schedule in schedules.items():
            if name in busy:
                continue
            if schedule.crawl_requested_at is not None:
                self._dispatcher.enqueue(schedule)
            elif name not in self._dispatcher.is_busy:
                self._apply_plan(schedule)

    def _apply_plan(self, schedule: Schedule) -> None:
        if schedule.paused_at is not None:
            if schedule.source not in self._paused:
                logger.info("%s: paused", schedule.source)
                self._paused.add(schedule.source)
                self._plan(schedule)
            return
        self._paused.discard(schedule.source)
        job = self._scheduler.get_job(schedule.source)
        if job is None and schedule.next_poll_at <= now():
            self._dispatcher.enqueue(schedule)
        elif job is None or job.trigger.run_date != schedule.next_poll_at:
            self._plan(schedule)

    async def _follow_clock(self) -> None:
        """Repair plans and periodic tasks when the clock was set back: APScheduler would wait for its old times."""
        while True:
            await asyncio.sleep(CONTROL_INTERVAL.total_seconds())
            try:
                was_set_back = await asyncio.to_thread(self._planner.repair, now=now())
            except PresswatchError as error:
                logger.error("%s", error)
                continue
            if was_set_back:
                for job in self._scheduler.get_jobs():
                    if isinstance(job.trigger, IntervalTrigger):  # jobs of sources follow their schedules
                        job.reschedule(IntervalTrigger(seconds=job.trigger.interval.total_seconds()))

    async def _heartbeat(self) -> None:
        try:
            if await asyncio.to_thread(self._store.leases.heartbeat, now=now()):
                return
        except PresswatchError as error:
            logger.error("%s", error)
            return
        self._release_lease("another daemon has taken over this database", AlreadyRunningError.exit_code)

    def _release_lease(self, why: str, exit_code: int) -> None:
        if not self._stop.is_set():
            logger.error("%s; stopping", why)
            self._exit_code = exit_code
            self._stop.set()

    async def _notify_watchdog(self) -> None:
        systemd.sd_notify("WATCHDOG=1")


def now() -> datetime:
    return datetime.now(UTC)


def _refuse_invalid_targets(targets: Sequence[str]) -> None:
    """Raise ConfigError for an invalid target at the start, before an alert is due."""
    from scheduler.notifications.sender import (  # noqa: PLC0415  (memory of the daemon: Apprise, for targets alone)
        INVALID_TARGET_TEXT,
        is_valid_target,
    )

    for target in targets:
        if not is_valid_target(target):
            raise ConfigError(
                f"alerts.targets: {redact_target(target)} {INVALID_TARGET_TEXT}; write one such as json://host/path"
            )


def _limits(config: Config) -> WorkerLimits:
    settings = config.scheduler
    return WorkerLimits(
        deadline=settings.crawl_timeout, grace=settings.shutdown_grace_period, memory=settings.memory_limit
    )


def _environment(config: Config) -> dict[str, str]:
    environment = {"PRESSWATCH_DATABASE": config.storage.database}
    return environment | ({"PRESSWATCH_CONFIG": str(config.path)} if config.path is not None else {})
