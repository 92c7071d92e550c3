"""Bring a database to another place, of the same kind or the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import Engine

from storage.copying.copying import CopyResult, Progress, copy_rows
from storage.copying.source_lock import locked
from storage.database import schema
from storage.database.engine import create_store_engine, file_identity, shown_url, transaction
from storage.database.session import Database
from storage.model.errors import ConfigError

GOES_ON = "what was copied stays: run the same command again"


def copy_database(
    source: str, target: str, progress: Progress, *, busy_timeout: timedelta, now: datetime
) -> CopyResult:
    """Copy all rows of one database into another, which is empty or holds an unfinished copy of the same rows.

    Both are addresses or paths; the tables of the target are made if there are none. Nobody else can write to the
    source meanwhile. Raises ConfigError for an address that cannot be used, AlreadyRunningError if the source is being
    written, StoreError for anything else; the next call goes on where this one ended.
    """
    with _engine(source, busy_timeout) as of_source, _engine(target, busy_timeout) as of_target:
        schema.require_tables(of_source)
        with transaction(of_source, writes=False) as connection:
            schema.require_version(of_source, schema.version_of(connection))
        if _is_same(of_source, of_target):
            raise ConfigError(f"{shown_url(of_target)} is the database itself: name another")
        with locked(of_source, now=now) as rows:
            schema.create(of_target)
            return copy_rows(rows, Database(of_target), progress, what_remains=GOES_ON)


@contextmanager
def _engine(database: str, busy_timeout: timedelta) -> Iterator[Engine]:
    engine = create_store_engine(database, busy_timeout=busy_timeout)
    try:
        yield engine
    finally:
        engine.dispose()


def _is_same(one: Engine, other: Engine) -> bool:
    if one.dialect.name != other.dialect.name:
        return False
    if one.dialect.name == "sqlite":
        return file_identity(one) == file_identity(other)
    return (one.url.host, one.url.port, one.url.database) == (other.url.host, other.url.port, other.url.database)
