"""Score documents in memory as FTS5's bm25() does (sqlite.org/fts5.html, 5.1.1). Pure.

For a corpus that is in no index, such as that of a past moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from storage.search.index_entries import fts5_columns
from storage.search.matcher import IndexedDocument, positive_terms
from storage.search.query import Query, SearchField
from storage.text.analyzer import Analyzer, QueryTerms

K1, B = 1.2, 0.75
MIN_RARITY = 1e-6
"""Weight of what most documents have, for which the formula has a number below zero."""
COLUMN_WEIGHTS = {SearchField.BODY: 1.0, SearchField.TITLE: 10.0, SearchField.SUBTITLE: 4.0}
"""What a word of a column counts, in the order of `fts5_columns`; the migration 0003 says the same to FTS5."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Entries of the index that stand side by side, in one column or (None) in any that has text."""

    field: SearchField | None
    reading: QueryTerms

    def frequency(self, columns: Sequence[Sequence[str]]) -> float:
        """Count the phrase in the columns of a document, each by its weight."""
        weighted = zip(COLUMN_WEIGHTS.items(), columns, strict=False)
        wanted = ((weight, entries) for (field, weight), entries in weighted if self.field in {None, field})
        return sum(weight * self._count(entries) for weight, entries in wanted)

    def _count(self, entries: Sequence[str]) -> int:
        *before, last = self.reading.terms
        if not before and not self.reading.is_prefix:
            return entries.count(last)
        ends = (place for place, entry in enumerate(entries) if self._is_last(entry, last) and place >= len(before))
        return sum(list(entries[place - len(before) : place]) == before for place in ends)

    def _is_last(self, entry: str, last: str) -> bool:
        return entry.startswith(last) if self.reading.is_prefix else entry == last


@dataclass(frozen=True, slots=True)
class Measure:
    """What of a document its score is made from: its entries, and the frequency of each phrase."""

    length: int
    frequencies: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What of all documents a score is made from: their number, their mean length, and how many have each phrase."""

    document_count: int
    mean_length: float
    phrase_counts: tuple[int, ...]


def phrases_of(query: Query, analyzers: Sequence[Analyzer]) -> tuple[Phrase, ...]:
    """Return the phrases of a query that count, in each of their readings; names of sections and the like do not."""
    terms = positive_terms(query.root)
    return tuple(Phrase(term.field, reading) for term in terms for reading in term.alternatives(analyzers))


def measure(document: IndexedDocument, phrases: Sequence[Phrase]) -> Measure:
    """Measure a document as it would be in the index."""
    columns = [column.split() for column in fts5_columns(document)]
    return Measure(sum(map(len, columns)), tuple(phrase.frequency(columns) for phrase in phrases))


def score(measured: Measure, corpus: Corpus) -> float:
    """Return the relevance of a document, the higher the better."""
    norm = K1 * (1 - B + B * measured.length / corpus.mean_length) if corpus.mean_length else K1
    weighted = zip(measured.frequencies, corpus.phrase_counts, strict=True)
    return sum(
        _rarity(corpus.document_count, count) * frequency * (K1 + 1) / (frequency + norm)
        for frequency, count in weighted
        if frequency
    )


def _rarity(document_count: int, count: int) -> float:
    return max(log((document_count - count + 0.5) / (count + 0.5)), 0.0) or MIN_RARITY
