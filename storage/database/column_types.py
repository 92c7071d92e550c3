"""Define column types for aware datetimes, durations, tuples and enums."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Enum, Float, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.model.records import Problem


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive value is refused: its zone could only be guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: give it a zone before it is stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """From SQLite's text by one call a value: through both types it took three, and half of the time of a list."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _from_text(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(f"{kept}+00:00")


class Utf8Text(TypeDecorator[str]):
    """Text that both databases keep and order alike.

    NUL and lone surrogates, which PostgreSQL refuses, become U+FFFD; the order is that of code points, as SQLite's is
    and as that of PostgreSQL is not in most languages.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text(collation="C") if dialect.name == "postgresql" else Text()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else as_utf8(value)


def as_utf8(text: str) -> str:
    """`text` with U+FFFD for each character that a database refuses."""
    if text.isascii() and "\0" not in text:
        return text
    return _INVALID_UTF8.sub("\ufffd", text)


_INVALID_UTF8 = re.compile("[\0\ud800-\udfff]")


class DurationSeconds(TypeDecorator[timedelta]):
    """A duration, kept as seconds: readable in any client, and days are not forgotten."""

    impl = Float
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> float | None:
        return None if value is None else value.total_seconds()

    def process_result_value(self, value: float | None, dialect: Dialect) -> timedelta | None:
        return None if value is None else timedelta(seconds=value)


BigInt = BigInteger().with_variant(Integer(), "sqlite")
"""For what passes 2³¹, such as bytes, views and ids; SQLite's INTEGER holds them as it is.

Ids are not used again: ten thousand sources of fifty articles a day, each fetched thirty times, use 2³¹ in five months.
"""


class StringList(TypeDecorator[tuple[str, ...]]):
    """A few names in order, kept as `|politics|economy|` so that LIKE can find one of them."""

    impl = Utf8Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[str] | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        names = [name.replace("|", "/") for name in value if name]
        return f"|{'|'.join(names)}|" if names else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...]:
        return _parse_string_list(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], tuple[str, ...]]:
        """Parse a value by one cache lookup: the same few rows of names come again and again."""
        return _parse_string_list


@lru_cache(maxsize=1024)
def _parse_string_list(kept: str | None) -> tuple[str, ...]:
    return tuple(filter(None, kept.split("|"))) if kept else ()


class ProblemList(TypeDecorator[tuple[Problem, ...]]):
    """Problems of a page as a JSON list of [field, reason]."""

    impl = Utf8Text
    cache_ok = True

    def process_bind_param(self, value: Iterable[Problem] | None, dialect: Dialect) -> str:
        pairs = [[problem.field, problem.reason] for problem in value or ()]
        return json.dumps(pairs, ensure_ascii=False) if pairs else "[]"

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Problem, ...]:
        if not value or value == "[]":
            return ()
        return tuple(Problem(field, reason) for field, reason in json.loads(value))


def _values_of(kind: type[StrEnum]) -> list[str]:
    return [member.value for member in kind]


class FastEnum(Enum):
    """Read enum values by one dictionary access each; an unknown value is a KeyError."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        members = {None: None} | {member.value: member for member in self.enum_class or ()}
        return members.__getitem__


def enum_of(kind: type[StrEnum]) -> Enum:
    """Return the column type of a StrEnum, stored by value; no CHECK, which would need a table rebuild on SQLite."""
    return FastEnum(kind, native_enum=False, create_constraint=False, length=20, values_callable=_values_of)
