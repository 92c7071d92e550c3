"""Text from the web made fit for a terminal: nothing in it can steer the terminal, and its width is known."""

from __future__ import annotations

import re
import unicodedata

# Control characters but for tab and line feed, line and paragraph separators, what overrides or isolates the direction
# of text, and what UTF-8 cannot carry.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?")

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
WIDE = {"W", "F"}
ZERO_WIDTH = {"Mn", "Me", "Cf"}


def printable(text: str) -> str:
    """The text with every character that could steer a terminal shown as U+FFFD; lines and tabs are kept."""
    if text.isprintable():
        return text
    return _STEERING.sub(REPLACEMENT, _DIRECTION_MARKS.sub("", _LINE_ENDS.sub("\n", text)))


def one_line(text: str) -> str:
    """The same on one line: white space of any kind and length becomes one blank."""
    return printable(" ".join(text.split()))


def without_surrogates(text: str) -> str:
    """The text as UTF-8 can carry it, otherwise as it is."""
    return _SURROGATES.sub(REPLACEMENT, text)


def width(text: str) -> int:
    """The columns a terminal gives to a line: two for wide characters, none for those that join another."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if unicodedata.category(character) in ZERO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(character) in WIDE else 1


def fit(text: str, columns: int) -> str:
    """The line cut to so many columns, with an ellipsis where something is left out."""
    if width(text) <= columns:
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
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks
