"""Compare and split headings; parse view counts from text with labels."""

from __future__ import annotations

import re
from decimal import Decimal

from storage.text.sanitize import clean_text

MAX_COUNT = 10**12
"""Larger numbers are not view counts, and would exceed database integers."""

MAX_HEADING_LENGTH = 500
"""Characters of a heading that is compared."""
TITLE_SEPARATORS = r"\|+|::+|[–—\-‒―·•»«›/:~]"
"""Marks between a title and the name of its site, with a space on both sides."""

_NO_WORD = re.compile(r"[\W_]+")
_BETWEEN_PARTS = re.compile(rf"\s+(?:{TITLE_SEPARATORS})\s+|\s*\|\s*")

# `clean_text` has replaced every kind of space by a plain one.
_NUMBER = re.compile(
    r"(?P<minus>(?<!\w)[-−])?(?P<digits>\d+(?:[ .,'’]\d+)*)"
    r"(?:(?P<letter>[kкmм])(?!\w)"
    r"| ?(?P<word>тыс|тысяч[аи]?|млн|миллион(?:а|ов)?|mln|milyon|millions?|thousand)(?!\w))?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}([ .,'’])\d{3}(?:\1\d{3})*")
_DECIMAL = re.compile(r"(\d+)[.,](\d{1,2})")
_THOUSAND_NAMES = ("k", "к", "тыс", "thousand")


def compact(text: str) -> str:
    """Return the letters and digits of a text without case: equal for headings that differ in typography alone."""
    return _NO_WORD.sub("", text[:MAX_HEADING_LENGTH]).casefold()


def title_parts(title: str) -> list[str]:
    """Return the parts of a title between separators."""
    return [part for piece in _BETWEEN_PARTS.split(title[:MAX_HEADING_LENGTH]) if compact(part := piece.strip())]


def parse_count(text: str) -> int | None:
    """Parse the only count in `text`, ignoring labels; None if there is none, several, or an ambiguous one.

    Thousands may be separated by any space, comma, dot or apostrophe ("1.234" is 1234); a decimal needs a magnitude
    ("1.2K", "3,4 тыс.", "1.2M").
    """
    numbers = list(_NUMBER.finditer(clean_text(text)))
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
    # int() raises for strings of thousands of digits.
    return int(digits) if len(digits) <= 20 else None


def _scaled(digits: str, magnitude: str) -> int | None:
    scale = 1000 if magnitude.casefold().startswith(_THOUSAND_NAMES) else 1_000_000
    decimal = _DECIMAL.fullmatch(digits)
    if decimal is not None and len(digits) <= 20:
        return int(Decimal(f"{int(decimal[1])}.{decimal[2]}") * scale)
    if "." in digits or "," in digits:  # "1,234K" is ambiguous
        return None
    whole = _plain(digits)
    return None if whole is None else whole * scale
