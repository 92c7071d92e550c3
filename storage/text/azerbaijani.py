"""Reduce Azerbaijani words to light stems: strip the endings of nouns, and those of verbs behind what is a verb.

Snowball has no Azerbaijani stemmer, and its Turkish one does not know ə. Endings are stripped one after the other, the
longest first, as long as vowel harmony allows it (an ending has the vowel that the last one of the stem asks for) and
enough of the word is left. Derived words stay apart: birlik is not bir. The measured table is in
docs/query-language.md, the words it is measured with in tests/storage/text/azerbaijani_words.txt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto

_VOWELS = frozenset("aeəıioöuü")
_NARROW_VOWELS = frozenset("ıiuü")
# The vowels of an ending, wide and narrow, by the last one before it.
_WIDE = {vowel: "a" if vowel in "aıou" else "ə" for vowel in _VOWELS}
_NARROW = {"a": "ı", "ı": "ı", "e": "i", "ə": "i", "i": "i", "o": "u", "u": "u", "ö": "ü", "ü": "ü"}


class _Behind(Enum):
    """What an ending stands behind."""

    ANY = auto()
    VOWEL = auto()
    NARROW_VOWEL = auto()
    CONSONANT = auto()
    VERB = auto()


# A stands for a or ə, I for ı, i, u or ü.
_ENDINGS = {
    _Behind.ANY: "lAr dA dAn dAkI lA dIr mAq mAk mIş",
    _Behind.VOWEL: "yA nIn nI sI mIz nIz ylA yIb n",
    _Behind.NARROW_VOWEL: "nA ndA ndAn ndAkI",  # of what is possessed
    _Behind.CONSONANT: "A I In ImIz InIz Ib",
    _Behind.VERB: "mA mAyAn An yAn AcAq AcAk yAcAq yAcAk ArAq ArAk dIq dIk dI Ir yIr sA mAlI mIr mAz Ib",
}
_LEAST_LETTERS = 3
"""Letters that are left of a word at least, unless they are in _SHORT or a verb."""
_LEAST_BEFORE_N = 4
"""Letters left before an n: azərbaycan loses it everywhere, for azərbaycanın is parted as ölkə-nin is."""
_SHORT = "ev il iş ad ay at od üz əl el iz su on ox ön üs öv"
_KEPT = """ada ata ana ara ilə iki axı qanun oyun qoyun gələcək kömək çörək ürək kənd sərhəd övlad məqsəd sənəd fərd
dərd"""
"""Words that end as if they had an ending behind another word, or whose dative is like another's: köməyə, kəndə."""
_VERBS = """ol et ed get ged ver al gəl de qal çıx keç aç sat tut bil gör dur yaz oxu işlə başla istə bax qoy qoş vur
düş iç ye apar çat çək gətir keçir bitir ötür köçür itir artır yetir çıxar qaytar qur qır bas sal seç dön tap at uç böl
uy yat yaşa sın qazan bildir göstər göndər dəyiş öldür"""
_SHORT_STEMS, _KEPT_WORDS, _VERB_STEMS = (frozenset(words.split()) for words in (_SHORT, _KEPT, _VERBS))
_VERB = re.compile("..(?:[ıiuü][lnş]|l[aə][nşt]|[dnzt][ıiuü]r)$")
"""The stem of a derived verb: passive, reflexive, reciprocal, causative."""
_LAST_LETTERS = ((re.compile("(?<=.)ğ$"), "q"), (re.compile("(?<=.[əiü])y$"), "k"))
"""Before a vowel, q is ğ and k is y: uşaq, uşağı; kömək, köməyi."""
_ONE_STEM = {"ed": "et", "ged": "get", "suy": "su"}


def stem(word: str) -> str:
    """Return the stem of a word in small letters, in which ı is the small letter of I."""
    while word not in _KEPT_WORDS and (shorter := _without_ending(word)):
        word = shorter
    return _ONE_STEM.get(word, _with_last_letter(word))


def _without_ending(word: str) -> str | None:
    """Strip the longest ending, or one behind a kept word; None if there is none to strip."""
    found = list(_possible_stems(word))
    return next((rest for rest in found if rest in _KEPT_WORDS), found[0] if found else None)


def _possible_stems(word: str) -> Iterator[str]:
    if word in _VERB_STEMS:
        return
    for length in range(_LONGEST, 0, -1):
        rest, ending = word[:-length], word[-length:]
        for behind, vowels in _BY_ENDING.get(ending, ()):
            last = next((letter for letter in reversed(rest) if letter in _VOWELS), "")
            if last in vowels and _may_stand_behind(rest, ending, behind):
                yield _with_last_letter(rest) if ending[0] in _VOWELS else rest


def _may_stand_behind(rest: str, ending: str, behind: _Behind) -> bool:
    match behind:
        case _Behind.VERB:
            return rest in _VERB_STEMS or _VERB.search(rest) is not None
        case _Behind.VOWEL if rest[-1] not in _VOWELS or (ending == "yə" and rest.endswith(("li", "lü"))):
            return False  # nazirliyə is nazirlik-ə
        case _Behind.NARROW_VOWEL if rest[-1] not in _NARROW_VOWELS:
            return False
        case _Behind.CONSONANT if rest[-1] in _VOWELS:
            return False
    least = _LEAST_BEFORE_N if ending == "n" else _LEAST_LETTERS
    return len(rest) >= least or rest in _SHORT_STEMS or rest in _VERB_STEMS


def _with_last_letter(rest: str) -> str:
    for pattern, letter in _LAST_LETTERS:
        rest = pattern.sub(letter, rest)
    return rest


def _by_ending() -> dict[str, list[tuple[_Behind, frozenset[str]]]]:
    """Map each ending, as it is written, to what it stands behind, and the vowels that ask for it."""
    vowels: dict[tuple[str, _Behind], set[str]] = {}
    for behind, endings in _ENDINGS.items():
        for ending in endings.split():
            for vowel in _VOWELS:
                vowels.setdefault((_in_harmony(ending, vowel), behind), set()).add(vowel)
    found: dict[str, list[tuple[_Behind, frozenset[str]]]] = {}
    for (ending, behind), asking in vowels.items():
        found.setdefault(ending, []).append((behind, frozenset(asking)))
    return found


def _in_harmony(ending: str, vowel: str) -> str:
    written = ""
    for letter in ending:
        if letter in "AI":
            vowel = _WIDE[vowel] if letter == "A" else _NARROW[vowel]
            written += vowel
        else:
            written += letter
    return written


_BY_ENDING = _by_ending()
_LONGEST = max(map(len, _BY_ENDING))
