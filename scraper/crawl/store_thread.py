"""One thread that talks to the store, so that neither a write nor another process's lock stalls the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """Runs calls one after another in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")

    async def __call__(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Run the call in the thread and return what it returns, or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: call(*args, **options))

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown(wait=True)
