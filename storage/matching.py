"""Whether an article answers a question, and which of its sentences does: pure, over an article in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term
from storage.sentences import Span, one_line, sentence_spans
from storage.words import Token, tokens

SEARCHED = (Field.TITLE, Field.SUBTITLE, Field.BODY)
SHOWN = (Field.BODY, Field.SUBTITLE, Field.TITLE)
"""In this order a sentence is looked for: the title is seen anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What of an article can be asked for."""

    title: str
    subtitle: str | None = None
    body: str = ""
    sections: tuple[str, ...] = ()
    source: str = ""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """Where an article answers a question.

    `sentence` is one line of `field`; `marks` are the places in it of the words that were asked for, in order. It is
    the title without marks where nothing but names was asked for.
    """

    field: Field
    sentence: str
    marks: tuple[Span, ...] = ()

    def marked(self, before: str = "[", after: str = "]") -> str:
        """The sentence with something before and after each mark."""
        pieces, at = [], 0
        for start, end in self.marks:
            pieces += [self.sentence[at:start], before, self.sentence[start:end], after]
            at = end
        return "".join([*pieces, self.sentence[at:]])


def matches(question: Question, article: Document) -> Match | None:
    """The sentence by which the article answers the question; None if it does not."""
    read = _Read(article)
    if not _holds(question.root, read):
        return None
    wanted = list(dict.fromkeys(_wanted(question.root)))
    for place in SHOWN:
        found = [(span, term) for term in wanted for span in read.places(term, place)]
        if found:
            return _best(place, read.texts[place], found)
    title, _ = one_line(article.title, (0, len(article.title)), ())
    return Match(Field.TITLE, title)


@dataclass(frozen=True)
class _Read:
    """An article whose words are taken apart once, when they are needed."""

    article: Document
    _words: dict[Field, list[Token]] = field(default_factory=dict)

    @cached_property
    def texts(self) -> Mapping[Field, str]:
        article = self.article
        return {Field.TITLE: article.title, Field.SUBTITLE: article.subtitle or "", Field.BODY: article.body}

    def words(self, place: Field) -> list[Token]:
        if place not in self._words:
            self._words[place] = list(tokens(self.texts[place]))
        return self._words[place]

    @cached_property
    def _stems(self) -> Mapping[Field, frozenset[str]]:
        return {place: frozenset(token.stem for token in self.words(place)) for place in SEARCHED}

    def places(self, term: Term, place: Field) -> Iterator[Span]:
        """Where the term stands in a text, from its first word to its last."""
        if term.field not in {None, place} or not self._may_hold(term, place):
            return
        words, length = self.words(place), len(term.words)
        for start in _beginnings(term, words):
            if length == 1 or _stands(term, words, start):
                yield words[start].start, words[start + length - 1].end

    def _may_hold(self, term: Term, place: Field) -> bool:
        return term.prefix or all(word.stem in self._stems[place] for word in term.words)

    def labels(self, label: Field) -> tuple[str, ...]:
        article = self.article
        if label is Field.SECTION:
            return article.sections
        return (article.source if label is Field.SOURCE else article.language or "",)

    def holds(self, term: Term) -> bool:
        if term.field in LABELS:
            return any(_is_called(term, name) for name in self.labels(term.field))
        return any(next(self.places(term, place), None) is not None for place in SEARCHED)


def _beginnings(term: Term, words: Sequence[Token]) -> list[int]:
    """Where the first word of a term stands, with room for the others."""
    first, last = term.words[0], len(words) - len(term.words)
    if not term.prefix:
        return [place for place, token in enumerate(words) if token.stem == first.stem and place <= last]
    if len(term.words) == 1:
        return [place for place, token in enumerate(words) if token.word.startswith(first.word)]
    return [place for place, token in enumerate(words) if token.word == first.word and place <= last]


def _stands(term: Term, words: Sequence[Token], start: int) -> bool:
    last = len(term.words) - 1
    for place, wanted in enumerate(term.words):
        token = words[start + place]
        if term.prefix and place == last:
            return token.word.startswith(wanted.word)
        if token.word != wanted.word if term.prefix else token.stem != wanted.stem:
            return False
    return True


def _is_called(term: Term, name: str) -> bool:
    wanted = [word.word for word in term.words]
    whole = [token.word for token in tokens(name)]
    if not term.prefix:
        return whole == wanted
    last = len(wanted) - 1
    return len(whole) > last and whole[:last] == wanted[:last] and whole[last].startswith(wanted[last])


def _holds(node: Node, read: _Read) -> bool:
    if isinstance(node, Term):
        return read.holds(node)
    if isinstance(node, Not):
        return not _holds(node.part, read)
    if isinstance(node, All):
        return all(_holds(part, read) for part in node.parts)
    return any(_holds(part, read) for part in node.parts)


def _wanted(node: Node) -> Iterator[Term]:
    """The terms that the article may owe its being found to."""
    if isinstance(node, Term):
        if node.field not in LABELS:
            yield node
    elif isinstance(node, All | Either):
        for part in node.parts:
            yield from _wanted(part)


def _best(place: Field, text: str, found: Sequence[tuple[Span, Term]]) -> Match:
    """The first of the sentences that hold the most different terms."""
    spans = list(sentence_spans(text))
    starts = [start for start, _ in spans]
    held = {(bisect_right(starts, span[0]) - 1, term) for span, term in found}
    counts = Counter(number for number, _ in held)
    best = min(counts, key=lambda number: (-counts[number], number))
    start = spans[best][0]
    # A phrase may run over the end of a sentence; what is shown then goes on to its last word.
    inside = _apart(sorted(span for span, _ in found if bisect_right(starts, span[0]) - 1 == best))
    sentence, marks = one_line(text, (start, max(spans[best][1], *(until for _, until in inside))), inside)
    return Match(place, sentence, marks)


def _apart(spans: Sequence[Span]) -> list[Span]:
    """Spans in order with those that overlap made one."""
    apart: list[Span] = []
    for start, end in spans:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    return apart
