"""Opens and closes the crawl's run with the spider, and shows a person how far it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured

from scraper.engine.middlewares import CrawlComponent
from scraper.engine.run import close_session
from storage.config.logging_setup import print_error
from storage.model.errors import PresswatchError
from storage.model.records import Trigger

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from scraper.crawl.session import CrawlSession


class RunRecorder(CrawlComponent):
    """One spider is one run, whoever started it: our command, Scrapy's own, or a schedule."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(self.open, signal=signals.spider_opened)
        crawler.signals.connect(self.close, signal=signals.spider_closed)

    async def open(self) -> None:
        try:
            await self.session.open()
        except PresswatchError as error:
            # Not CloseSpider: a spider closed while it opens leaves its connections behind, which asyncio complains of.
            self.session.fail(error)

    async def close(self, reason: str) -> None:
        session = self.session
        session.stopped = reason == "shutdown"
        await close_session(session)
        if session.options.trigger is Trigger.SCRAPY:
            self._print_progress(session)

    @staticmethod
    def _print_progress(session: CrawlSession) -> None:
        """Scrapy's own command says nothing of a run that failed."""
        if session.summary is None:
            print_error(str(session.error), 1)
        elif session.summary.error is not None:
            print_error(f"{session.source.name}: {session.summary.error}", 1)


class Progress(CrawlComponent):
    """One line on a terminal that counts along; nothing where no one is looking."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not sys.stderr.isatty():
            raise NotConfigured
        crawler.signals.connect(self.show, signal=signals.item_scraped)
        crawler.signals.connect(self.clear, signal=signals.spider_closed)

    def show(self, item: Any) -> None:
        session = self.session
        line = f"{session.source.name}: {session.fetched}/{session.planned} fetched, {session.new} new"
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
