"""Open the store of a database: one facade over the repositories."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from storage.database import schema
from storage.database.engine import create_store_engine
from storage.database.reader import create_reader_engine
from storage.database.session import Database

if TYPE_CHECKING:
    from storage.articles.articles import Articles
    from storage.crawling.crawls import Crawls
    from storage.crawling.events import Events
    from storage.crawling.links import Links
    from storage.crawling.runs import Runs
    from storage.crawling.sources import Sources
    from storage.notes.notes import Notes
    from storage.notifications.outbox import Alerts
    from storage.notifications.watches import SavedSearches
    from storage.saving.saving import ArticleWriter
    from storage.scheduling.leases import Leases
    from storage.scheduling.schedules import Schedules

BUSY_TIMEOUT = timedelta(seconds=30)


class Store(Database):
    """Compose the repositories of one open database; every call of theirs is one transaction."""

    @cached_property
    def sources(self) -> Sources:
        from storage.crawling.sources import Sources

        return Sources(self)

    @cached_property
    def articles(self) -> Articles:
        from storage.articles.articles import Articles

        return Articles(self)

    @cached_property
    def saving(self) -> ArticleWriter:
        from storage.saving.saving import ArticleWriter

        return ArticleWriter(self)

    @cached_property
    def links(self) -> Links:
        from storage.crawling.links import Links

        return Links(self)

    @cached_property
    def crawls(self) -> Crawls:
        from storage.crawling.crawls import Crawls

        return Crawls(self)

    @cached_property
    def runs(self) -> Runs:
        from storage.crawling.runs import Runs

        return Runs(self)

    @cached_property
    def schedules(self) -> Schedules:
        from storage.scheduling.schedules import Schedules

        return Schedules(self)

    @cached_property
    def leases(self) -> Leases:
        from storage.scheduling.leases import Leases

        return Leases(self)

    @cached_property
    def events(self) -> Events:
        from storage.crawling.events import Events

        return Events(self)

    @cached_property
    def watches(self) -> SavedSearches:
        from storage.notifications.watches import SavedSearches

        return SavedSearches(self)

    @cached_property
    def notes(self) -> Notes:
        from storage.notes.notes import Notes

        return Notes(self)

    @cached_property
    def alerts(self) -> Alerts:
        from storage.notifications.outbox import Alerts

        return Alerts(self)


def open_store(
    database: str = "sqlite:///presswatch.db", *, busy_timeout: timedelta = BUSY_TIMEOUT, create: bool = True
) -> Store:
    """Open the database at an SQLAlchemy address or the path of a SQLite file.

    An empty one gets its tables, unless `create` is False.
    Raises ConfigError for an address that cannot be used, StoreError for a database that cannot be opened, is newer
    than this program or belongs to another, or without `create` does not exist.
    """
    engine = create_store_engine(database, busy_timeout=busy_timeout)
    try:
        if not create:
            schema.require_tables(engine)
        schema.check(engine)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine)


def open_reader(database: str, *, busy_timeout: timedelta = BUSY_TIMEOUT) -> Store:
    """Open an existing database for reading alone: no call of the store can write, and queries end at a `time_limit`.

    Its tables are not looked at: `open_store` does that first. Raises ConfigError.
    """
    return Store(create_reader_engine(database, busy_timeout=busy_timeout))
