"""Batch article saves into transactions (group commit).

A transaction costs about as much as writing an article and its full-text index entries, and the index is written
twice as fast for ten articles in one transaction as for each alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from storage.model.errors import RefusedRowError, StoreError
from storage.saving.requests import SaveRequest, SaveResult

BATCH_DELAY = 0.1
"""Seconds that a save waits for others to join its transaction."""
MAX_BATCH = 32
"""Maximum saves in one transaction: about 40 ms, during which no other process can write."""
MAX_BATCH_LENGTH = 1_000_000
"""Characters of bodies from which a transaction takes no further save: as many as one article may have."""

SaveAll = Callable[[Sequence[SaveRequest]], Coroutine[Any, Any, Sequence[SaveResult]]]


class WriteBatcher:
    """Batches the saves that arrive within `window` seconds.

    `save_all` commits all saves of a batch or raises and commits none.
    """

    def __init__(self, save_all: SaveAll, *, window: float = BATCH_DELAY) -> None:
        self._save_all = save_all
        self._window = window
        self._waiting: list[tuple[SaveRequest, asyncio.Future[SaveResult]]] = []
        self._length = 0  # characters of the bodies that wait
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def save(self, save: SaveRequest) -> SaveResult:
        """Save one article and return the result after the commit. Raises the error that `save_all` raises for it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[SaveResult] = loop.create_future()
        self._waiting.append((save, future))
        self._length += len(save.data.body)
        if len(self._waiting) >= MAX_BATCH or self._length >= MAX_BATCH_LENGTH:
            self._start_commit()
        elif self._timer is None:
            self._timer = loop.call_later(self._window, self._start_commit)
        return await future

    def _start_commit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._waiting, self._length = self._waiting, [], 0
        task = asyncio.get_running_loop().create_task(self._commit(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _commit(self, batch: Sequence[tuple[SaveRequest, asyncio.Future[SaveResult]]]) -> None:
        (result,) = await asyncio.gather(self._save_all([save for save, _ in batch]), return_exceptions=True)
        if not isinstance(result, BaseException):
            for (_, future), saved in zip(batch, result, strict=True):
                _settle(future, saved)
        elif len(batch) == 1 or _is_of_database(result):
            for _, future in batch:
                _settle(future, result)
        else:
            # The batch was rolled back because of a single save: each is saved alone.
            for item in batch:
                await self._commit([item])


def _is_of_database(error: BaseException) -> bool:
    """Return whether the database failed, which it would do again for every single save."""
    return isinstance(error, StoreError) and not isinstance(error, RefusedRowError)


def _settle(future: asyncio.Future[SaveResult], result: SaveResult | BaseException) -> None:
    if future.done():  # cancelled: no caller waits for it
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
