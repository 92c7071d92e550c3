"""The one spider: looks at channels, fetches what is chosen, hands it on. Every source gets a class of it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from scraper.crawl.discovery import ChannelResponse, discover
from scraper.crawl.options import parse_options
from scraper.crawl.selection import FetchRequest
from scraper.crawl.session import CrawlSession, SourceContext, now
from scraper.crawl.store_thread import StoreThread
from scraper.engine import failures
from scraper.engine.pipelines import FailedFetch, FetchedArticle
from scraper.errors import ChannelError, PageError
from scraper.source import Source
from scraper.sources import load_crawl_config, load_sources
from storage.config.logging_setup import print_error
from storage.crawling.fetches import FetchAttempt
from storage.model.errors import PresswatchError
from storage.model.records import FailureStage, FetchFailure, FetchPurpose, ParsedPage
from storage.store import open_store

logger = logging.getLogger(__name__)


class PageSpider(Spider):
    """Fetches and reads one article page; what it read is its only item."""

    visit: SourceContext
    requests: tuple[FetchRequest, ...] = ()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        # The name is the instance's: a class with a name would stand in `scrapy list` as a source.
        spider = super().from_crawler(crawler, name="page")
        spider.visit = arguments["visit"]
        spider.requests = (FetchRequest(url=arguments["url"], purpose=FetchPurpose.REQUESTED),)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        for target in self.requests:
            yield self.request(target)

    def request(self, target: FetchRequest) -> Request:
        return Request(
            target.url,
            callback=self.parse_article,
            errback=self.record_failure,
            cb_kwargs={"target": target},
            dont_filter=True,
        )

    def parse_article(self, response: Response, target: FetchRequest) -> FetchedArticle | FailedFetch:
        """One item for one answer: an article as read, or why there is none."""
        tried = self._try(target, status=response.status, size=len(response.body))
        failure = failures.from_response(target.url, response)
        if failure is not None:
            return FailedFetch(tried, failure)
        try:
            return FetchedArticle(tried, read_response(self.visit, response, target.url), target.sections)
        except PageError as error:
            return FailedFetch(tried, FetchFailure(url=target.url, failure_stage=error.stage, reason=error.reason))
        except Exception as error:
            # A page that breaks the reader must cost one article, not the crawl; the trace is for us.
            logger.debug("reading %s broke", target.url, exc_info=True)
            reason = f"the reader broke on this page ({type(error).__name__}: {error})"
            return FailedFetch(tried, FetchFailure(url=target.url, failure_stage=FailureStage.PARSE, reason=reason))

    def record_failure(self, failure: TwistedFailure) -> FailedFetch:
        """The item of a request that brought no answer."""
        target: FetchRequest = failure.request.cb_kwargs["target"]  # type: ignore[attr-defined]
        error = failure.value or RuntimeError("no reason given")
        return FailedFetch(self._try(target), failures.from_exception(target.url, error))

    def _try(self, target: FetchRequest, *, status: int | None = None, size: int | None = None) -> FetchAttempt:
        run_id = self.visit.run_id
        return FetchAttempt(
            url=target.url,
            purpose=target.purpose,
            fetched_at=self.visit.now(),
            run_id=run_id,
            http_status=status,
            byte_count=size,
        )


class ArticleSpider(PageSpider):
    """Crawls the source of its session."""

    source: Source

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **arguments: Any) -> Self:
        spider = super(PageSpider, cls).from_crawler(crawler)
        spider.visit = arguments.get("visit") or _own_session(cls.source, arguments)
        return spider

    @property
    def session(self) -> CrawlSession:
        assert isinstance(self.visit, CrawlSession)
        return self.visit

    async def start(self) -> AsyncIterator[Any]:
        if self.session.error is not None:  # the run could not be opened
            return
        try:
            self.targets = await discover(self.session, self.fetch_channel)
        except PresswatchError as error:
            self.session.fail(error)
            return
        except Exception as error:
            # Scrapy would log it and call the crawl finished: nothing looked at would pass for nothing new.
            logger.debug("looking at the channels broke", exc_info=True)
            self.session.fail(PresswatchError(f"looking at the channels broke ({type(error).__name__}: {error})"))
            return
        self.session.planned = len(self.targets)
        for target in self.targets:
            yield self.request(target)

    async def fetch_channel(self, url: str, headers: Mapping[str, str]) -> ChannelResponse:
        """Fetch a channel through all of the crawl's politeness. Raises ChannelError."""
        try:
            response = await self.crawler.engine.download_async(Request(url, headers=dict(headers), dont_filter=True))
        except Exception as error:
            failure = failures.from_exception(url, error)
            raise ChannelError(url, failure.failure_stage, failure.reason) from error
        refusal = None if response.status == 304 and headers else failures.from_response(url, response)
        if refusal is not None:
            raise ChannelError(url, refusal.failure_stage, f"{refusal.reason}; {self._setting()}")
        return _channel_response(response)

    def _setting(self) -> str:
        return f"if the address has moved, set channels in [sources.{self.source.name}]"


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


def read_response(visit: SourceContext, response: Response, asked: str) -> ParsedPage:
    """Read an answer as an article of the visited source.

    Raises PageError if it is none: no HTML, no title, or a redirect to something else than an article.
    """
    address = visit.urls.article_url(response.url)
    if address is None:
        raise PageError(asked, f"redirects to {response.url}, which is no article")
    content_type = response.headers.get("Content-Type")
    page = visit.source.page(
        response.body,
        url=address,
        source=visit.source,
        urls=visit.urls,
        fetched_at=visit.now(),
        content_type=content_type.decode("latin-1") if content_type else None,
    )
    return page.parse()


def _own_session(source: Source, arguments: dict[str, Any]) -> CrawlSession:
    """The session of `scrapy crawl`, which brings none: same configuration, same store, same rows."""
    try:
        config = load_crawl_config()
        options = parse_options(arguments, now=now())
        store = open_store(config.storage.database, busy_timeout=config.storage.busy_timeout)
        return CrawlSession(source=source, store=store, writer=StoreThread(), config=config, options=options)
    except PresswatchError as error:
        # Whatever is raised here Scrapy logs with its trace; nothing is open yet, so leaving at once loses nothing.
        print_error(str(error), error.exit_code)
        sys.stderr.flush()
        os._exit(error.exit_code)


def spider_class(source: Source) -> type[ArticleSpider]:
    """The spider class of a source, which Scrapy finds by its name."""
    members = {"name": source.name, "source": source, "__module__": __name__}
    return type(f"{source.name.title()}Spider", (ArticleSpider,), members)


globals().update({f"{name}_spider": spider_class(source) for name, source in load_sources().items()})
