"""`presswatch history`: every text version, what led to it, and what changed word by word."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from storage.model.records import EditKind
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.rows import HOUR, NOON, TERMS, Rows

STEALTH = "STEALTH EDIT: the date on the page did not change"


@pytest.fixture
def article(rows: Rows) -> int:
    """Twice edited: the figure without a word of it, then the title."""
    number = rows.article(
        "rail-link",
        title="Union funds rail link",
        body="First.\n\nIt pays 15 million.\n\nLast.",
        revised_at=NOON + 2 * HOUR,
    )
    first = {"title": "Union may fund rail link", "body": "First.\n\nIt pays 1.5 million.\n\nLast."}
    rows.revision(number, 1, **first, edit_kind=EditKind.NUMBERS, is_stealth=True)
    rows.revision(
        number,
        2,
        title="Union may fund rail link",
        body="First.\n\nIt pays 15 million.\n\nLast.",
        edit_kind=EditKind.TITLE,
    )
    return number


def test_every_text_version_is_shown_oldest_first(ask: Ask, article: int) -> None:
    result = ask("history", str(article))
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "Union funds rail link",
        "https://caliber.az/en/post/rail-link",
        "published 2026-11-04 11:00",
        "",
        "1. seen from 2026-11-04 12:00 until 2026-11-04 13:00: as first stored, 11 words",
        "   Union may fund rail link",
        "",
        f"2. seen from 2026-11-04 13:00 until 2026-11-04 14:00: edited, numbers, {STEALTH}; 1 word deleted, 1 inserted",
        "   Union may fund rail link",
        "",
        "3. seen from 2026-11-04 14:00 until now: edited, title; 2 words deleted, 1 inserted",
        "   Union funds rail link",
        "",
        f"Caliber.az (caliber): {TERMS}",
        "fetched 2026-11-04 12:00",
        "Times are UTC.",
    ]


def test_a_diff_marks_words_and_leaves_out_what_stayed(ask: Ask, article: int) -> None:
    lines = ask("history", str(article), "--diff").stdout.splitlines()
    assert lines[8:11] == [
        "   (1 unchanged paragraph)",
        "   It pays [-1.5-] {+15+} million.",
        "   (1 unchanged paragraph)",
    ]
    assert "   title      Union [-may fund-] {+funds+} rail link" in lines


def test_an_article_never_edited_has_one_version(rows: Rows, ask: Ask) -> None:
    number = rows.article("still")
    assert "1. seen from 2026-11-04 12:00 until now: as first stored" in ask("history", str(number), "--diff").stdout


def test_the_same_in_json(ask: Ask, article: int) -> None:
    document = json.loads(ask("history", str(article), "--diff", "--format", "json").stdout)
    assert [(one["edit_kind"], one["is_stealth"], one["seen_until"]) for one in document["text_versions"]] == [
        (None, False, "2026-11-04T13:00:00+00:00"),
        ("numbers", True, "2026-11-04T14:00:00+00:00"),
        ("title", False, None),
    ]
    assert document["terms"] == TERMS
    assert ["come", " 15"] in document["text_versions"][1]["diff"]["body"]


@pytest.mark.long
def test_on_a_terminal_the_diff_is_in_colour_unless_nobody_wants_it(rows: Rows, article: int, alone: Path) -> None:
    assert "\x1b[31;9m1.5\x1b[0m \x1b[32;4m15\x1b[0m" in on_terminal(rows, {"TERM": "xterm"})
    assert "[-1.5-] {+15+}" in on_terminal(rows, {"TERM": "xterm", "NO_COLOR": "1"})
    assert "[-1.5-] {+15+}" in on_terminal(rows, {"TERM": "dumb"})


def on_terminal(rows: Rows, environment: dict[str, str]) -> str:
    mine, theirs = pty.openpty()
    command = [sys.executable, "-m", "presswatch", "history", "1", "--diff", "--database", rows.database]
    outer = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "TERM"}}
    run = {**outer, **environment, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    with subprocess.Popen(command, stdout=theirs, env=run, cwd=ROOT) as child:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(mine, 65_536):
                said += part
        except OSError:
            pass  # how Linux says that the other side has closed
        assert child.wait() == 0
    os.close(mine)
    return said.decode()


def test_no_text_of_the_web_can_steer_the_terminal(rows: Rows, ask: Ask) -> None:
    bad = "bad \x1b[2J\u202e\x85 end"
    number = rows.article("bad", title=bad, subtitle=bad, body=bad, author=bad)
    rows.revision(number, 1, title=f"{bad} {bad}", body=f"\x9b1m{bad}", author="\x1b]0;x\x07", published_raw=bad)
    for more in ((), ("--diff",)):
        assert not set(ask("history", str(number), *more).stdout) & set("\x1b\x07\x9b\x85\u202e")


@pytest.mark.parametrize(("typed", "code"), [("99", 1), ("nonsense", 2), ("9" * 5000, 1)])
def test_what_is_not_there_is_said_in_one_line(ask: Ask, typed: str, code: int) -> None:
    answer = ask("history", typed)
    assert (answer.exit_code, answer.stdout, answer.stderr.count("\n")) == (code, "", 1)
