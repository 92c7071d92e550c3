"""Build the full-text index entries of an article: terms of our analyser in the form of each database.

A text is in the index as its stems in their order, the n-th entry being the n-th word, and behind them the words
that are not their own stem, each once and apart from the others. So a word is found by its stem, and by itself as
people type it into Datasette; what begins with some letters is found in either form; and a phrase is found among the
stems alone. Stems of most languages bear a mark of theirs (storage.text.stemmers). The price: who asks for столовая,
whose stem is столов, also finds столов, the tables, whose own stem is стол. The names of sections, sources and
languages are compared whole, so each is one entry: its words with `_` between them.

On SQLite (FTS5) each field is a column, and a `_`, which no word has, precedes each of the words behind the stems.
On PostgreSQL (tsvector) the fields follow each other with a gap that no phrase can bridge, and the words at a
place of their field that has no neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from storage.search.matcher import IndexedDocument
from storage.search.query import SearchField
from storage.text.analyzer import Analyzer, analyzer_of
from storage.text.folding import fold_words

UNSTEMMED_MARK = "_"
"""Before each word that follows the stems."""
LABEL_MARK = "="
"""Before and behind the field of a name in a tsvector."""
MAX_LABEL_LENGTH = 200
"""Characters of a name that are compared; PostgreSQL takes entries of 2,046 bytes at most."""

TSVECTOR_WEIGHTS = {SearchField.TITLE: "A", SearchField.SUBTITLE: "B", SearchField.BODY: "D"}
"""The weights of a tsvector, by which it tells fields apart."""

UNSTEMMED_POSITION = {SearchField.TITLE: 16_383, SearchField.SUBTITLE: 16_381, SearchField.BODY: 16_379}
"""Limits of a tsvector: the maximum position of a lexeme first (PostgreSQL, Text Search Limitations). Of
one entry at one place only the heavier weight is kept, so each field has its own."""
MAX_LEXEME_POSITION = 16_377
"""The last place of a stem; those behind it are among the words of their field, and are found in no phrase."""
MAX_POSITIONS = {SearchField.TITLE: 64, SearchField.SUBTITLE: 128, SearchField.BODY: 256}
"""Places of an entry up to and with this field; a tsvector has room for 256. Behind them no phrase finds it."""
MAX_TSVECTOR_BYTES = 1_000_000
"""Bytes of a tsvector that we use of the 1,048,575 there are; what has no room is not found."""


LARGE_TEXT = 50_000
"""Characters from which a text is analyzed before its transaction begins: about 10 ms, 1 s at most for a million."""


def analyze_large(article_texts: Iterable[tuple[str, str | None]]) -> None:
    """Analyze the large ones of these texts, each with its language, and remember the results, so that a transaction
    need not wait for it."""
    for written, language in article_texts:
        if len(written) >= LARGE_TEXT:
            _analyze_large(written, analyzer_of(language))


@lru_cache(maxsize=20)  # as many large texts as a transaction has room for (scraper.crawl.write_batcher)
def _analyze_large(written: str, analyzer: Analyzer) -> tuple[str, list[str]]:
    return analyzer.stems_and_surface_forms(written)


def _analyze(written: str, analyzer: Analyzer) -> tuple[str, list[str]]:
    if len(written) >= LARGE_TEXT:
        return _analyze_large(written, analyzer)
    return analyzer.stems_and_surface_forms(written)


def label_term(words: list[str]) -> str:
    """A name, or what it begins with, as one entry of the index."""
    return "_".join(words)[:MAX_LABEL_LENGTH]


def texts(article: IndexedDocument) -> dict[SearchField, str]:
    """Text of a document in which words are searched."""
    return {
        SearchField.TITLE: article.title,
        SearchField.SUBTITLE: article.subtitle or "",
        SearchField.BODY: article.body,
    }


def label_terms(article: IndexedDocument) -> Mapping[SearchField, list[str]]:
    """The names an article goes by, as the index takes them."""
    return _names(article.sections, article.source, article.language or "")


@lru_cache(maxsize=1024)
def _names(sections: tuple[str, ...], source: str, language: str) -> Mapping[SearchField, list[str]]:
    called = {SearchField.SECTION: sections, SearchField.SOURCE: (source,), SearchField.LANGUAGE: (language,)}
    return {field: list(filter(None, dict.fromkeys(map(_name, called[field])))) for field in called}


def _name(name: str) -> str:
    return label_term(fold_words(name))


def fts5_columns(article: IndexedDocument) -> tuple[str, ...]:
    """The columns of the FTS5 table: body, title, subtitle, section, source, language."""
    analyzer = analyzer_of(article.language)
    texts = (_column(text, analyzer) for text in (article.body, article.title, article.subtitle or ""))
    return (*texts, *map(" ".join, label_terms(article).values()))


def _column(text: str, analyzer: Analyzer) -> str:
    stems, words = _analyze(text, analyzer)
    return f" {UNSTEMMED_MARK} ".join([stems, *words])


def tsvector(article: IndexedDocument) -> str:
    """The article as PostgreSQL writes a tsvector."""
    entries: dict[str, list[str]] = {
        f"{LABEL_MARK}{field}{LABEL_MARK}{name}": []
        for field, called in label_terms(article).items()
        for name in called
    }
    room = MAX_TSVECTOR_BYTES - sum(map(_size, entries))
    for entry, place, most in _positions(article):
        if entry not in entries:
            if room < _size(entry):
                continue
            room -= _size(entry)
            entries[entry] = []
        if room >= 2 and len(entries[entry]) < most:
            room -= 2
            entries[entry].append(place)
    return " ".join(f"'{entry}':{','.join(at)}" if at else f"'{entry}'" for entry, at in entries.items())


def _size(entry: str) -> int:
    return len(entry.encode()) + 4


def _positions(article: IndexedDocument) -> Iterator[tuple[str, str, int]]:
    """Each entry of a text with its place and weight, and how many places it may have by then."""
    at, analyzer = 0, analyzer_of(article.language)
    for field, text in texts(article).items():
        apart, weight, most = UNSTEMMED_POSITION[field], TSVECTOR_WEIGHTS[field], MAX_POSITIONS[field]
        stems, words = _analyze(text, analyzer)
        for stem in stems.split():
            at += 1
            yield stem, f"{at if at <= MAX_LEXEME_POSITION else apart}{weight}", most
        for word in words:
            yield word, f"{apart}{weight}", most
        at += 1
