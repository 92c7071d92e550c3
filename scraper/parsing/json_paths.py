"""Find values in a JSON document by paths such as `data.items[*].url`: keys, `[*]` for every entry, `[0]` for one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from math import inf, isfinite
from typing import Any

from scraper.parsing.text import MAX_COUNT, parse_count

MAX_STEPS = 20
"""Maximum steps of a path."""

MAX_DIGITS = 20
"""Digits of a whole number that is read as one; a longer one stays text, for it costs the square of its digits."""

MAX_NUMBER_LENGTH = 40
"""Characters of a number with a fraction or exponent that is read as one."""

MAX_WHOLE = 1e15
"""Maximum number with a fraction or exponent that is taken for a whole one: larger ones are not exact."""

MAX_TEXT_LENGTH = 2_000
"""Characters of a text that is searched for a count."""

_STEP = re.compile(r"(?:^|\.)([^.\[\]]+)|\[(\*|\d{1,6})\]")

Step = str | int | None
"""Key of an object, position in a list, or None: every entry of a list, every value of an object."""


@lru_cache(maxsize=256)
def parse_json_path(path: str) -> tuple[Step, ...]:
    """Parse a path into its steps. Raises ValueError with an example."""
    steps: list[Step] = []
    end = 0
    while end < len(path):
        match = _STEP.match(path, end)
        if match is None or len(steps) >= MAX_STEPS:
            raise ValueError('must be a path in the document such as "data.items[*]"')
        steps.append(match[1] if match[1] is not None else None if match[2] == "*" else int(match[2]))
        end = match.end()
    return tuple(steps)


def load_json(body: bytes) -> Any:
    """Load a JSON document. Raises ValueError that says what it is instead."""
    try:
        return json.loads(
            body.decode("utf-8-sig", "replace"),
            parse_int=_integer,
            parse_float=_number,
            parse_constant=lambda _name: None,  # NaN and Infinity, which are no JSON
            strict=False,
        )
    except (ValueError, RecursionError) as error:
        kind = "HTML" if body.lstrip()[:1] == b"<" else f"no JSON ({error})"
        raise ValueError(kind) from error


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _number(text: str) -> int | float | str:
    """Return the number that is written with a fraction or exponent: 12.0 and 1.7e9 are whole."""
    value = float(text) if len(text) <= MAX_NUMBER_LENGTH else inf
    if not isfinite(value):
        return text
    return int(value) if value.is_integer() and abs(value) < MAX_WHOLE else value


def find_values(document: Any, path: str) -> Iterator[Any]:
    """Find the values at a path, in the order of the document; nothing where the path leads nowhere."""
    found = [document]
    for step in parse_json_path(path):
        found = [inner for value in found for inner in _follow(value, step)]
    yield from found


def _follow(value: Any, step: Step) -> Iterator[Any]:
    if isinstance(value, dict):
        if step is None:
            yield from value.values()
        elif str(step) in value:
            yield value[str(step)]
    elif isinstance(value, list):
        if step is None:
            yield from value
        elif isinstance(step, int) and step < len(value):
            yield value[step]


def find_text(document: Any, path: str | None) -> str | None:
    """Return the first text or number at a path as text; None if there is none."""
    for value in () if path is None else find_values(document, path):
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return None


def find_count(document: Any, path: str | None) -> int | None:
    """Return the first count at a path: a whole number, or a text with one number; None if there is none."""
    counts = () if path is None else map(_count, find_values(document, path))
    return next((count for count in counts if count is not None), None)


def _count(value: Any) -> int | None:
    if isinstance(value, str):
        return parse_count(value[:MAX_TEXT_LENGTH])
    # Not 12.345, which a text may be 12,345 by: a number has no separators of thousands.
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_COUNT else None
