"""The file of an SQLite database: private from its first byte, and named when something was done to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from stat import S_IMODE

import pytest
from click.testing import CliRunner

import presswatch
from storage.database import sqlite_file
from storage.database.sqlite_file import describe_damage, url_of_path
from storage.model.errors import StoreError
from storage.store import open_store
from tests.support.forked_command import run_command
from tests.support.patience import patient
from tests.support.rows import Rows


def modes(folder: Path) -> dict[str, int]:
    return {file.name: S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def run(folder: Path, *arguments: str, umask: int) -> None:
    words = [*arguments, "--database", f"sqlite:///{folder}/news.db"]
    prepare = partial(os.umask, umask)
    run_command(words, folder=folder, environment=os.environ, timeout=patient(60), prepare=prepare).check_returncode()


@pytest.mark.parametrize(("umask", "mode"), [(0o000, 0o600), (0o022, 0o600), (0o077, 0o600), (0o200, 0o400)])
def test_a_new_file_is_for_its_owner(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with open_store(f"sqlite:///{tmp_path}/news.db") as store, store.read():
            found = modes(tmp_path)
    finally:
        os.umask(before)
    assert found.keys() == {"news.db", "news.db-wal", "news.db-shm"}
    assert set(found.values()) == {mode}


@pytest.mark.parametrize("kind", ["csv", "jsonl", "db", "parquet", "xlsx"])
def test_an_export_is_for_its_owner_and_keeps_the_mode_of_an_existing_file(tmp_path: Path, kind: str) -> None:
    run(tmp_path, "db", "upgrade", umask=0)
    run(tmp_path, "export", f"out.{kind}", umask=0)
    assert modes(tmp_path) == dict.fromkeys(["news.db", f"out.{kind}", f"out.{kind}.about.json"], 0o600)
    (tmp_path / f"out.{kind}").chmod(0o640)
    (tmp_path / "news.db").chmod(0o660)
    run(tmp_path, "export", f"out.{kind}", "--force", umask=0o027)
    assert modes(tmp_path) == {"news.db": 0o660, f"out.{kind}": 0o640, f"out.{kind}.about.json": 0o600}


def cut(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def cut_short(file: Path) -> None:
    os.truncate(file, 50)


def empty(file: Path) -> None:
    os.truncate(file, 0)


def zero(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as content:
        content.write(bytes(size))


def zero_the_rest(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as content:
        content.seek(100)
        content.write(bytes(size - 100))


def overwrite(file: Path) -> None:
    with file.open("r+b") as content:
        content.write(b"<html>" * 1000)


def delete(file: Path) -> None:
    file.unlink()


def replace(file: Path) -> None:
    other = file.with_name("other.db")
    with sqlite3.connect(other) as connection:
        connection.execute("create table theirs (x)")
    connection.close()
    other.replace(file)


def copy_over(file: Path) -> None:
    other = file.with_name("other.db")
    with sqlite3.connect(other) as connection:
        connection.execute("create table theirs (x)")
    connection.close()
    shutil.copyfile(other, file)


Harm = Callable[[Path], None]
IN_PLACE: list[Harm] = [cut, cut_short, empty, zero, zero_the_rest, overwrite, copy_over]


@pytest.mark.parametrize("harm", [*IN_PLACE, delete, replace])
def test_a_writer_names_what_was_done(sqlite_database: str, tmp_path: Path, harm: Harm) -> None:
    """As the daemon and a crawl are: the store is open, and its rows are in the log."""
    rows = Rows(sqlite_database)
    rows.article("gas")
    rows.store.engine.dispose()  # each transaction opens the file, as a worker does
    harm(tmp_path / "news.db")
    with pytest.raises(StoreError) as told:
        rows.article("oil")
    assert "\n" not in str(told.value)
    assert "restore" in str(told.value) or "it is not a Presswatch database" in str(told.value)
    rows.store.close()


@pytest.mark.parametrize("harm", [empty, delete, replace])
def test_an_open_connection_writes_nothing_into_what_is_left(sqlite_database: str, tmp_path: Path, harm: Harm) -> None:
    """As the daemon has, which knows pages of the file that is gone."""
    rows = Rows(sqlite_database)
    rows.article("gas")
    harm(tmp_path / "news.db")
    size = (tmp_path / "news.db").stat().st_size if (tmp_path / "news.db").exists() else None
    for _ in range(2):
        with pytest.raises(StoreError, match="restore"):
            rows.article("oil")
    assert size == ((tmp_path / "news.db").stat().st_size if (tmp_path / "news.db").exists() else None)
    rows.store.close()


@pytest.mark.parametrize("harm", IN_PLACE)
@pytest.mark.parametrize("command", [("query",), ("sql", "select title, body from articles")], ids=str)
@pytest.mark.long_after(6)
def test_a_reader_names_what_was_done(
    sqlite_database: str, tmp_path: Path, alone: Path, harm: Harm, command: tuple[str, ...]
) -> None:
    holder = Rows(sqlite_database)
    for number in range(100):
        holder.article(f"gas-{number}", body="Gas. " * 500)
    with holder.store.engine.connect() as connection:  # the daemon has it open
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        holder.article("oil")
        harm(tmp_path / "news.db")
        answer = CliRunner().invoke(presswatch.main, [*command, "--database", sqlite_database])
    assert answer.exit_code in {1, 2}
    assert answer.stderr.count("\n") == 1
    assert "unexpected" not in answer.stderr
    said = ("restore", "tables of another program", "SQL: no such table") if harm is copy_over else ("restore",)
    assert any(word in answer.stderr for word in said)
    assert (tmp_path / "news.db-wal").exists() or harm is copy_over
    holder.store.close()


def test_damage_is_described(sqlite_database: str, tmp_path: Path) -> None:
    file = tmp_path / "news.db"
    size = file.stat().st_size
    whole = file.read_bytes()
    assert describe_damage(file) is None
    for harm, said in {
        cut: f"the file was cut from {size} to {size // 2} bytes",
        cut_short: "the file was cut to 50 bytes",
        empty: "the file was emptied by another program",
        zero: "the file was overwritten with zeros",
        overwrite: None,
        delete: "the file was deleted or moved away",
    }.items():
        file.write_bytes(whole)
        harm(file)
        assert describe_damage(file) == said


@pytest.mark.parametrize("path", ["news.db", "./news.db", "my folder/news.sqlite3", "/srv/presswatch/news"])
def test_a_plain_path_names_a_database(path: str) -> None:
    assert url_of_path(path) == f"sqlite:///{path}"


@pytest.mark.parametrize("text", ["", " ", "news", "u:p@h/news", "host=h/x", "sqlite:/x.db", "x.db?a=b"])
def test_what_may_be_a_mistyped_url_is_no_path(text: str) -> None:
    assert url_of_path(text) is None


def test_a_database_is_opened_by_its_path(sqlite_database: str, alone: Path, tmp_path: Path) -> None:
    rows = Rows(sqlite_database)
    rows.article("one")
    rows.store.close()
    found = CliRunner().invoke(presswatch.main, ["query", "--count", "--database", str(tmp_path / "news.db")])
    assert (found.exit_code, found.stdout) == (0, "1\n")
    missing = CliRunner().invoke(presswatch.main, ["query", "--database", "no-such-folder/news.db"])
    assert missing.exit_code == 1
    assert "no-such-folder/news.db" in missing.stderr
    assert not (alone / "no-such-folder").exists()


def test_a_database_that_is_made_meanwhile_is_not_taken_for_an_emptied_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let another program write its first page and log right after the first look at a file."""
    file, log = tmp_path / "new.db", tmp_path / "new.db-wal"
    file.touch()
    size_of = sqlite_file._size

    def size_before_others_write(looked_at: Path) -> int | None:
        size = size_of(looked_at)
        file.write_bytes(b"page")
        log.write_bytes(b"log")
        return size

    monkeypatch.setattr(sqlite_file, "_size", size_before_others_write)
    sqlite_file.refuse_emptied(file)


def test_a_path_that_cannot_be_is_told_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    for path, said in (
        ("data/news.db", f"there is no folder {tmp_path}/data: make it, or name another file"),
        (str(tmp_path), "this is a folder: name a file in it"),
        ("notes", "write it as ./notes if this is a file"),
    ):
        done = runner.invoke(presswatch.main, ["watch", "add", "Gas", "gas", "--database", path])
        assert done.exit_code in {1, 2}
        assert said in done.stderr
        assert "backup" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert url_of_path("~/news.db") == f"sqlite:///{tmp_path}/news.db"
    assert url_of_path("~news.db") is None
