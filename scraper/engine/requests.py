"""Build the Scrapy requests of a crawl: each URL is sent as it is spelled, and all share one queue."""

from __future__ import annotations

from typing import Any

from scrapy import Request

DOWNLOAD_SLOT = "site"
"""Scrapy's download slot of every request. By default there is one a host name, so that a site whose links are partly
on www. would be sent two requests at a time where its delay allows one."""


def verbatim_request(url: str, *, meta: dict[str, Any] | None = None, **options: Any) -> Request:
    """Return a request whose URL is sent as it is, without the normalization of Scrapy and yarl.

    `options` are further arguments of `scrapy.Request`. Raises ValueError for a URL without a scheme.
    """
    meta = {"verbatim_url": True, "download_slot": DOWNLOAD_SLOT, **(meta or {})}
    return Request(url, meta=meta, dont_filter=True, **options)
