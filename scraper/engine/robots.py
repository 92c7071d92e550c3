"""Judge URLs by robots.txt (RFC 9309), and read the delay that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote, unquote_to_bytes

from protego import Protego

from scraper.reading.reservations import from_robots_txt, read_robots_txt
from storage.model.reservations import Reservation
from storage.model.urls import resolve_dots

MAX_ROBOTS_SIZE = 512_000
"""Bytes of robots.txt that are read; RFC 9309 §2.5 asks for at least 500 KiB."""

MAX_DELAY = timedelta(days=1)
"""Longer delays are read as this one: a timedelta cannot hold every number."""

_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/?#]*)([^?#]*)(\?[^#]*)?")
_READ_DIFFERENTLY = re.compile(r"//|\\|/\.\.?(?:/|\Z)|%(?:2[ef]|5c)", re.IGNORECASE)
_SLASHES = re.compile(r"[/\\]+")
_LITERAL = "/!$&'()*+,;=:@~"


class RobotsRules:
    """Rules of one robots.txt for one product token."""

    def __init__(self, body: bytes, product: str) -> None:
        text = body[:MAX_ROBOTS_SIZE].decode("utf-8", "replace").removeprefix("\ufeff")
        self._usage = read_robots_txt(body[:MAX_ROBOTS_SIZE], product=product)
        self._rules = Protego.parse(text)
        self._product = product

    def allows(self, url: str) -> bool:
        """Return whether a URL may be requested in every reading of its path: see `readings`."""
        return all(self._rules.can_fetch(reading, self._product) for reading in readings(url))

    def reservations(self, url: str) -> tuple[Reservation, ...]:
        """Return the reservations of rights that apply to a URL."""
        match = _PARTS.match(url)
        return () if match is None else tuple(from_robots_txt(self._usage, match[2] or "/"))

    @property
    def delay(self) -> timedelta:
        """Return the longer of Crawl-delay and the interval of Request-rate; zero without both."""
        rate = self._rules.request_rate(self._product)
        intervals = (self._rules.crawl_delay(self._product), rate and rate.seconds / rate.requests)
        return timedelta(seconds=min(max(filter(None, intervals), default=0.0), MAX_DELAY.total_seconds()))


def readings(url: str) -> Iterator[str]:
    """Yield a URL as it is sent, then as servers read it that unescape slashes and dots, merge slashes, resolve dots.

    Such a server answers /post/%2e%2e%2Fadmin/x and //admin/x with the page that rules call /admin/x.
    """
    yield url
    match = _PARTS.match(url)
    if match is not None and _READ_DIFFERENTLY.search(match[2]):
        path = _SLASHES.sub("/", unquote_to_bytes(match[2]).decode("utf-8", "surrogateescape"))
        served = quote(resolve_dots(path).encode("utf-8", "surrogateescape"), safe=_LITERAL)
        yield f"{match[1]}{served}{match[3] or ''}"
