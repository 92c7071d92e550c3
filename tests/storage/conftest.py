"""What the tests of the store share: a database in a file, and the command line asked in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

import presswatch
from tests.storage.rows import Rows


class Ask(Protocol):
    """Runs one command on the database of `rows`."""

    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def rows(database: str) -> Iterator[Rows]:
    made = Rows(database)
    yield made
    made.store.close()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a configuration, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("PRESSWATCH_CONFIG", "PRESSWATCH_DATABASE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ask(rows: Rows, alone: Path) -> Ask:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(presswatch.main, [*arguments, "--database", rows.database], prog_name="presswatch")

    return run
