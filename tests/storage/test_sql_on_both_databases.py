"""`presswatch sql` where both databases answer alike."""

from __future__ import annotations

import json

import pytest

from tests.storage.conftest import Ask
from tests.storage.rows import Rows

pytestmark = pytest.mark.dialect


def test_every_form(rows: Rows, ask: Ask) -> None:
    rows.article("one", title="=1+1")
    asked = ("sql", "select id, title, view_count from articles")
    assert ask(*asked).stdout == "ID  TITLE  VIEW_COUNT\n 1  =1+1          100\n"
    assert json.loads(ask(*asked, "--format", "json").stdout) == [{"id": 1, "title": "=1+1", "view_count": 100}]
    assert json.loads(ask(*asked, "--format", "jsonl").stdout)["title"] == "=1+1"
    assert ask(*asked, "--format", "csv").stdout_bytes == b"id,title,view_count\r\n1,'=1+1,100\r\n"
    assert ask(*asked, "--format", "csv", "--no-escape").stdout.splitlines()[1] == "1,=1+1,100"
    assert ask(*asked, "--format", "tsv").stdout == "id\ttitle\tview_count\n1\t'=1+1\t100\n"
    assert ask(*asked, "--format", "md").stdout.splitlines()[2] == "| 1 | =1\\+1 | 100 |"


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "tsv", "md"])
def test_a_value_or_a_name_cannot_steer_the_terminal(rows: Rows, ask: Ask, form: str) -> None:
    character = "char" if rows.store.engine.dialect.name == "sqlite" else "chr"
    said = ask("sql", f"select {character}(27) || '[31m' as \"a\x1b[0m\"", "--format", form).stdout
    assert "31m" in said.lower()
    assert "\x1b" not in said


def test_no_rows_are_said(rows: Rows, ask: Ask) -> None:
    answer = ask("sql", "select * from articles")
    assert (answer.exit_code, answer.stdout, answer.stderr) == (0, "", "presswatch: no rows\n")
