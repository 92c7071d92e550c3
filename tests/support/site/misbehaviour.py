"""Ways for the site to misbehave at one address. What each does on the wire stands in misdeeds.

Use the functions; `Misbehaviour` is what they make. Durations are in seconds, sizes in bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import StrEnum

from tests.support.site import bad_bytes

HUGE = 200_000_000


class Kind(StrEnum):
    """Kinds of misbehaviour in place of the normal response."""

    ANSWER = "answer"
    LOOP = "loop"
    WINDOWS_1251 = "windows-1251"
    BROKEN_HTML = "broken html"
    GZIP_BOMB = "gzip bomb"
    SLOW = "slow"
    RESET = "reset"
    CLOSE = "close"
    SHORT = "short"
    CUT = "cut"
    TRICKLE = "trickle"
    ENDLESS_HEADER = "endless header"
    HUGE = "huge"
    GARBAGE = "garbage"


class Framing(StrEnum):
    """Framing of a response body."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaviour:
    """One way to misbehave. A body of None means the page that would have been served."""

    kind: Kind
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)  # over the usual ones; "" leaves one out
    body: bytes | None = None
    size: int = 0
    seconds: float = 0.0
    framing: Framing = Framing.LENGTH
    growing: bool = False
    declared: bool = False
    coding: str = ""  # Content-Encoding


def answer(
    status: int = 200,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    retry_after: int | str | datetime | None = None,
    location: str | None = None,
) -> Misbehaviour:
    """Answers with this status, body and these headers.

    Without a body: the usual page for 200, an error page for any other status. `retry_after` is a number of
    seconds, an aware datetime (sent as an HTTP date), or any text. A header of "" is left out.
    """
    named = {**({} if location is None else {"Location": location}), **(headers or {})}
    if retry_after is not None:
        named["Retry-After"] = _http_date(retry_after)
    if body is None and status != 200:
        body = bad_bytes.error_page()
    return Misbehaviour(kind=Kind.ANSWER, status=status, headers=named, body=body)


def too_many(retry_after: int | str | datetime | None = None) -> Misbehaviour:
    """429, with Retry-After when given."""
    return answer(429, retry_after=retry_after)


def unavailable(retry_after: int | str | datetime | None = None) -> Misbehaviour:
    """503, with Retry-After when given."""
    return answer(503, retry_after=retry_after)


def server_error() -> Misbehaviour:
    """500."""
    return answer(500)


def redirect(location: str, status: int = 302) -> Misbehaviour:
    """Sends on to `location`: a path of this host, or an address of another one."""
    return answer(status, b"", location=location)


def redirect_loop(*, growing: bool = False, status: int = 302) -> Misbehaviour:
    """Sends on to the same address for ever; growing: to the same path with a new query each time."""
    return Misbehaviour(kind=Kind.LOOP, status=status, growing=growing)


def challenge(status: int = 403) -> Misbehaviour:
    """The page of a bot wall."""
    return answer(status, bad_bytes.challenge_page())


def soft_404() -> Misbehaviour:
    """200 with an error page."""
    return answer(200, bad_bytes.error_page())


def pdf() -> Misbehaviour:
    """A PDF."""
    return answer(200, bad_bytes.pdf(), {"Content-Type": "application/pdf"})


def list_without_cards() -> Misbehaviour:
    """200 with a list page that has no cards."""
    return answer(200, bad_bytes.list_without_cards())


def html_feed() -> Misbehaviour:
    """200 with HTML, whatever the address promises."""
    return answer(200, bad_bytes.html_feed(), {"Content-Type": "text/html; charset=utf-8"})


def entity_bomb(link: str = "https://caliber.az/en/post/bomb") -> Misbehaviour:
    """A feed with entities that expand to gigabytes."""
    return answer(200, bad_bytes.entity_bomb(link), {"Content-Type": "application/rss+xml"})


def windows_1251(*, declared: bool = True) -> Misbehaviour:
    """The usual page in windows-1251, no charset in the header; `declared`: a meta element names it."""
    return Misbehaviour(kind=Kind.WINDOWS_1251, declared=declared)


def broken_html() -> Misbehaviour:
    """The usual page in broken HTML."""
    return Misbehaviour(kind=Kind.BROKEN_HTML)


def gzip_bomb(size: int = HUGE) -> Misbehaviour:
    """A small answer in gzip that inflates to more than `size`."""
    return Misbehaviour(kind=Kind.GZIP_BOMB, size=size)


def slow(seconds: float) -> Misbehaviour:
    """The usual answer, after a wait."""
    return Misbehaviour(kind=Kind.SLOW, seconds=seconds)


def reset(framing: Framing = Framing.LENGTH) -> Misbehaviour:
    """Half of the usual answer's body, then a connection reset (RST)."""
    return Misbehaviour(kind=Kind.RESET, framing=framing)


def close() -> Misbehaviour:
    """Closes the connection without a byte of answer."""
    return Misbehaviour(kind=Kind.CLOSE)


def short_body() -> Misbehaviour:
    """Half of the usual body under the whole one's Content-Length, then an orderly close."""
    return Misbehaviour(kind=Kind.SHORT)


def cut(missing: int = 0, *, coding: str = "", framing: Framing = Framing.LENGTH) -> Misbehaviour:
    """The usual body, compressed or not, without its last `missing` bytes (0: without its second half), then a close.

    The length is that of what is sent; chunks have no last one.
    """
    return Misbehaviour(kind=Kind.CUT, size=missing, coding=coding, framing=framing)


def trickle(seconds: float = 0.05, framing: Framing = Framing.CLOSE) -> Misbehaviour:
    """An answer that never ends: a few bytes of HTML every so many seconds."""
    return Misbehaviour(kind=Kind.TRICKLE, seconds=seconds, framing=framing)


def endless_header(seconds: float = 0.0) -> Misbehaviour:
    """A head that never ends: one header line every so many seconds."""
    return Misbehaviour(kind=Kind.ENDLESS_HEADER, seconds=seconds)


def huge(size: int = HUGE, framing: Framing = Framing.LENGTH) -> Misbehaviour:
    """An HTML body of `size` bytes, sent as fast as it is read."""
    return Misbehaviour(kind=Kind.HUGE, size=size, framing=framing)


def garbage_status() -> Misbehaviour:
    """A status line that is none."""
    return Misbehaviour(kind=Kind.GARBAGE)


def _http_date(value: int | str | datetime) -> str:
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC), usegmt=True)
    return str(value)
