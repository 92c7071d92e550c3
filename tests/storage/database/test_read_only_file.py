"""A database that one may read and not write: it answers, and refuses what would write in one line."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.rows import Rows

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def as_anybody() -> None:
    """Root may write whatever the mode of a file says, unless it gives that up before the program starts."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH) if os.geteuid() == 0 else ():
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "presswatch", *arguments, "--database", f"sqlite:///{folder}/news.db"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        command, cwd=folder.parent, env=environment, capture_output=True, text=True, check=False, preexec_fn=as_anybody
    )


@pytest.fixture
def folder(sqlite_database: str, tmp_path: Path) -> Iterator[Path]:
    """A folder with a database of one article, in which nothing may be written any more."""
    rows = Rows(sqlite_database)
    rows.article("gas-corridor")
    rows.store.close()
    shut = tmp_path / "shut"
    shut.mkdir()
    (tmp_path / "news.db").rename(shut / "news.db")
    (shut / "news.db").chmod(0o444)
    shut.chmod(0o555)
    yield shut
    shut.chmod(0o755)


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "corridor", "--highlight"),
        ("query", "--count"),
        ("show", "1"),
        ("report",),
        ("runs",),
        ("db", "info"),
        ("sql", "select title from articles"),
        ("export", "out.jsonl"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.long_after(3)
def test_it_is_asked(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 0, done.stderr
    assert "unexpected" not in done.stderr
    assert sorted(file.name for file in folder.iterdir()) == ["news.db"]


@pytest.mark.parametrize(
    "arguments", [("db", "reindex"), ("watch", "add", "x", "gas", "--to", "json://localhost/x")], ids=str
)
def test_what_would_write_is_refused_in_one_line(folder: Path, arguments: tuple[str, ...]) -> None:
    done = run(folder, *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "may you write to this file?" in done.stderr


def test_it_is_asked_while_another_writes(folder: Path, tmp_path: Path) -> None:
    """A crawl of its owner's goes on, whose last articles are in the log beside the file."""
    folder.chmod(0o755)
    (folder / "news.db").chmod(0o644)
    owner = sqlite3.connect(folder / "news.db", isolation_level=None)
    owner.execute("update articles set title = 'Pipes'")
    for file in folder.iterdir():
        file.chmod(0o444)
    folder.chmod(0o555)
    done = run(folder, "query", "--fields", "title", "--format", "tsv")
    assert done.returncode == 0, done.stderr
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["title", "Pipes"]
    owner.close()
