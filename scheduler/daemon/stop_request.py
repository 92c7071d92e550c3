"""Ask a daemon or a worker to stop: the first signal in good order, the second soon, the third at once."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

logger = logging.getLogger(__name__)

HURRIED_STOP = timedelta(seconds=10)
"""Time from the second signal to the end of the process, also if the database is locked for longer."""
HURRIED_EXIT_CODE = 1


def ignore_hang_up() -> None:
    """Ignore SIGHUP until the process listens to it: its default would end one that is starting."""
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


class StopRequest:
    """Count SIGTERM and SIGINT; the first sets it, the second calls `on_hurry`, the third ends the process."""

    def __init__(self, *, on_hurry: Callable[[], None]) -> None:
        self._on_hurry = on_hurry
        self._event = asyncio.Event()
        self._signals = 0

    @property
    def is_set(self) -> bool:
        return self._event.is_set()

    def listen(self) -> None:
        """Handle the signals of this process in the running loop."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):  # event loops of Windows handle no signals
                loop.add_signal_handler(number, self._on_signal)

    def set(self) -> None:
        """Stop in good order."""
        self._event.set()

    async def wait(self) -> None:
        """Wait for the request."""
        await self._event.wait()

    async def comes_within(self, length: timedelta) -> bool:
        """Wait at most so long for the request; return whether it came."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), length.total_seconds())
        return self._event.is_set()

    def _on_signal(self) -> None:
        self._signals += 1
        if self._signals == 1:
            logger.info("stopping…: crawls finish the requests under way; a second signal ends them now")
            self._event.set()
        elif self._signals == 2:
            logger.info("stopping now: crawls drop the requests under way")
            self._on_hurry()
            asyncio.get_running_loop().call_later(HURRIED_STOP.total_seconds(), self._leave)
        else:
            self._leave()

    def _leave(self) -> None:
        logger.warning("ended before everything was closed: the next start closes what is open")
        logging.shutdown()
        os._exit(HURRIED_EXIT_CODE)
