"""Split text into normalized tokens with their positions, for queries and the index.

Three steps a word: it is found (letters, digits and the marks on them; hyphens, points and every other sign part
words), folded (case, diacritics, ё as е, Azerbaijani İ, I, ı and i as one), and reduced to its stem by Snowball, in
Russian if it has Cyrillic letters, in English if it has only plain Latin ones. Numbers keep every digit: `1.5` is the
word 1 and, right behind it, the word 5, so that it is found as it was written and never as 15.

Whatever is searched goes through here on both sides, so an index that is filled by one version must not be asked by
another: `ANALYZER_VERSION` goes up whenever a stem could come out differently.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from operator import itemgetter
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import Stemmer

ANALYZER_VERSION = 1

MAX_WORD_LENGTH = 64
"""Characters of a word that count: no index takes words of any length, and nobody types longer ones."""

WORD_CACHE_SIZE = 1 << 16
"""Words whose forms are remembered, so that a word that comes often is reduced once."""

_APOSTROPHES = "'’ʼ‘＇"
# What joins letters and is none: combining accents, Hebrew and Arabic vowel signs, soft hyphen, what has no width.
_JOINED = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u00ad\u200b-\u200d\u2060\ufeff"
# Nothing is given back: no character is of two of the kinds that follow each other.
_WORD = re.compile(rf"[^\W_]++(?:[{_JOINED}]++[^\W_]*+|[{_APOSTROPHES}](?=[^\W\d_])[^\W_]*+)*+")
_CYRILLIC = re.compile("[\u0400-\u04ff]")
_ENGLISH = re.compile("[a-z']+")
# Letters that Unicode does not take apart, and whose plain form is what people type.
_PLAIN = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ħ": "h"}

MemoValue = TypeVar("MemoValue")


class Memo(dict[str, MemoValue]):
    """Cache a function of a text in a bounded mapping: `memo[text]` calls it once for a text that comes often.

    A mapping, because a lookup in it costs a quarter of a call, and `map` and `filter` make it without Python's help.
    """

    def __init__(self, says: Callable[[str], MemoValue], *, most: int = WORD_CACHE_SIZE) -> None:
        super().__init__()
        self._says = says
        self._most = most

    def __missing__(self, written: str) -> MemoValue:
        said = self._says(written)
        if len(written) <= MAX_WORD_LENGTH:
            if len(self) >= self._most:
                self.clear()
            self[written] = said
        return said


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
        word, stem = _forms[found[0]]
        if word:
            yield Token(word, stem, found.start(), found.end())


def spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each of `tokens`, in half of the time."""
    return [found.span() for found in _WORD.finditer(text) if _forms[found[0]][0]]


def forms(text: str) -> list[tuple[str, str]]:
    """Word and stem of each of `tokens`, in their order."""
    return [form for form in map(_forms.__getitem__, _WORD.findall(text)) if form[0]]


# A text is taken apart at its white space first, for no word reaches over it, and what is between comes often: the
# words of each such piece are remembered, and a body costs a lookup a piece (75 µs for 400 words, by pattern 190).


def stems(text: str) -> str:
    """The stems of a text in their order, a blank between them."""
    return " ".join(filter(None, map(itemgetter(0), map(_pieces.__getitem__, text.split()))))


def stems_and_surface_forms(text: str) -> tuple[str, list[str]]:
    """The stems, and the words that are not their own stem, each once, in the order of their first places."""
    pieces = list(map(_pieces.__getitem__, text.split()))
    unstemmed = dict.fromkeys(map(itemgetter(1), pieces))
    unstemmed.pop("", None)
    if any(" " in found for found in unstemmed):
        unstemmed = dict.fromkeys(" ".join(unstemmed).split())
    return " ".join(filter(None, map(itemgetter(0), pieces))), list(unstemmed)


def fold_words(text: str) -> list[str]:
    """The words alone; remembers nothing and reduces none: that costs 4 µs each the first time."""
    return [word for word in map(_word, _WORD.findall(text)) if word]


def analyze_word(written: str) -> tuple[str, str]:
    """One word folded, and its stem. Both begin with the same letter: Snowball changes endings only."""
    folded = _folded(written)[:MAX_WORD_LENGTH]
    word = folded.replace("'", "")
    return word, _stem(folded).replace("'", "") or word  # of ʼ's nothing would be left


def _word(written: str) -> str:
    return _folded(written)[:MAX_WORD_LENGTH].replace("'", "")


def _piece(piece: str) -> tuple[str, str]:
    """The stems of a piece of text, and those of its words that are not their own."""
    found = forms(piece)
    return " ".join([stem for _, stem in found]), " ".join([word for word, stem in found if word != stem])


_forms = Memo(analyze_word)
_pieces = Memo(_piece)
piece_tokens = Memo(lambda piece: tuple(tokens(piece)), most=1 << 14)
"""The tokens of a piece of text without blanks, for texts that are matched again and again."""


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
    """The stem by Snowball (https://snowballstem.org). A stemmer works in a buffer of its own: one thread at a time."""
    with _one_at_a_time:
        if language not in _stemmers:
            _stemmers[language] = Stemmer.Stemmer(language, 0)  # it need not remember any: that is done here
        stem: str = _stemmers[language].stemWord(word)
    return stem
