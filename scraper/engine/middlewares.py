"""Downloader middlewares of a polite and safe crawl, one rule per class."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.exceptions import NotConfigured, ResponseDataLossError
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure as TwistedFailure

from scraper.crawl.background import start_task
from scraper.crawl.session import retry_after_message
from scraper.engine.failures import BROKEN_BODY_TEXTS, REDIRECT_STATUSES, RequestRejected, from_exception
from scraper.engine.requests import DOWNLOAD_SLOT, verbatim_request
from scraper.engine.robots import RobotsRules
from scraper.reading.reservations import TdmRule, from_tdmrep, read_tdmrep
from storage.model.backoff import MAX_RETRY_AFTER, exponential_delay
from storage.model.errors import CrawlStoppedError
from storage.model.records import FailureStage
from storage.model.urls import host_of, request_url
from storage.model.version import USER_AGENT_PRODUCT
from storage.text.durations import format_duration

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from scraper.crawl.session import CrawlSession, SourceContext

logger = logging.getLogger(__name__)


class SourceComponent:
    """Base of Scrapy components that use the source context of their spider."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not hasattr(crawler.spider, "context"):  # spiders of scrapy shell and scrapy fetch
            raise NotConfigured
        return cls(crawler)

    @property
    def context(self) -> SourceContext:
        """Return the source context of the spider."""
        spider: Any = self.crawler.spider
        context: SourceContext = spider.context
        return context


class CrawlComponent(SourceComponent):
    """Base of Scrapy components that use the crawl session of their spider."""

    @property
    def session(self) -> CrawlSession:
        """Return the crawl session of the spider."""
        spider: Any = self.crawler.spider
        session: CrawlSession = spider.context
        return session


class SameHostOnly(SourceComponent):
    """Rejects requests to other hosts than the source's, and from https to http, redirects included.

    A resource of a rendered page may also be at a host below the source's, such as api.news.example, and a channel at
    the host that its declaration names.
    """

    def process_request(self, request: Request) -> None:
        parts = urlparse_cached(request)
        is_other = request.meta.get("of_other_origin") and self.context.is_on_other_origin(request.url)
        request.meta["download_slot"] = parts.netloc if is_other else DOWNLOAD_SLOT
        if is_other:
            request.meta["autothrottle_dont_adjust_delay"] = True  # there are too few requests to learn from
            return
        is_below = request.meta.get("is_subrequest") and self._is_below(parts.hostname or "")
        if not (is_below or self.context.urls.is_same_site(request.url)):
            raise RequestRejected(FailureStage.NETWORK, f"redirects to another host, {parts.netloc}")
        if parts.scheme == "http" and self.context.urls.base.startswith("https:"):
            raise RequestRejected(FailureStage.NETWORK, "redirects from https to http, which is not encrypted")

    def _is_below(self, host: str) -> bool:
        own = host_of(self.context.urls.base)
        return own is not None and host.endswith(f".{own.removeprefix('www.')}")


class RedirectWithinHost(SourceComponent):
    """Follows up to REDIRECT_MAX_TIMES redirects; SameHostOnly checks each before it is sent."""

    def process_response(self, request: Request, response: Response) -> Request | Response:
        location = response.headers.get("Location")
        if response.status not in REDIRECT_STATUSES or location is None:
            return response
        times = request.meta.get("redirect_times", 0) + 1
        if times > self.crawler.settings.getint("REDIRECT_MAX_TIMES"):
            raise RequestRejected(FailureStage.NETWORK, f"redirects more than {times - 1} times")
        target = redirect_target(request.url, location)
        if target is None:
            raise RequestRejected(FailureStage.NETWORK, "redirects to an invalid URL")
        return request.replace(url=target, meta={**request.meta, "redirect_times": times})


def redirect_target(url: str, location: bytes) -> str | None:
    """Return the URL that a Location on the response of `url` redirects to; None if it is no usable http(s) URL.

    Bytes beyond ASCII are escaped as they are, in any charset, as browsers do.
    """
    text = "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in location)
    target = request_url(text, url)
    return None if target is None else str(target)


