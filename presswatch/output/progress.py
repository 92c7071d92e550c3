"""Show the progress of long work on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told the phase of the work, and how many rows of how many are done.

    Each phase has a bar on stderr, if that is a terminal.
    """
    with ExitStack() as bars:
        if sys.stderr.isatty():
            yield _Bars(bars).show
        else:
            yield lambda _phase, _done, _total: None


class _Bars:
    """The bar of the phase that is being shown."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._phase: str | None = None
        self._bar: Any = None

    def show(self, phase: str, done: int, total: int) -> None:
        if phase != self._phase:
            self._stack.close()  # ends the line of the bar before
            self._phase = phase
            every = max(total // 200, 1)
            bar = click.progressbar(length=total, label=phase, file=sys.stderr, update_min_steps=every)
            self._bar = self._stack.enter_context(bar)
        self._bar.update(done - self._bar.pos)
