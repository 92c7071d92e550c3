"""Places in a sorted list as a person can carry them: opaque text from the end of one page to the next."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from math import isfinite

from storage.filters import GROWTH_WINDOW, Cursor, Sort

NO_CURSOR = "this is no cursor; take it as it stands at the end of a page"
LONGEST = 120
LARGEST = 2**63 - 1


def written(cursor: Cursor, sort: Sort) -> str:
    """The cursor as one word of letters, digits, - and _; it remembers what its list was sorted by."""
    key = cursor.key.isoformat() if isinstance(cursor.key, datetime) else "" if cursor.key is None else repr(cursor.key)
    until = f"|{cursor.until.isoformat()}" if sort is Sort.GROWTH and cursor.until is not None else ""
    return urlsafe_b64encode(f"{sort}|{key}|{cursor.id}{until}".encode()).decode().rstrip("=")


def read(text: str, sort: Sort) -> Cursor:
    """The cursor that was written so. Raises ValueError for what is none, and for one of a list sorted otherwise."""
    of, key, article_id, *until = _parts(text)
    if of != sort:
        raise ValueError(f"this cursor goes on with a list sorted by {of}, this one is sorted by {sort}")
    if len(until) != (sort is Sort.GROWTH):
        raise ValueError(NO_CURSOR)
    return Cursor(_key(key, sort), _number(article_id), *map(_end, until))


def _parts(text: str) -> list[str]:
    try:
        parts = urlsafe_b64decode(text[:LONGEST].encode("ascii") + b"==").decode("ascii").split("|")
    except ValueError:
        raise ValueError(NO_CURSOR) from None
    if len(parts) < 3 or parts[0] not in set(Sort):
        raise ValueError(NO_CURSOR)
    return parts


def _key(key: str, sort: Sort) -> datetime | float | None:
    if not key:
        return None
    if sort in {Sort.VIEWS, Sort.GROWTH}:
        return -_number(key[1:]) if key.startswith("-") else _number(key)  # a site may count below nothing
    if sort is Sort.STORED:
        raise ValueError(NO_CURSOR)
    return _score(key) if sort is Sort.RANK else _moment(key)


def _score(text: str) -> float:
    try:
        score = float(text)
    except ValueError:
        raise ValueError(NO_CURSOR) from None
    if not isfinite(score):
        raise ValueError(NO_CURSOR)
    return score


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC)  # which is how databases compare: in a zone, year 1 may lie before it
    except (ValueError, OverflowError):
        raise ValueError(NO_CURSOR) from None
    if moment.tzinfo is None:
        raise ValueError(NO_CURSOR)
    return in_utc


def _end(text: str) -> datetime:
    """A moment with a window before it."""
    until = _moment(text)
    if until - datetime.min.replace(tzinfo=UTC) < GROWTH_WINDOW:
        raise ValueError(NO_CURSOR)
    return until


def _number(digits: str) -> int:
    if not digits.isdecimal() or len(digits) > 19 or int(digits) > LARGEST:
        raise ValueError(NO_CURSOR)
    return int(digits)
