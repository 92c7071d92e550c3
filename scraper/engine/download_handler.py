"""Scrapy's download over aiohttp, with the headers of an answer as the bytes they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler
from scrapy.http import Headers

if TYPE_CHECKING:
    from aiohttp import ClientResponse


class RawHeadersHandler(AiohttpDownloadHandler):
    """Takes headers raw. A header may hold any bytes (RFC 9110 §5.5, obs-text): aiohttp makes lone surrogates of those
    that are no UTF-8, which Scrapy cannot encode again, and the whole answer was lost.
    """

    lazy = True  # one for each scheme, and the certificates that each reads take 25 ms: most crawls use one scheme

    @staticmethod
    def _extract_headers(response: ClientResponse) -> Headers:
        return Headers(list(response.raw_headers))
