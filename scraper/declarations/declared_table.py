"""Read the keys of a declared table, with errors that name the file and the path of the key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from storage.config.parsers import nearest_key
from storage.config.toml_text import short_key, short_value
from storage.model.errors import ConfigError

T = TypeVar("T")

MAX_PATTERN_LENGTH = 1_000
"""Characters of a regular expression; a longer one is a mistake."""


@dataclass(frozen=True, slots=True)
class DeclaredTable:
    """A table of a declaration; `prefix` is the path of its keys in the file, such as `sources.zaxid.page.`."""

    values: Mapping[str, Any]
    file: str
    prefix: str = ""

    def error(self, key: str, problem: str) -> ConfigError:
        """Return the error of a key."""
        return ConfigError(f"{self.file}: {self.prefix}{short_key(key)}: {problem}")

    def refuse_unknown(self, *known: str) -> None:
        """Raise ConfigError for the first key that is not known, with the nearest known one."""
        for key in self.values:
            if key not in known:
                names = ", ".join(known)
                problem = f"unknown key {self.prefix}{short_key(key)}{nearest_key(key, known)}; known here: {names}"
                raise ConfigError(f"{self.file}: {problem}")

    def parsed(self, key: str, parse: Callable[[Any], T], default: T) -> T:
        """Parse the value of a key. Raises ConfigError with the ValueError of `parse`."""
        if key not in self.values:
            return default
        try:
            return parse(self.values[key])
        except ValueError as error:
            raise self.error(key, f"{error}; it is {short_value(self.values[key])}") from error

    def required(self, key: str, parse: Callable[[Any], T], example: str) -> T:
        """Parse the value of a key that must be there. Raises ConfigError with an example of it."""
        if key not in self.values:
            raise ConfigError(f"{self.file}: {self.prefix}{key} is missing; write {key} = {example}")
        try:
            return parse(self.values[key])
        except ValueError as error:
            raise self.error(key, f"{error}; it is {short_value(self.values[key])}") from error

    def table(self, key: str) -> DeclaredTable | None:
        """Return the table of a key; None if there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(key, f"must be a table; it is {short_value(value)}")
        return DeclaredTable(value, self.file, f"{self.prefix}{key}.")

    def tables(self, key: str) -> Iterator[DeclaredTable]:
        """Return the tables of a list, counted from 1 in errors."""
        value = self.values.get(key)
        if not isinstance(value, list | tuple) or not value:
            raise self.error(key, f"must be a list of tables, written as [[{self.prefix}{key}]]")
        for number, one in enumerate(value, 1):
            if not isinstance(one, Mapping):
                raise self.error(f"{key}[{number}]", f"must be a table; it is {short_value(one)}")
            yield DeclaredTable(one, self.file, f"{self.prefix}{key}[{number}].")


def nonempty_text(value: Any) -> str:
    """Return a text that is not empty. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be text in quotation marks")
    return value.strip()


def texts(value: Any) -> tuple[str, ...]:
    """Return a text, or a list of them, as a tuple. Raises ValueError."""
    if isinstance(value, str):
        return (nonempty_text(value),)
    if not isinstance(value, list) or not value:
        raise ValueError("must be text in quotation marks, or a list of texts")
    return tuple(map(nonempty_text, value))


def pattern(*groups: str) -> Callable[[Any], str]:
    """Return a parser of regular expressions whose named groups are among `groups`."""

    def parse(value: Any) -> str:
        text = nonempty_text(value)
        if len(text) > MAX_PATTERN_LENGTH:
            raise ValueError(f"must have at most {MAX_PATTERN_LENGTH:,} characters")
        try:
            compiled = re.compile(text)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"must be a regular expression ({error})") from error
        for name in compiled.groupindex:
            if name not in groups:
                known = " or ".join(groups) or "none"
                raise ValueError(f"has a group {name!r}; groups that have a meaning here: {known}")
        return text

    return parse


def language_code(value: Any) -> str:
    """Return a language code in lower case (BCP 47). Raises ValueError."""
    text = nonempty_text(value)
    if re.fullmatch(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", text) is None:
        raise ValueError('must be a language code such as "en" or "uk"')
    return text.lower()


def positive(value: Any) -> float:
    """Return a positive number. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 100_000:
        raise ValueError("must be a positive number")
    return float(value)
