"""Open and close the crawl run with its spider; print a progress line on terminals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import NotConfigured

from scraper.engine.middlewares import CrawlComponent
from scraper.engine.run import close_session
from storage.config.logging_setup import ERASE_LINE, print_error
from storage.model.errors import PresswatchError
from storage.model.records import Trigger

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from scraper.crawl.session import CrawlSession


class RunRecorder(CrawlComponent):
    """Records one run per spider, started by `presswatch crawl`, `scrapy crawl` or the scheduler."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(self.open, signal=signals.spider_opened)
        crawler.signals.connect(self.close, signal=signals.spider_closed)

    async def open(self) -> None:
        """Open the run; an error is recorded in the session."""
        try:
            await self.session.open()
        except PresswatchError as error:
            # Not CloseSpider: a spider closed while it opens leaves connections open, and asyncio warns about them.
            self.session.fail(error)

    async def close(self, reason: str) -> None:
        """Close the run; `reason` is Scrapy's."""
        session = self.session
        session.stopped = reason == "shutdown"
        await close_session(session)
        if session.has_lost_lease:
            self.crawler.stats.set_value("lease/dropped_requests", session.unfetched_count)
        if session.options.trigger is Trigger.SCRAPY:
            self._print_error(session)

    @staticmethod
    def _print_error(session: CrawlSession) -> None:
        """Print the error of a failed run, which `scrapy crawl` does not report."""
        if session.summary is None:
            print_error(str(session.error), 1)
        elif session.summary.error is not None:
            print_error(f"{session.source.name}: {session.summary.error}", 1)


class Progress(CrawlComponent):
    """Prints a progress line to stderr if it is a terminal."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        if not sys.stderr.isatty():
            raise NotConfigured
        crawler.signals.connect(self.show, signal=signals.item_scraped)
        crawler.signals.connect(self.clear, signal=signals.spider_closed)

    def show(self, item: Any) -> None:
        """Rewrite the progress line after an item."""
        session = self.session
        planned = f"/{len(session.selected)}" if session.selected else ""  # those of --url are not selected
        line = f"{session.source.name}: {session.fetched}{planned} fetched, {session.new} new"
        sys.stderr.write(f"{ERASE_LINE}{line}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Erase the progress line."""
        sys.stderr.write(ERASE_LINE)
        sys.stderr.flush()
