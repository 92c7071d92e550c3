"""Align two sequences of text units by difflib, within a bound on what it may cost. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

Units = Sequence[str]
Cost = Callable[[Units, Units], int]
"""Estimates the steps that aligning two sequences takes."""


def align(old: Units, new: Units, allowed: int, cost: Cost) -> Iterator[tuple[Units, Units, Units]]:
    """Yield (deleted, inserted, equal) again and again: units that differ, then units that both have behind them.

    What costs more than `allowed` is yielded as deleted and inserted whole; only there do the two have units in common.
    """
    head, before, after, tail = trim(old, new)
    if head:
        yield [], [], head
    if cost(before, after) > allowed:
        yield before, after, []
    else:
        i = j = 0
        for match in SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
            yield before[i : match.a], after[j : match.b], before[match.a : match.a + match.size]
            i, j = match.a + match.size, match.b + match.size
    if tail:
        yield [], [], tail


def trim(old: Units, new: Units) -> tuple[Units, Units, Units, Units]:
    """Split off the common beginning and end: return the beginning, the rest of both, the end."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return old[:start], old[start : len(old) - end], new[start : len(new) - end], old[len(old) - end :]


def _common(old: Units, new: Units) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((position for position, (one, other) in pairs if one != other), min(len(old), len(new)))
