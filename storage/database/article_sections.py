"""Read and write `article_sections`: the sections of each article, one row a section.

A row repeats the article's `published_at`, so that the newest articles of one section come out of a single index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    type_coerce,
)

from storage.database.column_types import StringList
from storage.database.tables import article_sections, articles

PRIMARY = 0
"""Position of a section that the article was stored under though its page does not name it; the page's count from 1."""
FEW = 1_000
"""Articles of a section that are looked up one by one, about 8 µs each; more are found by walking the list's order."""
SOURCES = ("sections", "section", "published_at")
"""Fields of an article that its rows are made of."""

_named = (
    select(article_sections.c.section)
    .where(article_sections.c.article_id == articles.c.id, article_sections.c.position > PRIMARY)
    .order_by(article_sections.c.position)
    .correlate(articles)
    .subquery("named")
)
SECTIONS: ColumnElement[tuple[str, ...]] = type_coerce(
    select(func.aggregate_strings(_named.c.section, "|")).scalar_subquery(), StringList
).label("sections")
"""The sections that the page names, in its order, as a column of a statement over `articles`."""


def column_of(name: str) -> ColumnElement[Any]:
    """Return the column of a statement over `articles` that holds a field of an article."""
    return SECTIONS if name == "sections" else articles.c[name]


def without_sections(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are columns of `articles`."""
    return {name: value for name, value in values.items() if name != "sections"}


def add_sections(connection: Connection, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    """Insert the sections of new articles, each given by its id and at least the fields in SOURCES."""
    values = [value for article_id, said in rows for value in _rows(article_id, said)]
    if values:
        connection.execute(_INSERT, values)


def replace_sections(
    connection: Connection, article_id: int, before: Mapping[str, Any], after: Mapping[str, Any]
) -> None:
    """Replace the sections of a stored article if one of the fields in SOURCES changed."""
    if any(before[name] != after[name] for name in SOURCES):
        connection.execute(delete(article_sections).where(article_sections.c.article_id == article_id))
        add_sections(connection, [(article_id, after)])


_INSERT = insert(article_sections)


def _rows(article_id: int, said: Mapping[str, Any]) -> list[dict[str, Any]]:
    published_at: datetime | None = said["published_at"]
    named = dict.fromkeys(map(plain_name, filter(None, said["sections"])))
    positions = {name: position for position, name in enumerate(named, PRIMARY + 1)}
    if said["section"]:
        positions.setdefault(plain_name(said["section"]), PRIMARY)
    return [
        {"article_id": article_id, "section": name, "position": position, "published_at": published_at}
        for name, position in positions.items()
    ]


def plain_name(name: str) -> str:
    """Return the name as rows keep it: `|` stands between the names that SECTIONS reads."""
    return name.replace("|", "/")


def in_section(connection: Connection, name: str, *, reads_all: bool = False) -> ColumnElement[bool]:
    """Return the condition that an article is in the section of this folded name.

    SQLite begins with the articles of a small section. Of a large one it looks each article of a list up, or, for a
    statement that reads all articles, makes a set of ids once. PostgreSQL chooses by itself.
    """
    of_section = select(article_sections.c.article_id).where(article_sections.c.section == plain_name(name))
    if connection.dialect.name != "sqlite" or connection.scalar(of_section.limit(1).offset(FEW)) is None:
        return articles.c.id.in_(of_section)
    return literal_column("+articles.id", Integer).in_(of_section) if reads_all else has_section(name)


def has_section(name: str) -> ColumnElement[bool]:
    """Return the same condition, tested article by article."""
    # An expression, so that the index of sections, in which every article of the section would be passed, is not used.
    section = article_sections.c.section + ""
    return exists().where(article_sections.c.article_id == articles.c.id, section == plain_name(name))


def all_sections(sections: tuple[str, ...], section: str | None) -> tuple[str, ...]:
    """Return the sections that the page names, then the stored section if the page does not name it."""
    return sections if section is None or section in sections else (*sections, section)
