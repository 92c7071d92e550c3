"""Serve the calls of `scraper.crawl.parser_process` in a process with limits of CPU time and memory.

Run as `python -m scraper.crawl.parser_child MEMORY`, with the maximum address space in bytes.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from scraper.crawl.parser_process import LENGTH_BYTES, STARTED


def limit_memory(size: int) -> None:
    """Limit the address space of this process, where the system can, and write no core dump."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (not on Windows)

    for kind, limit in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        try:
            resource.setrlimit(kind, (allowed, hard))
        except (OSError, ValueError):  # macOS limits no address space
            continue


def limit_cpu(seconds: int) -> None:
    """Let this process be killed after so many more seconds of CPU time."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415  (not on Windows)

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(time.process_time()) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def answer(request: bytes, start: Callable[[], None]) -> bytes:
    """Run one call and return its pickled answer: whether it raised, and the result or the exception.

    `start` is called once the call has been read.
    """
    function, args, options, cpu_seconds = pickle.loads(request)  # noqa: S301  (from our own crawl)
    limit_cpu(cpu_seconds)
    start()
    try:
        outcome: tuple[bool, Any] = (False, function(*args, **options))
    except Exception as error:  # noqa: BLE001  (it is raised by the caller)
        outcome = (True, error)
    try:
        return pickle.dumps(outcome)
    except Exception as error:  # noqa: BLE001  (an exception that cannot be pickled)
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {outcome[1]}")))


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until the stream of calls ends."""

    def send(data: bytes) -> None:
        answers.write(data)
        answers.flush()

    while len(prefix := calls.read(LENGTH_BYTES)) == LENGTH_BYTES:
        reply = answer(calls.read(int.from_bytes(prefix, "big")), lambda: send(STARTED))
        send(len(reply).to_bytes(LENGTH_BYTES, "big") + reply)


def main() -> None:
    """Serve the calls on standard input."""
    limit_memory(int(sys.argv[1]))
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a parser that prints would spoil an answer
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
