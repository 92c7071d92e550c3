"""Run periodic tasks by the monotonic clock, which nobody can set.

APScheduler's interval trigger lists every run that it missed before it drops all but one: after a clock that was set
forward by a year, 31 million for an interval of a second.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

logger = logging.getLogger(__name__)


class PeriodicTasks:
    """Run each task again some time after its last end, until they are stopped."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, interval: timedelta, job: Callable[[], Awaitable[None]]) -> None:
        """Run a job for the first time after one interval; an exception of the job is logged and ends nothing."""
        self._tasks.add(asyncio.create_task(_repeat(interval, job)))

    async def stop(self) -> None:
        """Cancel the tasks and wait for their ends; threads that they wait for go on."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _repeat(interval: timedelta, job: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(interval.total_seconds())
        try:
            await job()
        except Exception:
            logger.exception("a periodic task of the daemon failed: %s", job.__name__)
