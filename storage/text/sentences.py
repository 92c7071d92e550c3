"""Sentences: where those of a text begin and end, and one of them on one line with places in it marked."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]

MAX_SNIPPET_LENGTH = 400
"""Characters of a sentence that is shown: the longest of the bundled articles has 144."""
MAX_CONTEXT_BEFORE = 120
"""Characters kept before the first mark of a longer one."""

# A full stop after one letter (U.S., т.е.) or one of these ends no sentence; a longer list would be wrong elsewhere.
_ABBREVIATION = re.compile(
    r"(?:(?<![^\W\d_])[^\W\d_]|\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|St|No|vs|cf|approx"
    r"|им|ул|гг|тыс|млн|млрд|руб|проф|акад))\.$"
)
# Marks of Latin, Cyrillic and Greek, then Armenian, Arabic, Urdu and Hindi; Chinese and Japanese write no blank behind.
_MARK = "[.!?…։؟۔।]"
# One of few characters first, which are found fast. Begun only at the first of a row of marks, and nothing is
# given back: a body of a million full stops takes no longer.
_END = re.compile(
    rf"[.!?…։؟۔।\n](?:(?<=\n)\s*+|(?<!\n)(?<!{_MARK}{_MARK}){_MARK}*+[\"'”’»)\]]*+(?=\s))|[。！？]++[」』”’）]*+"
)
_SPACE = re.compile(r"\s+")


def sentence_at(text: str, place: int, after: int = 0) -> Span:
    """The sentence with this place, where no white space is; `after` is where one before it ends.

    Reads back no further than to the beginning of the line.
    """
    line = text.rfind("\n", after, place) + 1
    start = line or after
    if line and text[line].isspace():
        start = _SPACE.match(text, line).end()  # type: ignore[union-attr]  # it matches what was just seen
    before: list[re.Match[str]] = []
    for end in _END.finditer(text, start):
        if end.end() <= place:
            before.append(end)
        elif not _continues(text, end):
            return _last(text, before, start), end.end()
    return _last(text, before, start), len(text)


def _last(text: str, ends: list[re.Match[str]], start: int) -> int:
    """Return the end of the last complete sentence; `start` if there is none."""
    for end in reversed(ends):
        if not _continues(text, end):
            return end.end()
    return start


def _continues(text: str, end: re.Match[str]) -> bool:
    mark, at = end[0], end.end()
    if mark[0] == "\n":
        return False
    if text[at : at + 8].lstrip()[:1].islower():
        return True
    return mark == "." and _ABBREVIATION.search(text, max(at - 12, 0), at) is not None


def clip_sentence(text: str, span: Span, marks: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
    """`text[span]` with every white space made one blank, cut to LONGEST, and the marks' places in it.

    The marks are places in `text`, in order and apart; those outside of what is kept are left out.
    """
    start, end = span if span[1] - span[0] <= MAX_SNIPPET_LENGTH else _window(span, marks)
    within = [mark for mark in marks if start <= mark[0] and mark[1] <= end]
    cut, rest = "…" if start > span[0] else "", "…" if end < span[1] else ""
    piece = text[start:end].rstrip()
    plain = piece if cut else piece.lstrip()
    if plain == " ".join(plain.split()):  # as most are: the positions only shift
        moved = len(cut) - start - (len(piece) - len(plain))
        return f"{cut}{plain}{rest}", tuple([(begin + moved, until + moved) for begin, until in within])
    line, at, placed = cut, start, []
    for begin, until in within:
        line = _joined(line, text[at:begin])
        placed.append((len(line), len(line) + len(_SPACE.sub(" ", text[begin:until]))))
        line += _SPACE.sub(" ", text[begin:until])
        at = until
    return _joined(line, text[at:end]).rstrip() + rest, tuple(placed)


def _joined(line: str, more: str) -> str:
    return line + _SPACE.sub(" ", more if line else more.lstrip())


def _window(span: Span, marks: Sequence[Span]) -> Span:
    start, end = span
    first = next((begin for begin, _ in marks if begin >= start), start)
    start = max(start, min(first - MAX_CONTEXT_BEFORE, end - MAX_SNIPPET_LENGTH))
    return start, min(start + MAX_SNIPPET_LENGTH, end)
