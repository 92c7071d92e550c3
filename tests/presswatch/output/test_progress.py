"""The bars of long work: one a phase on a terminal, none elsewhere."""

from __future__ import annotations

import io
import sys

import pytest

from presswatch.output.progress import progress_bars


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def work() -> None:
    with progress_bars() as progress:
        for phase in ("copying", "comparing"):
            for done in (0, 5, 10):
                progress(phase, done, 10)


def test_a_terminal_shows_a_bar_for_each_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    work()
    copying, comparing = (line for line in terminal.getvalue().splitlines() if "100%" in line)
    assert "copying" in copying
    assert "comparing" in comparing


def test_a_file_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    work()
    assert file.getvalue() == ""
