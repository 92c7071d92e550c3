"""Whose tables a database holds, and of which version, before they are touched."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner

import presswatch
from tests.support.paths import ROOT


def test_an_upgrade_leaves_the_database_of_another_program_alone(alone: Path) -> None:
    with closing(sqlite3.connect(alone / "other.db")) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")
        done = CliRunner().invoke(presswatch.main, ["db", "upgrade", "--database", "sqlite:///other.db"])
        assert done.exit_code == 1
        assert "holds tables of another program; name another database" in done.stderr
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_an_upgrade_makes_the_tables_of_an_empty_database(alone: Path) -> None:
    for said in ("tables created", "nothing to do"):
        done = CliRunner().invoke(presswatch.main, ["db", "upgrade", "--database", "sqlite:///new.db"])
        assert (done.exit_code, said in done.stdout) == (0, True)


def test_a_program_whose_folder_has_a_per_cent_sign_makes_its_tables(alone: Path) -> None:
    folder = alone / "100%(odd)s"
    shutil.copytree(ROOT / "storage", folder / "storage", ignore=shutil.ignore_patterns("__pycache__"))
    script = "import storage.store; storage.store.open_store('sqlite:///x.db'); print(storage.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {script}"],
        capture_output=True,
        text=True,
        cwd=alone,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
