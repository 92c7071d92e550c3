"""One crawl from opening its run to closing it, and the verdict on how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from scrapy import signals
from scrapy.crawler import AsyncCrawlerRunner
from scrapy.settings import Settings

from scraper.options import CrawlOptions
from scraper.pipelines import Fetched
from scraper.session import Session, Visit
from scraper.settings import FIXED, scrapy_settings
from scraper.source import Source
from scraper.spiders import PageSpider
from scraper.writer import Writer
from storage.config import Config
from storage.errors import PresswatchError
from storage.records import Failure, Reading, RunStatus, Stage
from storage.runs import RunSummary
from storage.store import Store


class CrawlFailedError(PresswatchError):
    """The crawl ended without a run to tell about, or ended in a way nobody planned for."""


def verdict(
    *, error: PresswatchError | None, failures: Sequence[Failure], stopped: bool
) -> tuple[RunStatus, str | None]:
    """How a crawl went, and in one line why, if it did not go well.

    A channel that could not be looked at fails the run even if others could: what it listed was not seen. Articles
    that failed do not: they are pending, and said.
    """
    if error is not None:
        return RunStatus.FAILED, str(error)
    if failures:
        return RunStatus.FAILED, "; ".join(f"{one.url}: {one.stage}: {one.reason}" for one in failures)
    if stopped:
        return RunStatus.INTERRUPTED, "stopped before its end; what was not fetched is pending"
    return RunStatus.SUCCEEDED, None


async def close_session(session: Session) -> None:
    """Close the run with its verdict and let the store's thread go idle."""
    await session.stop_beating()
    if session.run_id is None:
        return
    status, reason = verdict(error=session.error, failures=session.failures, stopped=session.stopped)
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


async def crawl(source: Source, store: Store, writer: Writer, config: Config, options: CrawlOptions) -> RunSummary:
    """Crawl one source once, in the running asyncio loop, and return what the run did.

    Raises RunOpenError if the source is being crawled already, StoreError if the store refused, ConfigError for
    options that do not fit the source. A run that failed for other reasons is returned, with its status and error.
    """
    session = Session(source=source, store=store, writer=writer, config=config, options=options)
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(config.scraper)))
    await _to_its_end(runner, runner.crawl(source.name, visit=session))
    if session.summary is not None:
        return session.summary
    raise session.error or CrawlFailedError(f"{source.name}: the crawl did not start; run with --debug for the trace")


async def fetch_page(visit: Visit, url: str) -> Reading | Failure:
    """Fetch and read one page, in the running asyncio loop, with all of a crawl's politeness; store nothing."""
    found: list[Reading | Failure] = []

    def keep(item: Any) -> None:
        found.append(item.reading if isinstance(item, Fetched) else item.failure)

    alone = {"EXTENSIONS": {**FIXED["EXTENSIONS"], **dict.fromkeys(STORING)}, "ITEM_PIPELINES": {}}
    runner = AsyncCrawlerRunner(_as_settings(scrapy_settings(visit.settings) | alone))
    crawler = runner.create_crawler(PageSpider)
    crawler.signals.connect(keep, signal=signals.item_scraped)
    await _to_its_end(runner, runner.crawl(crawler, visit=visit, url=url))
    return found[0] if found else Failure(url=url, stage=Stage.NETWORK, reason="stopped before its end")


STORING = ("scraper.extensions.CrawlRun", "scraper.extensions.Progress")


async def _to_its_end(runner: AsyncCrawlerRunner, task: asyncio.Task[None]) -> None:
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
