"""Run store calls in one thread, so that neither a write nor a database lock blocks the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """Executor of store calls, one after another in a single thread."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Run a call in the thread and return its result. Raises the exception of the call."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args, **options))

    def close(self) -> None:
        """Wait for the running calls and stop the thread. In an event loop, use `aclose`."""
        self._thread.shutdown()

    async def aclose(self) -> None:
        """Wait for the running calls and stop the thread, while the event loop runs on and receives signals.

        A cancellation is raised after the wait: the store that the calls use is closed next.
        """
        stopped = asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
        cancelled = None
        while not stopped.done():
            try:
                await asyncio.shield(stopped)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
