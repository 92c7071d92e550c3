"""Parse the full-text query language into a tree of terms and operators.

    gas corridor            both words, in any of their forms, anywhere in title, subtitle or body
    "export route"          the words side by side; so is gas-field
    reform*                 words that begin so; gas-fiel* a word gas, and behind it one that begins so
    gas OR oil              one of them; AND may be left out, and binds closer
    gas -sport, gas NOT sport
    title:gas, title:(gas OR "oil field")
    section:politics        also source, language (or lang): the whole of it, not a word in it
    Baku – Tbilisi, 24/7    the words: what pasted text has between them parts them

Operators are written in capitals; or, and, not are words. The parts of a query know nothing of how they will be
answered: `storage.search.matcher` does it in memory, `storage.search.fulltext` in the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache

from storage.search.query_tokens import Token, syntax_error, tokens
from storage.text.analyzer import Analyzer, QueryTerms, analyzer_of
from storage.text.folding import fold_words

MAX_QUERY_LENGTH = 2000
"""Maximum number of characters of a query."""
MAX_QUERY_DEPTH = 20
"""Parentheses and negations within each other; SQLite's query parser would take some more."""


class SearchField(StrEnum):
    """Field of an article that a term is searched in."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    BODY = "body"
    SECTION = "section"
    SOURCE = "source"
    LANGUAGE = "language"


LABEL_FIELDS = frozenset({SearchField.SECTION, SearchField.SOURCE, SearchField.LANGUAGE})
"""Fields that are compared whole and in no other form, for they are names."""

FIELD_NAMES = {str(field): field for field in SearchField} | {"lang": SearchField.LANGUAGE}
FILTER_OF = {
    **dict.fromkeys(("author", "by"), "; authors are found by --author"),
    **dict.fromkeys(("views", "view_count"), "; views are compared by --min-views and --max-views"),
    **dict.fromkeys(("date", "published", "since", "after", "before"), "; times are compared by --since and --until"),
    **dict.fromkeys(("http", "https", "url", "site"), "; presswatch show finds an article by its URL"),
}
"""What to write instead of some fields that a query does not have."""
LABEL_NAMES = frozenset(name for name, field in FIELD_NAMES.items() if field in LABEL_FIELDS)


@dataclass(frozen=True, slots=True)
class Term:
    """Adjacent words, mostly one, in small letters, a blank between them. Of more than one the stems are compared.

    One alone is also found where a word is written as its stem. With `prefix` the last is what a stem begins with, or,
    if it is alone, a word. `field` None means title, subtitle or body; in one of LABELS all words together are compared
    with the whole of it, folded.

    A query has no language: a word of it has a stem in the language of each article.
    """

    text: str
    prefix: bool = False
    field: SearchField | None = None

    @property
    def label_words(self) -> list[str]:
        """Return the folded words, as names are compared."""
        return fold_words(self.text)

    def read_by(self, analyzer: Analyzer) -> QueryTerms:
        """Return the terms to search for in articles whose texts this analyzer reads."""
        return _read(self.text, analyzer, self.prefix)

    def alternatives(self, analyzers: Iterable[Analyzer]) -> tuple[QueryTerms, ...]:
        """Return each of the different readings, first the one without marks of a language."""
        return tuple(dict.fromkeys([self.read_by(NO_LANGUAGE), *map(self.read_by, analyzers)]))


NO_LANGUAGE = analyzer_of(None)
"""The analyzer whose terms are searched for in articles of every language."""


@lru_cache(maxsize=4096)
def _read(text: str, analyzer: Analyzer, prefix: bool) -> QueryTerms:
    return analyzer.query_terms(text, prefix=prefix)


@dataclass(frozen=True, slots=True)
class Not:
    """Negation; always a part of an And with at least one positive part."""

    part: Node


@dataclass(frozen=True, slots=True)
class And:
    """Conjunction; at least one part is not a Not."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Disjunction; no part is a Not."""

    parts: tuple[Node, ...]


Node = Term | And | Or | Not


@dataclass(frozen=True, slots=True)
class Query:
    """Text of a query and its parsed tree."""

    text: str
    root: Node


def parse(text: str) -> Query:
    """Parse a query. Raises ValueError with one line that names the position and the reason."""
    if len(text) > MAX_QUERY_LENGTH:
        raise ValueError(f"a query has at most {MAX_QUERY_LENGTH} characters, this one has {len(text)}")
    pieces = tokens(text, FIELD_NAMES, LABEL_NAMES)
    if len(pieces) == 1:
        raise ValueError("nothing is asked: write at least one word")
    return Query(text, _Parser(pieces).read())


