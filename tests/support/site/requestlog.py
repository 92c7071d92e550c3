"""Log the requests to the site, in order of arrival."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it arrived and what it got."""

    method: str
    target: str  # as asked, with its query
    headers: Mapping[str, str]  # names in lower case
    arrived: float  # seconds of the machine's monotonic clock (time.monotonic), the same in every process
    status: int | None  # None: no status line was sent
    sent: int  # bytes, head and body

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(slots=True)
class Entry:
    """A request while it is being answered."""

    method: str
    target: str
    headers: Mapping[str, str]
    version: str = "HTTP/1.1"
    arrived: float = field(default_factory=time.monotonic)
    status: int | None = None
    sent: int = 0

    def frozen(self) -> Request:
        """The entry as it stands now."""
        return Request(
            method=self.method,
            target=self.target,
            headers=self.headers,
            arrived=self.arrived,
            status=self.status,
            sent=self.sent,
        )
