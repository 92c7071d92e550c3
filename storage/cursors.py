"""Places in a sorted list as a person can carry them: opaque text from the end of one page to the next."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime

from storage.filters import Cursor, Sort

NO_CURSOR = "this is no cursor; take it as it stands at the end of a page"
LONGEST = 120
LARGEST = 2**63 - 1


def written(cursor: Cursor, sort: Sort) -> str:
    """The cursor as one word of letters, digits, - and _; it remembers what its list was sorted by."""
    key = cursor.key.isoformat() if isinstance(cursor.key, datetime) else "" if cursor.key is None else str(cursor.key)
    return urlsafe_b64encode(f"{sort}|{key}|{cursor.id}".encode()).decode().rstrip("=")


def read(text: str, sort: Sort) -> Cursor:
    """The cursor that was written so. Raises ValueError for what is none, and for one of a list sorted otherwise."""
    of, key, article_id = _parts(text)
    if of is not sort:
        raise ValueError(f"this cursor goes on with a list sorted by {of}, this one is sorted by {sort}")
    return Cursor(_key(key, sort), _number(article_id))


def _parts(text: str) -> tuple[Sort, str, str]:
    try:
        sort, key, article_id = urlsafe_b64decode(text[:LONGEST].encode("ascii") + b"==").decode("ascii").split("|")
        return Sort(sort), key, article_id
    except ValueError:
        raise ValueError(NO_CURSOR) from None


def _key(key: str, sort: Sort) -> datetime | int | None:
    if not key:
        return None
    if sort is Sort.VIEWS:
        return _number(key)
    try:
        moment = datetime.fromisoformat(key)
    except ValueError:
        raise ValueError(NO_CURSOR) from None
    if sort is Sort.STORED or moment.tzinfo is None:
        raise ValueError(NO_CURSOR)
    return moment


def _number(digits: str) -> int:
    if not digits.isdecimal() or len(digits) > 19 or int(digits) > LARGEST:
        raise ValueError(NO_CURSOR)
    return int(digits)
