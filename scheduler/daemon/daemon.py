"""Start, run and stop the daemon: APScheduler keeps the timetable, worker processes crawl."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from scheduler.daemon import systemd
from scheduler.daemon.configuration import Configuration
from scheduler.daemon.configuration_check import daemon_problems, schedulable
from scheduler.daemon.dispatcher import Dispatcher, Engine
from scheduler.daemon.file_handles import raise_handle_limit
from scheduler.daemon.http import HttpServer
from scheduler.daemon.jobs import DaemonTask, DaemonTasks
from scheduler.daemon.outage import OutageLog
from scheduler.daemon.planner import Planner
from scheduler.daemon.stop_request import StopRequest
from scheduler.daemon.ticks import PeriodicTasks
from scheduler.daemon.workers import WorkerPool, process_environment, worker_limits
from scraper.source import Source
from scraper.sources import Sources
from storage.config import logging_setup
from storage.config.settings import Config
from storage.model.errors import AlreadyRunningError, ConfigError, PresswatchError, StoreError, refuse
from storage.scheduling.leases import HEARTBEAT_INTERVAL, Lease, LeaseClaim
from storage.scheduling.schedules import Schedule
from storage.store import Store

logger = logging.getLogger(__name__)

CONTROL_INTERVAL = timedelta(seconds=1)
"""Interval between two reads of pause and crawl requests from the database."""
TASK_INTERVALS = {
    DaemonTask.CHECK_HEALTH: timedelta(minutes=5),
    DaemonTask.NOTIFY: timedelta(seconds=15),
    DaemonTask.PRUNE: timedelta(hours=6),  # a daemon that is started anew every night prunes, too
    DaemonTask.REINDEX: timedelta(minutes=5),
}
LEASE_POLL_INTERVAL = timedelta(seconds=2)
CONFIRM_INTERVAL = timedelta(seconds=4)
TAKEN_OVER = "another daemon has taken over this database"


LEVEL_OF_ONCE = "daemon --once"
"""What sets the level of the log where a round of cron is quieter than the settings."""


class Companion(Protocol):
    """A process beside the daemon, such as the one of the pages: started, given new settings and ended with it."""

    def start(self) -> None:
        """Start it, and keep it running."""

    def restart(self) -> None:
        """Start it again with the settings that are in the file now."""

    async def stop(self) -> None:
        """End it."""


class Claim(Protocol):
    """The right to poll the sources of a database, which one daemon has at a time."""

    holder: Lease | None
    """Who has it, as `acquire` saw last."""

    @property
    def leads(self) -> bool:
        """Return whether this daemon has it, for certain."""

    def acquire(self) -> bool:
        """Acquire it; return False if another daemon has it. Raises StoreError."""

    async def confirm(self) -> bool:
        """Keep it; return False if another daemon has it by now."""

    def release(self) -> None:
        """Give it back. Raises StoreError."""


class Daemon:
    """Poll sources of one store until a signal stops it."""

    def __init__(
        self,
        store: Store,
        config: Config,
        watched: Callable[[Config], Sources],
        load: Callable[[], Config] | None = None,
        *,
        companion: Companion | None = None,
        engine: Engine | None = None,
        claim: Claim | None = None,
    ) -> None:
        self._store = store
        self._claim = claim or LeaseClaim(store.leases)
        self._watched = watched
        sources = schedulable(watched(config), config)
        refuse(daemon_problems(config, sources))
        self._sources: dict[str, Source] = dict(sources)  # one for all components: loading again changes it in place
        self._problems = sources.problems
        self._configuration = Configuration(config, load, now=now())
        self._outage = OutageLog()
        self._planner = Planner(store, config, self._sources)
        self._tasks = DaemonTasks(store, config, self._sources, self._planner, clock=now, outage=self._outage)
        environment = process_environment(config)
        if config.file_of("log.level") == LEVEL_OF_ONCE:  # its crawls are as quiet
            environment["PRESSWATCH_LOG_LEVEL"] = config.log.level
        self._workers = engine or WorkerPool(worker_limits(config), environment, config.toml)
        self._companion = companion
        self._dispatcher = Dispatcher(self._workers, self._tasks, clock=now, outage=self._outage)
        self._server = self._http_server(config)
        # One process, jobs in memory: every start creates them from the stored plans.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        self._ticks, self._vital_ticks = PeriodicTasks(), PeriodicTasks()
        self._paused: set[str] = set()
        self._new_sources: set[str] = set()  # without a schedule yet
        self._stop = StopRequest(on_hurry=self._workers.hurry)
        self._reloading: asyncio.Task[None] | None = None
        self._is_serving = False
        self._exit_code = 0

    async def run(self, *, standby: bool, once: bool) -> int:
        """Run until SIGTERM or SIGINT, or with `once` until each due source was crawled; return the exit code.

        Raises AlreadyRunningError if another daemon holds the lease of this store and `standby` is False.
        """
        raise_handle_limit()
        self._stop.listen()
        self._listen_to_hang_up()
        try:
            if not await self._acquire(standby=standby):
                return 0
            await self._workers.start()
            return await (self._poll_once() if once else self._run_loop())
        finally:
            await self._vital_ticks.stop()
            await self._server.stop()
            await asyncio.to_thread(self._claim.release)

    def _http_server(self, config: Config) -> HttpServer:
        def leads() -> bool:
            return self._claim.leads

        return HttpServer(self._store, config, self._dispatcher, self._sources, self._outage, leads)

    def _listen_to_hang_up(self) -> None:
        hang_up = getattr(signal, "SIGHUP", None)
        if hang_up is not None:
            asyncio.get_running_loop().add_signal_handler(hang_up, self._begin_reload)

    def _begin_reload(self) -> None:
        if self._reloading is None or self._reloading.done():
            self._reloading = asyncio.create_task(self._reload())

    async def _reload(self) -> None:
        """Load the configuration again; keep the one in force if it is invalid."""
        try:
            config = self._configuration.read()
            await self._use(config)
        except ConfigError as error:
            self._configuration.keep(error)
        else:
            self._configuration.use(config, now=now())
        await self._tell_problem()

    async def _use(self, config: Config) -> None:
        """Put a configuration in force, all of it or nothing. Raises ConfigError."""
        sources = schedulable(self._watched(config), config)
        refuse(daemon_problems(config, sources))
        server = self._http_server(config)
        if server.listen != self._server.listen:
            if self._server.is_listening or self._is_serving:
                await server.start()
                await self._server.stop()
            self._server = server
        self._use_sources(sources)
        self._planner.configure(config)
        self._tasks.configure(config)
        self._workers.configure(worker_limits(config), config.toml)
        if self._companion is not None:
            self._companion.restart()
        logging_setup.configure(level=config.log.level, form=config.log.format, traces=logging_setup.DEBUG.get())

    def _use_sources(self, sources: Sources) -> None:
        """Watch other sources from now on; a crawl under way of one that is no longer watched ends by itself."""
        removed = self._sources.keys() - sources.keys()
        added = sources.keys() - self._sources.keys()
        self._sources.update(sources)
        for name in removed:
            del self._sources[name]
        self._dispatcher.forget(removed)
        for name in removed:
            with suppress(LookupError):
                self._scheduler.remove_job(name)
        if removed:
            logger.info("no longer watching %s", ", ".join(sorted(removed)))
        if added:
            logger.info("watching also %s", ", ".join(sorted(added)))
            self._new_sources |= added
        if sources.problems != self._problems:
            self._problems = sources.problems
            self._log_problems()

    def _log_problems(self) -> None:
        for name, problem in self._problems.items():
            logger.error("%s is not watched: %s", name, problem)

    async def _tell_problem(self) -> None:
        """Store the problem of the configuration, or its end, in the lease and as an event of every source."""
        if self._tasks.problem != self._configuration.problem:
            self._tasks.problem = self._configuration.problem
            if self._is_serving:
                await self._heartbeat()
                await self._tasks.check_health()

    async def _acquire(self, *, standby: bool) -> bool:
        """Acquire the right to poll, waiting for it if `standby`; False if a signal came first."""
        logged: str | None = None
        while not await self._is_acquired(waits=logged is not None):
            holder = str(self._claim.holder or "another daemon")
            if not standby:
                raise AlreadyRunningError(
                    f"a daemon watches this database already: {holder}; --standby waits for its end"
                )
            if logged != holder:
                logger.info("standing by: %s watches", holder)
                await self._serve_standby()
                logged = holder
            if await self._stop.comes_within(LEASE_POLL_INTERVAL):
                return False
        return True

    async def _serve_standby(self) -> None:
        """Answer /healthz also while this daemon stands by, if its kind has several of them."""
        if self._workers.outlives_daemon:
            try:
                await self._server.start()
            except ConfigError as error:  # the leader may be on this machine
                logger.warning("%s", error)

    async def _is_acquired(self, *, waits: bool) -> bool:
        """Try to acquire the right to poll; while the database is away, wait if this daemon stands by already."""
        try:
            acquired = await asyncio.to_thread(self._claim.acquire)
        except StoreError as error:
            if not waits:
                raise
            self._outage.failed(error)
            return False
        self._outage.answered()
        return acquired

    async def _poll_once(self) -> int:
        self._vital_ticks.add(CONFIRM_INTERVAL, self._confirm)
        self._vital_ticks.add(HEARTBEAT_INTERVAL, self._heartbeat)
        schedules = await asyncio.to_thread(self._planner.startup_schedules, now=now(), spread=False)
        due = [name for name, plan in schedules.items() if plan.next_poll_at <= now() and plan.paused_at is None]
        for name in due:
            self._dispatcher.enqueue(schedules[name])
        idle, stopped = asyncio.create_task(self._dispatcher.join()), asyncio.create_task(self._stop.wait())
        await asyncio.wait({idle, stopped}, return_when=asyncio.FIRST_COMPLETED)
        await self._dispatcher.stop()
        stopped.cancel()
        await idle
        if not self._stop.is_set:
            await self._tasks.check_health()
            await self._tasks.notify()
        self._log_problems()
        after = await asyncio.to_thread(self._planner.schedules)
        await asyncio.to_thread(self._store.leases.record_once, now=now())
        return int(
            any(after[name].consecutive_failures or after[name].local_failures for name in due) or bool(self._problems)
        )

    async def _run_loop(self) -> int:
        self._vital_ticks.add(CONFIRM_INTERVAL, self._confirm)
        self._vital_ticks.add(HEARTBEAT_INTERVAL, self._heartbeat)
        catch_up = not self._workers.outlives_daemon
        schedules = await asyncio.to_thread(self._planner.startup_schedules, now=now(), catch_up=catch_up)
        for schedule in schedules.values():
            self._plan(schedule)
        self._ticks.add(CONTROL_INTERVAL, self._if_leading(self._follow_clock))
        self._ticks.add(CONTROL_INTERVAL, self._if_leading(self._control))
        self._ticks.add(HEARTBEAT_INTERVAL, self._check_configuration)
        for task, length in TASK_INTERVALS.items():
            if task is not DaemonTask.REINDEX or self._workers.outlives_daemon:
                self._ticks.add(length, self._if_leading(self._task(task)))
        if (interval := systemd.watchdog_interval()) is not None:
            self._vital_ticks.add(interval, self._notify_watchdog)
        await self._server.start()
        if self._companion is not None:
            self._companion.start()
        self._is_serving = True
        self._scheduler.start()
        logger.info("watching %s", ", ".join(self._sources) or "no source")
        self._log_problems()
        systemd.sd_notify("READY=1")
        await self._stop.wait()
        await self._shut_down()
        return self._exit_code

    async def _shut_down(self) -> None:
        logger.info("stopping: no new crawls, %d running", self._workers.crawl_count)
        systemd.sd_notify("STOPPING=1")
        self._scheduler.pause()
        await self._ticks.stop()
        await asyncio.sleep(0)  # a poll that was due just now is queued; cancelled, APScheduler would log its trace
        self._scheduler.shutdown(wait=False)
        await asyncio.gather(self._dispatcher.stop(), self._tasks.stop())
        await self._server.stop()
        if self._companion is not None:
            await self._companion.stop()
        logger.info("stopped")

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
        if self._claim.leads:  # otherwise _control finds it due as soon as this daemon leads again
            self._dispatcher.enqueue(schedule)

    async def _control(self) -> None:
        """Carry out pause and crawl requests from the database, and keep one job a source at its stored time."""
        if not self._store.is_in_place:
            self._release_lease(
                "the file of the database was moved or replaced: start again with the one that is there", 1
            )
            return
        if self._new_sources and not await self._schedule_new():
            return
        busy = self._dispatcher.is_busy  # the schedules read below may be older than a crawl that ends meanwhile
        try:
            schedules = await asyncio.to_thread(self._planner.schedules)
        except PresswatchError as error:
            self._outage.failed(error)
            return
        for name, schedule in schedules.items():
            if name in busy:
                continue
            if schedule.crawl_requested_at is not None:
                self._dispatcher.enqueue(schedule)
            elif name not in self._dispatcher.is_busy:
                self._apply_plan(schedule)
        self._scheduler.wakeup()  # its timer is monotonic: a clock that was set forward makes polls due before it rings

    async def _schedule_new(self) -> bool:
        """Create the schedules of sources that were declared while the daemon ran; return False if the store failed."""
        try:
            catch_up = not self._workers.outlives_daemon
            await asyncio.to_thread(self._planner.startup_schedules, now=now(), catch_up=catch_up)
        except PresswatchError as error:
            self._outage.failed(error)
            return False
        self._new_sources.clear()
        return True

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
        """Repair plans when the clock was set back; the jobs of sources follow them."""
        try:
            await asyncio.to_thread(self._planner.repair, now=now())
        except PresswatchError as error:
            self._outage.failed(error)

    async def _check_configuration(self) -> None:
        self._configuration.check_file()
        await self._tell_problem()

    def _task(self, task: DaemonTask) -> Callable[[], Awaitable[None]]:
        """Return a periodic task as the engine runs it."""

        async def run() -> None:
            await self._workers.run_task(task, self._tasks)

        run.__name__ = task
        return run

    def _if_leading(self, task: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        """Return a task that does nothing while another daemon may lead."""

        @wraps(task)
        async def run() -> None:
            if self._claim.leads:
                await task()

        return run

    async def _confirm(self) -> None:
        if not await self._claim.confirm():
            self._release_lease(TAKEN_OVER, AlreadyRunningError.exit_code)

    async def _heartbeat(self) -> None:
        problem = self._configuration.problem
        try:
            is_ours = await asyncio.to_thread(self._store.leases.heartbeat, now=now(), problem=problem)
        except PresswatchError as error:
            self._outage.failed(error)
            return
        self._outage.answered()
        if is_ours:
            return
        self._release_lease(TAKEN_OVER, AlreadyRunningError.exit_code)

    def _release_lease(self, why: str, exit_code: int) -> None:
        if not self._stop.is_set:
            logger.error("%s; stopping", why)
            self._exit_code = exit_code
            self._stop.set()

    async def _notify_watchdog(self) -> None:
        systemd.sd_notify("WATCHDOG=1")


def now() -> datetime:
    return datetime.now(UTC)
