"""Call parsers in a child process with limits of CPU time and memory, so that no input can stop or end a crawl.

The process is started by the first call and serves one call at a time. One that dies or is late is replaced at the
next call. Calls and answers are pickled and preceded by their length (`scraper.crawl.parser_child`).
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LENGTH_BYTES = 8
"""Bytes of the length before each call and each answer."""
STARTED = b"\x01"
"""Sent before a call is run: a process that dies before that has not died of it."""
DYING_SECONDS = 5.0
"""Time for a process that has closed its pipes to end by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserLimits:
    """Limits of one call."""

    cpu_seconds: int = 20  # a page of 10 MB takes 1 to 3
    wall_seconds: float = 120.0  # for a busy machine: the CPU time ends a call first
    memory: int = 2 * 10**9  # bytes of address space; the tree of a page of 10 MB takes 400 MB at most


LIMITS = ParserLimits()


class ParserDiedError(Exception):
    """Raised by a call whose process died of it; `reason` names the limit or the signal.

    `is_fatal` is False if something else may have been the cause: the machine had no time for the process.
    """

    def __init__(self, reason: str, *, is_fatal: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_fatal = is_fatal


class ParserProcess:
    """Child process that runs functions of `scraper.parsing`."""

    def __init__(self, limits: ParserLimits | None = None) -> None:
        self._limits = limits or LIMITS
        self._process: Process | None = None
        self._is_started = False  # the running call
        self._lock = asyncio.Lock()

    async def call(self, function: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Call a function of a module in the child process and return its result.

        Function, arguments and result must be picklable. Raises the exception of the function, or ParserDiedError.
        """
        request = pickle.dumps((function, args, options, self._limits.cpu_seconds))
        async with self._lock:
            try:
                answer = await asyncio.wait_for(self._exchange(request), self._limits.wall_seconds)
            except TimeoutError:
                await self._end()
                reason = f"no result within {self._limits.wall_seconds:g} s"
                raise ParserDiedError(reason, is_fatal=False) from None
            except (OSError, asyncio.IncompleteReadError):
                reason = self._reason(await self._end(DYING_SECONDS))
                raise ParserDiedError(reason, is_fatal=self._is_started) from None
            except BaseException:  # cancelled: the answer would be taken for that of the next call
                await self._end()
                raise
        is_error, result = pickle.loads(answer)  # noqa: S301  (our own process)
        if is_error:
            raise result
        value: T = result
        return value

    async def _exchange(self, request: bytes) -> bytes:
        self._is_started = False
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise BrokenPipeError
        process.stdin.write(len(request).to_bytes(LENGTH_BYTES, "big"))
        process.stdin.write(request)
        await process.stdin.drain()
        self._is_started = await process.stdout.readexactly(len(STARTED)) == STARTED
        length = int.from_bytes(await process.stdout.readexactly(LENGTH_BYTES), "big")
        return await process.stdout.readexactly(length)

    async def _start(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-P", "-m", "scraper.crawl.parser_child", str(self._limits.memory)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C in the terminal reaches the crawl alone, which ends its processes
        )
        return self._process

    def _reason(self, exit_code: int) -> str:
        if not self._is_started:
            return f"its parser could not be started (exit code {exit_code})"
        if exit_code == -signal.SIGXCPU:
            return f"its parser took more than {self._limits.cpu_seconds} s of CPU time"
        if exit_code < 0:
            with suppress(ValueError):
                return f"its parser was ended by {signal.Signals(-exit_code).name}"
        return f"its parser ended with exit code {exit_code}"

    async def _end(self, within: float = 0.0) -> int:
        """Kill the process if it lives after some seconds, wait for its end, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        # Not at once: to kill a process that has ended takes its exit code from asyncio (Popen.send_signal polls).
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), within)
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
        code = await process.wait()
        if process.stdin is not None:
            process.stdin.close()
        return code

    async def close(self) -> None:
        """End the process."""
        async with self._lock:
            await self._end()
