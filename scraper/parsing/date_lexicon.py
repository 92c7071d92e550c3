"""Look up the words of dates by their normalized spelling: roles, months, weekdays, named days, phrases.

A word may have several roles: "mar" is March and, in Romance languages, Tuesday. Each set of roles has one character,
so that the form of a date is a short string, which regular expressions match in linear time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import Enum, auto

from scraper.parsing import date_words
from scraper.parsing.date_words import LANGUAGES

MAX_DATE_LENGTH = 100
"""Maximum characters of a date; a longer text is prose with numbers."""

YEARS = range(1700, 2201)
"""Gregorian years of news: 1405 is Solar Hijri, 1447 Islamic, 2569 Buddhist, 5786 Hebrew."""

_ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
# Azerbaijani: i and ı are confused in practice, and lower() makes İ an i with a combining dot. Arabic and Persian:
# letters that keyboards confuse, and vowel marks.
_LETTERS = {
    **str.maketrans("ıʼ’‘`–—‐‑−", "i''''-----"),
    **str.maketrans("أإآكيى،", "اااکیی,"),
    **dict.fromkeys([0x301, 0x307, *range(0x64B, 0x653)]),
}
_OTHER_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_ASCII_DIGIT = re.compile("[0-9]")


class Role(Enum):
    """Part of a date that a word can be."""

    MONTH = auto()
    WEEKDAY = auto()
    NAMED_DAY = auto()
    PUBLISHED = auto()
    BEFORE_DAY = auto()
    AFTER_DAY = auto()
    BETWEEN = auto()
    AFTER_YEAR = auto()
    BEFORE_TIME = auto()


def normalize(text: str) -> str:
    """Normalize a text to lower case with plain spaces, hyphens, apostrophes and digits; "" if too long for a date.

    Arabic and Persian digits are replaced unless there are ASCII digits, too: a mixture is nobody's date.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    visible = " ".join(_ZERO_WIDTH.sub("", text).split())
    if len(visible) > 4 * MAX_DATE_LENGTH:  # combining accents count extra; normalizing piles of accents is quadratic
        return ""
    return " ".join(_fold(visible).split())


def _fold(text: str) -> str:
    plain = _ZERO_WIDTH.sub("", unicodedata.normalize("NFKC", text)).lower().translate(_LETTERS)
    return plain if _ASCII_DIGIT.search(plain) else plain.translate(_OTHER_DIGITS)


def _groups(groups: str) -> Iterator[tuple[int, str]]:
    """Yield the number of each group, from 1, with each of its normalized words."""
    for number, group in enumerate(_fold(groups).split("|"), 1):
        for word in group.split():
            yield number, word


def _words(words: str) -> list[str]:
    return _fold(words).split()


def _without_accents(word: str) -> str:
    """Return a word of Latin or Greek letters without accents, as capitals are often printed."""
    if word.isascii() or not any("a" <= letter <= "ɏ" or "Ͱ" <= letter <= "Ͽ" or letter >= "ἀ" for letter in word[:1]):
        return word
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def _months() -> dict[str, dict[str, int]]:
    """Return the months of each word, by the language in which it names them."""
    found: dict[str, dict[str, int]] = {}
    for code, language in LANGUAGES.items():
        for month, word in _groups(language.months) if language.months else ():
            found.setdefault(word, {})[code] = month
    for word, by_language in list(found.items()):
        plain = _without_accents(word)
        if plain != word and plain not in found:
            found[plain] = by_language
    return found


def _weekdays() -> dict[str, int]:
    """Return the weekdays of each word, one bit each: a short word names different ones in different languages."""
    found: dict[str, int] = {}
    for language in LANGUAGES.values():
        for weekday, word in _groups(language.weekdays):
            for spelling in {word, _without_accents(word)}:
                found[spelling] = found.get(spelling, 0) | 1 << weekday - 1
    return found


MONTHS = _months()
"""Numbers of the months that each word names, by language; a few words name different ones."""

WEEKDAYS = _weekdays()
"""Possible weekdays of each word, a bit each, Monday the lowest."""

DAYS_AGO = {
    spelling: days
    for days, texts in enumerate(
        zip(*((language.today, language.yesterday) for language in LANGUAGES.values()), strict=True)
    )
    for text in texts
    for word in _words(text)
    for spelling in (word, _without_accents(word))
}
"""Days since the day that a word names."""


def _roles() -> dict[str, frozenset[Role]]:
    words: dict[Role, Iterable[str]] = {
        Role.MONTH: MONTHS,
        Role.WEEKDAY: WEEKDAYS,
        Role.NAMED_DAY: DAYS_AGO,
        Role.PUBLISHED: _words(date_words.PUBLISHED),
        Role.BEFORE_DAY: _words(date_words.BEFORE_DAY),
        Role.AFTER_DAY: _words(date_words.AFTER_DAY),
        Role.BETWEEN: date_words.BETWEEN,
        Role.AFTER_YEAR: _words(date_words.AFTER_YEAR),
        Role.BEFORE_TIME: _words(date_words.BEFORE_TIME),
    }
    found: dict[str, frozenset[Role]] = {}
    for role, of_role in words.items():
        for word in of_role:
            found[word] = found.get(word, frozenset()) | {role}
    return found


_ROLES = _roles()
# ASCII letters, of which regular expressions make small sets, without those of numbers and times.
_KIND_LETTERS = "abcdefghijklmnopqrsuvwxyzABEFGIJKLMNOPQRSUVWXZ"
_KINDS = dict(zip(dict.fromkeys(_ROLES.values()), _KIND_LETTERS, strict=False))
KINDS = {word: _KINDS[roles] for word, roles in _ROLES.items()} | {mark: mark for mark in ",.-/:()"}
KINDS |= {"|": "|", "•": "|", "·": "|", "t": "t"}  # `t` of ISO 8601
KINDS |= {str(number): "D" for number in range(100)} | {f"0{number}": "D" for number in range(10)}
KINDS |= {str(year): "Y" for year in YEARS} | {
    kind: kind for kind in "TCH"
}  # times of day; other words are in lower case
"""Character that stands for the roles of each word, mark and number."""


PHRASE_LENGTHS: dict[str, tuple[int, ...]] = {}
"""Numbers of words, the largest first, of the phrases that begin with a word; `KINDS` has them with `_` for spaces."""
for _phrase in KINDS:
    if "_" in _phrase:
        _first, *_others = _phrase.split("_")
        _lengths = {1 + len(_others), *PHRASE_LENGTHS.get(_first, ())}
        PHRASE_LENGTHS[_first] = tuple(sorted(_lengths, reverse=True))


def role_class(*roles: Role) -> str:
    """Return the regular expression of the kinds that can be any of these roles."""
    return f"[{''.join(kind for of_kind, kind in _KINDS.items() if of_kind & set(roles))}]"


UPDATED = re.compile(
    rf"(?<!\w)(?:{'|'.join(re.escape(word.replace('_', ' ')) for word in _words(date_words.UPDATED))})(?!\w)"
)
"""Labels of dates other than that of publication."""
