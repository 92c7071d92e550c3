"""The store: one database, and its parts by what they keep."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from storage import schema
from storage.engine import create_store_engine, file_identity, identity_of, transaction

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from storage.alerts import Alerts
    from storage.articles import Articles
    from storage.channels import Channels
    from storage.events import Events
    from storage.leases import Leases
    from storage.links import Links
    from storage.runs import Runs
    from storage.saving import Saving
    from storage.schedules import Schedules
    from storage.sources import Sources
    from storage.watches import Watches

BUSY_TIMEOUT = timedelta(seconds=30)


class Store:
    """An open database. Its parts may be used from any thread; each call is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._file = file_identity(engine)

    @property
    def is_in_place(self) -> bool:
        """Whether the database's file is still the one that was opened: what is written to another, nobody finds."""
        return file_identity(self.engine) == self._file

    def is_file_of(self, file: Path) -> bool:
        """Whether this is the database's file, by whatever name."""
        found = identity_of(file)
        return found is not None and found == file_identity(self.engine)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads: it never waits for a writer."""
        return transaction(self.engine, writes=False)

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that writes: all of it is kept, or nothing."""
        return transaction(self.engine)

    @cached_property
    def sources(self) -> Sources:
        from storage.sources import Sources

        return Sources(self)

    @cached_property
    def articles(self) -> Articles:
        from storage.articles import Articles

        return Articles(self)

    @cached_property
    def saving(self) -> Saving:
        from storage.saving import Saving

        return Saving(self)

    @cached_property
    def links(self) -> Links:
        from storage.links import Links

        return Links(self)

    @cached_property
    def channels(self) -> Channels:
        from storage.channels import Channels

        return Channels(self)

    @cached_property
    def runs(self) -> Runs:
        from storage.runs import Runs

        return Runs(self)

    @cached_property
    def schedules(self) -> Schedules:
        from storage.schedules import Schedules

        return Schedules(self)

    @cached_property
    def leases(self) -> Leases:
        from storage.leases import Leases

        return Leases(self)

    @cached_property
    def events(self) -> Events:
        from storage.events import Events

        return Events(self)

    @cached_property
    def watches(self) -> Watches:
        from storage.watches import Watches

        return Watches(self)

    @cached_property
    def alerts(self) -> Alerts:
        from storage.alerts import Alerts

        return Alerts(self)

    def close(self) -> None:
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(database: str = "sqlite:///presswatch.db", *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Store:
    """Open the database at an SQLAlchemy address; an empty one gets its tables.

    Raises ConfigError for an address that cannot be used, StoreError for a database that cannot be opened, is newer
    than this program or belongs to another.
    """
    engine = create_store_engine(database, busy_timeout=busy_timeout)
    try:
        schema.check(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)
