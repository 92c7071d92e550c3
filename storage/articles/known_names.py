"""Look up whether a source, a section or a language is stored, and which are, without reading all articles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, func, select

from storage.database.article_sections import plain_name
from storage.database.session import Database
from storage.database.tables import article_sections, articles, sources
from storage.text.section_names import normalize_section

MAX_NEWEST = 20_000
"""Newest articles whose sections and languages are read."""


@dataclass(frozen=True)
class NewestNames:
    """Sections and languages of the newest articles, the most frequent first.

    `has_all` is true if there are no other articles.
    """

    sections: tuple[str, ...]
    languages: tuple[str, ...]
    has_all: bool


class KnownNames:
    """Names that are stored."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def sources(self) -> tuple[str, ...]:
        """Return the names of the sources that were ever crawled."""
        with self._database.read() as connection:
            return tuple(connection.scalars(select(sources.c.name).order_by(sources.c.name)))

    def has_section(self, name: str) -> bool:
        """Return whether an article is in a section, by its normalized name."""
        stored = plain_name(normalize_section(name))
        with self._database.read() as connection:
            wanted = select(article_sections.c.article_id).where(article_sections.c.section == stored)
            return connection.scalar(wanted.limit(1)) is not None

    @cached_property
    def newest(self) -> NewestNames:
        """Return the names of the newest articles, from the index by date alone."""
        with self._database.read() as connection:
            return _newest(connection)


def _newest(connection: Connection) -> NewestNames:
    newest = (
        select(articles.c.section, articles.c.language)
        .order_by(articles.c.published_at.desc(), articles.c.id.desc())
        .limit(MAX_NEWEST)
        .subquery()
    )
    names = newest.c.section, newest.c.language
    in_sections, in_languages = Counter[str](), Counter[str]()
    read = 0
    for section, language, number in connection.execute(select(*names, func.count()).group_by(*names)):
        read += number
        in_sections[section or ""] += number
        in_languages[language or ""] += number
    return NewestNames(_by_frequency(in_sections), _by_frequency(in_languages), has_all=read < MAX_NEWEST)


def _by_frequency(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(name for name, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0])) if name)
