"""Render the HTML pages of a source that says `render = true`, by its own scripts, as politely as everything else.

A downloader middleware, not a download handler: the page is fetched like any other, then Chromium runs its scripts,
and each request that these make is a request of the crawl, with its delay, robots.txt, User-Agent, signature, limits
and checks of addresses. A handler would hold the place in the queue of the host that the scripts of its page wait for.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK

from scraper.crawl.session import CrawlSession
from scraper.engine.browser import BrowserStartError, ChromiumBrowser, PageError, Resource
from scraper.engine.failures import TOO_LARGE_TEXT, RequestRejected, from_exception
from scraper.engine.middlewares import SourceComponent
from scraper.engine.requests import verbatim_request
from storage.model.errors import ConfigError, CrawlStoppedError
from storage.model.records import FailureStage
from storage.model.urls import origin

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

RENDER_TIMEOUTS = 4
"""Timeouts of one request that a page has to render: its scripts wait for their delays."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
# Of the connection and the coding, which are not those of the page; and cookies, which are the crawl's.
_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "set-cookie", "link"})
_RENDERED_WITHOUT = ("ETag", "Last-Modified", "Content-Length")
# What the crawl says for itself.
_OWN_HEADERS = frozenset(
    {"accept-encoding", "connection", "cookie", "host", "origin", "referer", "upgrade-insecure-requests", "user-agent"}
)


class RenderPages(SourceComponent):
    """Replaces the body of each HTML page by what its scripts make of it."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        context = self.context
        if context.browser is None:
            raise NotConfigured
        self._browser = ChromiumBrowser(context.browser, user_agent=crawler.settings["USER_AGENT"])
        crawler.signals.connect(self._browser.close, signal=signals.spider_closed)

    async def process_response(self, request: Request, response: Response) -> Response:
        if not _is_page(request, response):
            return response
        settings = self.context.settings
        try:
            html = await self._browser.render(
                response.url,
                _resource(response),
                partial(self._fetch, request),
                timeout=RENDER_TIMEOUTS * settings.timeout.total_seconds(),
            )
        except TimeoutError as error:
            raise RequestRejected(FailureStage.TIMEOUT, "the page was not rendered in time") from error
        except PageError as error:
            raise RequestRejected(FailureStage.NETWORK, f"the page cannot be rendered: {error}") from error
        except BrowserStartError as error:
            if isinstance(self.context, CrawlSession):
                self.context.fail(ConfigError(str(error)))
            raise RequestRejected(FailureStage.NETWORK, str(error)) from error
        body = html.encode("utf-8", "replace")
        if len(body) > settings.max_response_size:
            raise RequestRejected(FailureStage.NETWORK, TOO_LARGE_TEXT)
        headers = response.headers.copy()
        for name in _RENDERED_WITHOUT:
            headers.pop(name, None)
        headers["Content-Type"] = "text/html; charset=utf-8"
        return response.replace(body=body, headers=headers)

    async def _fetch(self, of_page: Request, url: str, headers: Mapping[str, str]) -> Resource | None:
        """Fetch a resource of a page as a request of the crawl; None if a rule of the crawl refuses it.

        A list on another host may load what is on that host.

        Raises PageError if it has no answer, since the page would look as if something had been taken out of it, and
        CrawlStoppedError.
        """
        kept = {
            name: value for name, value in headers.items() if not name.startswith("sec-") and name not in _OWN_HEADERS
        }
        try:
            is_other = of_page.meta.get("of_other_origin") and origin(url) == origin(of_page.url)
            meta = {"is_subrequest": True, "of_other_origin": is_other}
            request = verbatim_request(url, meta=meta, headers=kept, callback=NO_CALLBACK)
            response = await self.crawler.engine.download_async(request)
        except CrawlStoppedError:
            raise
        except RequestRejected as error:
            logger.debug("%s: not loaded: %s", url, error.reason)
            return None
        except Exception as error:
            raise PageError(f"{url} could not be loaded: {from_exception(url, error).reason}") from error
        return _resource(response)


def _is_page(request: Request, response: Response) -> bool:
    if request.callback is NO_CALLBACK or not 200 <= response.status < 300:
        return False
    content_type = (response.headers.get("Content-Type") or b"text/html").decode("latin-1").lower()
    return content_type.partition(";")[0].strip() in _HTML_TYPES


def _resource(response: Response) -> Resource:
    headers = {
        name.decode("latin-1").lower(): b", ".join(values).decode("latin-1")
        for name, values in response.headers.items()
    }
    kept = {name: value for name, value in headers.items() if name not in _DROPPED}
    return Resource(response.status, kept, response.body)
