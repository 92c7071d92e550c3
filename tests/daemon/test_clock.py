"""A clock that is put back under a daemon that runs: only the clock is not the real one."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

import pytest

from scheduler import daemon as daemon_module
from scheduler.daemon import Daemon
from scraper.sources import load_sources
from storage.config import load_config
from tests.daemon.post import Post

JUMP = timedelta(hours=1)


class Clock(datetime):
    """The time, put back by `behind`."""

    behind = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) - Clock.behind


def test_it_still_listens_after_the_clock_was_put_back(
    post: Post, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Clock)
    monkeypatch.setattr(daemon_module, "now", lambda: Clock.now(UTC))
    monkeypatch.setattr(Clock, "behind", timedelta(0))
    post.settle(schedule='every = "6 h"')
    caplog.set_level("INFO")

    async def watch() -> int:
        with closing(post.store()) as store:
            config = load_config(post.folder / "presswatch.toml", database=post.database)
            watching = asyncio.create_task(Daemon(store, config, load_sources()).run(standby=False, once=False))
            await until("next look at")
            Clock.behind = JUMP
            await asyncio.sleep(2)
            store.schedules.pause("caliber", now=datetime.now(UTC))
            await until("caliber: paused")
            os.kill(os.getpid(), signal.SIGTERM)
            return await watching

    async def until(said: str) -> None:
        async with asyncio.timeout(20):
            while said not in caplog.text:  # noqa: ASYNC110  (a test waits for an entry)
                await asyncio.sleep(0.1)

    monkeypatch.setenv("PRESSWATCH_DATABASE", post.database)
    assert asyncio.run(watch()) == 0
    assert "the clock was put back by 0:59:" in caplog.text or "the clock was put back by 1:00:" in caplog.text
