"""One crawl from opening its run to closing it, and the verdict on how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession, SourceContext
from scraper.crawl.store_thread import StoreThread
from scraper.engine.pipelines import FetchedArticle
from scraper.engine.scrapy_settings import BASE_SETTINGS, scrapy_settings
from scraper.engine.spiders import PageSpider
from scraper.source import Source
from storage.config.settings import Config
from storage.crawling.runs import RunSummary
from storage.model.errors import PresswatchError
from storage.model.records import FailureStage, FetchFailure, ParsedPage, RunStatus
from storage.store import Store


class CrawlFailedError(PresswatchError):
    """The crawl ended without a run to tell about, or ended in a way nobody planned for."""


def run_status(
    *, error: PresswatchError | None, failures: Sequence[FetchFailure], stopped: bool
) -> tuple[RunStatus, str | None]:
    """How a crawl went, and in one line why, if it did not go well.

    A channel that could not be looked at fails the run even if others could: what it listed was not seen. Articles
    that failed do not: they are pending, and said.
    """
    if error is not None:
        return RunStatus.FAILED, str(error)
    if failures:
        return RunStatus.FAILED, "; ".join(f"{one.url}: {one.failure_stage}: {one.reason}" for one in failures)
    if stopped:
        return RunStatus.INTERRUPTED, "stopped before its end; what was not fetched is pending"
    return RunStatus.SUCCEEDED, None


async def close_session(session: CrawlSession) -> None:
    """Close the run with its verdict and let the store's thread go idle."""
    await session.stop_heartbeat()
    if session.run_id is None:
        return
    status, reason = run_status(error=session.error, failures=session.failures, stopped=session.stopped)
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


async def crawl(source: Source, store: Store, writer: StoreThread, config: Config, options: CrawlOptions) -> RunSummary:
    """Crawl one source once, in the running asyncio loop, and return what the run did.

    Raises AlreadyRunningError if the source is being crawled already, StoreError if the store refused, ConfigError for
    options that do not fit the source. A run that failed for other reasons is returned, with its status and error.
    """
    session = CrawlSession(source=source, store=store, writer=writer, config=config, options=options)
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(config.scraper)))
    await _wait_closed(runner, runner.crawl(source.name, visit=session))
    if session.summary is not None:
        return session.summary
    raise session.error or CrawlFailedError(f"{source.name}: the crawl did not start; run with --debug for the trace")


async def fetch_page(visit: SourceContext, url: str) -> ParsedPage | FetchFailure:
    """Fetch and read one page, in the running asyncio loop, with all of a crawl's politeness; store nothing."""
    found: list[ParsedPage | FetchFailure] = []

    def keep(item: Any) -> None:
        found.append(item.page if isinstance(item, FetchedArticle) else item.failure)

    alone = {"EXTENSIONS": {**BASE_SETTINGS["EXTENSIONS"], **dict.fromkeys(STORE_EXTENSIONS)}, "ITEM_PIPELINES": {}}
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(visit.settings) | alone))
    crawler = runner.create_crawler(PageSpider)
    crawler.signals.connect(keep, signal=signals.item_scraped)
    await _wait_closed(runner, runner.crawl(crawler, visit=visit, url=url))
    return (
        found[0]
        if found
        else FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason="stopped before its end")
    )


STORE_EXTENSIONS = ("scraper.engine.extensions.RunRecorder", "scraper.engine.extensions.Progress")


async def _wait_closed(runner: AsyncCrawlerRunner, task: asyncio.Task[None]) -> None:
    """Wait for a crawl; if we are cancelled, stop it in good order first."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await runner.stop()
        await task


def _as_settings(values: dict[str, Any]) -> Settings:
    settings = Settings()
    settings.setdict(values, priority="project")
    return settings
