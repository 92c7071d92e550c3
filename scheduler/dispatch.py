"""From sources that are due to crawl processes: what is due within a moment shares one, a few run at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from scheduler.children import Children, Ending
from scheduler.plan import batch
from storage.errors import PresswatchError

logger = logging.getLogger(__name__)

MOMENT = 0.5
"""Seconds in which sources that become due are gathered: a process costs 0.8 s of CPU to start, so they share it."""

REST = 10.0
"""Seconds before sources are taken up again that could not be: what refused (a full disk) seldom changes at once, and
an entry a second in the log would not help it."""

MOST_IN_ONE = 8
"""Sources a process at most: one that has to be ended takes the others' crawls with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A crawl process has ended."""

    launched_at: datetime
    ending: Ending


class Dispatch:
    """Holds what is due until a slot is free; each source is crawled by one process at a time."""

    def __init__(
        self,
        children: Children,
        *,
        slots: int,
        clock: Callable[[], datetime],
        alone: Callable[[], Awaitable[Sequence[str]]],
        launched: Callable[[Sequence[str]], Awaitable[None]],
        done: Callable[[Done], Awaitable[None]],
    ) -> None:
        self._children = children
        self._slots = slots
        self._clock = clock
        self._alone = alone
        self._launched = launched
        self._done = done
        self._due: dict[str, None] = {}  # in the order in which they became due
        self._running: dict[str, None] = {}
        self._works: set[asyncio.Task[None]] = set()
        self._gathering: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    def due(self, source: str) -> None:
        """Crawl a source as soon as there is room; nothing if it waits or runs already."""
        if self._closing.is_set() or source in self._due or source in self._running:
            return
        self._due[source] = None
        self._gather()

    def is_busy_with(self, source: str) -> bool:
        return source in self._due or source in self._running

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._running)

    async def idle(self) -> None:
        """Wait until nothing is due and nothing runs."""
        while self._due or self._works:
            await asyncio.wait({*self._works, asyncio.create_task(asyncio.sleep(MOMENT))})

    async def stop(self) -> None:
        """Start nothing more; let what runs end, or end it."""
        self._closing.set()
        self._due.clear()
        await self._children.stop()
        if self._works:
            await asyncio.wait(self._works)

    def _gather(self) -> None:
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._launch())

    async def _launch(self) -> None:
        await asyncio.sleep(MOMENT)
        alone = await self._those_alone()
        for sources in batch(tuple(self._due), alone=alone, most=MOST_IN_ONE):
            if self._closing.is_set() or len(self._works) >= self._slots:
                return
            for source in sources:
                del self._due[source]
                self._running[source] = None
            work = asyncio.create_task(self._work(sources))
            self._works.add(work)
            work.add_done_callback(self._free)

    async def _those_alone(self) -> Sequence[str]:
        """Nobody while the database cannot be read: what is due must not wait for ever for the answer."""
        try:
            return await self._alone()
        except PresswatchError as error:
            logger.error("%s", error)
            return ()

    def _free(self, work: asyncio.Task[None]) -> None:
        self._works.discard(work)
        if not work.cancelled() and work.exception() is not None:
            logger.error("a crawl could not be accounted for: %s", work.exception(), exc_info=work.exception())
        if self._due and not self._closing.is_set():
            self._gather()

    async def _work(self, sources: Sequence[str]) -> None:
        launched_at = self._clock()
        logger.info("crawling %s", ", ".join(sources))
        try:
            await self._launched(sources)
            if self._closing.is_set():
                return
            ending = await self._children.run(sources)
            await self._done(Done(launched_at=launched_at, ending=ending))
        except (PresswatchError, OSError) as error:  # the database refused, or the system another process
            logger.error("%s could not be crawled: %s", ", ".join(sources), error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), REST)
        finally:
            for source in sources:
                self._running.pop(source, None)
