"""Check a database of either kind: its file, its tables, its rows and its full-text index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DatabaseError

from storage.database import sqlite_file
from storage.database.engine import first_line, transaction
from storage.database.tables import METADATA, articles
from storage.integrity.finding import Finding
from storage.integrity.index_check import check_index
from storage.integrity.promises import check_promises
from storage.integrity.shape import check_shape
from storage.integrity.values import check_values

Progress = Callable[[str, int, int], None]
"""Called with the phase, and how much of it is done of how much."""
MAX_FILE_PROBLEMS = 20


def check_database(engine: Engine, progress: Progress) -> Iterator[Finding]:
    """Yield what is wrong, seen in one read transaction; behind damage of the file or of tables nothing is looked for.

    Writers go on meanwhile. Raises StoreError for a database that is not there, or cannot be read.
    """
    if engine.dialect.name == "sqlite":
        file = Path(engine.url.database or "")
        sqlite_file.require_content(file)
        if (damage := sqlite_file.describe_damage(file)) is not None:
            yield Finding("file", f"{damage}; {sqlite_file.RESTORE}")
            return
    with transaction(engine, writes=False) as connection:
        for check in (_check_file, check_shape):
            findings = list(check(connection))
            yield from findings
            if findings:
                return
        yield from _check_rows(connection, progress)


def _check_file(connection: Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return
    try:
        problems = connection.exec_driver_sql(f"PRAGMA integrity_check({MAX_FILE_PROBLEMS})").scalars().all()
    except DatabaseError as error:  # where the damage keeps the check itself from reading
        problems = [first_line(error.orig or error)]
    yield from (Finding("file", f"{problem}; {sqlite_file.RESTORE}") for problem in problems if problem != "ok")


def _check_rows(connection: Connection, progress: Progress) -> Iterator[Finding]:
    steps = _Steps(progress, "checking tables", len(METADATA.sorted_tables))
    yield from check_values(connection, lambda _name: steps.add(1))
    yield from check_promises(connection)
    steps = _Steps(progress, "checking the index", connection.scalar(select(func.count()).select_from(articles)) or 0)
    yield from check_index(connection, steps.add)


class _Steps:
    """Adds up what is done, and tells it."""

    def __init__(self, progress: Progress, phase: str, total: int) -> None:
        self._progress, self._phase, self._total = progress, phase, total
        self._done = 0

    def add(self, more: int) -> None:
        self._done += more
        self._progress(self._phase, self._done, self._total)
