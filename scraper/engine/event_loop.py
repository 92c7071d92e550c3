"""Run coroutines that crawl in an event loop of their own."""

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
"""New objects before each generation is collected: the tree of one page is more than Python's 700."""


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a new event loop. SIGINT and SIGTERM cancel it, so that it can close what it opened."""
    install_reactor_import_hook()
    # What was imported lives to the end of the process: a collector that walks it again and again costs 5 % of a crawl.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()
    loop = load_object(event_loop() or "asyncio.SelectorEventLoop")
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_until_terminated(main))


async def _until_terminated(main: Coroutine[Any, Any, T]) -> T:
    task = asyncio.current_task()
    with suppress(NotImplementedError):  # Windows has no such signals in its loop
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel if task else lambda: None)
    return await main
