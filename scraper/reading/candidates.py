"""Choose the value of a field among candidates in order of preference, each with its provenance and grade.

A field is a generator of candidates, the preferred first: what the source's selectors found, then metadata, then
markup, then guesses. The first one that is valid is chosen. Those after it are computed only if somebody asks for the
evidence, as `presswatch parse` does and a crawl does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import islice
from typing import Generic, TypeVar

MAX_EVIDENCE = 30
"""Maximum candidates of one field that are kept as evidence."""

T = TypeVar("T")


class Grade(IntEnum):
    """Reliability of the place that a candidate was found in, the least reliable first."""

    GUESSED = 1  # telling class names, the text, the address
    MARKED = 2  # markup for machines in the text: time[datetime], itemprop, rel
    STATED = 3  # metadata: meta tags, JSON-LD
    DECLARED = 4  # the selectors of the source


@dataclass(frozen=True, slots=True)
class Candidate(Generic[T]):
    """Value of a field with its provenance and grade."""

    value: T
    provenance: str
    grade: Grade = Grade.STATED


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """Chosen candidate of a field, None if none was valid, and the ones refused before it."""

    chosen: Candidate[T] | None
    refused: tuple[Candidate[T], ...] = ()
    _rest: Iterator[Candidate[T]] = field(default_factory=lambda: iter(()), repr=False, compare=False)

    def evidence(self) -> tuple[Candidate[T], ...]:
        """Return the candidates that lost, those refused first; computes the remaining ones, so call it once."""
        return (*self.refused, *islice(self._rest, MAX_EVIDENCE))


def choose(candidates: Iterable[Candidate[T]], is_valid: Callable[[T], bool] = bool) -> Choice[T]:
    """Choose the first candidate whose value is valid; none after it is computed."""
    remaining = iter(candidates)
    refused: list[Candidate[T]] = []
    for candidate in remaining:
        if is_valid(candidate.value):
            return Choice(candidate, tuple(refused), remaining)
        refused.append(candidate)
    return Choice(None, tuple(refused))
