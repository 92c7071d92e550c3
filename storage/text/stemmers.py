"""Reduce words to their stems by the language of the article they are in.

Most stemmers are Snowball's (https://snowballstem.org). A word in a script of which one language alone has a stemmer
here, or has most articles, is reduced by that one in an article of any language or none: Cyrillic words as Russian,
plain Latin ones as English, Armenian and Greek ones as what they are. Where the article's language has a stemmer of its
own for the word's script, the stem bears the mark of that language: `_tr_parti` is the stem of Turkish partiler, and
cannot be taken for the English stem of party.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from threading import Lock
from types import MappingProxyType
from typing import Any

import Stemmer

from storage.text import azerbaijani
from storage.text.folding import APOSTROPHES, JOINED, VOWEL_SIGNS, fold

STEM_MARK = "_"
"""Before and behind the language of a marked stem; no word has it."""


class Script(Enum):
    """A script, as the pattern of a folded word in it."""

    LATIN = re.compile("[a-z'\u00df-\u024f\u0250-\u02af]+")
    CYRILLIC = re.compile("[\u0400-\u052f']+")
    ARMENIAN = re.compile("[\u0531-\u058f]+")
    GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]+")
    HEBREW = re.compile("[\u05d0-\u05ea\u05ef-\u05f2']+")
    ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ff\u0750-\u077f]+")
    DEVANAGARI = re.compile("[\u0900-\u0963\u0971-\u097f]+")
    TAMIL = re.compile("[\u0b80-\u0be3]+")


@dataclass(frozen=True, slots=True)
class Stemming:
    """Stemmer of the words of a language in its scripts; `code` is its mark, its ISO 639 code."""

    code: str
    algorithm: str | Callable[[str], str]
    """Name of a Snowball algorithm, or a function."""
    scripts: tuple[Script, ...] = (Script.LATIN,)
    has_dotless_i: bool = False
    """True if the small letter of I is ı."""

    @property
    def mark(self) -> str:
        return f"{STEM_MARK}{self.code}{STEM_MARK}"

    def stem(self, written: str, folded: str) -> str | None:
        """Return the marked stem of a word; None if its script is none of the language's."""
        if not any(script.value.fullmatch(folded) for script in self.scripts):
            return None
        lower = self._lower(written)
        stem = _snowball(self.algorithm, lower) if isinstance(self.algorithm, str) else self.algorithm(lower)
        return self.mark + (fold(stem).replace("'", "") or folded.replace("'", ""))

    def _lower(self, written: str) -> str:
        """A word in small letters with their diacritics, as a stemmer expects it."""
        composed = unicodedata.normalize("NFC", written)
        if self.has_dotless_i:
            composed = composed.replace("I", "ı").replace("İ", "i")
        lower = composed.lower().translate(_PLAIN_APOSTROPHES)
        return lower if lower.isalpha() else _NO_LETTERS.sub("", lower)


_PLAIN_APOSTROPHES = str.maketrans(dict.fromkeys(APOSTROPHES, "'"))
# The half space that Persian writes before its endings is kept.
_NO_LETTERS = re.compile(f"(?![\u200c{VOWEL_SIGNS}])[{JOINED}]")

_INDIAN = (Script.DEVANAGARI,)
_SNOWBALL: tuple[Stemming, ...] = (
    Stemming("ar", "arabic", (Script.ARABIC,)),
    Stemming("ca", "catalan"),
    Stemming("cs", "czech"),
    Stemming("da", "danish"),
    Stemming("de", "german"),
    Stemming("eo", "esperanto"),
    Stemming("es", "spanish"),
    Stemming("et", "estonian"),
    Stemming("eu", "basque"),
    Stemming("fa", "persian", (Script.ARABIC,)),
    Stemming("fi", "finnish"),
    Stemming("fr", "french"),
    Stemming("ga", "irish"),
    Stemming("hi", "hindi", _INDIAN),
    Stemming("hu", "hungarian"),
    Stemming("id", "indonesian"),
    Stemming("it", "italian"),
    Stemming("lt", "lithuanian"),
    Stemming("ne", "nepali", _INDIAN),
    Stemming("nl", "dutch"),
    Stemming("no", "norwegian"),
    Stemming("pl", "polish"),
    Stemming("pt", "portuguese"),
    Stemming("ro", "romanian"),
    Stemming("sr", "serbian", (Script.LATIN, Script.CYRILLIC)),
    Stemming("st", "sesotho"),
    Stemming("sv", "swedish"),
    Stemming("ta", "tamil", (Script.TAMIL,)),
    Stemming("tr", "turkish", has_dotless_i=True),
    Stemming("yi", "yiddish", (Script.HEBREW,)),
)
STEMMINGS: Mapping[str, Stemming] = MappingProxyType(
    {stemming.code: stemming for stemming in (*_SNOWBALL, Stemming("az", azerbaijani.stem, has_dotless_i=True))}
)
"""Stemmers whose stems are marked, by language."""

_SAME_LANGUAGE = {
    **dict.fromkeys(("nb", "nn"), "no"),
    **dict.fromkeys(("bs", "hr", "sh", "cnr"), "sr"),
    "in": "id",
    "mo": "ro",
    "ji": "yi",
}
"""Codes of languages that are written and inflected as another one is, and codes withdrawn from ISO 639."""

_ENGLISH = re.compile("[a-z']+")
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def stemming_of(language: str | None) -> Stemming | None:
    """Return the stemmer of a language tag (BCP 47) whose stems are marked; None if script alone decides."""
    if not language:
        return None
    code = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    return STEMMINGS.get(_SAME_LANGUAGE.get(code, code))


def stem_by_script(folded: str) -> str:
    """The stem of a folded word as its script has it, without a mark."""
    if _ENGLISH.fullmatch(folded):
        return _snowball("english", folded)
    if _CYRILLIC.search(folded):
        return _snowball("russian", folded)
    if Script.ARMENIAN.value.fullmatch(folded):
        return _snowball("armenian", folded)
    return _snowball("greek", folded) if Script.GREEK.value.fullmatch(folded) else folded


_stemmers: dict[str, Any] = {}
_one_at_a_time = Lock()


def _snowball(algorithm: str, word: str) -> str:
    """The stem by Snowball. A stemmer works in a buffer of its own: one thread at a time."""
    with _one_at_a_time:
        if algorithm not in _stemmers:
            _stemmers[algorithm] = Stemmer.Stemmer(algorithm, 0)  # it need not remember any: that is done by Analyzer
        stem: str = _stemmers[algorithm].stemWord(word)
    return stem
