"""Where in a text words may stand that are asked for, told by the letters they must begin with.

A text of hundreds of words is searched for those letters, as it is written but for case and the commonest diacritics,
and only the pieces around them are taken apart. What is found so may be another word; what is asked for is always
found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

SURE = 2
"""Letters of an English stem that its words begin with as well, but for such as dying, whose stem is die."""
CHANGED = 2
"""Letters at the end of an English stem that a word may lack: possibl is from possibility."""

_ENGLISH = re.compile("[a-z]+")

_FLAT = {"İ": "i", "ı": "i", "ş": "s", "ç": "c", "ğ": "g", "ö": "o", "ü": "u", "ё": "е"}
"""Letters that are common in the languages we read and folded by storage.words, one for one."""
_KNOWN = "\0-&(-\u007fа-яёА-ЯЁəƏıİşŞçÇğĞöÖüÜ«»“”„…–—№₼\u00a0"
"""Characters that are flat, made so, or no part of a word; all but the apostrophe of ASCII."""
_STRANGE = re.compile(f"[^{_KNOWN}]")


def beginnings(entry: str) -> frozenset[str]:
    """What the words begin with that are found by an entry of a question: a stem, or what words begin with."""
    if not _ENGLISH.fullmatch(entry):
        return frozenset({entry})
    begun = entry[: max(SURE, len(entry) - CHANGED)]
    # dying, lying, tying, vying: one letter, and the ending that all of them have.
    is_from_ying = len(entry) <= SURE + 1 and begun[1:] == "i"
    return frozenset({begun, f"{begun[0]}y"} if is_from_ying else {begun})


def shortest(wanted: Iterable[str]) -> tuple[str, ...]:
    """Those that begin with no other."""
    kept: list[str] = []
    for begun in sorted(wanted):
        if not kept or not begun.startswith(kept[-1]):
            kept.append(begun)
    return tuple(kept)


def near(text: str, wanted: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The pieces of a text between blanks, each with its place, that may hold words which begin so; in no order."""
    found: dict[int, str] = {}
    flat = flattened(text)
    for begun in wanted:
        at = flat.find(begun)
        while at >= 0:
            at = flat.find(begun, _piece_at(text, at, found))
    strange = None if text.isascii() and "'" not in text else _STRANGE.search(text)
    while strange is not None:
        strange = _STRANGE.search(text, _piece_at(text, strange.start(), found))
    return iter(found.items())


def flattened(text: str) -> str:
    """The text without case and the commonest diacritics, every character in its place."""
    if text.isascii():
        return text.lower()
    flat = text.replace("İ", "i").lower()  # in lower case it would be two
    for letter, plain in _FLAT.items():
        flat = flat.replace(letter, plain)
    return flat


def _piece_at(text: str, place: int, found: dict[int, str]) -> int:
    """Keep the piece that a place is in; returns where it ends."""
    start = text.rfind(" ", 0, place) + 1
    end = text.find(" ", place)
    if end < 0:
        end = len(text)
    found[start] = text[start:end]
    return end
