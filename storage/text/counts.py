"""Format counts for people: `1 article`, `2 articles`."""

from __future__ import annotations

from collections.abc import Iterable


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Format a count with its noun, which takes an s in the plural unless `plural` is another word."""
    return f"{count} {noun if count == 1 else plural or f'{noun}s'}"


def listed_counts(counts: Iterable[tuple[int, str]]) -> str:
    """Format counts that are not zero, each with its words: `3 new, 1 failed`; nothing if all are."""
    return ", ".join(f"{count} {words}" for count, words in counts if count)
