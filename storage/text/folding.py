"""Find the words of a text, and fold them: case, diacritics, ё as е, Azerbaijani İ, I, ı and i as one.

A word is letters, digits and the marks on them; hyphens, points and every other sign part words. Numbers keep every
digit: `1.5` is the word 1 and, right behind it, the word 5, so that it is found as it was written and never as 15.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MAX_WORD_LENGTH = 64
"""Characters of a word that count: no index takes words of any length, and nobody types longer ones."""

APOSTROPHES = "'’ʼ‘＇"
VOWEL_SIGNS = "".join(sign for sign in map(chr, range(0x900, 0xE00)) if unicodedata.category(sign) in {"Mn", "Mc"})
"""Signs on the letters of Indian scripts, from Devanagari to Sinhala: without them another word is written."""
# What joins letters and is none: combining accents, Hebrew and Arabic vowel signs, soft hyphen, what has no width.
JOINED = (
    "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670"
    f"\u00ad\u200b-\u200d\u2060\ufeff{VOWEL_SIGNS}"
)
# Nothing is given back: no character is of two of the kinds that follow each other.
WORD = re.compile(rf"[^\W_]++(?:[{JOINED}]++[^\W_]*+|[{APOSTROPHES}](?=[^\W\d_])[^\W_]*)*+")
# Letters that Unicode does not take apart, and whose plain form is what people type.
_PLAIN = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ħ": "h"}
_KEPT = frozenset(VOWEL_SIGNS)


def fold_words(text: str) -> list[str]:
    """The folded words of a text; remembers nothing and reduces none: that costs 4 µs each the first time."""
    return [word for word in map(fold_word, WORD.findall(text)) if word]


def fold_word(written: str) -> str:
    """Fold one written word, to MAX_WORD_LENGTH characters; "" if nothing of it is a letter or a digit."""
    return fold(written)[:MAX_WORD_LENGTH].replace("'", "")


def fold(written: str) -> str:
    """Fold a written word; every kind of apostrophe is left as '."""
    if written.isascii():
        return written.lower()
    folded = "".join(map(_plain, unicodedata.normalize("NFC", written)))
    return folded if folded[:1] not in _KEPT else folded.lstrip(VOWEL_SIGNS)


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character without case and diacritics; "" for what is no part of a word."""
    if character in APOSTROPHES:
        return "'"
    if character in "йЙ":  # a letter of its own: Russian endings tell й from и
        return "й"
    if character in _KEPT:
        return character
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()).casefold()
    letters = "".join(_PLAIN.get(part, part) for part in apart if not _is_sign(part))
    if letters.isalnum():
        return letters
    # What comes apart into more than letters and digits, such as ½ into 1⁄2, stays as it is.
    return character.lower() if letters and character.isalnum() else ""


def _is_sign(character: str) -> bool:
    return character in APOSTROPHES or unicodedata.category(character) in {"Mn", "Me", "Cf"}
