"""Store watches: saved searches with a target, delivery options and the last article that was matched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select, update

from storage.database.article_sections import all_sections, column_of
from storage.database.daemon_tables import alerts, saved_searches
from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import articles, sources
from storage.model.errors import PresswatchError
from storage.model.records import DatePrecision, DeliveryMode
from storage.notifications.outbox import NewAlert, QuietHours, insert_alerts, quiet_hours
from storage.search.matcher import IndexedDocument

MAX_NAME_LENGTH = 200
"""Characters of the name of a watch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSavedSearch:
    """A search to be saved. `target` is an Apprise URL and may contain a secret; without one nothing is sent.

    `digest_at` are the hours of daily digests, HH:MM in `timezone`, separated by commas.
    """

    name: str
    query: str
    target: str = field(default="", repr=False)
    delivery_mode: DeliveryMode = DeliveryMode.IMMEDIATE
    digest_every: timedelta | None = None
    digest_at: str | None = None
    quiet_from: str | None = None
    quiet_until: str | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedSearch(NewSavedSearch):
    """A saved search; articles up to `last_article_id` have been matched."""

    id: int
    created_at: datetime
    last_article_id: int
    last_notified_at: datetime | None

    @property
    def quiet(self) -> QuietHours | None:
        """Return the quiet hours; None if there are none."""
        return quiet_hours(self.quiet_from, self.quiet_until, self.timezone)

    def at(self, last_article_id: int) -> SavedSearch:
        """Return a copy whose last matched article is `last_article_id`."""
        return replace(self, last_article_id=last_article_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchableArticle:
    """A stored article with the fields that a watch matches and notifies."""

    id: int
    source: str
    source_title: str
    terms: str
    url: str
    language: str | None
    section: str | None
    sections: tuple[str, ...]
    title: str
    subtitle: str | None
    body: str
    published_at: datetime | None
    published_precision: DatePrecision | None
    stored_at: datetime

    @property
    def document(self) -> IndexedDocument:
        """Return the searchable fields as a document."""
        return IndexedDocument(
            title=self.title,
            subtitle=self.subtitle,
            body=self.body,
            sections=all_sections(self.sections, self.section),
            source=self.source,
            language=self.language,
        )


class SavedSearches:
    """Read and write the rows of `watches`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: NewSavedSearch, now: datetime) -> SavedSearch:
        """Insert a watch that matches articles stored from now on, and return it.

        Raises PresswatchError if the name exists, or has more than MAX_NAME_LENGTH characters.
        """
        if len(new.name) > MAX_NAME_LENGTH:  # it is indexed
            raise PresswatchError(f"the name of a watch has at most {MAX_NAME_LENGTH} characters")
        with self._database.write() as connection:
            latest = connection.scalar(select(func.max(articles.c.id))) or 0
            values = {**asdict(new), "created_at": now, "last_article_id": latest}
            statement = (
                upsert_insert(connection, saved_searches).values(values).on_conflict_do_nothing(index_elements=["name"])
            )
            if connection.execute(statement.returning(saved_searches.c.id)).first() is None:
                raise PresswatchError(f"a watch named {new.name} already exists; remove it or choose another name")
            return _saved_search(connection, saved_searches.c.name == new.name)

    def list(self) -> tuple[SavedSearch, ...]:
        """Return all watches, sorted by name."""
        with self._database.read() as connection:
            rows = connection.execute(_WATCH.order_by(saved_searches.c.name)).mappings()
            return tuple(SavedSearch(**row) for row in rows)

    def get(self, name: str) -> SavedSearch:
        """Return the watch of this name. Raises PresswatchError if there is none."""
        with self._database.read() as connection:
            return _saved_search(connection, saved_searches.c.name == name, name)

    def remove(self, name: str) -> int:
        """Delete a watch and its undelivered alerts; return the number of these.

        Raises PresswatchError if there is no such watch.
        """
        with self._database.write() as connection:
            watch = _saved_search(connection, saved_searches.c.name == name, name)
            unsent = delete(alerts).where(alerts.c.saved_search_id == watch.id, alerts.c.delivered_at.is_(None))
            count = connection.execute(unsent).rowcount
            connection.execute(delete(saved_searches).where(saved_searches.c.id == watch.id))
        return count

    def articles_after(self, watch: SavedSearch, limit: int) -> tuple[SearchableArticle, ...]:
        """Return the next `limit` articles that the watch has not matched, in order of storage."""
        return self._articles(articles.c.id > watch.last_article_id, limit)

    def stored_since(self, moment: datetime, after_id: int, limit: int) -> tuple[SearchableArticle, ...]:
        """Return at most `limit` articles stored since `moment` with ids above `after_id`, in order of storage."""
        return self._articles((articles.c.stored_at >= moment) & (articles.c.id > after_id), limit)

    def _articles(self, where: ColumnElement[bool], limit: int) -> tuple[SearchableArticle, ...]:
        statement = _ARTICLES.where(where).order_by(articles.c.id).limit(limit)
        with self._database.read() as connection:
            return tuple(SearchableArticle(**row) for row in connection.execute(statement).mappings())

    def commit_checkpoint(self, watch: SavedSearch, last_article_id: int, rows: Iterable[NewAlert] = ()) -> int:
        """Store the last matched article of a watch and insert its alerts, in one transaction.

        Return the number of new alerts. Do nothing if another process changed or removed the watch meanwhile.
        """
        unchanged = (saved_searches.c.id == watch.id, saved_searches.c.last_article_id == watch.last_article_id)
        with self._database.write() as connection:
            updated = connection.execute(
                update(saved_searches).where(*unchanged).values(last_article_id=last_article_id)
            )
            return insert_alerts(connection, rows) if updated.rowcount else 0


_WATCH: Select[Any] = select(*(saved_searches.c[row.name] for row in fields(SavedSearch)))
_ARTICLES: Select[Any] = select(
    *(column_of(row.name) for row in fields(SearchableArticle) if row.name not in {"source_title", "terms"}),
    sources.c.title.label("source_title"),
    sources.c.terms,
).join_from(articles, sources, sources.c.name == articles.c.source)


def _saved_search(connection: Connection, where: ColumnElement[bool], name: str = "") -> SavedSearch:
    row = connection.execute(_WATCH.where(where)).mappings().first()
    if row is None:
        raise PresswatchError(f"no watch is named {name}; presswatch watch list shows the existing ones")
    return SavedSearch(**row)
