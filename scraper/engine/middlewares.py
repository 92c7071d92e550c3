"""What Scrapy lacks for a polite and safe crawl, one rule a class."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin

from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure as TwistedFailure

from scraper.crawl.session import retry_after_message
from scraper.engine.failures import REDIRECT_STATUSES, RequestRejected, from_exception
from scraper.engine.scrapy_settings import USER_AGENT_PRODUCT
from storage.model.backoff import MAX_RETRY_AFTER, exponential_delay
from storage.model.records import FailureStage

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from scraper.crawl.session import CrawlSession, SourceContext


class SourceComponent:
    """A component of a crawl that knows on whose behalf it works."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not hasattr(crawler.spider, "visit"):  # scrapy shell and scrapy fetch visit no source
            raise NotConfigured
        return cls(crawler)

    @property
    def visit(self) -> SourceContext:
        spider: Any = self.crawler.spider
        visit: SourceContext = spider.visit
        return visit


class CrawlComponent(SourceComponent):
    """A component of a crawl that stores what it fetches."""

    @property
    def session(self) -> CrawlSession:
        spider: Any = self.crawler.spider
        session: CrawlSession = spider.visit
        return session


class SameHostOnly(SourceComponent):
    """Refuses every request that leaves the source's host, redirects included."""

    def process_request(self, request: Request) -> None:
        if not self.visit.urls.is_same_site(request.url):
            host = urlparse_cached(request).netloc
            raise RequestRejected(FailureStage.NETWORK, f"redirects to another host, {host}")


class RedirectWithinHost(SourceComponent):
    """Follows redirects, a few at most; SameHostOnly sees each before it is made."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        location = response.headers.get("Location")
        if response.status not in REDIRECT_STATUSES or location is None:
            return response
        times = request.meta.get("redirect_times", 0) + 1
        if times > self.crawler.settings.getint("REDIRECT_MAX_TIMES"):
            raise RequestRejected(FailureStage.NETWORK, f"redirects more than {times - 1} times")
        try:
            target = urljoin(request.url, location.decode("utf-8", "replace").strip())
            return request.replace(url=target, dont_filter=True, meta={**request.meta, "redirect_times": times})
        except ValueError:
            raise RequestRejected(FailureStage.NETWORK, "redirects to an address that is none") from None


class RobotsTxt(SourceComponent):
    """robots.txt as RFC 9309 has it: a 4xx allows all, but a host that fails to answer has not said yes."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, asyncio.Task[RobotParser]] = {}

    async def process_request(self, request: Request) -> None:
        if not self.visit.settings.obey_robots_txt or request.meta.get("is_robots_txt"):
            return
        where = urlparse_cached(request)
        origin = f"{where.scheme}://{where.netloc}"
        if origin not in self._rules:
            self._rules[origin] = asyncio.create_task(self._fetch(f"{origin}/robots.txt"))
        rules = await asyncio.shield(self._rules[origin])
        if not rules.allowed(request.url, USER_AGENT_PRODUCT):
            raise RequestRejected(FailureStage.ROBOTS, "robots.txt forbids this address")

    async def _fetch(self, url: str) -> RobotParser:
        request = Request(url, meta={"is_robots_txt": True}, dont_filter=True, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            failure = from_exception(url, error)
            raise RequestRejected(failure.failure_stage, f"robots.txt could not be had: {failure.reason}") from error
        if response.status >= 500 or response.status == 429:
            raise RequestRejected(FailureStage.ROBOTS, f"robots.txt could not be had: answered {response.status}")
        rules = response.body if 200 <= response.status < 300 else b""
        return ProtegoRobotParser.from_crawler(self.crawler, rules)


class RetryWithDelay(SourceComponent, RetryMiddleware):
    """Scrapy's retry, with a pause before each: a host in trouble is not helped by haste."""

    def __init__(self, crawler: Crawler) -> None:
        RetryMiddleware.__init__(self, crawler.settings)
        self.crawler = crawler

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        return self._retry_later(super().process_response(request, response))

    def process_exception(
        self, request: Request, exception: Exception, spider: Any = None
    ) -> Request | Response | None:
        again = super().process_exception(request, exception)
        return None if again is None else self._retry_later(again)

    def _retry_later(self, outcome: Request | Response) -> Request | Response:
        if isinstance(outcome, Request):
            times = outcome.meta.get("retry_times", 1)
            wait = exponential_delay(self.visit.settings.retry_delay, times, cap=MAX_RETRY_AFTER)
            outcome.meta["not_before"] = time.monotonic() + wait.total_seconds()
        return outcome


class RetryAfter(SourceComponent):
    """Retry-After on any status, in seconds or as a date: the whole host waits, not one address.

    A short one is waited out; a longer one than `scraper.max_retry_after` ends the crawl's requests and is kept for
    the next.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._free_at = 0.0  # time.monotonic() from which the host may be asked
        self._held_until: datetime | None = None
        crawler.signals.connect(self._delay_queue, signal=signals.response_downloaded)

    async def process_request(self, request: Request) -> None:
        self._reject_if_rate_limited()
        wait = max(self._free_at, request.meta.get("not_before", 0.0)) - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
            self._reject_if_rate_limited()

    def _reject_if_rate_limited(self) -> None:
        if self._held_until is not None:
            raise RequestRejected(FailureStage.BLOCKED, retry_after_message(self._held_until))

    def _delay_queue(self, response: Response, request: Request) -> None:
        """Note a Retry-After at once, before the requests that wait in the host's queue are let go."""
        header = response.headers.get("Retry-After")
        now = self.visit.now()
        wait = parse_retry_after(header.decode("latin-1"), now=now) if header else None
        if wait is None or wait <= timedelta(0):
            return
        self.crawler.stats.inc_value("hold/count")
        slot = self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if wait > self.visit.settings.max_retry_after:
            self._held_until = now + min(wait, MAX_RETRY_AFTER)
            self.visit.rate_limit_until(self._held_until)
            self._reject_queue(slot, self._held_until)
            return
        self._free_at = max(self._free_at, time.monotonic() + wait.total_seconds())
        if slot is not None:
            # Scrapy lets the next request of a host go at `lastseen + delay`; it looks at neither if there is no delay.
            slot.delay = max(slot.delay, 0.001)
            slot.lastseen = self._free_at

    @staticmethod
    def _reject_queue(slot: Slot | None, until: datetime) -> None:
        while slot is not None and slot.queue:
            _, answer = slot.queue.popleft()
            answer.errback(TwistedFailure(RequestRejected(FailureStage.BLOCKED, retry_after_message(until))))  # type: ignore[no-untyped-call]


class TrafficCounter(SourceComponent):
    """Counts what a run reports: requests made and bytes of bodies as they came."""

    def process_request(self, request: Request) -> None:
        self.visit.requests += 1

    def process_response(self, request: Request, response: Response) -> Response:
        self.visit.received_bytes += len(response.body)
        return response


def parse_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """How long a Retry-After header asks to wait (RFC 9110 §10.2.3: seconds or an HTTP date); None if it is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the year 10^20
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
