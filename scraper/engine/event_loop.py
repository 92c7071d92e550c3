"""Run a crawl coroutine in a new event loop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from scrapy.utils.misc import load_object
from scrapy.utils.reactorless import install_reactor_import_hook

from scraper.engine.scrapy_settings import event_loop
from storage.config.logging_setup import print_error

T = TypeVar("T")

GC_THRESHOLDS = (10_000, 10, 10)
"""Garbage collector thresholds: one parsed page exceeds Python's default of 700 new objects."""


STOP_TIMEOUT = timedelta(seconds=10)
"""Time from the second signal to the end of the process, also if the database is locked for longer."""
INTERRUPTED_EXIT_CODE = 130


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop.

    The first SIGINT or SIGTERM cancels it, so that it can end in good order; the second cancels it again, and ends the
    process after STOP_TIMEOUT; the third ends the process.
    """
    install_reactor_import_hook()
    # Imported modules live to the end of the process: collecting them repeatedly costs 5 % of a crawl.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()
    loop = load_object(event_loop() or "asyncio.SelectorEventLoop")
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_until_terminated(main))


async def _until_terminated(main: Coroutine[Any, Any, T]) -> T:
    stopper = _Stopper(asyncio.current_task())
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):  # event loops of Windows handle no signals
            asyncio.get_running_loop().add_signal_handler(number, stopper.receive)
    return await main


class _Stopper:
    """Count signals, and cancel a task or end the process."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        self._task = task
        self._signals = 0

    def receive(self) -> None:
        self._signals += 1
        if self._signals > 2 or self._task is None:
            self._leave()
            return
        if self._signals == 1:
            print_error("stopping…: the requests under way are finished; a second signal drops them", 0)
        else:
            print_error("stopping now", 0)
            asyncio.get_running_loop().call_later(STOP_TIMEOUT.total_seconds(), self._leave)
        self._task.cancel()

    def _leave(self) -> None:
        print_error("ended before its run was closed; the next crawl closes it", INTERRUPTED_EXIT_CODE)
        os._exit(INTERRUPTED_EXIT_CODE)
