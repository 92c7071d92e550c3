"""docs/cookbook.md and the README show what the commands print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cookbook import (
    COOKBOOK,
    CUT,
    README,
    SECTIONS,
    Terminal,
    commands,
    cut,
    readme_written_anew,
    written_anew,
)
from tests.manuals import check_command, commands_in

PAGE = COOKBOOK.read_text(encoding="utf-8")
PAGES = {"cookbook": (COOKBOOK, written_anew), "readme": (README, readme_written_anew)}
ANEW = "write the outputs anew: python -m tests.cookbook"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_what_its_commands_print(name: str, terminal: Terminal) -> None:
    page, write = PAGES[name]
    shown = page.read_text(encoding="utf-8")
    assert write(shown, terminal).splitlines() == shown.splitlines(), ANEW


def test_every_question_has_an_answer() -> None:
    asked = re.split(r"(?m)^###? ", PAGE)[1:]
    assert len(asked) >= 20
    assert [part.splitlines()[0] for part in asked if not commands(part)] == []


def test_each_section_of_the_readme_with_examples_links_to_the_cookbook() -> None:
    readme = README.read_text(encoding="utf-8")
    for section in SECTIONS:
        text = readme.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        assert "docs/cookbook.md#" in text.strip().partition("\n\n")[0]
        assert commands(text)


def test_links_to_the_cookbook_have_a_heading() -> None:
    headings = re.findall(r"(?m)^##+ (.+)$", PAGE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    linked = re.findall(r"docs/cookbook\.md#([\w-]+)", README.read_text(encoding="utf-8"))
    assert set(linked + re.findall(r"\(#([\w-]+)\)", PAGE)) <= anchors


def test_commands_in_its_text_exist() -> None:
    for words in commands_in(PAGE):
        check_command(words)


def test_another_output_is_noticed(terminal: Terminal) -> None:
    block = "```text\n$ presswatch query --count\n39\n```"
    assert written_anew(block, terminal) == "```text\n$ presswatch query --count\n38\n```"


def test_lines_are_left_out_on_purpose_only() -> None:
    lines = ["head", "row", "", "foot", "end"]
    assert list(cut(lines, "table")) == ["head", "row", CUT]
    assert list(cut(lines, "1, 4-")) == ["head", CUT, "foot", "end"]
    with pytest.raises(ValueError, match="nothing is left out"):
        list(cut(lines, "1-"))


def test_only_our_commands_are_run(terminal: Terminal) -> None:
    with pytest.raises(ValueError, match="only presswatch and cat"):
        terminal.output("rm presswatch.db")


def test_both_writers_leave_the_rest_of_a_page_alone(terminal: Terminal) -> None:
    writers: tuple[Callable[[str, Terminal], str], ...] = (written_anew, readme_written_anew)
    page = "# A\n\n```text\nno command\n```\n\n## Other\n\n```text\n$ presswatch status\nas it was\n```\n"
    assert readme_written_anew(page, terminal) == page
    plain = page.partition("## Other")[0]
    assert [write(plain, terminal) for write in writers] == [plain, plain]
