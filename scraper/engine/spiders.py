"""Define the spiders: one for pages of any site, and a class per source that polls channels and fetches articles."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from twisted.python.failure import Failure as TwistedFailure

from scraper.crawl.channel_reading import ChannelResponse
from scraper.crawl.discovery import discover
from scraper.crawl.options import parse_options
from scraper.crawl.page_parsing import PageJob, parse_page
from scraper.crawl.parser_process import ParserDiedError
from scraper.crawl.selection import FetchRequest
from scraper.crawl.session import CrawlSession, SourceContext, now
from scraper.crawl.source_check import Fetch, Fetched
from scraper.crawl.store_thread import StoreThread
from scraper.engine import failures
from scraper.engine.pipelines import FailedFetch, FetchedArticle
from scraper.engine.requests import refuse_failed, send, verbatim_request
from scraper.engine.scrapy_settings import RENDERING
from scraper.errors import PageError
from scraper.parsing.markup_limits import is_costly
from scraper.reading.reservations import from_headers
from scraper.source import Source
from scraper.sources import load_crawl_config
from storage.config.logging_setup import print_error
from storage.crawling.fetches import FetchAttempt
from storage.model.errors import CrawlStoppedError, PresswatchError, StoreError
from storage.model.records import FailureStage, FetchFailure
from storage.model.reservations import Reservation
from storage.model.urls import MAX_URL_LENGTH
from storage.model.version import USER_AGENT_PRODUCT
from storage.store import open_store

logger = logging.getLogger(__name__)


class PageSpider(Spider):
    """Base of the spiders of one source: fetches pages by its context, and turns responses into items."""

    context: SourceContext

    def request(self, target: FetchRequest) -> Request:
        """Return the Scrapy request of a fetch request."""
        return verbatim_request(
            target.request_url or target.url,
            callback=self.parse_article,
            errback=self.record_failure,
            cb_kwargs={"target": target},
        )

    def parse_article(
        self, response: Response, target: FetchRequest
    ) -> FetchedArticle | FailedFetch | Coroutine[Any, Any, FetchedArticle | FailedFetch]:
        """Parse a response into its item: the article, or the failure.

        A coroutine is returned for a page that has to wait: for its mark, or for the process that parses it.
        """
        attempt = self._attempt(target, response)
        failure = failures.from_response(target.url, response)
        if failure is not None:
            return FailedFetch(attempt, failure)
        job = page_job(self.context, response, target.url)
        if target.is_suspect or is_costly(job.body):
            return self._parse_apart(attempt, target, job)
        if not self.context.is_marked(target.url):
            return self._parse_marked(attempt, target, job)
        return self._parse_here(attempt, target, job)

    def _parse_here(self, attempt: FetchAttempt, target: FetchRequest, job: PageJob) -> FetchedArticle | FailedFetch:
        try:
            return FetchedArticle(attempt, parse_page(job), target.sections, target.listed)
        except Exception as error:  # noqa: BLE001  (whatever a page does must not end the crawl)
            return FailedFetch(attempt, _parse_failure(target.url, error))

    async def _parse_marked(
        self, attempt: FetchAttempt, target: FetchRequest, job: PageJob
    ) -> FetchedArticle | FailedFetch:
        await self._mark(target.url)
        return self._parse_here(attempt, target, job)

    async def _parse_apart(
        self, attempt: FetchAttempt, target: FetchRequest, job: PageJob
    ) -> FetchedArticle | FailedFetch:
        """Parse a page in another process, so that neither its size nor its parser can stop the crawl."""
        await self._mark(target.url)
        try:
            return FetchedArticle(
                attempt, await self.context.parser.call(parse_page, job), target.sections, target.listed
            )
        except Exception as error:  # noqa: BLE001  (whatever a page does must not end the crawl)
            return FailedFetch(attempt, _parse_failure(target.url, error))

    async def _mark(self, url: str) -> None:
        try:
            if not self.context.is_marked(url):
                await self.context.mark(url)
        except StoreError as error:
            assert isinstance(self.context, CrawlSession)
            self.context.fail(error)
            raise CloseSpider("store") from error

    def record_failure(self, failure: TwistedFailure) -> FailedFetch | None:
        """Return the item of a request that got no response; None if the crawl was stopped before."""
        if isinstance(failure.value, (CrawlStoppedError, asyncio.CancelledError)):
            return None
        target: FetchRequest = failure.request.cb_kwargs["target"]  # type: ignore[attr-defined]
        error = failure.value or RuntimeError("unknown error")
        return FailedFetch(self._attempt(target), failures.from_exception(target.url, error))

    def _attempt(self, target: FetchRequest, response: Response | None = None) -> FetchAttempt:
        return FetchAttempt(
            url=target.url,
            purpose=target.purpose,
            fetched_at=self.context.now(),
            run_id=self.context.run_id,
            request_url=None if response is None or len(response.url) > MAX_URL_LENGTH else response.url,
            http_status=None if response is None else response.status,
            byte_count=None if response is None else len(response.body),
        )


class ProbeSpider(PageSpider):
    """Lets a coroutine fetch the pages and channels of one site, as politely as a crawl; yields no items."""

    work: Callable[[Fetch], Awaitable[None]]

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        spider = super().from_crawler(crawler, name="probe")  # of the instance: Scrapy finds classes by theirs
        spider.context, spider.work = arguments["context"], arguments["work"]
        return spider

    async def start(self) -> AsyncIterator[Any]:
        await self.work(self.fetch)
        no_requests: tuple[Request, ...] = ()
        for request in no_requests:
            yield request

    async def fetch(self, url: str, *, is_page: bool = True) -> Fetched:
        """Fetch a URL through the downloader middlewares; one that is no page is not rendered. Raises ChannelError."""
        request = verbatim_request(url, callback=None if is_page else NO_CALLBACK)
        response = await send(self.crawler, self.context, url, request)
        refuse_failed(url, response)
        return Fetched(_channel_response(response), page_job(self.context, response, url))


class ArticleSpider(PageSpider):
    """Polls the channels of its source and fetches the selected articles."""

    source: Source

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        spider = super().from_crawler(crawler)
        spider.context = arguments.get("context") or _own_session(cls.source, arguments)
        return spider

    @property
    def session(self) -> CrawlSession:
        assert isinstance(self.context, CrawlSession)
        return self.context

    async def start(self) -> AsyncIterator[Any]:
        if self.session.error is not None:  # the run was not opened
            return
        # Scrapy's slot counts a request as sent one step late, so that a burst of polls would pass it at once, and be
        # sent during the Retry-After of the first.
        self._poll_slots = asyncio.Semaphore(self.session.settings.concurrency)
        try:
            async with aclosing(discover(self.session, self.fetch_channel)) as discovery:
                async for targets in discovery:
                    for target in targets:
                        yield self.request(target)
        except PresswatchError as error:
            self.session.fail(error)
        except Exception as error:
            # Scrapy would only log it and finish the crawl, as if there were no new links.
            logger.debug("polling the channels failed", exc_info=True)
            self.session.fail(PresswatchError(f"polling the channels failed ({type(error).__name__}: {error})"))

    async def fetch_channel(self, url: str, headers: Mapping[str, str]) -> ChannelResponse:
        """Fetch a channel through the downloader middlewares. Raises ChannelError."""
        request = verbatim_request(
            self.context.urls.channel_request_url(url),
            # As they were received: a header may hold any bytes, of which latin-1 text is the stored form.
            headers={name: value.encode("latin-1", "replace") for name, value in headers.items()},
        )
        async with self._poll_slots:
            response = await send(self.crawler, self.context, url, request)
        if response.status != 304 or not headers:
            refuse_failed(url, response, advice=f"; {self._advice()}")
        return _channel_response(response)

    def _advice(self) -> str:
        return f"if the URL has changed, set channels in [sources.{self.source.name}]"


def _channel_response(response: Response) -> ChannelResponse:
    def header(name: str) -> str | None:
        value = response.headers.get(name)
        return value.decode("latin-1") if value else None

    return ChannelResponse(
        status=response.status,
        url=response.url,
        body=response.body,
        etag=header("ETag"),
        last_modified=header("Last-Modified"),
        content_type=header("Content-Type"),
    )


def page_job(context: SourceContext, response: Response, requested_url: str) -> PageJob:
    """Return what the parser of a response needs."""
    content_type = response.headers.get("Content-Type")
    of_site: tuple[Reservation, ...] = response.meta.get("reservations", ())
    return PageJob(
        requested_url=requested_url,
        url=response.url,
        body=response.body,
        urls=context.urls,
        fetched_at=context.now(),
        content_type=content_type.decode("latin-1") if content_type else None,
        received=(*from_headers(_text_headers(response), product=USER_AGENT_PRODUCT), *of_site),
    )


def _text_headers(response: Response) -> list[tuple[str, str]]:
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    ]


def _parse_failure(url: str, error: Exception) -> FetchFailure:
    """Return the failure of a page that could not be parsed."""
    if isinstance(error, PageError):
        return FetchFailure(url=url, failure_stage=error.stage, reason=error.reason)
    if isinstance(error, ParserDiedError):
        return FetchFailure(url=url, failure_stage=FailureStage.PARSE, reason=error.reason, is_fatal=error.is_fatal)
    logger.debug("parsing %s failed", url, exc_info=error)
    reason = f"the parser failed on this page ({type(error).__name__}: {error})"
    return FetchFailure(url=url, failure_stage=FailureStage.PARSE, reason=reason)


def _own_session(source: Source, arguments: dict[str, Any]) -> CrawlSession:
    """Create the session of a spider that `scrapy crawl` started, from the configuration file."""
    try:
        config = load_crawl_config()
        options = parse_options(arguments, now=now())
        store = open_store(config.storage.database, busy_timeout=config.storage.busy_timeout)
        return CrawlSession(source=source, store=store, store_thread=StoreThread(), config=config, options=options)
    except PresswatchError as error:
        # Scrapy would log an exception with its traceback; nothing is open yet, so the process can exit.
        print_error(str(error), error.exit_code)
        sys.stderr.flush()
        os._exit(error.exit_code)


def spider_class(source: Source, *, module: str = __name__) -> type[ArticleSpider]:
    """Return the spider class of a source; Scrapy finds those of `module` by their names."""
    members: dict[str, Any] = {"name": source.name, "source": source, "__module__": module}
    if source.render:
        members["custom_settings"] = RENDERING
    return type(f"{source.name.title()}Spider", (ArticleSpider,), members)
