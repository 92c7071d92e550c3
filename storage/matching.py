"""Whether an article answers a question, and which of its sentences does: pure, over an article in memory.

Of the hundreds of words of an article few are of interest, so only those are taken apart that begin as one that is
asked for (storage.beginnings), and none that was seen before: what stands between two blanks comes again and again, and
a question remembers which of its words are in it. Sentences are looked for only around those places.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from storage.beginnings import beginnings, near, shortest
from storage.phrases import phrases, sought, stems_apart
from storage.questions import LABELS, All, Either, Field, Node, Not, Question, Term
from storage.sentences import Span, one_line, sentence_at
from storage.words import Remembered, folded, forms, tokens

SHOWN = BODY, SUBTITLE, TITLE = (Field.BODY, Field.SUBTITLE, Field.TITLE)
"""In this order a sentence is looked for: the title is seen anyway."""


# Tuples, because a page makes fifty of each: a frozen dataclass takes three times as long to make.


class Document(NamedTuple):
    """What of an article can be asked for."""

    title: str
    subtitle: str | None = None
    body: str = ""
    sections: tuple[str, ...] = ()
    source: str = ""
    language: str | None = None


class Match(NamedTuple):
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
    return matcher(question)(article)


def matcher(question: Question) -> Callable[[Document], Match | None]:
    """`matches` for several articles: what the question asks for is looked up once."""
    asked = _asked(question)
    return lambda article: _match(asked, article)


def _match(asked: _Asked, article: Document) -> Match | None:
    read = _Read(article, asked)
    if not asked.holds(read):
        return None
    for place in SHOWN:
        found = read.found(place)
        if found:
            return _shown(place, read.text(place), found)
    title, _ = one_line(article.title, (0, len(article.title)), ())
    return Match(TITLE, title)


Hit = tuple[int, int, int]
"""From where until where which of the terms stands."""

ASKED = 16
"""Questions that are remembered with what they found in pieces of text."""
COMPARED = 1 << 13
"""Pieces of text that a question remembers."""


class _Asked:
    """A question with its terms numbered, and what it found in the pieces of text that it was compared with."""

    def __init__(self, question: Question) -> None:
        terms = dict.fromkeys(term for term in _terms(question.root) if term.field not in LABELS)
        self.terms = tuple(terms)
        numbers = {term: number for number, term in enumerate(self.terms)}
        wanted = [numbers[term] for term in dict.fromkeys(_wanted(question.root))]
        self.holds = _test(question.root, numbers)
        self.wanted = {place: frozenset(filter(self.in_place(place), wanted)) for place in SHOWN}
        self.phrases = tuple(number for term, number in numbers.items() if len(term.words) > 1)
        alone = [(term, number) for term, number in numbers.items() if len(term.words) == 1]
        self._beginnings = [(term.entries[0], number) for term, number in alone if term.prefix]
        self._words: defaultdict[str, list[int]] = defaultdict(list)
        for term, number in alone:
            if not term.prefix:
                self._words[term.entries[0]].append(number)
        self.begin = shortest(begun for term, _ in alone for begun in beginnings(term.entries[0]))
        """What the words begin with that are looked for alone."""
        self._initials = {begun[0] for begun in self.begin}
        """Their first letters, with which their stems begin, too: other words need not be reduced."""
        self.hits = Remembered(self._hits, most=COMPARED)
        """Where which terms of one word stand in a piece of text, from its first character."""

    def in_place(self, place: Field) -> Callable[[int], bool]:
        """Whether a term may stand in a text."""
        return lambda number: self.terms[number].field in {None, place}

    def _hits(self, piece: str) -> tuple[Hit, ...]:
        if not any(word[0] in self._initials for word in folded(piece)):
            return ()
        return tuple((token.start, token.end, number) for token in tokens(piece) for number in self._named(*token[:2]))

    def _named(self, word: str, stem: str) -> Iterator[int]:
        yield from self._words.get(stem, ())
        if word != stem:
            yield from self._words.get(word, ())
        for beginning, number in self._beginnings:
            if word.startswith(beginning) or stem.startswith(beginning):
                yield number


_asked = lru_cache(maxsize=ASKED)(_Asked)


def _test(node: Node, numbers: Mapping[Term, int]) -> Callable[[_Read], bool]:
    """Whether an article answers, as a function of it."""
    if isinstance(node, Term):
        return _test_of_term(node, numbers)
    if isinstance(node, Not):
        barred = _test(node.part, numbers)
        return lambda read: not barred(read)
    tests = [_test(part, numbers) for part in node.parts]
    every = all if isinstance(node, All) else any
    return lambda read: every(test(read) for test in tests)


def _test_of_term(term: Term, numbers: Mapping[Term, int]) -> Callable[[_Read], bool]:
    if term.field in LABELS:
        label = term.field
        return lambda read: any(_is_called(term, name) for name in read.labels(label))
    number = numbers[term]
    first, *others = (place for place in SHOWN if term.field in {None, place})
    return lambda read: number in read.held(first) or any(number in read.held(place) for place in others)


class _Read:
    """An article as a question reads it: each of its texts when it is needed, and as far as it is."""

    __slots__ = ("_article", "_asked", "_held", "_hits", "_stems")

    def __init__(self, article: Document, asked: _Asked) -> None:
        self._article = article
        self._asked = asked
        self._hits: dict[Field, list[Hit]] = {}
        self._stems: dict[Field, str] = {}
        self._held: dict[Field, set[int]] = {}

    def text(self, place: Field) -> str:
        article = self._article
        if place is BODY:
            return article.body
        return article.title if place is TITLE else article.subtitle or ""

    def labels(self, label: Field) -> tuple[str, ...]:
        article = self._article
        if label is Field.SECTION:
            return article.sections
        return (article.source if label is Field.SOURCE else article.language or "",)

    def held(self, place: Field) -> set[int]:
        """The terms that stand in a text."""
        held = self._held.get(place)
        if held is None:
            held = self._held[place] = {number for _, _, number in self._hits_in(place)}
            if self._asked.phrases:
                read = self._stems_in(place)
                held.update(number for number in self._asked.phrases if sought(self._asked.terms[number]) in read)
        return held

    def _stems_in(self, place: Field) -> str:
        if place not in self._stems:
            self._stems[place] = stems_apart(self.text(place))
        return self._stems[place]

    def _hits_in(self, place: Field) -> list[Hit]:
        """Where the terms of one word stand in a text."""
        if place not in self._hits:
            hits, pieces = self._asked.hits, near(self.text(place), self._asked.begin)
            self._hits[place] = [
                (at + start, at + end, number) for at, piece in pieces for start, end, number in hits[piece]
            ]
        return self._hits[place]

    def found(self, place: Field) -> list[Hit]:
        """Where the terms stand that the article may owe its being found to, in order."""
        held = self.held(place)
        wanted = held & self._asked.wanted[place]
        if not wanted:
            return []
        found = self._hits_in(place)
        if wanted != held:
            found = [hit for hit in found if hit[2] in wanted]
        for number in wanted.intersection(self._asked.phrases):
            spans = phrases(self._asked.terms[number], self.text(place), self._stems_in(place))
            found = [*found, *((start, end, number) for start, end in spans)]
        return sorted(found)


def _is_called(term: Term, name: str) -> bool:
    wanted = [word.word for word in term.words]
    whole = [word for word, _ in forms(name)]
    if not term.prefix:
        return whole == wanted
    last = len(wanted) - 1
    return len(whole) > last and whole[:last] == wanted[:last] and whole[last].startswith(wanted[last])


def _terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        return iter((node,))
    return chain.from_iterable(map(_terms, (node.part,) if isinstance(node, Not) else node.parts))


def _wanted(node: Node) -> Iterator[Term]:
    """The terms that the article may owe its being found to."""
    if isinstance(node, Term):
        if node.field not in LABELS:
            yield node
    elif isinstance(node, All | Either):
        for part in node.parts:
            yield from _wanted(part)


def _shown(place: Field, text: str, found: Sequence[Hit]) -> Match:
    (start, end), inside = _fullest(text, found)
    marks = _apart(inside)
    # A phrase may run over the end of a sentence; what is shown then goes on to its last word.
    sentence, placed = one_line(text, (start, max(end, marks[-1][1])), marks)
    return Match(place, sentence, placed)


def _fullest(text: str, found: Sequence[Hit]) -> tuple[Span, Sequence[Hit]]:
    """The first of the sentences that hold the most different terms, and where it holds them."""
    best: tuple[Span, Sequence[Hit]] = ((0, 0), ())
    most, held, at, end = _number_of_terms(found), 0, 0, 0
    while held < most and at < len(found):
        first, (start, end) = at, sentence_at(text, found[at][0], end)
        while at < len(found) and found[at][0] < end:
            at += 1
        number = _number_of_terms(found[first:at])
        if number > held:
            best, held = ((start, end), found[first:at]), number
    return best


def _number_of_terms(hits: Sequence[Hit]) -> int:
    return 1 if len(hits) == 1 else len({number for _, _, number in hits})


def _apart(hits: Iterable[Hit]) -> list[Span]:
    """The places of hits in order, those that overlap made one."""
    apart: list[Span] = []
    for start, end, _ in hits:
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(apart[-1][1], end))
        else:
            apart.append((start, end))
    return apart
