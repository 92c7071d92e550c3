"""Compute the word diff of two texts. Pure; nothing is lost: applied to the old text a diff gives the new.

Paragraphs are aligned first, so that a long body costs little, then the words, numbers and marks of those that differ.
What would cost too much to align is shown as gone and come whole, so that no text can hold up who asks.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.text.alignment import align, trim

MAX_DIFF_STEPS = 4_000_000
"""Maximum cost of aligning the words of one diff, in `steps`: under half a second at worst; an edited paragraph of 600
words costs a tenth of it."""

_PARAGRAPH = re.compile(r"[^\n]*\n+|[^\n]+")
# A token takes the white space before it along: so few are alike, and what is added at the end of a text is all that
# is marked. A figure with its decimals is one token, or 1.5 → 15 would look like a full stop less.
_TOKEN = re.compile(r"\s*(?:\d+(?:[.,:]\d+)+|\w[\w\u0300-\u036f]*(?:['’]\w+)*|[^\w\s])|\s+")
_WORD = re.compile(r"\w")


class DiffOp(StrEnum):
    """Operation of a diff on a segment of text."""

    EQUAL = "same"
    DELETE = "gone"
    INSERT = "come"


@dataclass(frozen=True, slots=True)
class DiffSegment:
    """A run of text that has one fate."""

    op: DiffOp
    text: str


def diff(old: str, new: str) -> tuple[DiffSegment, ...]:
    """Return the segments of both texts in reading order; a deletion stands before the insertion that replaces it."""
    pieces: list[DiffSegment] = []
    left = MAX_DIFF_STEPS
    for gone, come, same in align(paragraphs(old), paragraphs(new), MAX_DIFF_STEPS, alignment_cost):
        before, after = tokens("".join(gone)), tokens("".join(come))
        for words_gone, words_come, words_same in align(before, after, left, alignment_cost):
            pieces += _pieces(words_gone, words_come, words_same)
        left -= min(left, alignment_cost(*trim(before, after)[1:3]))
        pieces += _pieces([], [], same)
    return tuple(_merge_segments(pieces))


def paragraphs(text: str) -> list[str]:
    """The text in paragraphs, each with the line ends behind it; together they are the text."""
    return _PARAGRAPH.findall(text)


def tokens(text: str) -> list[str]:
    """The text in words, numbers and marks, each with the white space before it; together they are the text."""
    return _TOKEN.findall(text)


def word_count(text: str) -> int:
    """The tokens with a letter or digit in them."""
    return sum(_WORD.search(token) is not None for token in tokens(text))


def alignment_cost(old: Sequence[str], new: Sequence[str]) -> int:
    """At least what aligning costs difflib: each match it finds may go over all of `old` and all equal pairs twice."""
    before, after = Counter(old), Counter(new)
    pairs = sum(times * after[item] for item, times in before.items())
    return (len(old) + pairs) * (2 * (before & after).total() + 1)


def _pieces(gone: Sequence[str], come: Sequence[str], same: Sequence[str]) -> Iterator[DiffSegment]:
    for mark, words in ((DiffOp.DELETE, gone), (DiffOp.INSERT, come), (DiffOp.EQUAL, same)):
        if words:
            yield DiffSegment(mark, "".join(words))


def _merge_segments(pieces: Sequence[DiffSegment]) -> Iterator[DiffSegment]:
    """Neighbours of one fate in one piece; between two changes, marks alone are part of the change."""
    run: dict[DiffOp, list[str]] = {DiffOp.DELETE: [], DiffOp.INSERT: []}
    same: list[str] = []
    for piece in pieces:
        if piece.op is DiffOp.EQUAL:
            same.append(piece.text)
            continue
        between, same = "".join(same), []
        if between and (not any(run.values()) or _WORD.search(between) or "\n" in between):
            yield from _changed_segments(run)
            yield DiffSegment(DiffOp.EQUAL, between)
        elif between:
            for texts in run.values():
                texts.append(between)
        run[piece.op].append(piece.text)
    yield from _changed_segments(run)
    if same:
        yield DiffSegment(DiffOp.EQUAL, "".join(same))


def _changed_segments(run: dict[DiffOp, list[str]]) -> Iterator[DiffSegment]:
    for mark, texts in run.items():
        if texts:
            yield DiffSegment(mark, "".join(texts))
            texts.clear()
