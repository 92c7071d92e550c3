"""Keep the pages of `daemon --serve` running beside the daemon, in a process of their own."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta

logger = logging.getLogger(__name__)

COMMAND = (sys.executable, "-m", "presswatch", "serve", "--with-parent")
"""Without the database URL, which goes in the environment: `ps` shows command lines."""
MIN_RESTART_DELAY = timedelta(seconds=1)
MAX_RESTART_DELAY = timedelta(minutes=1)
STOP_TIMEOUT = timedelta(seconds=10)
"""Time that it has to end in good order; its own limit is half of it."""


class PagesProcess:
    """A process that is started again when it ends, later each time, until it is stopped.

    It ends with its stdin, which this process holds open: it outlives no daemon, whatever ended that.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._process: Process | None = None
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process, and keep it running."""
        self._keeping = asyncio.create_task(self._keep())

    def restart(self) -> None:
        """End the process; it is started again with the settings that are in its file now."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def stop(self) -> None:
        """End the process, and wait for it."""
        if self._keeping is not None:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        if self._process is not None:
            await _end(self._process)

    async def _keep(self) -> None:
        delay = MIN_RESTART_DELAY
        while True:
            began_at = asyncio.get_running_loop().time()
            self._process = await asyncio.create_subprocess_exec(
                *COMMAND,
                stdin=asyncio.subprocess.PIPE,
                env={**os.environ, **self._environment},
                start_new_session=True,  # Ctrl-C of a terminal goes to the daemon, which stops it in order
            )
            code = await self._process.wait()
            lived = timedelta(seconds=asyncio.get_running_loop().time() - began_at)
            delay = MIN_RESTART_DELAY if lived > MAX_RESTART_DELAY else min(2 * delay, MAX_RESTART_DELAY)
            level = logging.WARNING if code else logging.INFO
            logger.log(level, "the pages ended with exit code %d; they are served again in %d s", code, delay.seconds)
            await asyncio.sleep(delay.total_seconds())


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), STOP_TIMEOUT.total_seconds())
    except TimeoutError:
        process.kill()
        await process.wait()
