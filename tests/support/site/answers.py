"""An HTTP answer before it is on the wire."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.support.site import bad_bytes

if TYPE_CHECKING:
    from datetime import datetime

HTML = "text/html; charset=utf-8"
FEED = "application/rss+xml; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers; Date, Server, Content-Length and Connection are added on the way out."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": HTML})

    def with_headers(self, extra: Mapping[str, str]) -> Answer:
        """The same answer with `extra` over its headers, whatever their case; "" leaves one out."""
        names = {name.lower() for name in extra}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in names}
        return replace(self, headers=kept | dict(extra))

    def compressed(self) -> Answer:
        """The same answer in gzip."""
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return replace(self.with_headers(headers), body=gzip.compress(self.body, 5, mtime=0))

    def head(self, now: datetime, *, keep: bool, length: int | None) -> bytes:
        """Status line and headers; no Content-Length when `length` is None."""
        lines = {"Server": "nginx", "Date": format_datetime(now, usegmt=True)}
        if length is not None and self.status not in {204, 304}:
            lines["Content-Length"] = str(length)
        lines["Connection"] = "keep-alive" if keep else "close"
        given = {name.lower() for name in self.headers}
        usual = [f"{name}: {value}" for name, value in lines.items() if name.lower() not in given]
        own = [f"{name}: {value}" for name, value in self.headers.items() if value]
        head = [f"HTTP/1.1 {self.status} {_phrase(self.status)}", *usual, *own]
        return "\r\n".join(head).encode("utf-8", "surrogatepass") + b"\r\n\r\n"


def error(status: int) -> Answer:
    """An error page."""
    return Answer(status, bad_bytes.error_page())


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
