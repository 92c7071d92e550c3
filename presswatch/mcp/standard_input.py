"""Read the lines of stdin so that a signal ends the reading at once."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio

MAX_MESSAGE_SIZE = 1024 * 1024
"""Bytes of a line; no question to these tools is a hundredth as long."""
CHUNK_SIZE = 64 * 1024

log = logging.getLogger(__name__)


async def lines(descriptor: int) -> AsyncIterator[str]:
    """Yield the lines of a file descriptor, with their ends; invalid UTF-8 is replaced.

    The SDK reads in a thread, which waits for the next line after a signal, too, and keeps the process alive. A line
    longer than MAX_MESSAGE_SIZE ends the reading.
    """
    if sys.stdin is None:  # closed at the start: its descriptor may be another file by now
        return
    left = bytearray()
    while chunk := await _read(descriptor):
        left += chunk
        *whole, rest = left.split(b"\n")
        for line in whole:
            yield line.decode("utf-8", errors="replace") + "\n"
        left = bytearray(rest)
        if len(left) > MAX_MESSAGE_SIZE:
            log.error("a message of more than %d bytes on stdin: the session ends", MAX_MESSAGE_SIZE)
            return
    if left:
        yield left.decode("utf-8", errors="replace")


async def _read(descriptor: int) -> bytes:
    with suppress(PermissionError):  # of a file and of /dev/null, which can always be read
        await anyio.wait_readable(descriptor)
    return os.read(descriptor, CHUNK_SIZE)
