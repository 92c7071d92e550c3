"""Where a fetched page becomes rows, and a failed fetch a recorded outcome."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scraper.crawl.selection import matching_section, rejection_reason
from scraper.engine.middlewares import CrawlComponent
from storage.crawling.fetches import FetchAttempt
from storage.model.errors import StoreError
from storage.model.records import FetchFailure, FetchPurpose, ParsedPage, SaveOutcome
from storage.saving.requests import SaveRequest

if TYPE_CHECKING:
    from scraper.crawl.session import CrawlSession

logger = logging.getLogger(__name__)

FILTERABLE_PURPOSES = frozenset({FetchPurpose.NEW, FetchPurpose.RETRY})
"""Fetches that decide whether an article is wanted: what was named by hand, or is stored already, is."""


@dataclass(frozen=True, slots=True)
class FetchedArticle:
    """A page that was fetched and read."""

    attempt: FetchAttempt
    page: ParsedPage
    hints: tuple[str, ...] = ()  # the sections its links named


@dataclass(frozen=True, slots=True)
class FailedFetch:
    """A fetch that brought no article."""

    attempt: FetchAttempt
    failure: FetchFailure


class StorePipeline(CrawlComponent):
    """Hands what the spider yields to the store, in the store's own thread."""

    _closing: asyncio.Task[None] | None = None

    async def process_item(self, item: Any) -> Any:
        session = self.session
        session.fetched += 1
        try:
            await (self._save(session, item) if isinstance(item, FetchedArticle) else self._fail(session, item))
        except StoreError as error:
            # The transaction was undone, so the address is still pending; without a store there is no point in
            # asking the site for more.
            session.fail(error)
            self._close()
        return item

    def _close(self) -> None:
        # Closing waits for the items under way, of which this is one: it must not be waited for here.
        if self._closing is None:
            self._closing = asyncio.create_task(self.crawler.engine.close_spider_async(reason="store"))

    async def _save(self, session: CrawlSession, item: FetchedArticle) -> None:
        data = item.page.article
        # A story may be in several sections and its page name only one: what listed it under another counts too.
        sections = tuple(dict.fromkeys((*data.sections, *item.hints)))
        refusal = rejection_reason(sections, data.language, session.policy)
        if refusal is not None and item.attempt.purpose in FILTERABLE_PURPOSES:
            filtered = session.store.links.record_filtered
            await session.call(filtered, item.attempt, reason=refusal, sections=data.sections, language=data.language)
            return
        section = matching_section(sections, session.policy)
        saved = await session.commits.save(SaveRequest(data=data, attempt=item.attempt, section=section))
        session.new += saved.outcome is SaveOutcome.NEW
        self.crawler.stats.inc_value(f"article/{saved.outcome}")
        logger.info("%s: %s (%s)", data.url, saved.outcome, saved.reason)

    async def _fail(self, session: CrawlSession, item: FailedFetch) -> None:
        result = await session.call(session.store.links.record_failure, item.attempt, item.failure)
        self.crawler.stats.inc_value(f"fetch/{result}/{item.failure.failure_stage}")
        logger.info("%s: %s, %s", item.failure.url, item.failure.failure_stage, item.failure.reason)
