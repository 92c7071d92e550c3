"""Commands whose standard streams were closed before they began, or lead to a full disk: one line, and no trace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.rows import Rows


@pytest.fixture
def database(sqlite_database: str) -> str:
    return sqlite_database


def run(rows: Rows, alone: Path, command: str, redirected: str) -> subprocess.CompletedProcess[str]:
    rows.article("one")
    whole = f"{sys.executable} -m presswatch {command} --database {rows.database} {redirected}"
    where = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(whole, shell=True, cwd=alone, env=where, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["query", "query --format csv", "query --count", "sql 'select 1'", "show 1"])
@pytest.mark.parametrize("redirected", [">&-", "> /dev/full"])
@pytest.mark.long_after(4)
def test_what_cannot_be_written_is_said_in_one_line(rows: Rows, alone: Path, command: str, redirected: str) -> None:
    done = run(rows, alone, command, redirected)
    assert done.returncode == 1
    assert done.stderr.startswith("presswatch: system error: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "code"), [("query --limit 1", 0), ("export out.csv", 0), ("db reindex", 0), ("query --limit x", 2)]
)
@pytest.mark.long_after(2)
def test_nobody_need_listen_to_what_goes_wrong(rows: Rows, alone: Path, command: str, code: int) -> None:
    done = run(rows, alone, command, "2>&-")
    assert (done.returncode, done.stderr) == (code, "")


def test_an_export_needs_no_standard_output(rows: Rows, alone: Path) -> None:
    assert run(rows, alone, "export out.csv", ">&-").returncode == 0
    assert (alone / "out.csv").read_bytes().startswith(b"id,source")
