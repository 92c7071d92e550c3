"""Build and send the Scrapy requests of a crawl: each URL is sent as it is spelled, and all share one queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Request

from scraper.engine import failures
from scraper.errors import ChannelError
from storage.model.errors import CrawlStoppedError

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from scraper.crawl.session import SourceContext

DOWNLOAD_SLOT = "site"
"""Scrapy's download slot of every request. By default there is one a host name, so that a site whose links are partly
on www. would be sent two requests at a time where its delay allows one."""


def verbatim_request(url: str, *, meta: dict[str, Any] | None = None, **options: Any) -> Request:
    """Return a request whose URL is sent as it is, without the normalization of Scrapy and yarl.

    `options` are further arguments of `scrapy.Request`. Raises ValueError for a URL without a scheme.
    """
    meta = {"verbatim_url": True, "download_slot": DOWNLOAD_SLOT, **(meta or {})}
    return Request(url, meta=meta, dont_filter=True, **options)


async def send(crawler: Crawler, context: SourceContext, url: str, request: Request) -> Response:
    """Send a request through the downloader middlewares; `url` names it in errors.

    Raises ChannelError if it got no response, CrawlStoppedError if the crawl is being stopped.
    """
    request.meta["of_other_origin"] = context.is_on_other_origin(request.url)
    try:
        return await crawler.engine.download_async(request)
    except Exception as error:
        if context.stopping.is_set():
            raise CrawlStoppedError("stopped before its request was sent") from error
        failure = failures.from_exception(url, error)
        raise ChannelError(url, failure.failure_stage, failure.reason) from error


def refuse_failed(url: str, response: Response, advice: str = "") -> None:
    """Raise ChannelError for a response that is no 2xx."""
    refused = failures.from_response(url, response)
    if refused is not None:
        raise ChannelError(url, refused.failure_stage, refused.reason + advice, response.status)
