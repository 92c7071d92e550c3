"""The one analyser: text into words as questions compare them, each with its place in the text.

Three steps a word: it is found (letters, digits and the marks on them; hyphens, points and every other sign part
words), folded (case, diacritics, ё as е, Azerbaijani İ, I, ı and i as one), and reduced to its stem by Snowball, in
Russian if it has Cyrillic letters, in English if it has only plain Latin ones. Numbers keep every digit: `1.5` is the
word 1 and, right behind it, the word 5, so that it is found as it was written and never as 15.

Whatever is searched goes through here on both sides, so an index that is filled by one version must not be asked by
another: `ANALYSER_VERSION` goes up whenever a stem could come out differently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

ANALYSER_VERSION = 1

LONGEST = 64
"""Characters of a word that count: no index takes words of any length, and nobody types longer ones."""

REMEMBERED = 1 << 16
"""Words whose stem is remembered, so that a word that comes often is reduced once."""

_APOSTROPHES = "'’ʼ‘＇"
# What joins letters and is none: combining accents, Hebrew and Arabic vowel signs, soft hyphen, what has no width.
_JOINED = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u00ad\u200b-\u200d\u2060\ufeff"
_WORD = re.compile(rf"[^\W_][^\W_{_JOINED}]*(?:[{_JOINED}]+[^\W_]*|[{_APOSTROPHES}](?=[^\W\d_])[^\W_]*)*")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_ENGLISH = re.compile("[a-z']+")
# Letters that Unicode does not take apart, and whose plain form is what people type.
_PLAIN = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ħ": "h"}


class Token(NamedTuple):
    """A word of a text: `text[start:end]` as it was written, `word` folded, `stem` as it is compared."""

    # A tuple, because a body has hundreds: a frozen dataclass takes three times as long to make.

    word: str
    stem: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of any text in their order; never raises. Word and stem are letters and digits only."""
    for found in _WORD.finditer(text):
        word, stem = analysed(found[0])
        if word:
            yield Token(word, stem, found.start(), found.end())


def stems(text: str) -> list[str]:
    """The stems of a text in their order."""
    return [stem for _, stem in forms(text)]


def forms(text: str) -> list[tuple[str, str]]:
    """Word and stem of each of `tokens`, in their order, without their places: in a third of the time."""
    return [form for form in map(analysed, _WORD.findall(text)) if form[0]]


@lru_cache(maxsize=REMEMBERED)
def analysed(written: str) -> tuple[str, str]:
    """One word folded, and its stem."""
    folded = _folded(written)[:LONGEST]
    return folded.replace("'", ""), _stem(folded).replace("'", "")


def _folded(written: str) -> str:
    if written.isascii():
        return written.lower()
    return "".join(map(_plain, unicodedata.normalize("NFC", written)))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    """One character without case and diacritics; "" for what is no part of a word."""
    if character in _APOSTROPHES:
        return "'"
    if character in "йЙ":  # a letter of its own: Russian endings tell й from и
        return "й"
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold()).casefold()
    letters = "".join(_PLAIN.get(part, part) for part in apart if not _is_sign(part))
    if letters.isalnum():
        return letters
    # What comes apart into more than letters and digits, such as ½ into 1⁄2, stays as it is.
    return character.lower() if letters and character.isalnum() else ""


def _is_sign(character: str) -> bool:
    return character in _APOSTROPHES or unicodedata.category(character) in {"Mn", "Me", "Cf"}


def _stem(folded: str) -> str:
    if _CYRILLIC.search(folded):
        return _snowball("russian", folded)
    return _snowball("english", folded) if _ENGLISH.fullmatch(folded) else folded


_stemmers: dict[str, Any] = {}
_one_at_a_time = Lock()


def _snowball(language: str, word: str) -> str:
    """The stem by Snowball (https://snowballstem.org). A stemmer keeps the word in itself: one thread at a time."""
    with _one_at_a_time:
        if language not in _stemmers:
            import snowballstemmer

            _stemmers[language] = snowballstemmer.stemmer(language)
        stem: str = _stemmers[language].stemWord(word)
    return stem