class RobotsTxt(SourceComponent):
    """Obeys robots.txt (RFC 9309): a 4xx response allows all URLs, a failed request or 5xx forbids all.

    Each request is judged by the URL that is sent, redirects included. Crawl-delay and Request-rate raise the delay of
    the crawl, up to `scraper.max_crawl_delay`.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, asyncio.Task[RobotsRules]] = {}

    async def process_request(self, request: Request) -> None:
        if not self.context.settings.obey_robots_txt or request.meta.get("is_robots_txt"):
            return
        parts = urlparse_cached(request)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = start_task(self._fetch(f"{origin}/robots.txt", request))
        rules = await asyncio.shield(self._rules[origin])
        if not rules.allows(request.url):
            raise RequestRejected(FailureStage.ROBOTS, "robots.txt forbids this URL")
        request.meta["reservations"] = rules.reservations(request.url)

    async def _fetch(self, url: str, asking: Request) -> RobotsRules:
        kept = {name: asking.meta.get(name) for name in ("of_other_origin", "is_subrequest")}
        request = verbatim_request(url, meta={"is_robots_txt": True, **kept}, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:
            if self.context.stopping.is_set():
                raise CrawlStoppedError("stopped before its request was sent") from error
            failure = from_exception(url, error)
            raise _unknown_rules(url, failure.failure_stage, failure.reason) from error
        if response.status >= 500 or response.status == 429:
            raise _unknown_rules(url, FailureStage.ROBOTS, f"answered {response.status}")
        rules = RobotsRules(response.body if 200 <= response.status < 300 else b"", USER_AGENT_PRODUCT)
        self._raise_delay(url, request.meta["download_slot"], rules.delay)
        return rules

    def _raise_delay(self, url: str, slot_name: str, requested: timedelta) -> None:
        """Apply a delay to all further requests to a host, also to those that AutoThrottle would send earlier."""
        delay = min(requested, self.context.settings.max_crawl_delay)
        is_other = slot_name != DOWNLOAD_SLOT
        if delay <= max(self.context.settings.delay, timedelta(0) if is_other else self.context.crawl_delay):
            return
        logger.info("%s: asks for a delay of %s between requests", url, format_duration(requested))
        seconds, downloader = delay.total_seconds(), self.crawler.engine.downloader
        downloader.per_slot_settings[slot_name] = {"delay": seconds, "jitter": 0.0}  # for a slot made later
        slot = downloader.slots.get(slot_name)
        if slot is not None:
            slot.delay, slot.jitter = max(slot.delay, seconds), 0.0  # a jitter would halve some delays
        if is_other:
            return
        self.context.crawl_delay = delay
        throttle = self.crawler.get_extension(AutoThrottle)
        if throttle is not None:
            throttle.mindelay, throttle.maxdelay = seconds, max(throttle.maxdelay, seconds)


def _unknown_rules(url: str, stage: FailureStage, reason: str) -> RequestRejected:
    logger.info("%s: could not be fetched: %s; nothing on its host is requested", url, reason)
    return RequestRejected(stage, f"robots.txt could not be fetched: {reason}")


class TdmReservations(SourceComponent):
    """Reads /.well-known/tdmrep.json before the first article of an origin, if `scraper.respect_tdm` is set."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, asyncio.Task[tuple[TdmRule, ...]]] = {}

    async def process_request(self, request: Request) -> None:
        if not self.context.settings.respect_tdm or "target" not in request.cb_kwargs:  # it is of no article
            return
        parts = urlparse_cached(request)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules:
            self._rules[origin] = start_task(self._fetch(f"{origin}/.well-known/tdmrep.json"))
        found = from_tdmrep(await asyncio.shield(self._rules[origin]), parts.path)
        request.meta["reservations"] = (*request.meta.get("reservations", ()), *found)

    async def _fetch(self, url: str) -> tuple[TdmRule, ...]:
        """Return its rules; none if there is no such file, or it cannot be fetched, since it is optional."""
        request = verbatim_request(url, callback=NO_CALLBACK)
        try:
            response = await self.crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001  (a network error, a rule of the crawl)
            logger.info("%s: could not be fetched: %s", url, from_exception(url, error).reason)
            return ()
        return read_tdmrep(response.body) if response.status == 200 else ()


