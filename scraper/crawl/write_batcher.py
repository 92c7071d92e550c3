"""Saves that come close together are one transaction, as in a database's group commit.

A transaction costs about as much as the rows of an article and their place in the full-text index together, and the
index is written twice as fast for ten articles at once as for each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from storage.saving.requests import SaveRequest, SaveResult

BATCH_DELAY = 0.1
"""Seconds that a save waits for others. A crawl that keeps a site's delay has none to wait for, and nothing to lose."""
MAX_BATCH = 32
"""Saves in one transaction: about 40 ms, in which no other process can write."""

SaveAll = Callable[[Sequence[SaveRequest]], Coroutine[Any, Any, Sequence[SaveResult]]]


class WriteBatcher:
    """Hands saves on in groups of what comes within `window` seconds.

    `save_all` keeps all of a group or nothing, and raises then.
    """

    def __init__(self, save_all: SaveAll, *, window: float = BATCH_DELAY) -> None:
        self._save_all = save_all
        self._window = window
        self._waiting: list[tuple[SaveRequest, asyncio.Future[SaveResult]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._groups: set[asyncio.Task[None]] = set()

    async def save(self, save: SaveRequest) -> SaveResult:
        """What this save did, once it is committed. Raises what `save_all` raised of it alone."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[SaveResult] = loop.create_future()
        self._waiting.append((save, done))
        if len(self._waiting) >= MAX_BATCH:
            self._begin()
        elif self._timer is None:
            self._timer = loop.call_later(self._window, self._begin)
        return await done

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        group, self._waiting = self._waiting, []
        task = asyncio.get_running_loop().create_task(self._commit(group))
        self._groups.add(task)
        task.add_done_callback(self._groups.discard)

    async def _commit(self, group: Sequence[tuple[SaveRequest, asyncio.Future[SaveResult]]]) -> None:
        (result,) = await asyncio.gather(self._save_all([save for save, _ in group]), return_exceptions=True)
        if not isinstance(result, BaseException):
            for (_, done), saved in zip(group, result, strict=True):
                _settle(done, saved)
        elif len(group) == 1:
            _settle(group[0][1], result)
        else:
            # None of them was kept, and perhaps only one is to blame: each is tried alone.
            for one in group:
                await self._commit([one])


def _settle(done: asyncio.Future[SaveResult], result: SaveResult | BaseException) -> None:
    if done.done():  # cancelled: nobody waits for it any more
        return
    if isinstance(result, BaseException):
        done.set_exception(result)
    else:
        done.set_result(result)
