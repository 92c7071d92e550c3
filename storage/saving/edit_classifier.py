"""Classify the edit between two versions of an article's text, and hash a text for comparison.

Three normalizations, each looser than the one before:

    normalise                drops invisible differences; the content hash is computed from this
    _normalize_punctuation   and unifies dashes, dots and guillemets; words, numbers and quotes are compared in this
    _typography              and unifies single and double quotes; texts equal in this differ by `format` only

None of them changes letters, their case, digits, signs or the presence of a quotation mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from storage.model.records import EditKind
from storage.text.alignment import align, trim

HASH_VERSION = "1"
"""Version prefix of content hashes; raised whenever `normalise` changes, so that old and new are never compared."""

SUBSTANTIVE_SHARE = 0.1
"""Share of changed words from which an edit is substantive: a lead sentence of a 200-word article."""
MAX_SENTENCE_WORDS = 18
"""Least number of changed words that is substantive by share: the median sentence of the seed page has 18."""
MAX_PARAGRAPH_WORDS = 43
"""Number of changed words that is substantive in a text of any length: the median paragraph of the seed page has 43."""

MAX_DIFF_STEPS = 2_000_000
"""Largest `alignment_cost` of two texts: typically 5 ms; the worst case known for difflib, two words repeated over and
over, takes about 60 ms. About 600 words that differ in one region; above it words are only counted."""

MAX_WORD_LENGTH = 300
"""Characters of the longest word that is normalized to NFC: a run of combining marks takes quadratic time."""

Replacements = tuple[tuple[str, str], ...]
# Replaced one after another: on Cyrillic text that is ten times faster than one str.translate.
_INVISIBLE: Replacements = (
    *((invisible, "") for invisible in "\u00ad\u200b\u2060\ufeff"),
    *((curly, '"') for curly in "“”„‟"),
    *((curly, "'") for curly in "‘’‚‛"),
)
_STYLE: Replacements = (
    *((padded, padded.strip()) for padded in ("« ", " »", "‹ ", " ›")),
    *((dash, "-") for dash in "‐‑‒–—―−•◦‣▪"),
    *((guillemet, '"') for guillemet in "«»"),
    *((guillemet, "'") for guillemet in "‹›"),
    ("…", "..."),
    (" - ", "-"),
)
_SPACE_BEFORE_MARK = re.compile(r" (?=[,;:!?%.](?!\w))")
_SINGLE_QUOTE = re.compile(r"'(?<!\d')")  # after a digit it may be feet or minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleText:
    """The text of an article: the fields that edits are classified by."""

    title: str
    subtitle: str | None
    body: str


def normalise(text: str | None) -> str:
    """Normalize `text` for comparison (polling-and-changes, "Is it an edit?", rule 2).

    NFC; soft hyphens and zero-width spaces dropped; each run of white space or line ends one space; curly quotes
    straight, double to double and single to single. Idempotent.
    """
    words = _fold(text or "", _INVISIBLE).split()
    if max(map(len, words), default=0) <= MAX_WORD_LENGTH:
        return unicodedata.normalize("NFC", " ".join(words))
    # A space composes with no character, so normalizing word by word gives the same.
    return " ".join(unicodedata.normalize("NFC", word) if len(word) <= MAX_WORD_LENGTH else word for word in words)


def content_hash(title: str, subtitle: str | None, body: str) -> str:
    """Hash an article's normalized text: "1:" (HASH_VERSION) and 32 hexadecimal digits of BLAKE2b."""
    # A normalised text cannot contain the separator: it counts as white space.
    joined = "\x1f".join(normalise(part) for part in (title, subtitle, body))
    digest = blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=16)
    return f"{HASH_VERSION}:{digest.hexdigest()}"


def is_current(hashed: str) -> bool:
    """Return whether a stored hash is of the current HASH_VERSION."""
    return hashed.startswith(f"{HASH_VERSION}:")


def classify_edit(before: ArticleText, after: ArticleText) -> EditKind:
    """Classify the edit from one text to the other.

    The first kind that applies wins: `format` (equal but for typography), `title`, `numbers`, `quote`, `substantive`,
    `minor`; an added paragraph with a number in it is `numbers`.
    """
    if _typographic(before) == _typographic(after):
        return EditKind.FORMAT
    if _typography(before.title) != _typography(after.title):
        return EditKind.TITLE
    old, new = _blocks(before), _blocks(after)
    removed, added = _word_counts(old, new)  # words in both have not changed, and counting is fast
    if numbers("\n".join(removed)) != numbers("\n".join(added)):
        return EditKind.NUMBERS
    if _quotes(removed) != _quotes(added):
        return EditKind.QUOTE
    return EditKind.SUBSTANTIVE if _is_substantive(old, new) else EditKind.MINOR


def _fold(text: str, replacements: Replacements) -> str:
    for old, new in replacements:
        text = text.replace(old, new)
    return text


def _normalize_punctuation(text: str | None) -> str:
    return _SPACE_BEFORE_MARK.sub("", _fold(normalise(text), _STYLE))


def _typography(text: str | None) -> str:
    return _SINGLE_QUOTE.sub('"', _normalize_punctuation(text).replace("''", '"'))


def _typographic(text: ArticleText) -> tuple[str, str, str]:
    return _typography(text.title), _typography(text.subtitle), _typography(text.body)


