"""Rewrite response heads (status line and headers) that browsers read and strict HTTP parsers refuse.

Servers send header lines that end in a bare line feed, names with a blank before the colon, folded values, the same
Content-Length twice, a Content-Length beside chunks. RFC 9112 leaves most of them to the recipient; browsers agree on
how to read them (https://fetch.spec.whatwg.org, RFC 9112 §2.2, §5 and §6.3), and so does this module.
"""

from __future__ import annotations

import re

from scraper.engine.response_body import ChunkedBody, LengthBody

MAX_HEAD_SIZE = 256 * 1024
"""Maximum bytes of a response head, as in Chromium; a Content-Security-Policy alone may have 20 KB."""

WITHOUT_BODY = frozenset({204, 304})
"""Statuses whose Content-Length is that of another response."""

MAX_DIGITS = 19
"""Maximum digits of a Content-Length, a longer one is cut: it would not fit a signed integer of 64 bits."""

ResponseBody = LengthBody | ChunkedBody

_SIGNATURE = b"HTTP/"
_STRICT = re.compile(rb"HTTP/1\.[01] [2-5]\d\d [\x20-\x7e]*\r\n(?:[A-Za-z0-9_-]+:[\t\x20-\x7e]*\r\n)*\r\n")
_FRAMING = re.compile(rb"\n(content-length|transfer-encoding):([^\r]*)", re.IGNORECASE)
_END = re.compile(rb"\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/[ \t]*(\d{1,3})(?:\.(\d{1,3}))?[ \t]+(\d{3})(?!\d)", re.IGNORECASE)
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# A control character is read as a blank (RFC 9110 §5.5); the line ends are gone by then.
_BLANKED = bytes(0x20 if (code < 0x20 and code != 0x09) or code == 0x7F else code for code in range(256))


class ResponseHeadError(Exception):
    """Raised for a response whose head no browser reads; the message completes "the answer cannot be read: "."""


class ResponseHead:
    """Reader of the head of one response, from the pieces in which it arrives.

    `rewritten` is the head as a strict parser reads it, with its empty line; `body` reads the body, None if it ends
    with the connection.
    """

    def __init__(self) -> None:
        self.rewritten = b""
        self.body: ResponseBody | None = None
        self._received = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """Return what follows the head; None as long as the head is not complete.

        Interim responses (1xx) before it are dropped. Raises ResponseHeadError.
        """
        received = self._received
        # Nearly all heads are strict and arrive whole: they are not taken apart, which costs a third of a request.
        if not received and (strict := _strict_head(data)) is not None:
            self.rewritten, self.body = strict
            return data[len(self.rewritten) :]
        searched = max(0, len(received) - 3)
        received += data
        while True:
            blank = 0
            if received.startswith((b"\r", b"\n")):
                blank = len(received) - len(received.lstrip(b"\r\n"))
                del received[:blank]
            if received[:5].upper() != _SIGNATURE[: len(received)]:
                raise ResponseHeadError("it does not begin with a status line")
            end = _END.search(received, max(0, searched - blank))
            if end is None or end.end() > MAX_HEAD_SIZE:
                if len(received) > MAX_HEAD_SIZE:
                    raise ResponseHeadError(f"its headers are larger than {MAX_HEAD_SIZE // 1024} KB")
                return None
            head, rest = bytes(received[: end.start()]), received[end.end() :]
            status, self.rewritten, self.body = rewrite_head(head)
            if not 100 <= status < 200 or status == 101:
                return bytes(rest)
            self._received = received = rest
            searched = 0


def _strict_head(data: bytes) -> tuple[bytes, ResponseBody | None] | None:
    """Return a head that needs no rewriting, and the reader of its body; None if it may need it."""
    match = _STRICT.match(data)
    if match is None:
        return None
    head, status = match[0], int(match[0][9:12])
    framing = _FRAMING.findall(head)
    if not framing or (status in WITHOUT_BODY and len(framing) == 1):
        return head, None
    name, value = framing[0][0].lower(), framing[0][1].strip(b" \t")
    if len(framing) == 1 and name == b"content-length" and value.isdigit() and len(value) <= MAX_DIGITS:
        return head, LengthBody(int(value))
    if len(framing) == 1 and name == b"transfer-encoding" and value.lower() == b"chunked" and head[7:8] == b"1":
        return head, ChunkedBody()
    return None


def rewrite_head(head: bytes) -> tuple[int, bytes, ResponseBody | None]:
    """Return the status of a response, its rewritten head, and the reader of its body.

    Kept are the headers of which browsers can read the name, in their order; the reason phrase is dropped, which means
    nothing and may hold any bytes. Raises ResponseHeadError.
    """
    first, *lines = head.replace(b"\r\n", b"\n").split(b"\n")
    match = _STATUS_LINE.match(first)
    if match is None:
        raise ResponseHeadError("it does not begin with a status line")
    is_1_0 = int(match[1]) == 1 and match[2] is not None and int(match[2]) == 0
    lengths: set[int] = set()
    codings: list[bytes] = []
    kept: list[bytes] = []
    for name, value in _fields(lines):
        lower = name.lower()
        if lower == b"content-length":
            digits = (length.strip() for length in value.split(b","))
            lengths.update(int(length[:MAX_DIGITS]) for length in digits if length.isdigit())
        elif lower == b"transfer-encoding":
            codings.extend(coding.strip().lower() for coding in value.split(b","))
        else:
            kept.append(name + b": " + value)
    is_chunked = b"chunked" in codings
    if is_chunked:  # its end is that of the chunks, whatever length is named
        kept.append(b"Transfer-Encoding: chunked")
    elif len(lengths) > 1:
        raise ResponseHeadError("it names two different lengths (Content-Length)")
    body: ResponseBody | None = ChunkedBody() if is_chunked else None
    if not is_chunked and lengths:
        body = LengthBody(length := lengths.pop())
        kept.append(b"Content-Length: %d" % length)
    version = b"HTTP/1.0 " if is_1_0 and not is_chunked else b"HTTP/1.1 "
    rewritten = b"\r\n".join([version + match[3] + b" ", *kept, b"", b""])
    return int(match[3]), rewritten, None if int(match[3]) in WITHOUT_BODY else body


def _fields(lines: list[bytes]) -> list[tuple[bytes, bytes]]:
    """Return names and values of header lines; a line that begins with a blank continues the one before it."""
    fields: list[list[bytes]] = []
    for line in lines:
        printable = line.translate(_BLANKED)
        if printable[:1] in {b" ", b"\t"} and fields:
            fields[-1].append(printable.strip())
        else:
            fields.append([printable])
    pairs = (b" ".join(parts).partition(b":") for parts in fields)
    named = ((name.rstrip(b" \t"), value.strip(b" \t")) for name, colon, value in pairs if colon)
    return [(name, value) for name, value in named if _NAME.fullmatch(name)]
