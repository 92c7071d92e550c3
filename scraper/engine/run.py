"""Run one crawl, or fetch one page, with Scrapy."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession, FirstFetches, SourceContext
from scraper.crawl.store_thread import StoreThread
from scraper.engine.pipelines import FetchedArticle
from scraper.engine.scrapy_settings import BASE_SETTINGS, scrapy_settings
from scraper.engine.spiders import PageSpider
from scraper.parsing.source_urls import ArticleUrl
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.runs import RunSummary
from storage.model.errors import PresswatchError
from storage.model.records import FailureStage, FetchFailure, ParsedPage, RunStatus
from storage.store import Store

MAX_NAMED = 3
"""Failed articles named in the error of a run."""


class CrawlFailedError(PresswatchError):
    """Raised when a crawl ended without a recorded run."""


def run_status(
    *,
    error: PresswatchError | None,
    failures: Sequence[FetchFailure],
    stopped: bool,
    articles: FirstFetches,
) -> tuple[RunStatus, str | None]:
    """Return the status of a run, and its error in one line unless it succeeded.

    A channel that could not be polled fails the run even if others succeeded. So does an article that was requested by
    its URL. Failed new articles, which are pending, fail it if there was no other: retries and recrawls do not count,
    since one page that never answers must not fail every run.
    """
    if error is not None:
        return RunStatus.FAILED, str(error)
    if failures:
        return RunStatus.FAILED, "; ".join(
            f"{failure.url}: {failure.failure_stage}: {failure.reason}" for failure in failures
        )
    if stopped:
        return RunStatus.INTERRUPTED, "stopped before its end; links that were not fetched are pending"
    if articles.failures and (articles.are_requested or articles.succeeded == 0):
        return RunStatus.FAILED, _failed_articles(articles)
    return RunStatus.SUCCEEDED, None


def _failed_articles(articles: FirstFetches) -> str:
    """Name the failed articles in one line: how many, then a few with their reasons."""
    failed = len(articles.failures)
    named = "; ".join(f"{one.url}: {one.failure_stage}: {one.reason}" for one in articles.failures[:MAX_NAMED])
    further = f"; and {failed - MAX_NAMED} more" if failed > MAX_NAMED else ""
    return f"{failed} of {failed + articles.succeeded} articles failed: {named}{further}"


async def close_session(session: CrawlSession) -> None:
    """Record the status and counters of the run and stop its heartbeat; a store error is recorded in the session."""
    await session.stop_heartbeat()
    if session.run_id is None:
        return
    status, reason = run_status(
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
            rate_limit=session.rate_limit,
        )
    except PresswatchError as error:
        session.fail(error)


async def crawl(
    source: Source, store: Store, store_thread: StoreThread, config: Config, options: CrawlOptions
) -> RunSummary:
    """Crawl one source once, in the running asyncio loop, and return the summary of the run.

    Raises AlreadyRunningError if the source is being crawled already, StoreError if the store failed, ConfigError for
    options that do not fit the source. A run that failed for another reason is returned with its status and error.
    """
    session = CrawlSession(source=source, store=store, store_thread=store_thread, config=config, options=options)
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(config.scraper)))
    await _wait_closed(runner, runner.crawl(source.name, context=session))
    if session.summary is not None:
        return session.summary
    raise session.error or CrawlFailedError(f"{source.name}: the crawl did not start; run with --debug for the trace")


async def fetch_page(context: SourceContext, article: ArticleUrl) -> ParsedPage | FetchFailure:
    """Fetch and parse one page, in the running asyncio loop, as politely as a crawl; store nothing."""
    results: list[ParsedPage | FetchFailure] = []

    def collect(item: Any) -> None:
        results.append(item.page if isinstance(item, FetchedArticle) else item.failure)

    without_store = {
        "EXTENSIONS": {**BASE_SETTINGS["EXTENSIONS"], **dict.fromkeys(STORE_EXTENSIONS)},
        "ITEM_PIPELINES": {},
    }
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(context.settings) | without_store))
    crawler = runner.create_crawler(PageSpider)
    crawler.signals.connect(collect, signal=signals.item_scraped)
    await _wait_closed(runner, runner.crawl(crawler, context=context, article=article))
    return (
        results[0]
        if results
        else FetchFailure(url=article.url, failure_stage=FailureStage.NETWORK, reason="stopped before its end")
    )


STORE_EXTENSIONS = ("scraper.engine.extensions.RunRecorder", "scraper.engine.extensions.Progress")


async def _wait_closed(runner: AsyncCrawlerRunner, task: asyncio.Task[None]) -> None:
    """Wait for a crawl; on cancellation stop the crawler and wait for its end."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await runner.stop()
        await task


def _as_settings(values: dict[str, Any]) -> Settings:
    settings = Settings()
    settings.setdict(values, priority="project")
    return settings
