"""What changed between two texts, word by word. Pure; nothing is lost: applied to the old text a diff gives the new.

Paragraphs are aligned first, so that a long body costs little, then the words, numbers and marks of those that differ.
What would cost too much to align is shown as gone and come whole, so that no text can hold up who asks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.alignment import align, trim

MAX_STEPS = 4_000_000
"""What aligning the words of one diff may cost, in `steps`: under half a second at worst; an edited paragraph of 600
words costs a tenth of it."""

_PARAGRAPH = re.compile(r"[^\n]*\n+|[^\n]+")
# A token takes the white space before it along: so few are alike, and what is added at the end of a text is all that
# is marked. A figure with its decimals is one token, or 1.5 → 15 would look like a full stop less.
_TOKEN = re.compile(r"\s*(?:\d+(?:[.,:]\d+)+|\w[\w\u0300-\u036f]*(?:['’]\w+)*|[^\w\s])|\s+")
_WORD = re.compile(r"\w")


class Mark(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    GONE = "gone"
    COME = "come"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text that has one fate."""

    mark: Mark
    text: str


def diff(old: str, new: str) -> tuple[Piece, ...]:
    """What became of the old text and what came, in the order of reading; what went stands before what came for it."""
    pieces: list[Piece] = []
    left = MAX_STEPS
    for gone, come, same in align(paragraphs(old), paragraphs(new), MAX_STEPS, steps):
        before, after = tokens("".join(gone)), tokens("".join(come))
        for words_gone, words_come, words_same in align(before, after, left, steps):
            pieces += _pieces(words_gone, words_come, words_same)
        left -= min(left, steps(*trim(before, after)[1:3]))
        pieces += _pieces([], [], same)
    return tuple(_joined(pieces))


def paragraphs(text: str) -> list[str]:
    """The text in paragraphs, each with the line ends behind it; together they are the text."""
    return _PARAGRAPH.findall(text)


def tokens(text: str) -> list[str]:
    """The text in words, numbers and marks, each with the white space before it; together they are the text."""
    return _TOKEN.findall(text)


def word_count(text: str) -> int:
    """The tokens with a letter or digit in them."""
    return sum(_WORD.search(token) is not None for token in tokens(text))


def steps(old: Sequence[str], new: Sequence[str]) -> int:
    """At least what aligning costs difflib: each match it finds may go over all of `old` and all equal pairs twice."""
    before, after = Counter(old), Counter(new)
    pairs = sum(times * after[item] for item, times in before.items())
    return (len(old) + pairs) * (2 * (before & after).total() + 1)


def _pieces(gone: Sequence[str], come: Sequence[str], same: Sequence[str]) -> Iterator[Piece]:
    for mark, words in ((Mark.GONE, gone), (Mark.COME, come), (Mark.SAME, same)):
        if words:
            yield Piece(mark, "".join(words))


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Neighbours of one fate in one piece; between two changes, marks alone are part of the change."""
    run: dict[Mark, list[str]] = {Mark.GONE: [], Mark.COME: []}
    same: list[str] = []
    for piece in pieces:
        if piece.mark is Mark.SAME:
            same.append(piece.text)
            continue
        between, same = "".join(same), []
        if between and (not any(run.values()) or _WORD.search(between) or "\n" in between):
            yield from _changed(run)
            yield Piece(Mark.SAME, between)
        elif between:
            for texts in run.values():
                texts.append(between)
        run[piece.mark].append(piece.text)
    yield from _changed(run)
    if same:
        yield Piece(Mark.SAME, "".join(same))


def _changed(run: dict[Mark, list[str]]) -> Iterator[Piece]:
    for mark, texts in run.items():
        if texts:
            yield Piece(mark, "".join(texts))
            texts.clear()
