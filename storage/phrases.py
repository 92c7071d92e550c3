"""Where words stand side by side in a text: found among its stems, and placed by their numbers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from storage.questions import Term
from storage.sentences import Span
from storage.words import spans, stems, word_counts


def stems_apart(text: str) -> str:
    """The stems of a text in their order, a blank before and behind each."""
    return f" {stems(text)} "


def sought(term: Term) -> str:
    """What a term of several words is in `stems_apart`."""
    return f" {' '.join(term.entries)}{'' if term.prefix else ' '}"


def phrases(term: Term, text: str, read: str) -> Iterator[Span]:
    """Where the words of a term stand side by side, from the first to the last; `read` is stems_apart(text)."""
    wanted, words = sought(term), _Words(text)
    number, counted = -1, 0
    at = read.find(wanted)
    while at >= 0:
        number += read.count(" ", counted, at + 1)
        counted = at + 1
        yield words.place(number)[0], words.place(number + len(term.words) - 1)[1]
        at = read.find(wanted, counted)


class _Words:
    """The places of a text's words by their numbers: only the pieces between blanks that are asked for are read."""

    def __init__(self, text: str) -> None:
        self._pieces = text.split(" ")
        self._words = list(accumulate(word_counts(self._pieces)))
        """How many words there are up to the end of each piece."""
        self._lengths = list(accumulate(map(len, self._pieces), initial=0))
        self._spans = lru_cache(maxsize=2)(spans)

    def place(self, number: int) -> Span:
        """Where the word with a number begins and ends; the first is 0."""
        at = bisect_right(self._words, number)
        before = self._words[at - 1] if at else 0
        start, end = self._spans(self._pieces[at])[number - before]
        begun = self._lengths[at] + at  # a blank behind each of those before
        return begun + start, begun + end