def _blocks(text: ArticleText) -> list[str]:
    lines = [text.subtitle or "", *text.body.splitlines()]
    return [block for block in map(_normalize_punctuation, lines) if block]


# --- numbers

_SCALES = (
    (("thousand", "тыс"), "e3"),
    (("mln", "mn", "million", "млн", "миллион", "milyon"), "e6"),
    (("bn", "bln", "billion", "млрд", "миллиард", "milyard"), "e9"),
    (("trn", "trillion", "трлн", "триллион", "trilyon"), "e12"),
)
_SYMBOLS = "$€£¥₼₽₺₾֏₴₸₪"
_DIGITS = re.compile(r"(?:(?<!\d)\d{1,3}(?: \d{3})+(?!\d)|\d+)(?:[.,:']\d+)*")
# After a letter, a digit or a mark a dash is a hyphen, a range or a pause; elsewhere it is a sign.
_BEFORE = re.compile(rf"""(?:(?:^|(?<=[\s("\[]))([-+±]))?(?:(?<!\d)([{_SYMBOLS}])\ ?([-+±]?))?\Z""")
_AFTER = re.compile(
    rf"""
    (?:[\ -]?(?P<scale>(?:{"|".join(word for words, _ in _SCALES for word in words)})[^\W\d_]*))?
    (?:\ ?(?P<currency>[{_SYMBOLS}](?!\d)|(?-i:(?:AZN|AMD|EUR|GBP|GEL|RUB|TRY|USD)\b)))?
    (?:\ ?(?P<percent>%|per\ ?cent\b|процент|faiz\b))?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def numbers(text: str) -> Counter[str]:
    """Count the numbers in `text`, each with its sign, scale, currency and per cent sign.

    "1,500" and "1500" are different: the decimal separator depends on the language. Numbers written out in words are
    not counted.
    """
    return Counter(_number_value(text, match) for match in _DIGITS.finditer(text))


def _number_value(text: str, match: re.Match[str]) -> str:
    sign, symbol = _sign_and_symbol(text, match.start())
    after = _AFTER.match(text, match.end())
    if after is None:  # never: every part of it is optional
        return match[0]
    scale, percent = _scale((after["scale"] or "").casefold()), "%" if after["percent"] else ""
    return f"{sign}{match[0].replace(' ', '')}{scale}{symbol or after['currency'] or ''}{percent}"


def _sign_and_symbol(text: str, start: int) -> tuple[str, str]:
    before = _BEFORE.search(text, max(0, start - 4), start)
    return (before[1] or before[3] or "", before[2] or "") if before else ("", "")


def _scale(word: str) -> str:
    return next((sign for words, sign in _SCALES if word.startswith(words)), "")


# --- quotes


def _quotes(blocks: Sequence[str]) -> Counter[str]:
    """Count the quoted passages; a quote left open runs to the end of its block."""
    return Counter(span.strip(" ,.;:!?") for block in blocks for span in block.split('"')[1::2])


# --- size

Region = tuple[list[str], list[str]]

_NEGATIONS = frozenset(
    "not no never none nor neither cannot не нет ни никогда нельзя yox deyil heç".split()  # noqa: SIM905
)


def _is_substantive(before: Sequence[str], after: Sequence[str]) -> bool:
    regions = changed_words(before, after)
    if any(_negations(old) != _negations(new) for old, new in regions):
        return True
    changed = max(sum(len(old) for old, _ in regions), sum(len(new) for _, new in regions))
    total = max(_word_count(before), _word_count(after))
    return changed >= MAX_PARAGRAPH_WORDS or changed >= max(MAX_SENTENCE_WORDS, SUBSTANTIVE_SHARE * total)


def _word_count(blocks: Sequence[str]) -> int:
    return sum(block.count(" ") + 1 for block in blocks)


def _negations(words: Sequence[str]) -> int:
    plain = (word.strip("\"'.,;:!?()").casefold() for word in words)
    return sum(word in _NEGATIONS or word.endswith("n't") for word in plain)


def changed_words(before: Sequence[str], after: Sequence[str]) -> list[Region]:
    """Return removed and added words by region: blocks are aligned first, then words within changed blocks.

    Costs at most MAX_DIFF_STEPS twice; regions above that are compared by word counts, not by order.
    """
    regions: list[Region] = []
    spent = 0
    for old, new in _changed_regions(before, after, MAX_DIFF_STEPS):
        removed, added = " ".join(old).split(), " ".join(new).split()
        regions.extend(_changed_regions(removed, added, MAX_DIFF_STEPS - spent))
        spent += alignment_cost(*trim(removed, added)[1:3])
    return regions


def _changed_regions(before: Sequence[str], after: Sequence[str], allowed: int) -> Iterator[Region]:
    for removed, added, _ in align(before, after, allowed, alignment_cost):
        if not set(removed).isdisjoint(added):  # too costly to align
            yield _word_counts(removed, added)
        elif removed or added:
            yield list(removed), list(added)


def alignment_cost(before: Sequence[str], after: Sequence[str]) -> int:
    """Estimate the most comparisons difflib can make: the equal pairs, once for each possible match."""
    times = Counter(after)
    return sum(times[item] for item in before) * min(len(before), len(after))


def _word_counts(before: Sequence[str], after: Sequence[str]) -> Region:
    old, new = Counter(before), Counter(after)
    return list((old - new).elements()), list((new - old).elements())
