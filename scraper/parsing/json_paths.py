"""Find values in a JSON document by paths such as `data.items[*].url`: keys, `[*]` for every entry, `[0]` for one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MAX_STEPS = 20
"""Maximum steps of a path."""

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
