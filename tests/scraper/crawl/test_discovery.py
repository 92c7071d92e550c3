"""End the polls of channels together, whatever becomes of their requests."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest

from scraper.crawl.background import start_task
from scraper.crawl.channel_reading import ChannelResponse
from scraper.crawl.discovery import discover
from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession
from scraper.crawl.store_thread import StoreThread
from scraper.sources import get_source
from storage.config.settings import Config
from storage.crawling.channels import ChannelState
from storage.model.errors import CrawlStoppedError
from tests.support.patience import patient


def never_polled(url: str) -> ChannelState:
    return cast(
        "ChannelState",
        SimpleNamespace(url=url, validators_trusted=False, last_unconditional_at=None, parser_fingerprint=None),
    )


def session_of_caliber() -> CrawlSession:
    session = CrawlSession(
        source=get_source("caliber"),
        store=cast("Any", None),
        store_thread=cast("StoreThread", None),
        config=Config(),
        options=CrawlOptions(),
    )
    urls = map(session.channel_url, session.channels)
    session.channel_states = {url: never_polled(url) for url in urls}
    return session


@pytest.mark.parametrize("is_cancelled", [True, False], ids=["of a cancelled crawl", "that all fail"])
def test_a_stop_during_the_polls_leaves_no_traceback(is_cancelled: bool) -> None:
    """A request that is dropped ends its poll with an error, which only the first poll can tell."""
    session, logged = session_of_caliber(), list[dict[str, Any]]()
    assert len(session.channels) > 1

    async def stop() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: logged.append(context))
        asked, dropped = asyncio.Semaphore(0), asyncio.Event()

        async def fetch(url: str, headers: Mapping[str, str]) -> ChannelResponse:
            asked.release()
            with suppress(asyncio.CancelledError):
                await dropped.wait()
            raise CrawlStoppedError("stopped before its request was sent")

        async def poll() -> None:
            async for _targets in discover(session, fetch):
                pass

        polling = asyncio.create_task(poll())
        for _ in session.channels:
            await asyncio.wait_for(asked.acquire(), patient(30))
        if is_cancelled:
            polling.cancel()
        else:
            dropped.set()
        with pytest.raises((CrawlStoppedError, asyncio.CancelledError)):
            await polling
        del polling
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        gc.collect()

    asyncio.run(stop())
    assert logged == []


def test_who_awaits_a_task_gets_its_error() -> None:
    async def fail() -> None:
        raise CrawlStoppedError("stopped")

    async def wait() -> None:
        await start_task(fail())

    with pytest.raises(CrawlStoppedError):
        asyncio.run(wait())
