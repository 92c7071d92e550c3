"""Commands that read make no database: they name the file that is not there, and how to begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import presswatch

READING = [
    ["query"],
    ["query", "gas"],
    ["query", "--count", "--group-by", "day"],
    ["export", "out.csv"],
    ["report"],
    ["sql", "select 1"],
    ["show", "1"],
    ["views", "1"],
    ["views", "--top", "5"],
    ["history", "1"],
    ["runs"],
    ["inspect", "https://caliber.az/en/post/x"],
    ["events"],
    ["status"],
    ["watch", "list"],
    ["watch", "undelivered"],
    ["watch", "preview", "Gas"],
    ["watch", "remove", "Gas"],
    ["watch", "ping", "Gas"],
    ["pause", "caliber"],
    ["resume", "caliber"],
    ["trigger", "caliber"],
    ["mcp"],
    ["db", "info"],
    ["db", "reindex"],
]


@pytest.mark.parametrize("is_empty", [False, True], ids=["no file", "empty file"])
@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_a_database_that_is_not_there_is_named_and_not_made(
    arguments: list[str], is_empty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRESSWATCH_DATABASE", raising=False)
    if is_empty:
        (tmp_path / "presswatch.db").touch()
    done = CliRunner().invoke(presswatch.main, arguments, prog_name="presswatch")
    state = "is empty" if is_empty else "does not exist"
    assert done.stderr == (
        f"presswatch: database {tmp_path}/presswatch.db {state}; "
        "begin with presswatch crawl, or name another with --database\n"
    )
    assert (done.exit_code, done.stdout) == (1, "")
    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0] * is_empty
