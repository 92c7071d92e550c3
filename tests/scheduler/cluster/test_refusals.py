"""Test what workers on several machines are refused without: PostgreSQL, and the libraries of their extra."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import presswatch
from scheduler.daemon import configuration_check


def refused(command: str, database: str, folder: Path) -> str:
    """Run a command that must be refused; return its one line."""
    (folder / "presswatch.toml").write_text('[scheduler]\nengine = "procrastinate"\n', encoding="utf-8")
    done: Result = CliRunner().invoke(presswatch.main, [command, "--database", database], prog_name="presswatch")
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("command", ["worker", "daemon"])
def test_sqlite_is_refused_in_one_line_that_says_what_to_do(command: str, sqlite_database: str, alone: Path) -> None:
    assert "postgresql+psycopg://" in refused(command, sqlite_database, alone)


@pytest.mark.parametrize("command", ["worker", "daemon"])
def test_a_missing_library_is_named_with_its_extra(
    command: str, postgres_database: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        configuration_check, "find_spec", lambda name: None if name == "procrastinate" else find_spec(name)
    )
    line = refused(command, postgres_database, alone)
    assert "procrastinate" in line
    assert "[cluster]" in line
