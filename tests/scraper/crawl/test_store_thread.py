"""The thread of store calls, and an event loop that goes on while the thread ends."""

from __future__ import annotations

import asyncio
import threading
from contextlib import aclosing

import pytest

from scraper.crawl.store_thread import StoreThread
from tests.support.patience import patient


async def close_beside(signals: int) -> tuple[bool, bool]:
    """Cancel a call that waits for a database, then its closing thread; return whether the loop ran on, and the end.

    What ends the wait comes from the loop, as the handler of a signal does.
    """
    free = threading.Event()
    was_set: list[bool] = []

    async def crawl() -> None:
        async with aclosing(StoreThread()) as writer:
            await writer(lambda: was_set.append(free.wait(patient(20))))

    task = asyncio.create_task(crawl())
    loop = asyncio.get_running_loop()
    for number in range(signals):
        loop.call_later(0.05 * (number + 1), task.cancel)
    loop.call_later(0.05 * (signals + 1), free.set)
    await asyncio.wait([task])
    return was_set == [True], task.cancelled()


@pytest.mark.parametrize("signals", [1, 2, 3])
def test_the_loop_receives_signals_while_a_cancelled_call_waits_for_the_database(signals: int) -> None:
    assert asyncio.run(close_beside(signals)) == (True, True)


def test_a_cancellation_during_the_end_is_raised_after_it() -> None:
    async def close() -> bool:
        free = threading.Event()
        writer = StoreThread()
        call = asyncio.create_task(writer(lambda: free.wait(patient(20))))
        await asyncio.sleep(0)
        closing = asyncio.create_task(writer.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        asyncio.get_running_loop().call_later(0.05, free.set)
        await asyncio.wait([closing])
        return closing.cancelled() and await call

    assert asyncio.run(close())
