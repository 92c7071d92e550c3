"""Back up a database of either kind into a SQLite file, while it is written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy import Engine

from storage.copying.copying import Progress, copy_rows
from storage.database import schema, sqlite_file
from storage.database.engine import create_store_engine, identity_of, shown_url, transaction
from storage.database.session import Database
from storage.model.errors import ConfigError, PresswatchError, StoreError

BACKING_UP = "backing up"
BACKUP_STEP = 4_000
"""Pages that are copied between two calls of `progress`: 16 MB."""


def back_up(engine: Engine, file: Path, progress: Progress, *, force: bool = False) -> int:
    """Write all rows of one moment into a SQLite file, which appears under its name when it is whole; return its bytes.

    Only its owner may read it. SQLite is copied page by page, PostgreSQL row by row. Raises ConfigError for a file that
    exists, unless `force`, or that cannot be replaced; StoreError if the database cannot be read.
    """
    _refuse(engine, file, force=force)
    with _temporary_file(file) as part:
        if engine.dialect.name == "sqlite":
            _copy_pages(engine, part, progress)
        else:
            _copy_rows(engine, part, progress)
        _refuse(engine, file, force=force)
    return file.stat().st_size


def _refuse(engine: Engine, file: Path, *, force: bool) -> None:
    if (reason := sqlite_file.misplaced(file)) is not None:
        raise ConfigError(f"{file}: {reason}")
    if engine.dialect.name == "sqlite":
        of_database = Path(engine.url.database or "")
        sqlite_file.require_content(of_database)
        if (found := identity_of(file)) is not None and found == identity_of(of_database):
            raise ConfigError(f"{file} is the database itself; use another name")
    if file.exists() and not force:
        raise ConfigError(f"{file} already exists; use --force to overwrite it")
    if (log := file.with_name(f"{file.name}-wal")).exists():  # SQLite would write it into the new file
        raise ConfigError(f"{log} belongs to a database that is open or was not closed; use another name")


@contextmanager
def _temporary_file(file: Path) -> Iterator[Path]:
    """Yield an empty file beside `file`, which takes its place at the end, and is deleted on an error."""
    try:
        handle, name = mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
        os.close(handle)
        part = Path(name)
        try:
            yield part
            _sync(part)
            part.replace(file)
            _sync(file.absolute().parent)
        finally:
            for leftover in (part, *(part.with_name(f"{part.name}{suffix}") for suffix in ("-wal", "-shm"))):
                leftover.unlink(missing_ok=True)
    except OSError as error:
        raise PresswatchError(f"{file}: {error.strerror or error}; nothing was written") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _copy_pages(engine: Engine, part: Path, progress: Progress) -> None:
    try:
        with closing(engine.raw_connection()) as source, closing(sqlite3.connect(part)) as target:
            driver = source.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            # A transaction that has read keeps to one state, from which the backup need not begin anew at each write.
            driver.execute("BEGIN")
            driver.execute("SELECT count(*) FROM sqlite_master").fetchone()
            driver.backup(target, pages=BACKUP_STEP, progress=_page_progress(progress))
            driver.execute("ROLLBACK")
    except sqlite3.Error as error:
        damage = sqlite_file.describe_damage(Path(engine.url.database or "")) or str(error)
        raise StoreError(f"database {shown_url(engine)}: {damage}; nothing was written") from error


def _page_progress(progress: Progress) -> Callable[[int, int, int], None]:
    def report(_status: int, remaining: int, total: int) -> None:
        progress(BACKING_UP, total - remaining, total)

    return report


def _copy_rows(engine: Engine, part: Path, progress: Progress) -> None:
    target = create_store_engine(f"sqlite:///{part}", busy_timeout=timedelta(seconds=30))
    try:
        schema.create(target)
        with transaction(engine, writes=False) as source:
            schema.require_version(engine, schema.version_of(source))
            copy_rows(source, Database(target), progress, what_remains="nothing was written")
    finally:
        target.dispose()
