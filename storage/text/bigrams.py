"""Take text that is written without blanks between words apart into bigrams, as Lucene's CJKAnalyzer does.

Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer. Each character begins one token, which has the next one of the
row, too: 中文字 is 中文, 文字 and 字. So what has two characters or more is found as a phrase of bigrams, and one
character by itself as what a token begins with.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

_MARKS = "".join(
    mark
    for block in (range(0xE00, 0xF00), range(0x1000, 0x10A0), range(0x1780, 0x1800))  # Thai and Lao, Burmese, Khmer
    for mark in map(chr, block)
    if unicodedata.category(mark) in {"Mn", "Mc"}
)
_SOUTHEAST_ASIAN = "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ebd-\u0ec6\u0edc-\u0edf"
_BURMESE_AND_KHMER = "\u1000-\u102a\u103f\u1050-\u1055\u1780-\u17b3"
_EAST_ASIAN = (
    "\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\uac00-\ud7a3\u3131-\u318e"  # Hangul
)
_LETTERS = _EAST_ASIAN + _SOUTHEAST_ASIAN + _BURMESE_AND_KHMER
# Voicing marks of kana behind their letter, variants of Han, what has no width.
_SIGNS = f"{_MARKS}\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef\u00ad\u200b-\u200d\u2060\ufeff"
_JAMO = "[\u1100-\u115f][\u1160-\u11a7]++[\u11a8-\u11ff]*+"  # a Hangul syllable taken apart into its letters
_LETTER = rf"(?:{_JAMO}|(?=\w)[{_LETTERS}])"  # \w, for some of the blocks are not full
_UNIT = re.compile(f"{_LETTER}[{_SIGNS}]*+")
_ROW = re.compile(f"(?:{_LETTER}[{_SIGNS}]*+)++")
_ANY = re.compile(f"[{_LETTERS}\u1100-\u115f]")

Bigram = tuple[str, int, int]
"""A token, and its start and end in the text."""


def has_unspaced(text: str) -> bool:
    """Return whether a letter of these scripts is in a text."""
    return not text.isascii() and _ANY.search(text) is not None


def rows(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each row of such letters."""
    return (row.span() for row in _ROW.finditer(text))


def bigrams(text: str, start: int, end: int) -> Iterator[Bigram]:
    """Yield the tokens of one row, a token a character."""
    units = [(_fold(unit[0]), *unit.span()) for unit in _UNIT.finditer(text, start, end)]
    for (first, begin, _), (second, _, until) in pairwise(units):
        yield first + second, begin, until
    yield from units[-1:]


def is_single(token: str) -> bool:
    """Return whether a token is one character of such a script, the last of its row."""
    return _UNIT.fullmatch(token) is not None


@lru_cache(maxsize=8192)
def _fold(unit: str) -> str:
    """One character with its marks in the form that NFKC gives it: ｶﾞ as ガ."""
    composed = unicodedata.normalize("NFKC", unit)
    kept = "".join(letter for letter in composed if letter.isalnum() or letter in _MARKS)
    if sum(map(str.isalnum, kept)) == 1 and kept[0].isalnum():
        return kept
    # What comes apart into several letters or begins with a mark, such as Thai ำ, stays as it is.
    return "".join(letter for letter in unit if letter.isalnum() or letter in _MARKS)
