"""Functions of SQLite whose own form takes the product of two lengths, in which nothing can interrupt it.

As https://sqlite.org/lang_corefunc.html has them; Python finds in time that grows with the length alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def place(text: Any, sought: Any) -> int | None:
    """instr(X, Y): where Y begins in X, counted from 1; 0 if it does not stand there, None if one of them is NULL."""
    if text is None or sought is None:
        return None
    if isinstance(text, bytes) and isinstance(sought, bytes):
        return text.find(sought) + 1
    return _as_text(text).find(_as_text(sought)) + 1


def replaced_within(longest: int) -> Callable[[Any, Any, Any], Any]:
    """replace(X, Y, Z), which raises MemoryError for a result of more than so many characters."""

    def replaced(text: Any, sought: Any, instead: Any) -> Any:
        if text is None or sought is None:
            return None
        if not (old := _as_text(sought)):
            return text
        if instead is None:
            return None
        whole, new = _as_text(text), _as_text(instead)
        if len(whole) + whole.count(old) * (len(new) - len(old)) > longest:
            raise MemoryError
        return whole.replace(old, new)

    return replaced


def _as_text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
