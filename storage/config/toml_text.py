"""Format values as TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


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
