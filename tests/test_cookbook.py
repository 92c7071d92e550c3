"""Compare the outputs in docs/cookbook.md and the README with those of the commands."""

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
    readme_with_outputs,
    with_outputs,
)
from tests.manuals import check_command, commands_in

PAGE = COOKBOOK.read_text(encoding="utf-8")
PAGES = {"cookbook": (COOKBOOK, with_outputs), "readme": (README, readme_with_outputs)}
REWRITE = "write the outputs again: python -m tests.cookbook"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_the_outputs_of_its_commands(name: str, terminal: Terminal) -> None:
    page, write = PAGES[name]
    shown = page.read_text(encoding="utf-8")
    assert write(shown, terminal).splitlines() == shown.splitlines(), REWRITE


def test_every_heading_of_the_cookbook_has_an_example() -> None:
    parts = re.split(r"(?m)^###? ", PAGE)[1:]
    assert len(parts) >= 20
    assert [part.splitlines()[0] for part in parts if not commands(part)] == []


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


def test_a_different_output_is_replaced(terminal: Terminal) -> None:
    block = "```text\n$ presswatch query --count\n39\n```"
    assert with_outputs(block, terminal) == "```text\n$ presswatch query --count\n38\n```"


def test_lines_are_selected_and_others_cut() -> None:
    lines = ["head", "row", "", "foot", "end"]
    assert list(cut(lines, "table")) == ["head", "row", CUT]
    assert list(cut(lines, "1, 4-")) == ["head", CUT, "foot", "end"]
    with pytest.raises(ValueError, match="nothing is left out"):
        list(cut(lines, "1-"))


def test_other_programs_are_refused(terminal: Terminal) -> None:
    with pytest.raises(ValueError, match="only presswatch and cat"):
        terminal.output("rm presswatch.db")


def test_both_writers_change_only_examples(terminal: Terminal) -> None:
    writers: tuple[Callable[[str, Terminal], str], ...] = (with_outputs, readme_with_outputs)
    page = "# A\n\n```text\nno command\n```\n\n## Other\n\n```text\n$ presswatch status\nas it was\n```\n"
    assert readme_with_outputs(page, terminal) == page
    plain = page.partition("## Other")[0]
    assert [write(plain, terminal) for write in writers] == [plain, plain]
