"""Decode response bodies by their Content-Encoding, and name the fault of one that cannot be decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scrapy.downloadermiddlewares.httpcompression import ACCEPTED_ENCODINGS, HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest

from scraper.engine.decompression import DamagedBodyError, TruncatedBodyError, decompress
from scraper.engine.failures import BROKE_OFF_TEXT, DAMAGED_TEXT, RequestRejected
from storage.model.records import FailureStage

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response

UNCODED = frozenset({b"", b"identity", b"none", b"utf-8"})
"""Values that name no coding; servers send them, and browsers ignore them."""

KNOWN = frozenset({*ACCEPTED_ENCODINGS, b"x-gzip"})


class ContentCoding(HttpCompressionMiddleware):
    """Decompression for the header values that servers send; other codings are failures with a reason.

    A response whose body is cut or damaged is flagged with the reason, so that RetryWithDelay requests it again. Of a
    response that is no success the status alone is used, whatever its body is.
    """

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        """Return the decoded response. Raises RequestRejected for a body that cannot be decoded."""
        if not 200 <= response.status < 300:
            return response
        named = b",".join(response.headers.getlist("Content-Encoding")).lower().split(b",")
        codings = [coding for value in named if (coding := value.strip()) not in UNCODED]
        if not codings:
            response.headers.pop("Content-Encoding", None)
            return response
        if unknown := [coding for coding in codings if coding not in KNOWN]:
            raise _undecodable(unknown)
        response.headers.setlist("Content-Encoding", codings)
        decode: Callable[[Request, Response], Request | Response] = super().process_response
        try:
            return decode(request, response)
        except IgnoreRequest:  # larger than DOWNLOAD_MAXSIZE
            raise
        except TruncatedBodyError:
            return response.replace(flags=[*response.flags, BROKE_OFF_TEXT])
        except DamagedBodyError:
            return response.replace(flags=[*response.flags, DAMAGED_TEXT])
        except Exception as error:  # each library has errors of its own
            raise _undecodable(codings) from error

    @staticmethod
    def _decode(body: bytes, encoding: bytes, max_size: int) -> bytes:
        return decompress(body, encoding, max_size=max_size)


def _undecodable(codings: list[bytes]) -> RequestRejected:
    name = b", ".join(codings).decode("ascii", "replace")[:100]
    return RequestRejected(FailureStage.NETWORK, f"its body cannot be decoded (Content-Encoding {name})")
