"""Describe records as JSON Schema (2020-12), from the types of their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from storage.model.article_fields import ARTICLE_FIELDS

Schema = dict[str, Any]
SCHEMAS = "#/components/schemas/"
DESCRIPTIONS: Mapping[str, str] = {field.name: field.description for field in ARTICLE_FIELDS}
_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "description": "A time with its zone, or a day (ISO 8601)."},
    date: {"type": "string", "description": "A day (ISO 8601)."},
    timedelta: {"type": "number", "description": "Seconds."},
    Any: {},
}


def ref(kind: type[Any] | str) -> Schema:
    """Return the reference to a schema of the document."""
    return {"$ref": SCHEMAS + (kind if isinstance(kind, str) else kind.__name__)}


def array_of(kind: type[Any]) -> Schema:
    """Return the schema of a list of records."""
    return {"type": "array", "items": ref(kind)}


def nullable(schema: Schema) -> Schema:
    """Return the schema of a value that may be missing."""
    return {"anyOf": [schema, {"type": "null"}]}


def obj(properties: Mapping[str, Schema], *, optional: Sequence[str] = ()) -> Schema:
    """Return the schema of an object; its properties are required, but for some."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": dict(properties), "required": required}


def record_schema(kind: type[Any], *, required: Sequence[str] | None = None) -> Schema:
    """Return the schema of a dataclass as answers write it."""
    hints = get_type_hints(kind)
    properties: dict[str, Schema] = {}
    for field in fields(kind):
        schema = _schema(hints[field.name])
        about = DESCRIPTIONS.get(field.name)
        is_plain = about is not None and "$ref" not in schema
        properties[field.name] = {**schema, "description": about} if is_plain else schema
    names = list(properties) if required is None else list(required)
    return {"type": "object", "properties": properties, "required": names}


def _schema(hint: Any) -> Schema:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        kept = [_schema(one) for one in inside if one is not NoneType]
        return nullable(kept[0] if len(kept) == 1 else {"anyOf": kept})
    if origin is tuple:
        return {"type": "array", "items": _schema(inside[0])}
    if origin is not None:
        return {"type": "object"}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"type": "string", "enum": [str(word) for word in hint]}
    return ref(hint) if is_dataclass(hint) and isinstance(hint, type) else dict(_PLAIN[hint])


def with_parts(kinds: Sequence[type[Any]]) -> Iterator[type[Any]]:
    """Yield dataclasses and those that their fields have, each once."""
    seen: dict[type[Any], None] = {}
    left = list(kinds)
    while left:
        kind = left.pop()
        if kind not in seen:
            seen[kind] = None
            left += [part for hint in get_type_hints(kind).values() for part in _parts(hint)]
    yield from seen


def _parts(hint: Any) -> Iterator[type[Any]]:
    for one in get_args(hint) or (hint,):
        if is_dataclass(one) and isinstance(one, type):
            yield one
        elif get_args(one):
            yield from _parts(one)