class RetryWithDelay(SourceComponent, RetryMiddleware):
    """Scrapy's retry middleware with exponential delays between the attempts; it also retries broken bodies."""

    def __init__(self, crawler: Crawler) -> None:
        RetryMiddleware.__init__(self, crawler.settings)
        self.crawler = crawler

    def process_response(self, request: Request, response: Response, spider: Any = None) -> Request | Response:
        broken = next((flag for flag in response.flags if flag in BROKEN_BODY_TEXTS), None)
        if broken is None:
            return self._retry_later(super().process_response(request, response))
        retry = self.process_exception(request, ResponseDataLossError(broken))
        if retry is None:
            raise RequestRejected(FailureStage.NETWORK, broken)
        return retry

    def process_exception(
        self, request: Request, exception: Exception, spider: Any = None
    ) -> Request | Response | None:
        retry = super().process_exception(request, exception)
        return None if retry is None else self._retry_later(retry)

    def _retry_later(self, outcome: Request | Response) -> Request | Response:
        if isinstance(outcome, Request):
            times = outcome.meta.get("retry_times", 1)
            delay = exponential_delay(self.context.settings.retry_delay, times, cap=MAX_RETRY_AFTER)
            outcome.meta["not_before"] = time.monotonic() + delay.total_seconds()
        return outcome


class RetryAfter(SourceComponent):
    """Obeys Retry-After on any status, for all requests to the host.

    Requests are delayed by up to `scraper.max_retry_after`; a longer Retry-After rejects the remaining requests to the
    host, and is stored for the next crawl if that can do nothing without it.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._free_at: dict[str, float] = {}  # time.monotonic() of the next allowed request, by slot
        self._rate_limited_until: dict[str, datetime] = {}
        crawler.signals.connect(self._delay_queue, signal=signals.response_downloaded)

    async def process_request(self, request: Request) -> None:
        slot_name = request.meta["download_slot"]
        self._reject_if_rate_limited(slot_name)
        wait = max(self._free_at.get(slot_name, 0.0), request.meta.get("not_before", 0.0)) - time.monotonic()
        if wait > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.context.stopping.wait(), wait)
            self._reject_if_rate_limited(slot_name)
        if self.context.stopping.is_set():
            raise CrawlStoppedError("stopped before its request was sent")

    def _reject_if_rate_limited(self, slot_name: str) -> None:
        until = self._rate_limited_until.get(slot_name)
        if until is not None:
            raise RequestRejected(FailureStage.BLOCKED, retry_after_message(until))

    def _delay_queue(self, response: Response, request: Request) -> None:
        """Apply a Retry-After before Scrapy sends the next queued request of the host."""
        header = response.headers.get("Retry-After")
        now = self.context.now()
        wait = parse_retry_after(header.decode("latin-1"), now=now) if header else None
        if wait is None or wait <= timedelta(0):
            return
        self.crawler.stats.inc_value("retry_after/count")
        slot_name = request.meta["download_slot"]
        slot = self.crawler.engine.downloader.slots.get(slot_name)
        if wait > self.context.settings.max_retry_after:
            until = self._rate_limited_until[slot_name] = now + min(wait, MAX_RETRY_AFTER)
            if slot_name == DOWNLOAD_SLOT or self.context.polls_nothing_without(request.url):
                self.context.rate_limit_until(until)
            self._reject_queue(slot, until)
            return
        free_at = max(self._free_at.get(slot_name, 0.0), time.monotonic() + wait.total_seconds())
        self._free_at[slot_name] = free_at
        if slot is not None:
            # Scrapy sends the next request of a host at `lastseen + delay`, but ignores both if the delay is 0.
            slot.delay = max(slot.delay, 0.001)
            slot.lastseen = free_at

    @staticmethod
    def _reject_queue(slot: Slot | None, until: datetime) -> None:
        while slot is not None and slot.queue:
            _, deferred = slot.queue.popleft()
            deferred.errback(TwistedFailure(RequestRejected(FailureStage.BLOCKED, retry_after_message(until))))  # type: ignore[no-untyped-call]


class TrafficCounter(SourceComponent):
    """Counts the requests sent and the bytes of response bodies received."""

    def process_request(self, request: Request) -> None:
        self.context.requests += 1

    def process_response(self, request: Request, response: Response) -> Response:
        self.context.received_bytes += len(response.body)
        return response


def parse_retry_after(value: str, *, now: datetime) -> timedelta | None:
    """Parse a Retry-After header as a delay (RFC 9110 §10.2.3: seconds or an HTTP date); None if it is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), 10**8))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # the year 10^20
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
