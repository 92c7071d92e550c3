"""Sections that few articles have: a list of one begins with the full-text index, which knows who is in it.

A list of a section is else walked in its order, in an index by date, until enough are found: 0.3 µs an article that is
passed over, 60 ms where 200 of a million are in the section. To look one up takes about 8 µs, in whatever order.
What the index gives is looked at like any other article (criteria.conditions): names that are equal have equal entries
there, but names that are not may, too.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, select

from storage.indexed import LONGEST_NAME
from storage.indexing import state
from storage.questions import Field, Term, Word
from storage.search import Hits, entries_of, in_fts5
from storage.section_names import normalize_section
from storage.words import ANALYSER_VERSION, folded

FEW = 1_000
"""Articles of a section that are looked up one by one; it is counted no further than that."""

_common: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()
"""Sections that were found to have more. They hardly ever lose one, and if they do, a list takes longer, no more."""


def rare(connection: Connection, section: str) -> Hits | None:
    """The articles that may be in a section, all that are and perhaps some more; None unless they are few.

    None as well where the index does not know: it is not whole, the name has no word or is too long for it. And on
    PostgreSQL, whose index gathers all there are before it gives the first: that costs common sections more than it
    saves rare ones.
    """
    name = normalize_section(section)
    common = _common.setdefault(connection.engine, set())
    if connection.dialect.name != "sqlite" or name in common:
        return None
    found = named(name)
    if found is None:
        return None
    beyond = select(found.id).where(found.holds).limit(1).offset(FEW).scalar_subquery()
    whole = (state.c.analyser_version == ANALYSER_VERSION, state.c.complete)
    row = connection.execute(select(beyond.label("beyond")).where(*whole)).first()
    if row is not None and row.beyond is not None:
        common.add(name)
    return found if row is not None and row.beyond is None else None


def named(name: str) -> Hits | None:
    """The articles with a section whose entry in the index is that of a name; None if it has none of its own."""
    words = tuple(Word(word, word) for word in folded(name))  # no name is compared by its stems: none is loaded
    # A stored name has no "|", so one that was asked for may stand for two neighbours.
    if not words or "|" in name:
        return None
    term = Term(words, field=Field.SECTION)
    return None if len(entries_of(term)[0]) >= LONGEST_NAME else in_fts5(term)
