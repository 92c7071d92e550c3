"""Match documents in memory against a query and pick the sentence to highlight. Pure.

Each text of a document is split at its blanks and tokenised once; a query remembers the hits of the pieces it has seen,
for the same words come again and again. Sentences are searched only around hits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from storage.search.query import LABEL_FIELDS, And, Node, Not, Query, SearchField, Term
from storage.text.analyzer import Analyzer, Memo, QueryTerms, Token, analyzer_of
from storage.text.folding import fold_words
from storage.text.sentences import Span, clip_sentence, sentence_at

TEXT_FIELDS = BODY, SUBTITLE, TITLE = (SearchField.BODY, SearchField.SUBTITLE, SearchField.TITLE)
"""The fields that words are searched in, in the order in which a sentence is picked: a reader sees the title anyway."""

QUERY_CACHE_SIZE = 16
"""Compiled queries that are kept, each with its cache of pieces."""
TOKEN_CACHE_SIZE = 1 << 14
"""Pieces of text between blanks whose hits one query keeps: a page of fifty articles in three languages has 9,000."""

Hit = tuple[int, int, int]
"""Start and end of a match in a text, and the number of the term that matches."""

# Tuples, because a page makes fifty of each: a frozen dataclass takes three times as long to make.


class IndexedDocument(NamedTuple):
    """The searchable fields of an article."""

    title: str
    subtitle: str | None = None
    body: str = ""
    sections: tuple[str, ...] = ()
    source: str = ""
    language: str | None = None


class Match(NamedTuple):
    """The sentence by which a document matches a query.

    `sentence` is one line of `field`; `marks` are the spans in it of the words that match, in order and apart. It is
    the title without marks if the query consists of nothing but labels.
    """

    field: SearchField
    sentence: str
    marks: tuple[Span, ...] = ()

    def highlighted(self, before: str = "[", after: str = "]") -> str:
        """Return the sentence with `before` and `after` around each mark."""
        parts, position = [], 0
        for start, end in self.marks:
            parts += [self.sentence[position:start], before, self.sentence[start:end], after]
            position = end
        return "".join([*parts, self.sentence[position:]])


def matches(query: Query, document: IndexedDocument) -> Match | None:
    """Match a document against a query; None if it does not match."""
    return compile_matcher(query)(document)


def compile_matcher(query: Query) -> Callable[[IndexedDocument], Match | None]:
    """Compile a query into a function that matches documents, as `matches` does."""
    return lambda document: _match(_compiled_query(query, analyzer_of(document.language)), document)


def _match(query: _CompiledQuery, document: IndexedDocument) -> Match | None:
    view = _DocumentView(document, query)
    if not query.accepts(view):
        return None
    for field in TEXT_FIELDS:
        searched = view.searched(field)
        hits = searched.hits(query.positive[field])
        if hits:
            return _best_sentence(field, searched.text, hits)
    title, _ = clip_sentence(document.title, (0, len(document.title)), ())
    return Match(TITLE, title)


class _CompiledQuery:
    """A query as it is matched with the texts of one analyzer.

    Its terms are numbered, and the hits of its one-word terms in pieces of text are remembered.
    """

    def __init__(self, query: Query, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        terms = tuple(dict.fromkeys(term for term in _terms(query.root) if term.field not in LABEL_FIELDS))
        numbers = {term: number for number, term in enumerate(terms)}
        wanted = {numbers[term] for term in positive_terms(query.root)}
        self.accepts = _predicate(query.root, numbers)
        self.positive = {
            field: frozenset(number for number in wanted if terms[number].field in {None, field})
            for field in TEXT_FIELDS
        }
        readings = {number: term.alternatives([analyzer]) for term, number in numbers.items()}
        self.phrases = {number: alternatives for number, alternatives in readings.items() if _is_phrase(alternatives)}
        words: defaultdict[str, list[int]] = defaultdict(list)
        prefixes: defaultdict[str, list[int]] = defaultdict(list)
        for number in readings.keys() - self.phrases.keys():
            for reading in readings[number]:
                (prefixes if reading.is_prefix else words)[reading.terms[0]].append(number)
        self._words, self._prefixes = dict(words), dict(prefixes)
        self._prefix_lengths = sorted(set(map(len, prefixes)))
        self.piece_hits = Memo(self._token_hits, most=TOKEN_CACHE_SIZE)

    def _token_hits(self, piece: str) -> tuple[Hit, ...]:
        return tuple(
            [
                (token.start, token.end, number)
                for token in self.analyzer.piece_tokens[piece]
                for number in self._numbers(token)
            ]
        )

    def _numbers(self, token: Token) -> Iterable[int]:
        word, stem, _, _ = token
        numbers = self._words.get(stem, ())
        if word != stem:
            numbers = [*numbers, *self._words.get(word, ())]
        if self._prefix_lengths:
            begun = {form[:length] for length in self._prefix_lengths for form in (word, stem)}
            numbers = [*numbers, *chain.from_iterable(self._prefixes.get(prefix, ()) for prefix in begun)]
        return dict.fromkeys(numbers) if len(numbers) > 1 else numbers  # one term may have two readings


_compiled_query = lru_cache(maxsize=QUERY_CACHE_SIZE)(_CompiledQuery)


class _SearchedText:
    """One text of a document, tokenised for a query: `numbers` are the terms that occur in it."""

    __slots__ = ("_query", "_stems", "_word_hits", "numbers", "text")

    def __init__(self, text: str, query: _CompiledQuery) -> None:
        self.text = text
        self._query = query
        self._word_hits = list(_word_hits(text, query.piece_hits))
        self._stems = f" {query.analyzer.stems(text)} " if query.phrases else ""
        self.numbers = {number for _, _, number in self._word_hits}
        self.numbers.update(
            number
            for number, readings in query.phrases.items()
            if any(_phrase_needle(reading) in self._stems for reading in readings)
        )

    def hits(self, wanted: frozenset[int]) -> list[Hit]:
        """Return the hits of the wanted terms, in the order of the text."""
        found = [hit for hit in self._word_hits if hit[2] in wanted]
        phrases = self._query.phrases.keys() & wanted & self.numbers
        words = self._query.analyzer.spans(self.text) if phrases else []
        for number in phrases:
            for reading in self._query.phrases[number]:
                found += [(*span, number) for span in _phrase_spans(reading, words, self._stems)]
        return sorted(found)


def _word_hits(text: str, piece_hits: Mapping[str, Sequence[Hit]]) -> Iterator[Hit]:
    offset = 0
    for piece in text.split(" "):  # no token reaches over a blank
        for start, end, number in piece_hits[piece]:
            yield offset + start, offset + end, number
        offset += len(piece) + 1


def _is_phrase(readings: Sequence[QueryTerms]) -> bool:
    return len(readings[0].terms) > 1  # languages reduce words, and part none


def _phrase_needle(reading: QueryTerms) -> str:
    return f" {' '.join(reading.terms)}{'' if reading.is_prefix else ' '}"


def _phrase_spans(reading: QueryTerms, words: Sequence[Span], padded_stems: str) -> Iterator[Span]:
    needle = _phrase_needle(reading)
    number, counted = -1, 0
    position = padded_stems.find(needle)
    while position >= 0:
        number += padded_stems.count(" ", counted, position + 1)
        counted = position + 1
        yield words[number][0], words[number + len(reading.terms) - 1][1]
        position = padded_stems.find(needle, counted)


class _DocumentView:
    """A document as a query reads it: each of its texts is tokenised when a predicate first needs it."""

    __slots__ = ("_document", "_query", "_searched")

    def __init__(self, document: IndexedDocument, query: _CompiledQuery) -> None:
        self._document = document
        self._query = query
        self._searched: dict[SearchField, _SearchedText] = {}

    def searched(self, field: SearchField) -> _SearchedText:
        if field not in self._searched:
            document = self._document
            text = document.body if field is BODY else document.title if field is TITLE else document.subtitle
            self._searched[field] = _SearchedText(text or "", self._query)
        return self._searched[field]

    def labels(self, field: SearchField) -> tuple[str, ...]:
        document = self._document
        if field is SearchField.SECTION:
            return document.sections
        return (document.source if field is SearchField.SOURCE else document.language or "",)


def _predicate(node: Node, numbers: Mapping[Term, int]) -> Callable[[_DocumentView], bool]:
    if isinstance(node, Term):
        return _term_predicate(node, numbers)
    if isinstance(node, Not):
        excluded = _predicate(node.part, numbers)
        return lambda view: not excluded(view)
    parts = [_predicate(part, numbers) for part in node.parts]
    combine = all if isinstance(node, And) else any
    return lambda view: combine(part(view) for part in parts)


def _term_predicate(term: Term, numbers: Mapping[Term, int]) -> Callable[[_DocumentView], bool]:
    if term.field in LABEL_FIELDS:
        label = term.field
        return lambda view: any(_is_label(term, name) for name in view.labels(label))
    number = numbers[term]
    fields = [field for field in TEXT_FIELDS if term.field in {None, field}]
    return lambda view: any(number in view.searched(field).numbers for field in fields)


def _is_label(term: Term, name: str) -> bool:
    wanted = term.label_words
    words = fold_words(name)
    if not term.prefix:
        return words == wanted
    last = len(wanted) - 1
    return len(words) > last and words[:last] == wanted[:last] and words[last].startswith(wanted[last])


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        return iter((node,))
    return chain.from_iterable(map(_terms, (node.part,) if isinstance(node, Not) else node.parts))


def positive_terms(node: Node) -> Iterator[Term]:
    """Yield the full-text terms that are under no Not."""
    if isinstance(node, Term):
        if node.field not in LABEL_FIELDS:
            yield node
    elif not isinstance(node, Not):
        for part in node.parts:
            yield from positive_terms(part)


def _best_sentence(field: SearchField, text: str, hits: Sequence[Hit]) -> Match:
    """Return the first of the sentences that hold the most different terms."""
    best, sentence, count = hits[:1], (0, 0), 0
    term_count, position, end = _term_count(hits), 0, 0
    while count < term_count and position < len(hits):
        first, (start, end) = position, sentence_at(text, hits[position][0], end)
        while position < len(hits) and hits[position][0] < end:
            position += 1
        inside = hits[first:position]
        if _term_count(inside) > count:
            best, sentence, count = inside, (start, end), _term_count(inside)
    marks = _merge_spans(best)
    # A phrase may run over the end of a sentence; the line then goes on to its last word.
    line, placed = clip_sentence(text, (sentence[0], max(sentence[1], marks[-1][1])), marks)
    return Match(field, line, placed)


def _term_count(hits: Sequence[Hit]) -> int:
    return 1 if len(hits) == 1 else len({number for _, _, number in hits})


def _merge_spans(hits: Iterable[Hit]) -> list[Span]:
    """Return the spans of sorted hits, those that overlap merged into one."""
    merged: list[Span] = []
    for start, end, _ in hits:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged
