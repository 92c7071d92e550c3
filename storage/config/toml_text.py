"""Format values as TOML."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from reprlib import Repr
from typing import Any

MAX_KEY_LENGTH = 100
"""Characters of a key that are shown."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxdict, _SHORT.maxlist, _SHORT.maxstring, _SHORT.maxother = 3, 5, 10, 300, 300
_SHORT.maxlong = 60


def load_toml(toml: str) -> dict[str, Any]:
    """Parse TOML. Raises ValueError with the reason, also for nesting and numbers beyond the limits of Python."""
    try:
        return tomllib.loads(toml)
    except RecursionError:
        raise ValueError("its lists or tables are nested too deep") from None


def short_value(value: Any) -> str:
    """Format a value of a file for an error: one line, however long or nested it is."""
    return _SHORT.repr(value)


def short_key(name: str) -> str:
    """Format a key of a file for an error: one line, cut if it is long, without characters that terminals obey."""
    key = name if len(name) <= MAX_KEY_LENGTH else f"{name[:MAX_KEY_LENGTH]}…"
    return key if key.isprintable() else ascii(key)


def as_toml(value: Any) -> str:
    """Format a string, number, boolean, list or table as TOML."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml_key(name)} = {as_toml(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list | tuple):
        return f"[{', '.join(as_toml(part) for part in value)}]"
    # TOML basic strings have the escapes of JSON strings, but forbid a literal DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml_key(name: str) -> str:
    """Format a key as TOML: bare if it can be, else in quotation marks."""
    return name if _BARE_KEY.fullmatch(name) else as_toml(name)
