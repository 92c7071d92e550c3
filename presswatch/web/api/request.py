"""Hold what an answer is made from, and the answer: values without a library of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from presswatch.web.pages.request import Site
from storage.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """One request: `values` has every declared parameter, parsed, None for one that is not given.

    `zone` is that of its days, `typed` are the parameters of the query as they were typed, `body` the fields of a JSON
    body.
    """

    site: Site
    path: str
    now: datetime
    values: Mapping[str, Any]
    zone: tzinfo
    typed: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        """Return the store that cannot write."""
        return self.site.reader

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def next_link(self, cursor: str | None) -> str | None:
        """Return the address that goes on behind a cursor; its times are fixed, so that "7d" means the same there."""
        if cursor is None:
            return None
        fixed = {
            name: value.isoformat() if isinstance(value := self.values[name], datetime) else typed
            for name, typed in self.typed.items()
        }
        return f"{self.path}?{urlencode({**fixed, 'cursor': cursor})}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiAnswer:
    """A JSON object, or nothing; `next` is the address of the next page of a list."""

    body: Mapping[str, Any] | None
    status: HTTPStatus = HTTPStatus.OK
    next: str | None = None


ApiMaker = Callable[[ApiRequest], ApiAnswer]
