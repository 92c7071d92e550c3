"""Rewrite response bodies, framed by a length or in chunks, as a strict HTTP parser reads them."""

from __future__ import annotations

import re
from enum import Enum, auto

MAX_LINE_SIZE = 16 * 1024
"""Maximum bytes of a line between chunks: a size with its extensions, or a trailer."""

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)


class ResponseBodyError(Exception):
    """Raised for chunks that no browser reads."""


class LengthBody:
    """Body of a known length in bytes; what follows it is dropped, as browsers do."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.is_overrun = False

    def feed(self, data: bytes) -> bytes:
        """Return the part of `data` that belongs to the body."""
        body = data[: self._left]
        self._left -= len(body)
        self.is_overrun = len(body) < len(data)
        return body


class _Part(Enum):
    """Part of a chunked body that is expected next (RFC 9112 §7.1)."""

    SIZE = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    END = auto()


class ChunkedBody:
    """Chunked body without its extensions and trailers, each line ending in CR LF.

    `is_overrun` as long as more than the body has arrived or has to arrive on the connection.
    """

    def __init__(self) -> None:
        self.is_overrun = False
        self._part = _Part.SIZE
        self._left = 0
        self._line = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Return the rewritten chunks of what arrived. Raises ResponseBodyError."""
        rewritten: list[bytes] = []
        position = 0
        while position < len(data) and self._part is not _Part.END:
            if self._part is _Part.DATA:
                piece = data[position : position + self._left]
                position += len(piece)
                self._left -= len(piece)
                rewritten.append(piece)
                if self._left == 0:
                    rewritten.append(b"\r\n")
                    self._part = _Part.DATA_END
                continue
            end = data.find(b"\n", position) + 1
            self._line += data[position : end or len(data)]
            position = end or len(data)
            if len(self._line) > MAX_LINE_SIZE:
                raise ResponseBodyError("a line between its chunks is too long")
            if end:
                rewritten.append(self._read_line(bytes(self._line).rstrip(b"\r\n")))
                self._line.clear()
        self.is_overrun = self._part is _Part.TRAILER or position < len(data)
        return b"".join(rewritten)

    def _read_line(self, line: bytes) -> bytes:
        if self._part is _Part.TRAILER:
            self._part = self._part if line else _Part.END
            return b""
        if self._part is _Part.DATA_END:
            if line:
                raise ResponseBodyError("a chunk is longer than its size")
            self._part = _Part.SIZE
            return b""
        size = _SIZE.fullmatch(line)
        if size is None:
            raise ResponseBodyError("a chunk has no size")
        self._left = int(size[1], 16)
        self._part = _Part.DATA if self._left else _Part.TRAILER
        return b"%X\r\n" % self._left if self._left else b"0\r\n\r\n"
