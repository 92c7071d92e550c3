"""Run one crawl, or fetch one page, with Scrapy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from scrapy.crawler import Crawler
from scrapy.settings import Settings

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession, FirstFetches, SourceContext
from scraper.crawl.source_check import Fetch
from scraper.crawl.store_thread import StoreThread
from scraper.engine.scrapy_settings import BASE_SETTINGS, RENDERING, scrapy_settings
from scraper.engine.spiders import ProbeSpider, spider_class
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.runs import RunSummary
from storage.model.errors import CrawlStoppedError, PresswatchError
from storage.model.failure_causes import FailureCause
from storage.model.records import FetchFailure, RunStatus
from storage.store import Store
from storage.text.counts import counted

T = TypeVar("T")

MAX_NAMED = 3
"""Failed articles named in the error of a run."""

STOP_INTERVAL = 0.2
"""Seconds between two looks for queued requests while a crawl stops."""


class CrawlFailedError(PresswatchError):
    """Raised when a crawl ended without a recorded run."""


def run_status(
    *,
    error: PresswatchError | None,
    failures: Sequence[FetchFailure],
    stopped: bool,
    articles: FirstFetches,
) -> tuple[RunStatus, str | None, FailureCause | None]:
    """Return the status of a run, and its error in one line and its cause unless it succeeded.

    A channel that could not be polled fails the run even if others succeeded. So does an article that was requested by
    its URL. Failed new articles, which are pending, fail it if there was no other: retries and recrawls do not count,
    since one page that never answers must not fail every run.
    """
    if error is not None and error.cause is not FailureCause.STOP:
        return RunStatus.FAILED, str(error), error.cause
    if failures:
        return RunStatus.FAILED, "; ".join(_by_reason(failures)), FailureCause.SOURCE
    if stopped or error is not None:
        sentence = "stopped before its end; links that were not fetched are pending"
        return RunStatus.INTERRUPTED, sentence, FailureCause.STOP
    if articles.failures and (articles.are_requested or articles.succeeded == 0):
        return RunStatus.FAILED, _failed_articles(articles), FailureCause.SOURCE
    return RunStatus.SUCCEEDED, None, None


def _failed_articles(articles: FirstFetches) -> str:
    """Name the failed articles in one line: how many, then a few with their reasons."""
    failed = len(articles.failures)
    named = "; ".join(f"{one.url}: {one.failure_stage}: {one.reason}" for one in articles.failures[:MAX_NAMED])
    further = f"; and {failed - MAX_NAMED} more" if failed > MAX_NAMED else ""
    return f"{failed} of {counted(failed + articles.succeeded, 'article')} failed: {named}{further}"


def _by_reason(failures: Sequence[FetchFailure]) -> list[str]:
    """Name each reason once, after its channels: a robots.txt that cannot be fetched stops all of them."""
    urls: dict[str, list[str]] = {}
    for failure in failures:
        urls.setdefault(f"{failure.failure_stage}: {failure.reason}", []).append(failure.url)
    return [f"{', '.join(stopped)}: {reason}" for reason, stopped in urls.items()]


async def close_session(session: CrawlSession) -> None:
    """Record the status and counters of the run; stop its heartbeat and parser. The session keeps a store error."""
    await session.stop_heartbeat()
    await session.parser.close()
    if session.run_id is None or session.is_closing or session.has_lost_lease:
        return
    session.is_closing = True
    status, reason, cause = run_status(
        error=session.error, failures=session.failures, stopped=session.stopped, articles=session.first_fetches
    )
    try:
        session.summary = await session.call(
            session.store.crawls.end,
            session.run_id,
            status,
            now=session.now(),
            counts=session.counts(),
            error=reason,
            cause=cause,
            rate_limit=session.rate_limit,
            unparsed=session.marks.marked,
        )
    except PresswatchError as error:
        session.fail(error)


async def crawl(
    source: Source,
    store: Store,
    store_thread: StoreThread,
    config: Config,
    options: CrawlOptions,
    *,
    crawl_id: str | None = None,
) -> RunSummary:
    """Crawl one source once, in the running asyncio loop, and return the summary of the run.

    `crawl_id` is the `process_id` of the run, default: the id of this process.
    Raises AlreadyRunningError if the source is being crawled already, StoreError if the store failed, ConfigError for
    options that do not fit the source. A run that failed for another reason is returned with its status and error.
    """
    session = CrawlSession(
        source=source, store=store, store_thread=store_thread, config=config, options=options, crawl_id=crawl_id
    )
    # Not a runner, which copies the settings twice more to load spiders by their names: 5 ms.
    crawler = Crawler(spider_class(source), _as_settings(scrapy_settings(config.scraper, source.user_agent)))
    try:
        await _wait_closed(crawler, asyncio.create_task(crawler.crawl_async(context=session)), session.stopping)
    except CrawlStoppedError as error:
        session.fail(error)
        session.stopped = True
        await close_session(session)
    if session.summary is not None:
        return session.summary
    raise session.error or CrawlFailedError(f"{source.name}: the crawl did not start; run with --debug for the trace")


async def probe(context: SourceContext, work: Callable[[Fetch], Awaitable[T]]) -> T:
    """Let a coroutine fetch pages of one site by the client of a crawl; return its result. Nothing is stored.

    Raises what `work` raises, and CrawlStoppedError if it was stopped.
    """
    results: list[T] = []
    errors: list[Exception] = []

    async def run(fetch: Fetch) -> None:
        try:
            results.append(await work(fetch))
        except Exception as error:  # noqa: BLE001  (Scrapy would log it with its trace, and end in good order)
            errors.append(error)

    without_store = {
        "EXTENSIONS": {**BASE_SETTINGS["EXTENSIONS"], **dict.fromkeys(STORE_EXTENSIONS)},
        "ITEM_PIPELINES": {},
    }
    settings = scrapy_settings(context.settings, context.source.user_agent) | without_store
    if context.source.render:
        settings |= RENDERING
    crawler = Crawler(ProbeSpider, _as_settings(settings))
    try:
        with suppress(CrawlStoppedError):
            crawling = asyncio.create_task(crawler.crawl_async(context=context, work=run))
            await _wait_closed(crawler, crawling, context.stopping)
    finally:
        await context.parser.close()
    if errors:
        raise errors[0]
    if not results:
        raise CrawlStoppedError("stopped before its end")
    return results[0]


STORE_EXTENSIONS = ("scraper.engine.extensions.RunRecorder", "scraper.engine.extensions.Progress")


async def _wait_closed(crawler: Crawler, task: asyncio.Task[None], stopping: asyncio.Event) -> None:
    """Wait for a crawl. Once `stopping` is set, also by a cancellation, drop its queued requests and wait for the rest.

    Raises CrawlStoppedError on a second cancellation; the requests under way are dropped then.
    """
    asked = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError:
        stopping.set()
    finally:
        asked.cancel()
    if not stopping.is_set():
        await task
        return
    ending = asyncio.create_task(_stop(crawler))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        ending.cancel()
        task.cancel()
        raise CrawlStoppedError("stopped before its end") from None
    await ending


async def _stop(crawler: Crawler) -> None:
    """Stop a crawler; the requests that wait in the downloader for their delay are dropped."""
    stopping = asyncio.create_task(crawler.stop_async())
    while not stopping.done():
        if crawler.engine is not None:
            for slot in crawler.engine.downloader.slots.values():
                while slot.queue:
                    _, waiting = slot.queue.popleft()
                    waiting.errback(CrawlStoppedError("stopped before its request was sent"))
        await asyncio.wait({stopping}, timeout=STOP_INTERVAL)
    await stopping


def _as_settings(values: dict[str, Any]) -> Settings:
    settings = Settings()
    settings.setdict(values, priority="project")
    return settings
