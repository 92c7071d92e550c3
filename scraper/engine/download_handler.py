"""Download with Scrapy's aiohttp handler, keeping response headers as raw bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.http import Headers

if TYPE_CHECKING:
    from aiohttp import ClientResponse


class RawHeadersHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler with raw response headers.

    A header may hold any bytes (RFC 9110 §5.5, obs-text): aiohttp decodes those that are not UTF-8 to lone
    surrogates, which Scrapy cannot encode, so that the whole response would be lost.
    """

    lazy = True  # one handler per scheme: each loads certificates in 25 ms, and most crawls use one scheme

    @staticmethod
    def _extract_headers(response: ClientResponse) -> Headers:
        return Headers(list(response.raw_headers))
