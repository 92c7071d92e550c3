"""Pages whose examples are run: `python -m tests.cookbook` writes their outputs anew.

In a `text` block, a line that begins with `$ ` is a command and what follows is what it printed, errors included. All
commands of a page run one after another in one folder, on the database of tests.example_news; `presswatch …` runs in
this process, `cat FILE` shows a file that an export wrote. An output is shown whole, or, if a comment stands before its
block, without some of its lines, and `[...]` stands in their place:

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
SECTIONS = ("Searching", "Views and edits", "Export")

WIDTH = 110
"""Columns of the terminal: as wide as a page shows without scrolling, and the titles of the examples whole."""
CUT = "[...]"

_BLOCK = re.compile(r"(?:<!-- shown: (?P<shown>[^\n]+) -->\n\n?)?```text\n(?P<said>\$ .*?)```", re.DOTALL)
_SECTION = re.compile(r"(?m)^## (?P<name>[^\n]+)\n(?:(?!## ).*\n?)*")


class Terminal:
    """A folder with the database of the examples, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "presswatch.db").write_bytes(empty_database())
        store_news(f"sqlite:///{folder / 'presswatch.db'}")

    def output(self, command: str) -> str:
        """What a command prints, errors included. Raises ValueError for a command that is none of ours."""
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


def written_anew(page: str, terminal: Terminal) -> str:
    """The page with what its commands print now."""
    return _BLOCK.sub(lambda block: _block(block, terminal), page)


def readme_written_anew(readme: str, terminal: Terminal) -> str:
    """The README with what the commands of SECTIONS print now."""
    return _SECTION.sub(
        lambda section: written_anew(section[0], terminal) if section["name"] in SECTIONS else section[0], readme
    )


def commands(page: str) -> list[str]:
    """The commands whose outputs a page shows."""
    return [line[2:] for block in _BLOCK.finditer(page) for line in block["said"].splitlines() if line[:2] == "$ "]


def _block(block: re.Match[str], terminal: Terminal) -> str:
    before = block[0][: block.start("said") - block.start()]
    said = [_said(command, terminal, block["shown"]) for command in commands(block[0])]
    return f"{before}{''.join(said)}```"


def _said(command: str, terminal: Terminal, shown: str | None) -> str:
    lines = terminal.output(command).splitlines()
    kept = lines if shown is None else list(cut(lines, shown))
    return "".join(f"{line}\n" for line in (f"$ {command}", *kept))


def cut(lines: Sequence[str], shown: str) -> Iterator[str]:
    """These lines, and CUT once for each run of others. Raises ValueError where nothing is left out."""
    wanted = _places(lines, shown)
    if len(wanted) >= len(lines):
        raise ValueError(f"shown: {shown}: nothing is left out of {len(lines)} lines")
    before = True
    for place, line in enumerate(lines, start=1):
        if place in wanted:
            yield line
        elif before:
            yield CUT
        before = place in wanted


def _places(lines: Sequence[str], shown: str) -> set[int]:
    if shown == "table":
        return set(range(1, lines.index("") + 1))
    spans = (span.strip().partition("-") for span in shown.split(","))
    ends = ((int(first), int(last) if last else len(lines) if dash else int(first)) for first, dash, last in spans)
    return {place for first, last in ends for place in range(first, last + 1)}


def main() -> int:
    """Write all pages anew."""
    for page, write in ((COOKBOOK, written_anew), (README, readme_written_anew)):
        with TemporaryDirectory() as folder:
            page.write_text(write(page.read_text(encoding="utf-8"), Terminal(Path(folder))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
