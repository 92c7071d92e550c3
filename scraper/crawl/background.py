"""Start tasks whose result nobody may be left to take."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def start_task(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Start a task; whoever awaits it gets its result or error.

    Its error is dropped if nobody does, for who would await it was cancelled or has got the error of another task:
    asyncio would write it to the log with a traceback.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(_take_error)
    return task


def _take_error(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
