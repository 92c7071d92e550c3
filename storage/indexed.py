"""What the full-text index takes of an article: words from our analyser, in the form that each database reads.

A text stands in the index twice: as its stems, each with a `_` before it, which no word has, and as its words. Words
in any form are looked for among the stems, beginnings of words among the words. The names of sections, sources and
languages are compared whole, so each is one entry: its words with `_` between them.

On SQLite (FTS5) the two stand one behind the other in a column a field; on PostgreSQL (tsvector) at the same places of
one vector, a field behind the other with a gap that no phrase can bridge.
"""

from __future__ import annotations

from collections.abc import Iterator

from storage.matching import Document
from storage.questions import Field
from storage.words import forms

STEM = "_"
"""Before a stem in the index."""
NAME = "="
"""Before and behind the field of a name in a tsvector."""
LONGEST_NAME = 200
"""Characters of a name that are compared; PostgreSQL takes entries of 2,046 bytes at most."""

WEIGHTS = {Field.TITLE: "A", Field.SUBTITLE: "B", Field.BODY: "D"}
"""The weights of a tsvector, by which it tells fields apart."""

LAST_PLACE = 16_383
"""The last place a tsvector knows (PostgreSQL, Text Search Limitations). Words behind it are found, but in no phrase;
so are those after the first 256 places of the same word."""
ROOM = 1_000_000
"""Bytes of a tsvector that we use of the 1,048,575 there are; what has no room is not found."""


def name_of(words: list[str]) -> str:
    """A name, or what it begins with, as one entry of the index."""
    return "_".join(words)[:LONGEST_NAME]


def texts(article: Document) -> dict[Field, str]:
    """What words are looked for in."""
    return {Field.TITLE: article.title, Field.SUBTITLE: article.subtitle or "", Field.BODY: article.body}


def names(article: Document) -> dict[Field, list[str]]:
    """The names an article goes by, as the index takes them."""
    called = {
        Field.SECTION: article.sections,
        Field.SOURCE: (article.source,),
        Field.LANGUAGE: (article.language or "",),
    }
    return {field: [entry for name in called[field] if (entry := _name(name))] for field in called}


def _name(name: str) -> str:
    return name_of([word for word, _ in forms(name)])


def as_columns(article: Document) -> tuple[str, ...]:
    """The columns of the FTS5 table: body, title, subtitle, sections, source, language."""
    written = texts(article)
    columns = (_column(written[field]) for field in (Field.BODY, Field.TITLE, Field.SUBTITLE))
    return (*columns, *map(" ".join, names(article).values()))


def _column(text: str) -> str:
    found = forms(text)
    if not found:
        return ""
    words, stems = zip(*found, strict=True)
    return f"{' '.join(words)} {STEM}{f' {STEM}'.join(stems)}"


def as_vector(article: Document) -> str:
    """The article as PostgreSQL writes a tsvector."""
    entries: dict[str, list[str]] = {
        f"{NAME}{field}{NAME}{name}": [] for field, called in names(article).items() for name in called
    }
    room = ROOM - sum(map(_size, entries))
    for entry, place in _places(article):
        if entry not in entries:
            if room < _size(entry):
                continue
            room -= _size(entry)
            entries[entry] = []
        if room >= 2 and len(entries[entry]) < 256:
            room -= 2
            entries[entry].append(place)
    return " ".join(f"'{entry}':{','.join(at)}" if at else f"'{entry}'" for entry, at in entries.items())


def _size(entry: str) -> int:
    return len(entry.encode()) + 4


def _places(article: Document) -> Iterator[tuple[str, str]]:
    """Each entry with its place and weight; the last place is kept for what lies behind the last but two."""
    at = 0
    for field, text in texts(article).items():
        for word, stem in forms(text):
            at += 1
            place = f"{at if at < LAST_PLACE - 1 else LAST_PLACE}{WEIGHTS[field]}"
            yield word, place
            yield STEM + stem, place
        at += 1
