"""Values as JSON lines and back, for the pipe between the tests and the site's process."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any, get_type_hints

from tests.support.site.articles import Article, Block
from tests.support.site.misbehaviour import Misbehaviour
from tests.support.site.requestlog import Request
from tests.support.site.styles import FeedStyle, ListStyle, PageStyle

TAG = "$type"
_CLASSES: Mapping[str, type] = {
    kind.__name__: kind for kind in (Article, Block, FeedStyle, ListStyle, Misbehaviour, PageStyle, Request)
}


def dump(value: object) -> bytes:
    """One line of ASCII JSON, lone surrogates included."""
    return json.dumps(value, default=_tagged, separators=(",", ":")).encode("ascii") + b"\n"


def load(line: bytes) -> Any:
    """Parse one line; sequences of a dataclass come back as tuples."""
    return json.loads(line, object_hook=_untagged)


def typed(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """Field values as the dataclass `kind` wants them: tuples for lists, enumerations for their words.

    Raises TypeError for a name that is no field of it, ValueError for a word no enumeration knows.
    """
    hints = _hints(kind)
    if unknown := [name for name in values if name not in hints]:
        raise TypeError(f"{kind.__name__} has no {', '.join(unknown)}")
    return {name: _fitting(hints[name], value) for name, value in values.items()}


def _tagged(value: object) -> dict[str, Any]:
    if is_dataclass(value) and not isinstance(value, type):
        return {TAG: type(value).__name__, "fields": {f.name: getattr(value, f.name) for f in fields(value)}}
    if isinstance(value, datetime):
        return {TAG: "datetime", "at": value.isoformat()}
    if isinstance(value, bytes):
        return {TAG: "bytes", "base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"cannot send {value!r} to the site")


def _untagged(values: dict[str, Any]) -> Any:
    name = values.get(TAG)
    if name == "datetime":
        return datetime.fromisoformat(values["at"])
    if name == "bytes":
        return base64.b64decode(values["base64"])
    if isinstance(name, str) and name in _CLASSES:
        kind = _CLASSES[name]
        return kind(**typed(kind, values["fields"]))
    return values


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _fitting(hint: Any, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value
