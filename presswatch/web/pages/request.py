"""Describe what a page is made from, and what it becomes: values without a library of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from storage.config.settings import Config
from storage.model.errors import PresswatchError
from storage.store import Store

MAX_VALUE_LENGTH = 2_000
"""Characters of a value in an address or a form, but for those that a page takes longer."""


class NotFoundError(PresswatchError):
    """There is nothing at this address."""


class BadFormError(PresswatchError):
    """A form was sent by no page of ours, or is of a process that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Hold what all pages share. `reader` cannot write; `writer` opens a store that can, when first asked."""

    config: Config
    reader: Store
    writer: Callable[[], Store]
    broken: Callable[[], Mapping[str, str]] = dict
    """Sources whose declaration is invalid, with the problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """One request: `query` and `form` have every value of a name, `path` the parts of the address that vary."""

    site: Site
    address: str
    """Path and query of the request, as a link of our own."""
    now: datetime
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    may_change: bool = False

    @property
    def store(self) -> Store:
        """Return the store that cannot write."""
        return self.site.reader

    def value(self, name: str) -> str:
        """Return the last value of a name in the query, "" if there is none or it is blank."""
        return _last(self.query, name)

    def sent(self, name: str, *, max_length: int = MAX_VALUE_LENGTH) -> str:
        """Return the last value of a field of the form. Raises BadFormError for one that is too long."""
        text = _last(self.form, name)
        if len(text) > max_length:
            raise BadFormError(f"{name}: at most {max_length} characters")
        return text

    def number(self, name: str, *, default: int, largest: int) -> int:
        """Return a whole number of the query from 0 to `largest`; what is none is the default."""
        found = whole_number(self.value(name))
        return default if found is None else min(found, largest)


def whole_number(text: str, *, largest: int = 999_999_999) -> int | None:
    """Parse a number from 0 to `largest`, in digits and no more of them; None for anything else."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(largest)) and int(text) <= largest
    return int(text) if is_number else None


def field_label(name: str) -> str:
    """Return the name that a form gives a criterion of articles."""
    return "words" if name == "query" else name


def _last(values: Mapping[str, tuple[str, ...]], name: str) -> str:
    return values.get(name, ("",))[-1].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A template and its values; `title` is that of the window."""

    template: str
    title: str
    values: Mapping[str, Any]
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Redirect:
    """Another address of ours."""

    address: str
    status: HTTPStatus = HTTPStatus.SEE_OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A list in another format, which is no page."""

    pieces: Iterable[str]
    media_type: str
    file_name: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Page | Redirect | Document
PageMaker = Callable[[PageRequest], Answer]
