"""Sentences: where those of a text begin and end, and one of them on one line with places in it marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Span = tuple[int, int]

LONGEST = 400
"""Characters of a sentence that is shown: the longest of the bundled articles has 144."""
BEFORE = 120
"""Characters kept before the first mark of a longer one."""

# A full stop after one letter (U.S., т.е.) or one of these ends no sentence; a longer list would be wrong elsewhere.
_ABBREVIATION = re.compile(
    r"(?:(?<![^\W\d_])[^\W\d_]|\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Sen|Rep|Gov|Lt|Col|St|No|vs|cf|approx"
    r"|им|ул|гг|тыс|млн|млрд|руб|проф|акад))\.$"
)
# One of four characters first, which are looked for fast. Begun only at the first of a row of marks, and nothing is
# given back: a body of a million full stops takes no longer.
_END = re.compile(r"[.!?…\n](?:(?<=\n)\s*+|(?<!\n)(?<![.!?…][.!?…])[.!?…]*+[\"'”’»)\]]*+(?=\s))")
_SPACE = re.compile(r"\s+")
_NO_SPACE = re.compile(r"\s*+")


def sentence_spans(text: str, start: int = 0) -> Iterator[Span]:
    """Where each sentence begins and ends, in order and without overlap; a line end always ends one.

    `start` is where a sentence begins.
    """
    for end in _END.finditer(text, start):
        if _goes_on(text, end):
            continue
        yield start, end.end()
        start = end.end()
    if start < len(text):
        yield start, len(text)


def sentence_at(text: str, place: int, after: int = 0) -> Span:
    """The sentence with this place, where no white space is; `after` is where one before it ends.

    Looks no further back than to the beginning of the line.
    """
    line = text.rfind("\n", after, place) + 1
    start = _NO_SPACE.match(text, line).end() if line else after  # type: ignore[union-attr]  # it may match nothing
    return next(span for span in sentence_spans(text, start) if span[1] > place)


def space_behind(text: str, place: int) -> int | None:
    """Where the first white space behind a place ends; None if there is none."""
    found = _SPACE.search(text, place)
    return None if found is None else found.end()


def _goes_on(text: str, end: re.Match[str]) -> bool:
    if end[0][0] == "\n":
        return False
    following = text[end.end() : end.end() + 8].lstrip()
    return following[:1].islower() or (
        end[0] == "." and bool(_ABBREVIATION.search(text[max(end.end() - 12, 0) : end.end()]))
    )


def one_line(text: str, span: Span, marks: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
    """`text[span]` with every white space made one blank, cut to LONGEST, and the marks' places in it.

    The marks are places in `text`, in order and apart; those outside of what is kept are left out.
    """
    start, end = _window(span, marks)
    line = "…" if start > span[0] else ""
    placed = []
    at = start
    for begin, until in marks:
        if not at <= begin < until <= end:
            continue
        line = _joined(line, text[at:begin])
        placed.append((len(line), len(line) + len(_SPACE.sub(" ", text[begin:until]))))
        line += _SPACE.sub(" ", text[begin:until])
        at = until
    line = _joined(line, text[at:end]).rstrip()
    return line + ("…" if end < span[1] else ""), tuple(placed)


def _joined(line: str, more: str) -> str:
    return line + _SPACE.sub(" ", more if line else more.lstrip())


def _window(span: Span, marks: Sequence[Span]) -> Span:
    start, end = span
    if end - start <= LONGEST:
        return span
    first = next((begin for begin, _ in marks if begin >= start), start)
    start = max(start, min(first - BEFORE, end - LONGEST))
    return start, min(start + LONGEST, end)
