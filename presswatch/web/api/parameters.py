"""Declare parameters: how one is named, what it says, how its text is read; filters as the command line has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any

import click

from presswatch.cli.options import EDIT_KINDS_PARAM, EditKindsParam, IntRangeParam, as_of_option, filter_options
from presswatch.output.display_zone import display_zone
from storage.articles.filters import MAX_NAME_LENGTH
from storage.config.parsers import nearest_key, point_in_time, positive_duration
from storage.model.records import EditKind
from storage.model.time_zones import zone_named

Schema = Mapping[str, Any]
Reader = Callable[[str, datetime], Any]
"""Reads a value as typed, with the time of the request. Raises ValueError."""
MAX_VALUE_LENGTH = 2_000
"""Characters of a value."""
MAX_INTEGER = 2**53 - 1
MAX_NAMES = 100
"""Names of a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of the path or the query. `option` is what the command line calls its value inside."""

    name: str
    description: str
    schema: Schema
    read: Reader
    option: str = ""
    is_required: bool = False
    in_path: bool = False
    default: Any = None


def _text(typed: str, _now: datetime) -> str:
    return typed


def text(name: str, description: str, *, is_required: bool = False, in_path: bool = False) -> Parameter:
    """Declare a text."""
    schema = {"type": "string", "minLength": 1, "maxLength": MAX_VALUE_LENGTH}
    return Parameter(
        name=name, description=description, schema=schema, read=_text, is_required=is_required, in_path=in_path
    )


def whole(
    name: str,
    description: str,
    *,
    least: int = 0,
    most: int = MAX_INTEGER,
    default: int | None = None,
    in_path: bool = False,
) -> Parameter:
    """Declare a whole number of a range."""
    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Parameter(
        name=name,
        description=description,
        schema=schema,
        read=partial(_read_whole, least=least, most=most),
        default=default,
        is_required=in_path,
        in_path=in_path,
    )


def _read_whole(typed: str, _now: datetime, *, least: int, most: int) -> int:
    if not typed.isascii() or not typed.isdecimal() or len(typed) > 10 or not least <= int(typed) <= most:
        raise ValueError(f"{typed[:50]!r} is not a whole number from {least} to {most}")
    return int(typed)


def flag(name: str, description: str) -> Parameter:
    """Declare a truth."""
    return Parameter(name=name, description=description, schema={"type": "boolean"}, read=_read_flag)


def _read_flag(typed: str, _now: datetime) -> bool:
    if typed not in {"true", "false"}:
        raise ValueError(f"{typed[:50]!r} is neither true nor false")
    return typed == "true"


def moment(name: str, description: str, *, is_required: bool = False) -> Parameter:
    """Declare a time."""
    examples = ["2026-11-01T08:00Z", "2026-11-01", "7d", "today"]
    schema = {"type": "string", "minLength": 1, "maxLength": 40, "examples": examples}
    return Parameter(name=name, description=description, schema=schema, read=_read_moment, is_required=is_required)


def _read_moment(typed: str, now: datetime) -> datetime:
    return point_in_time(typed, now=now, zone=display_zone())


def length(name: str, description: str) -> Parameter:
    """Declare a duration."""
    schema = {"type": "string", "minLength": 1, "maxLength": 20, "examples": ["24 h", "7d"]}
    return Parameter(
        name=name, description=description, schema=schema, read=lambda typed, _now: positive_duration(typed)
    )


def one_of(name: str, description: str, words: type[StrEnum]) -> Parameter:
    """Declare one word of a few."""
    known = [str(word) for word in words]
    schema = {"type": "string", "enum": known}
    return Parameter(
        name=name, description=description, schema=schema, read=lambda typed, _now: words(_known(typed, known))
    )


def some_of(name: str, description: str, known: Sequence[str]) -> Parameter:
    """Declare several words of a few, separated by commas."""
    schema = {"type": "array", "items": {"type": "string", "enum": list(known)}, "minItems": 1, "uniqueItems": True}
    return Parameter(name=name, description=description, schema=schema, read=partial(_read_words, known=known))


def names_of(name: str, description: str) -> Parameter:
    """Declare several names, separated by commas."""
    item = {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "pattern": "^[^,]+$"}
    schema = {"type": "array", "items": item, "minItems": 1, "maxItems": MAX_NAMES, "uniqueItems": True}
    return Parameter(name=name, description=description, schema=schema, read=_read_names)


def _read_names(typed: str, _now: datetime) -> tuple[str, ...]:
    names = tuple(typed.split(","))
    if len(set(names)) < len(names):
        raise ValueError("a name stands there twice")
    if "" in names or len(names) > MAX_NAMES:
        raise ValueError(f"give 1 to {MAX_NAMES} names, with a comma between them")
    return names


def _read_words(typed: str, _now: datetime, *, known: Sequence[str]) -> tuple[str, ...]:
    words = typed.split(",")
    if len(set(words)) < len(words):
        raise ValueError("a word stands there twice")
    return tuple(_known(word, known) for word in words)


def _known(word: str, known: Sequence[str]) -> str:
    if word not in known:
        raise ValueError(f"{word[:50]!r} is none of {', '.join(known)}{nearest_key(word, known)}")
    return word


NAMES: Mapping[str, str] = {"query": "q", "edit_kinds": "edit_kind", "is_stealth": "stealth"}
"""Names of filters in an address where they are not those of `ArticleFilter`."""
QUERY_HELP = (
    'Words in any inflected form, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with the '
    "fields title, subtitle, body, section, source and language."
)


def _from_option(declared: click.Parameter) -> Parameter:
    """Take over an option of the command line: its name, its help and its values."""
    option = str(declared.name)
    name = NAMES.get(option, option)
    help_text = (declared.help if isinstance(declared, click.Option) else None) or QUERY_HELP
    help_text = help_text.replace("--timezone", TIMEZONE.name)
    kind = declared.type
    if isinstance(kind, IntRangeParam):
        made = whole(name, help_text, least=kind.minimum, most=kind.maximum)
    elif isinstance(kind, EditKindsParam):
        made = some_of(name, help_text, EDIT_KINDS_PARAM.known.split(", "))
    elif isinstance(declared, click.Option) and declared.is_flag:
        made = flag(name, help_text)
    elif declared.metavar == "TIME":
        made = moment(name, help_text)
    else:
        made = text(name, help_text)
    read = _read_edit_kinds if isinstance(kind, EditKindsParam) else made.read
    return Parameter(name=name, description=help_text, schema=made.schema, read=read, option=option)


def _read_edit_kinds(typed: str, now: datetime) -> tuple[EditKind, ...]:
    return tuple(map(EditKind, _read_words(typed, now, known=EDIT_KINDS_PARAM.known.split(", "))))


def _declared(add_options: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Sequence[Parameter]:
    def command() -> None:
        """Carry the options."""

    return [_from_option(option) for option in click.command()(add_options(command)).params]


TIMEZONE = Parameter(
    name="timezone",
    description="Days, and times typed without a zone, are those of this time zone, such as Asia/Baku; by default "
    "that of the settings. Times of an answer are in UTC.",
    schema={"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "examples": ["Asia/Baku"]},
    read=lambda typed, _now: zone_named(typed),
)
(AS_OF,) = _declared(as_of_option)
FILTERS: Sequence[Parameter] = (*_declared(filter_options), AS_OF)
"""One parameter a criterion of `ArticleFilter`."""


def filters(*names: str) -> tuple[Parameter, ...]:
    """Return some of FILTERS by their names in an address."""
    return tuple(one for one in FILTERS if one.name in names)
