"""Written words made comparable: one line without what nobody sees, folded labels, counts."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

MAX_COUNT = 10**12
"""More views than this is a telephone number or a joke, and no database integer has to bear it."""

# Control characters, lone surrogates, characters that turn the direction of what follows them, and those that only
# tell where a line may break. U+200E and U+200F stay: right-to-left words need them and they turn nothing else.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)

LONGEST_LABEL = 200
"""Characters of a section's name. Unicode's normal forms cost the square of a pile of combining marks."""

_DOTTED_I = re.compile("i\u0307+")  # what casefold() makes of İ

# After `tidy` every kind of space is a plain one.
_NUMBER = re.compile(
    r"(?P<minus>(?<!\w)[-−])?(?P<digits>\d+(?:[ .,'’]\d+)*)"
    r"(?:(?P<letter>[kкmм])(?!\w)"
    r"| ?(?P<word>тыс|тысяч[аи]?|млн|миллион(?:а|ов)?|mln|milyon|millions?|thousand)(?!\w))?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([ .,'’])\d{3}(?:\1\d{3})*")
_DECIMAL = re.compile(r"(\d+)[.,](\d{1,2})")
_THOUSAND_NAMES = ("k", "к", "тыс", "thousand")


def tidy(text: str) -> str:
    """`text` as one line: every run of white space one space, nothing invisible in it that a terminal would obey.

    No-break and thin spaces become spaces; control characters, soft hyphens, zero-width spaces, lone surrogates and
    direction overrides are dropped. Stable under repetition.
    """
    return " ".join(_UNSEEN.sub("", text).split())


def fold(label: str) -> str:
    """A section's label or slug in the form in which two of them are compared.

    Without case, width and white space around; Azerbaijani and Turkish İ and ı both count as i, because capitals on
    a page may have been made by either rule. Hyphens stay: a slug and a label of two words are two names. What is
    longer than a name is cut.
    """
    plain = unicodedata.normalize("NFKC", tidy(label)[:LONGEST_LABEL]).casefold().replace("ı", "i")
    return tidy(_DOTTED_I.sub("i", unicodedata.normalize("NFKC", plain))[:LONGEST_LABEL])


def parse_count(text: str) -> int | None:
    """The one count in `text`, whatever the label around it says; None if there is none or it can be read two ways.

    Thousands may be parted by any space, comma, dot or apostrophe ("1.234" is 1234); a decimal needs a magnitude
    ("1.2K", "3,4 тыс.", "1.2M").
    """
    numbers = list(_NUMBER.finditer(tidy(text)))
    if len(numbers) != 1 or numbers[0]["minus"]:
        return None
    magnitude = numbers[0]["letter"] or numbers[0]["word"]
    count = _plain(numbers[0]["digits"]) if magnitude is None else _scaled(numbers[0]["digits"], magnitude)
    return count if count is not None and count <= MAX_COUNT else None


def _plain(digits: str) -> int | None:
    if not digits.isdecimal():
        if _THOUSANDS.fullmatch(digits) is None:
            return None
        digits = re.sub(r"\D", "", digits)
    # int() refuses strings of thousands of digits, which are no count either.
    return int(digits) if len(digits) <= 20 else None


def _scaled(digits: str, magnitude: str) -> int | None:
    scale = 1000 if magnitude.casefold().startswith(_THOUSAND_NAMES) else 1_000_000
    decimal = _DECIMAL.fullmatch(digits)
    if decimal is not None and len(digits) <= 20:
        return int(Decimal(f"{int(decimal[1])}.{decimal[2]}") * scale)
    if "." in digits or "," in digits:  # "1,234K" is read in two ways
        return None
    whole = _plain(digits)
    return None if whole is None else whole * scale
