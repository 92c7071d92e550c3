"""The end of `presswatch crawl`: the outcome of each crawl is kept, whatever signal comes while its thread closes."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from presswatch.cli.commands.crawl import finish_all
from scraper.crawl.store_thread import StoreThread
from storage.model.errors import CrawlStoppedError
from tests.support.patience import patient


class WatchedThread(StoreThread):
    """A store thread that says when it begins to close, and is closing until it is set free."""

    def __init__(self) -> None:
        super().__init__()
        self.free, self.closes = threading.Event(), asyncio.Event()

    async def aclose(self) -> None:
        waiting = asyncio.create_task(self(self.free.wait, patient(20)))
        await asyncio.sleep(0)
        self.closes.set()
        await super().aclose()
        assert await waiting


async def succeed() -> Any:
    return "succeeded"


async def wait_for_a_site() -> Any:
    await asyncio.Event().wait()


@pytest.mark.parametrize("signals", [1, 2, 3])
def test_a_signal_while_the_store_thread_closes_loses_no_outcome(signals: int) -> None:
    """A crawl without its report counts for the daemon as crashed, although its run was closed."""

    async def finish() -> list[Any]:
        writer = WatchedThread()
        finishing = asyncio.create_task(finish_all([succeed(), wait_for_a_site()], writer))
        await asyncio.sleep(0)
        finishing.cancel()  # the first signal: the crawls end in good order
        await writer.closes.wait()
        for _ in range(signals):
            finishing.cancel()
            await asyncio.sleep(0)
        assert not finishing.done()
        writer.free.set()
        return await finishing

    first, second = asyncio.run(finish())
    assert first == "succeeded"
    assert isinstance(second, CrawlStoppedError)
