"""Read and write sources: name, title, home page, usage terms, and the Retry-After of their hosts."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from storage.database.engine import upsert_insert
from storage.database.session import Database
from storage.database.tables import sources


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDeclaration:
    """The name, title, home page, usage terms and time zone of a source."""

    name: str
    title: str
    home: str
    terms: str
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The Retry-After of a host: the base URL that was crawled, and the time until which not to request it."""

    base_url: str
    until: datetime


class Sources:
    """Read and write the rows of `sources`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, *, name: str, title: str, home: str, terms: str, timezone: str) -> None:
        """Insert the source, or update its row."""
        source = SourceDeclaration(name=name, title=title, home=home, terms=terms, timezone=timezone)
        with self._database.write() as connection:
            declare(connection, source)

    def titles(self) -> dict[str, str]:
        """Map the name of each source to its title."""
        with self._database.read() as connection:
            return {row.name: row.title for row in connection.execute(select(sources.c.name, sources.c.title))}

    def home(self, name: str | None = None) -> str | None:
        """Return the home page of a source; without a name that of the first; None if there is none."""
        conditions = [] if name is None else [sources.c.name == name]
        with self._database.read() as connection:
            home: str | None = connection.scalar(select(sources.c.home).where(*conditions).order_by(sources.c.name))
        return home


def names(connection: Connection) -> list[str]:
    """Return the names of all sources.

    By them, written into a statement, SQLite without statistics uses an index that begins with the source; a join with
    `sources` it begins with the other table, all of it.
    """
    return list(connection.scalars(select(sources.c.name)))


def declare(connection: Connection, source: SourceDeclaration) -> None:
    """Insert the source, or update its row."""
    values = asdict(source)
    statement = upsert_insert(connection, sources).values(values)
    changed = {name: value for name, value in values.items() if name != "name"}
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=changed))


def rate_limited_until(connection: Connection, name: str, base_url: str) -> datetime | None:
    """Return the end of the Retry-After of the host at `base_url`; None if it sent none."""
    limited = select(sources.c.rate_limited_until).where(
        sources.c.name == name, sources.c.rate_limited_base_url == base_url
    )
    until: datetime | None = connection.scalar(limited)
    return until


def set_rate_limit(connection: Connection, name: str, limit: RateLimit) -> None:
    """Store the Retry-After of the host of a source."""
    limited = {"rate_limited_until": limit.until, "rate_limited_base_url": limit.base_url}
    connection.execute(update(sources).where(sources.c.name == name).values(limited))
