"""What is said on a terminal beside a progress."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest

from storage.config import logging_setup
from storage.config.logging_setup import ERASE_LINE, print_error


class TerminalText(StringIO):
    """Text that was written to a terminal."""

    def isatty(self) -> bool:
        return True

    def lines(self) -> list[str]:
        """Return the lines that a person sees: what was erased is not among them."""
        return [line.rpartition(ERASE_LINE)[2] for line in self.getvalue().split("\n")[:-1]]


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


def test_no_line_sticks_to_a_progress(monkeypatch: pytest.MonkeyPatch, root_logger: logging.Logger) -> None:
    terminal = TerminalText()
    monkeypatch.setattr(sys, "stderr", terminal)
    logging_setup.configure(level="info", form="terse")
    for number in (1, 2):
        terminal.write(f"{ERASE_LINE}caliber: {number}/2 fetched")
        root_logger.info("page %s", number)
    terminal.write(f"{ERASE_LINE}indexed 5 of 9 articles")
    print_error("the disk is full", 1)
    assert terminal.lines() == ["INFO page 1", "INFO page 2", "presswatch: the disk is full"]


def test_a_file_has_no_signs_of_a_terminal(monkeypatch: pytest.MonkeyPatch, root_logger: logging.Logger) -> None:
    file = StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    logging_setup.configure(level="info", form="terse")
    root_logger.info("page")
    print_error("the disk is full", 1)
    assert file.getvalue() == "INFO page\npresswatch: the disk is full\n"
