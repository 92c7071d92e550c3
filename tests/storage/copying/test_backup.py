"""Back up databases of both kinds: one moment, whole or not at all, for the owner alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from storage.copying import backup
from storage.copying.backup import back_up
from storage.crawling.sources import names
from storage.database.schema import set_version
from storage.model.errors import ConfigError, StoreError
from storage.store import Store, open_store
from tests.support.rows import Rows

pytestmark = pytest.mark.dialect


def quiet(_phase: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def names_in(store: Store) -> list[str]:
    with store.read() as connection:
        return list(names(connection))


def test_a_backup_holds_one_moment_while_others_write(
    rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "BACKUP_STEP", 1)
    for number in range(20):
        rows.article(f"before-{number}")
    written = 0

    def write(_phase: str, _done: int, _total: int) -> None:
        nonlocal written
        written += 1
        rows.article(f"meanwhile-{written}")

    back_up(rows.store.engine, tmp_path / "backup.db", write)
    assert written > 2
    with open_store(str(tmp_path / "backup.db")) as store:
        urls = {found.url for found in store.articles.find()}
    assert len(urls) in {20, 21}  # PostgreSQL's moment is the first reading, before which one was told
    assert len({url for url in urls if "before" in url}) == 20
    assert S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600


def test_a_backup_that_ends_leaves_nothing(rows: Rows, tmp_path: Path) -> None:
    before = set(tmp_path.iterdir())

    def fail(_phase: str, _done: int, _total: int) -> None:
        raise KeyboardInterrupt

    rows.article("one")
    with pytest.raises(KeyboardInterrupt):
        back_up(rows.store.engine, tmp_path / "backup.db", fail)
    assert {path for path in tmp_path.iterdir() if "backup" in path.name} == set()
    assert before <= set(tmp_path.iterdir())


def test_an_existing_file_is_replaced_only_by_force(rows: Rows, tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match="already exists; use --force"):
        back_up(rows.store.engine, file, quiet)
    assert file.read_text(encoding="utf-8") == "mine"
    back_up(rows.store.engine, file, quiet, force=True)
    with open_store(str(file)) as store:
        assert names_in(store) == ["caliber"]


def test_a_database_that_is_open_is_not_replaced(rows: Rows, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'open.db'}") as used:
        used.sources.declare(name="a", title="A", home="h", terms="", timezone="UTC")
        with pytest.raises(ConfigError, match=r"open\.db-wal belongs to a database that is open"):
            back_up(rows.store.engine, tmp_path / "open.db", quiet, force=True)
        assert names_in(used) == ["a"]


def test_the_database_itself_is_refused(rows: Rows, tmp_path: Path) -> None:
    if rows.database.startswith("sqlite"):
        with pytest.raises(ConfigError, match="is the database itself"):
            back_up(rows.store.engine, tmp_path / "news.db", quiet, force=True)


def test_tables_of_another_version_are_copied_where_pages_are(rows: Rows, tmp_path: Path) -> None:
    with rows.store.write() as connection:
        set_version(connection, "0001")
    if rows.database.startswith("sqlite"):
        back_up(rows.store.engine, tmp_path / "backup.db", quiet)
        with pytest.raises(StoreError, match="run presswatch db upgrade"):
            open_store(str(tmp_path / "backup.db"), busy_timeout=timedelta(seconds=1))
    else:
        with pytest.raises(StoreError, match="run presswatch db upgrade"):
            back_up(rows.store.engine, tmp_path / "backup.db", quiet)
