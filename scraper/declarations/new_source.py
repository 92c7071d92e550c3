"""Check what a person says about a source that is to be declared: its name, its language, its User-Agent.

Each function returns the value as a declaration holds it, and raises ValueError with what to write.
"""

from __future__ import annotations

import re
from typing import Any

from scraper.declarations.declared_table import language_code, nonempty_text
from scraper.parsing.language_codes import language_code as code_of_label

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def new_name(value: str) -> str:
    """Return the name of a source, which is also the name of its file."""
    if _NAME.fullmatch(value) is None:
        raise ValueError("cannot be the name of a source: write up to 64 letters, digits, _, - and .")
    return value


def new_language(value: str) -> str:
    """Return a language code; a declaration may hold any, but a person who types one may mistype it."""
    known = code_of_label(value)
    if known is not None and known != value.strip().lower().partition("-")[0].partition("_")[0]:
        raise ValueError(f"is no code of ISO 639-1: write {known}")
    if known is None and len(value.strip().partition("-")[0]) != 3:  # ISO 639-3 has thousands of three letters
        raise ValueError("is no known language: write its code of ISO 639-1, such as en or uk")
    return language_code(value)


def user_agent(value: Any) -> str:
    """Return a text that can be a header."""
    text = nonempty_text(value)
    if not text.isascii() or not text.isprintable():
        raise ValueError("must have printable ASCII characters only")
    return text
