"""Run a crawl coroutine in a new event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from scrapy.utils.misc import load_object
from scrapy.utils.reactorless import install_reactor_import_hook

from scraper.engine.scrapy_settings import event_loop

T = TypeVar("T")

GC_THRESHOLDS = (10_000, 10, 10)
"""Garbage collector thresholds: one parsed page exceeds Python's default of 700 new objects."""


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop. SIGINT and SIGTERM cancel it, so that it can release its resources."""
    install_reactor_import_hook()
    # Imported modules live to the end of the process: collecting them repeatedly costs 5 % of a crawl.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()
    loop = load_object(event_loop() or "asyncio.SelectorEventLoop")
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_until_terminated(main))


async def _until_terminated(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    with suppress(NotImplementedError):  # event loops of Windows handle no signals
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    return await main
