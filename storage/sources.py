"""The sources as the database knows them: names, terms, and until when their hosts asked to be left alone."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from storage.engine import insert_into
from storage.models import SourceRow
from storage.session import Database


class Sources:
    """The rows of `sources`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, *, name: str, title: str, home: str, terms: str, timezone: str) -> None:
        """Make the source known, or bring what is known up to date."""
        facts = {"title": title, "home": home, "terms": terms, "timezone": timezone}
        with self._database.write() as connection:
            statement = insert_into(connection, SourceRow).values(name=name, **facts)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=facts))

    def titles(self) -> dict[str, str]:
        """Map the name of each source to its title."""
        with self._database.read() as connection:
            return {row.name: row.title for row in connection.execute(select(SourceRow.name, SourceRow.title))}

    def home(self, name: str | None = None) -> str | None:
        """The home page of a source; without a name that of the first; None if there is none."""
        wanted = [] if name is None else [SourceRow.name == name]
        with self._database.read() as connection:
            home: str | None = connection.scalar(select(SourceRow.home).where(*wanted).order_by(SourceRow.name))
        return home

    def held_until(self, name: str, base: str) -> datetime | None:
        """Until when the host at `base` asked to be left alone; another copy of the source has another host."""
        held = select(SourceRow.held_until).where(SourceRow.name == name, SourceRow.held_base == base)
        with self._database.read() as connection:
            until: datetime | None = connection.scalar(held)
        return until

    def hold(self, name: str, base: str, until: datetime) -> None:
        """No request to the source at `base` before `until`: its host asked so."""
        held = update(SourceRow).where(SourceRow.name == name).values(held_until=until, held_base=base)
        with self._database.write() as connection:
            connection.execute(held)
