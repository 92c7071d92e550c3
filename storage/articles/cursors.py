"""Places in a sorted list as a person can carry them: opaque text from the end of one page to the next."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from math import isfinite

from storage.articles.filters import GROWTH_WINDOW, Cursor, Sort

INVALID_CURSOR_TEXT = "this is no cursor; take it as it stands at the end of a page"
MAX_CURSOR_LENGTH = 120
MAX_CURSOR_NUMBER = 2**63 - 1


def encode(cursor: Cursor, sort: Sort) -> str:
    """The cursor as one word of letters, digits, - and _; it remembers what its list was sorted by."""
    key = cursor.key.isoformat() if isinstance(cursor.key, datetime) else "" if cursor.key is None else repr(cursor.key)
    until = f"|{cursor.until.isoformat()}" if sort is Sort.GROWTH and cursor.until is not None else ""
    return urlsafe_b64encode(f"{sort}|{key}|{cursor.id}{until}".encode()).decode().rstrip("=")


def decode(text: str, sort: Sort) -> Cursor:
    """The cursor that was written so. Raises ValueError for what is none, and for one of a list sorted otherwise."""
    of, key, article_id, *until = _parts(text)
    if of != sort:
        raise ValueError(f"this cursor goes on with a list sorted by {of}, this one is sorted by {sort}")
    if len(until) != (sort is Sort.GROWTH):
        raise ValueError(INVALID_CURSOR_TEXT)
    return Cursor(_key(key, sort), _number(article_id), *map(_parse_growth_until, until))


def _parts(text: str) -> list[str]:
    try:
        parts = urlsafe_b64decode(text[:MAX_CURSOR_LENGTH].encode("ascii") + b"==").decode("ascii").split("|")
    except ValueError:
        raise ValueError(INVALID_CURSOR_TEXT) from None
    if len(parts) < 3 or parts[0] not in set(Sort):
        raise ValueError(INVALID_CURSOR_TEXT)
    return parts


def _key(key: str, sort: Sort) -> datetime | float | None:
    if not key:
        return None
    if sort in {Sort.VIEWS, Sort.GROWTH}:
        return -_number(key[1:]) if key.startswith("-") else _number(key)  # a site may count below nothing
    if sort is Sort.STORED:
        raise ValueError(INVALID_CURSOR_TEXT)
    return _score(key) if sort is Sort.RANK else _time(key)


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        raise ValueError(INVALID_CURSOR_TEXT) from None
    if not isfinite(score):
        raise ValueError(INVALID_CURSOR_TEXT)
    return score


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC)  # which is how databases compare: in a zone, year 1 may lie before it
    except (ValueError, OverflowError):
        raise ValueError(INVALID_CURSOR_TEXT) from None
    if moment.tzinfo is None:
        raise ValueError(INVALID_CURSOR_TEXT)
    return in_utc


def _parse_growth_until(text: str) -> datetime:
    """A moment with a window before it."""
    until = _time(text)
    if until - datetime.min.replace(tzinfo=UTC) < GROWTH_WINDOW:
        raise ValueError(INVALID_CURSOR_TEXT)
    return until


def _number(digits: str) -> int:
    if not digits.isdecimal() or len(digits) > 19 or int(digits) > MAX_CURSOR_NUMBER:
        raise ValueError(INVALID_CURSOR_TEXT)
    return int(digits)
