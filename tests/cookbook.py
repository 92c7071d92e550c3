"""Run the examples of pages and write their outputs: `python -m tests.cookbook`.

In a `text` block, a line that begins with `$ ` is a command and what follows is what it printed, errors included. All
commands of a page run one after another in one folder, on the database of tests.example_news; `presswatch …` runs in
this process, `cat FILE` prints a file that an export wrote. A comment before a block selects the lines of its output
that are shown, and `[...]` replaces the others:

    <!-- shown: table -->        up to the first empty line
    <!-- shown: 1-4, 7, 9- -->   these lines

In the README only the blocks of SECTIONS are examples of this kind.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

import presswatch
from tests.example_news import store_news
from tests.support.paths import ROOT
from tests.support.rows import empty_database

COOKBOOK = ROOT / "docs" / "cookbook.md"
README = ROOT / "README.md"
SECTIONS = ("Searching", "Views and edits", "What could not be seen", "Export")

WIDTH = 110
"""Columns of the terminal: as wide as a page shows without scrolling, and the titles of the examples whole."""
CUT = "[...]"

_BLOCK = re.compile(r"(?:<!-- shown: (?P<shown>[^\n]+) -->\n\n?)?```text\n(?P<output>\$ .*?)```", re.DOTALL)
_SECTION = re.compile(r"(?m)^## (?P<name>[^\n]+)\n(?:(?!## ).*\n?)*")


class Terminal:
    """Run commands in a folder with the database of the examples."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "presswatch.db").write_bytes(empty_database())
        store_news(f"sqlite:///{folder / 'presswatch.db'}")

    def output(self, command: str) -> str:
        """Return what a command prints, errors included. Raises ValueError for another program."""
        program, *words = shlex.split(command)
        if program == "cat":
            return "".join((self.folder / name).read_text(encoding="utf-8") for name in words)
        if program != "presswatch":
            raise ValueError(f"{command}: only presswatch and cat are run")
        environment = {name: None for name in os.environ if name.startswith("PRESSWATCH_")}
        with chdir(self.folder):
            done = CliRunner(env={**environment, "COLUMNS": str(WIDTH)}).invoke(
                presswatch.main, words, prog_name="presswatch"
            )
        return done.output.replace("\r\n", "\n")


def with_outputs(page: str, terminal: Terminal) -> str:
    """Return the page with the current outputs of its commands."""
    return _BLOCK.sub(lambda block: _block(block, terminal), page)


def readme_with_outputs(readme: str, terminal: Terminal) -> str:
    """Return the README with the current outputs of the commands in SECTIONS."""
    return _SECTION.sub(
        lambda section: with_outputs(section[0], terminal) if section["name"] in SECTIONS else section[0], readme
    )


def commands(page: str) -> list[str]:
    """Return the commands of the example blocks of a page."""
    return [line[2:] for block in _BLOCK.finditer(page) for line in block["output"].splitlines() if line[:2] == "$ "]


def _block(block: re.Match[str], terminal: Terminal) -> str:
    before = block[0][: block.start("output") - block.start()]
    outputs = [_output(command, terminal, block["shown"]) for command in commands(block[0])]
    return f"{before}{''.join(outputs)}```"


def _output(command: str, terminal: Terminal, shown: str | None) -> str:
    lines = terminal.output(command).splitlines()
    shown_lines = lines if shown is None else list(cut(lines, shown))
    return "".join(f"{line}\n" for line in (f"$ {command}", *shown_lines))


def cut(lines: Sequence[str], shown: str) -> Iterator[str]:
    """Yield the selected lines, and CUT once for each run of others. Raises ValueError if all are selected."""
    selected = _line_numbers(lines, shown)
    if len(selected) >= len(lines):
        raise ValueError(f"shown: {shown}: nothing is left out of {len(lines)} lines")
    was_selected = True
    for number, line in enumerate(lines, start=1):
        if number in selected:
            yield line
        elif was_selected:
            yield CUT
        was_selected = number in selected


def _line_numbers(lines: Sequence[str], shown: str) -> set[int]:
    if shown == "table":
        return set(range(1, lines.index("") + 1))
    spans = (span.strip().partition("-") for span in shown.split(","))
    ends = ((int(first), int(last) if last else len(lines) if dash else int(first)) for first, dash, last in spans)
    return {number for first, last in ends for number in range(first, last + 1)}


def main() -> int:
    """Write all pages."""
    for page, write in ((COOKBOOK, with_outputs), (README, readme_with_outputs)):
        with TemporaryDirectory() as folder:
            page.write_text(write(page.read_text(encoding="utf-8"), Terminal(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
