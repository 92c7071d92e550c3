"""Text from the web made fit for a terminal: nothing in it can steer the terminal, and its width is known."""

from __future__ import annotations

import re
import unicodedata

# Control characters but for tab and line feed, line and paragraph separators, what overrides or isolates the direction
# of text, and what UTF-8 cannot carry.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u206f\ud800-\udfff]")
# Honest text in Arabic and Hebrew has these, and reads the same without them on a line of its own.
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?")
# Control characters, lone surrogates, characters that turn the direction of what follows them, and those that only
# tell where a line may break. U+200E and U+200F stay: right-to-left words need them and they turn nothing else.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)

REPLACEMENT_CHARACTER = "\ufffd"
ELLIPSIS = "…"
WIDE_CHARACTERS = {"W", "F"}
ZERO_WIDTH_CHARACTERS = {"Mn", "Me", "Cf"}


def sanitize(text: str, *, lines: bool = False) -> str:
    """The text as a terminal may be given it: what could steer the terminal is shown as U+FFFD, or left out.

    On one line, with one blank for white space of any kind and length; `lines` keeps line ends and tabs as they are.
    Applied twice it does no more than once.
    """
    # What is printable to Python has no control character, no surrogate and nothing of Unicode's class Cf.
    marked = text if text.isprintable() else _DIRECTION_MARKS.sub("", text)
    kept = _LINE_ENDS.sub("\n", marked) if lines else " ".join(marked.split())
    return kept if kept.isprintable() else _STEERING.sub(REPLACEMENT_CHARACTER, kept)


def clean_text(text: str) -> str:
    """Convert `text` to one line: every run of white space one space, invisible characters dropped.

    No-break and thin spaces become spaces; control characters, soft hyphens, zero-width spaces, lone surrogates and
    direction overrides are dropped. Stable under repetition.
    """
    return " ".join(_INVISIBLE.sub("", text).split())


def replace_surrogates(text: str) -> str:
    """The text as UTF-8 can carry it, otherwise as it is."""
    return _SURROGATES.sub(REPLACEMENT_CHARACTER, text)


def display_width(text: str) -> int:
    """The columns a terminal gives to a line: two for wide characters, none for those that join another."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ZERO_WIDTH_CHARACTERS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE_CHARACTERS else 1


def truncate(text: str, columns: int) -> str:
    """The line cut to so many columns, with an ellipsis where something is left out."""
    if display_width(text) <= columns:
        return text
    if columns < 1:
        return ""
    left = columns - 1
    for place, character in enumerate(text):
        left -= _columns(character)
        if left < 0:
            return text[:place].rstrip() + ELLIPSIS
    return text


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """The line filled up with blanks to so many columns; `right` puts them before it."""
    blanks = " " * (columns - display_width(text))
    return blanks + text if right else text + blanks
