"""Decompress response bodies, and tell a body that is cut or damaged from one in another coding.

Scrapy's functions return what they could read of a compressed body that ends too early, as if it were all of it.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any, Protocol

from scrapy.utils._compression import _DecompressionMaxSizeExceeded

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

try:
    import brotli
except ImportError:  # PyPy
    import brotlicffi as brotli

CHUNK_SIZE = 64 * 1024
"""Maximum bytes that are decompressed at a time."""

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGICS = (b"\x28\xb5\x2f\xfd", *(bytes([low]) + b"\x2a\x4d\x18" for low in range(0x50, 0x60)))
"""First bytes of a Zstandard frame, and of frames to be skipped (RFC 8878 §3.1)."""

_WRONG_CHECKSUMS = ("incorrect data check", "incorrect length check", "doesn't match checksum")
"""Ends of the messages of zlib and Zstandard for a checksum or length behind the data that is not theirs."""


class TruncatedBodyError(Exception):
    """Raised for a compressed body that ends before its stream does."""


class DamagedBodyError(Exception):
    """Raised for a compressed body that has errors behind a valid beginning, or a wrong checksum."""


class _Decompressor(Protocol):
    """Incremental decompressor of one stream: a gzip member, a zlib stream, a Zstandard frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...


def decompress(body: bytes, coding: bytes, *, max_size: int) -> bytes:
    """Decompress a body of one content coding to at most `max_size` bytes (0: any size).

    All members of a gzip body and all frames of a Zstandard body are read; other bytes behind the end are dropped, as
    browsers do. An empty body is empty in every coding. Raises TruncatedBodyError, DamagedBodyError, the error of
    the library for a body that is not of this coding, and Scrapy's error of a size beyond `max_size`.
    """
    output = _Output(max_size)
    if body:
        try:
            _READERS[coding](body, output)
        except (zlib.error, brotli.error, zstd.ZstdError) as error:
            if output.size or str(error).endswith(_WRONG_CHECKSUMS):
                raise DamagedBodyError(str(error)) from error
            raise
    return output.value()


class _Output:
    """Decompressed bytes up to a maximum size."""

    def __init__(self, max_size: int) -> None:
        self._stream = BytesIO()
        self._max_size = max_size
        self.size = 0

    def write(self, piece: bytes) -> None:
        self.size += len(piece)
        if self._max_size and self.size > self._max_size:
            raise _DecompressionMaxSizeExceeded(self.size, self._max_size)
        self._stream.write(piece)

    def value(self) -> bytes:
        return self._stream.getvalue()


def _read_gzip(body: bytes, output: _Output) -> None:
    rest = body
    while True:
        rest = _inflate(rest, output, zlib.MAX_WBITS | 16)
        if not _begins_with(rest, (GZIP_MAGIC,)):
            return


def _read_deflate(body: bytes, output: _Output) -> None:
    """Read a zlib stream (RFC 9110 §8.4.1.2), or the raw deflate data that some servers send in its place.

    The header of a zlib stream (RFC 1950 §2.2) would be a stored block of raw data that no compressor begins with.
    """
    is_zlib = body[0] & 0x0F == zlib.DEFLATED and (len(body) == 1 or int.from_bytes(body[:2], "big") % 31 == 0)
    _inflate(body, output, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _inflate(data: bytes, output: _Output, wbits: int) -> bytes:
    """Decompress one stream, and return the bytes behind it."""
    decompressor = zlib.decompressobj(wbits)
    while data and not decompressor.eof:
        output.write(decompressor.decompress(data, CHUNK_SIZE))
        data = decompressor.unconsumed_tail
    return _rest(decompressor)


def _read_zstd(body: bytes, output: _Output) -> None:
    rest = body
    while True:
        decompressor = zstd.ZstdDecompressor()
        output.write(decompressor.decompress(rest, CHUNK_SIZE))
        while not decompressor.eof and not decompressor.needs_input:
            output.write(decompressor.decompress(b"", CHUNK_SIZE))
        rest = _rest(decompressor)
        if not _begins_with(rest, ZSTD_MAGICS):
            return


def _rest(decompressor: _Decompressor) -> bytes:
    if not decompressor.eof:
        raise TruncatedBodyError
    return decompressor.unused_data


def _begins_with(rest: bytes, magics: tuple[bytes, ...]) -> bool:
    """Return whether a further member or frame begins, of which the first bytes alone may be there."""
    return bool(rest) and any(magic.startswith(rest[: len(magic)]) for magic in magics)


def _read_brotli(body: bytes, output: _Output) -> None:
    decompressor = brotli.Decompressor()
    piece: Any = decompressor.process(body, output_buffer_limit=CHUNK_SIZE)
    while piece:
        output.write(piece)
        piece = b"" if decompressor.is_finished() else decompressor.process(b"", output_buffer_limit=CHUNK_SIZE)
    if not decompressor.is_finished():
        raise TruncatedBodyError


_READERS: dict[bytes, Callable[[bytes, _Output], None]] = {
    b"gzip": _read_gzip,
    b"x-gzip": _read_gzip,
    b"deflate": _read_deflate,
    b"br": _read_brotli,
    b"zstd": _read_zstd,
}