def term_text(text: str) -> str:
    """Return the words of a text as a Term has them; "" if there are none."""
    found: list[tuple[int, int]] = []
    for start, end in NO_LANGUAGE.spans(text):
        if found and start < found[-1][1]:  # a bigram
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return " ".join(text[start:end] for start, end in found).replace("İ", "i").lower()


class _Parser:
    """Reads pieces by recursive descent: OR binds loosest, then AND, then NOT."""

    def __init__(self, pieces: list[Token]) -> None:
        self._pieces = pieces
        self._place = 0
        self._depth = 0
        self._field: SearchField | None = None

    def read(self) -> Node:
        root = self._either()
        if self._next.kind == "close":
            raise syntax_error(self._next.start, "this ) closes nothing")
        if not _has_terms(root):
            raise syntax_error(self._pieces[0].start, "this only says what must not be; add a word that must")
        return root

    @property
    def _next(self) -> Token:
        return self._pieces[self._place]

    def _take(self) -> Token:
        self._place += 1
        return self._pieces[self._place - 1]

    def _is_operator(self, *words: str) -> bool:
        return self._next.kind == "operator" and self._next.text in words

    def _either(self) -> Node:
        first = self._next
        parts = [self._all()]
        while self._is_operator("OR"):
            self._take()
            parts.append(self._all())
        if len(parts) > 1 and not all(map(_has_terms, parts)):
            raise syntax_error(first.start, "a side of this OR only says what must not be")
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self) -> Node:
        parts = [self._part()]
        while self._next.kind not in {"end", "close"} and not self._is_operator("OR"):
            if self._is_operator("AND"):
                self._take()
            parts.append(self._part())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _part(self) -> Node:
        piece = self._take()
        if piece.kind == "minus" or (piece.kind, piece.text) == ("operator", "NOT"):
            return self._deeper(piece, lambda: self._negated(piece))
        if piece.kind == "open":
            return self._deeper(piece, lambda: self._group(piece))
        if piece.kind == "field":
            return self._in_field(piece)
        if piece.kind in {"word", "phrase"}:
            return self._term(piece)
        raise syntax_error(piece.start, self._unwelcome(piece))

    def _unwelcome(self, piece: Token) -> str:
        before = self._pieces[self._place - 2] if self._place > 1 else None
        if piece.kind == "quote":
            return "this quotation mark has no partner"
        if piece.kind == "bare":
            return f"{piece.text} needs a word right behind it; leave out the colon if it names no field"
        if piece.kind == "operator":
            return f"{piece.text} needs a word before it"
        if before is not None and before.kind in {"operator", "minus"}:
            return f"{before.text} needs a word behind it"
        return "these parentheses are empty" if before is not None and before.kind == "open" else "a word is missing"

    def _deeper(self, piece: Token, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_QUERY_DEPTH:
            raise syntax_error(piece.start, f"more than {MAX_QUERY_DEPTH} parentheses or negations within each other")
        try:
            return read()
        finally:
            self._depth -= 1

    def _negated(self, piece: Token) -> Node:
        part = self._part()
        if isinstance(part, Not):
            return part.part
        if not _has_terms(part):
            raise syntax_error(piece.start, "what is negated here only says what must not be")
        return Not(part)

    def _group(self, opening: Token) -> Node:
        if self._next.kind == "end":
            raise syntax_error(opening.start, "this ( is never closed")
        inside = self._either()
        if self._next.kind != "close":
            raise syntax_error(opening.start, "this ( is never closed")
        self._take()
        return inside

    def _in_field(self, piece: Token) -> Node:
        field = FIELD_NAMES.get(piece.text.lower())
        if field is None:
            known = ", ".join(FIELD_NAMES)
            nearest = get_close_matches(piece.text.lower(), FIELD_NAMES, n=1)
            meant = f"; did you mean {nearest[0]}:" if nearest else FILTER_OF.get(piece.text.lower(), "")
            text = "in quotes it is searched as text"
            raise syntax_error(piece.start, f"no field is called {piece.text}; known: {known}{meant} ({text})")
        if self._next.kind not in {"word", "phrase", "open", "quote"}:
            raise syntax_error(piece.start, f"{piece.text}: needs a word right behind it")
        outside, self._field = self._field, field
        try:
            return self._part()
        finally:
            self._field = outside

    def _term(self, piece: Token) -> Term:
        words = term_text(piece.text)
        if not words:
            raise syntax_error(piece.start, f"no word is in {piece.text!r}")
        prefix = piece.kind == "word" and piece.text.endswith("*")
        return Term(words, prefix, self._field)


def _has_terms(node: Node) -> bool:
    """Return whether the node requires a match, and not only the absence of one."""
    if isinstance(node, And):
        return any(map(_has_terms, node.parts))
    return not isinstance(node, Not)
