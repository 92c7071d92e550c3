"""Store fetched articles and failed fetches."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapy.http.request import NO_CALLBACK

from scraper.crawl.listed_times import listed_time
from scraper.crawl.page_views import with_views
from scraper.crawl.selection import matching_section, rejection_reason
from scraper.engine.middlewares import CrawlComponent
from scraper.engine.requests import refuse_failed, send, verbatim_request
from scraper.errors import ChannelError
from scraper.reading.reservations import reservation_of
from storage.crawling.fetches import FetchAttempt
from storage.model.errors import CrawlStoppedError, LostLeaseError, PresswatchError, RefusedRowError, StoreError
from storage.model.page_end import find_page_end
from storage.model.records import FailureStage, FetchFailure, FetchPurpose, ListedDate, ParsedPage, SaveOutcome
from storage.model.reservations import RESERVED
from storage.model.view_counts import is_not_fetched
from storage.saving.requests import SaveRequest

if TYPE_CHECKING:
    from scraper.crawl.session import CrawlSession
    from storage.model.listed_time import ListedTime

logger = logging.getLogger(__name__)

FIRST_PURPOSES = frozenset({FetchPurpose.NEW, FetchPurpose.REQUESTED})
"""Fetch purposes of articles whose failure may fail the run."""
FILTERABLE_PURPOSES = frozenset({FetchPurpose.NEW, FetchPurpose.RETRY})
"""Fetch purposes whose articles are filtered; requested and already stored articles are not."""

STORED_OUTCOMES = frozenset({SaveOutcome.NEW, SaveOutcome.REVISED, SaveOutcome.REPARSED})
"""Outcomes that write the text of an article."""


@dataclass(frozen=True, slots=True)
class FetchedArticle:
    """Item of a page that was fetched and parsed."""

    attempt: FetchAttempt
    page: ParsedPage
    hints: tuple[str, ...] = ()  # sections given with its links
    listed: ListedDate = ListedDate()  # given with its links


@dataclass(frozen=True, slots=True)
class FailedFetch:
    """Item of a fetch that yielded no article."""

    attempt: FetchAttempt
    failure: FetchFailure


class StorePipeline(CrawlComponent):
    """Saves the items of the spider through the store thread.

    An article that cannot be stored fails its link; an error of the database itself closes the spider.
    """

    _closing: asyncio.Task[None] | None = None

    async def process_item(self, item: Any) -> Any:
        """Save an item. A StoreError is recorded in the session and closes the spider."""
        session = self.session
        session.fetched += 1
        try:
            await (self._save_or_fail(session, item) if isinstance(item, FetchedArticle) else self._fail(session, item))
        except LostLeaseError as error:
            session.fail(error)
            self.crawler.stats.inc_value("lease/refused_writes")
        except RefusedRowError as error:
            logger.warning("%s: its failure could not be recorded: %s", item.attempt.url, error.reason)
        except StoreError as error:
            # The transaction was rolled back, so the link is still pending; further requests would be wasted.
            session.fail(error)
            self._close()
        else:
            session.marks.settle(item.attempt.url)
        return item

    def _close(self) -> None:
        # Not awaited: closing waits for the items in progress, of which this is one.
        if self._closing is None:
            self._closing = asyncio.create_task(self.crawler.engine.close_spider_async(reason="store"))

    async def _save_or_fail(self, session: CrawlSession, item: FetchedArticle) -> None:
        try:
            if find_page_end(item.page.article.problems) is not None:
                failure = await session.call(session.store.saving.broken_off_failure, item.page.article, item.attempt)
                if failure is not None:
                    await self._fail(session, FailedFetch(item.attempt, failure))
                    return
            await self._save(session, item)
            session.first_fetches.succeeded += item.attempt.purpose in FIRST_PURPOSES
        except RefusedRowError as error:
            await self._fail(session, _unstorable(item, f"the database refused it ({error.reason})"))
        except StoreError:
            raise
        except Exception as error:
            # What fails at one article must neither end the crawl nor leave its link as new for the next one.
            logger.debug("storing %s failed", item.attempt.url, exc_info=True)
            await self._fail(session, _unstorable(item, f"storing it failed ({type(error).__name__}: {error})"))

    async def _save(self, session: CrawlSession, item: FetchedArticle) -> None:
        data = item.page.article
        # An article may be in several sections while its page names only one: sections of its links count too.
        sections = tuple(dict.fromkeys((*data.sections, *item.hints)))
        rejection = rejection_reason(sections, data.language, session.policy) or self._reserved(session, item)
        if rejection is not None and item.attempt.purpose in FILTERABLE_PURPOSES:
            record_filtered = session.store.links.record_filtered
            await session.call(
                record_filtered, item.attempt, reason=rejection, sections=data.sections, language=data.language
            )
            return
        first_url = session.first_url_of(data)
        if first_url is not None:
            reason = f"answered 200 with the title and text of {first_url}, without a date, as if it was not found"
            failure = FetchFailure(url=item.attempt.url, failure_stage=FailureStage.PARSE, reason=reason)
            await self._fail(session, FailedFetch(item.attempt, failure))
            return
        size = len(data.body.encode("utf-8", "replace"))
        if session.stored_bytes + size > session.settings.max_stored_size:
            self._end_at_stored_size(session)
            return
        data = (await self._with_views(session, item)).article
        section = matching_section(sections, session.policy)
        session.stored_bytes += size  # before others that are saved meanwhile
        saved = await session.commits.save(
            SaveRequest(
                data=data,
                attempt=item.attempt,
                section=section,
                reservations=item.page.reservations,
                listed=self._listed(session, item),
            )
        )
        session.stored_bytes -= 0 if saved.outcome in STORED_OUTCOMES else size
        session.new += saved.outcome is SaveOutcome.NEW
        self.crawler.stats.inc_value(f"article/{saved.outcome}")
        logger.info("%s: %s (%s)", data.url, saved.outcome, saved.reason)

    @staticmethod
    def _listed(session: CrawlSession, item: FetchedArticle) -> ListedTime | None:
        """Return the exact time of the link; None of one that redirects, since recrawls ask for its target."""
        if item.attempt.url != item.page.article.url:
            return None
        return listed_time(item.listed, session.source, fetched_at=item.page.article.fetched_at)

    async def _with_views(self, session: CrawlSession, item: FetchedArticle) -> ParsedPage:
        """Return the page with the view count that its source keeps apart: only of pages that are stored."""
        if session.source.views is None:
            return item.page
        page = await with_views(
            session, item.page, item.attempt.request_url or item.attempt.url, lambda url: self._fetch(session, url)
        )
        result = "failed" if is_not_fetched(page.article.problems) else "read"
        self.crawler.stats.inc_value(f"view_count/{result}")
        return page

    async def _fetch(self, session: CrawlSession, url: str) -> bytes:
        """Fetch a document that is no page, as politely as the pages. Raises ChannelError."""
        if session.error is not None:
            raise ChannelError(url, FailureStage.NETWORK, "the crawl ended before its request was sent")
        try:
            response = await send(self.crawler, session, url, verbatim_request(url, callback=NO_CALLBACK))
        except CrawlStoppedError as error:  # its page was fetched, and is stored
            raise ChannelError(url, FailureStage.NETWORK, str(error)) from error
        refuse_failed(url, response)
        return response.body

    @staticmethod
    def _reserved(session: CrawlSession, item: FetchedArticle) -> str | None:
        """Return why a page is reserved, if reserved pages are skipped."""
        reservation = reservation_of(item.page.reservations) if session.policy.skips_reserved else None
        return None if reservation is None else f"{RESERVED}{reservation}"

    def _end_at_stored_size(self, session: CrawlSession) -> None:
        """Close the spider: the links of this article and of all further ones stay pending."""
        reached = f"ended at scraper.max_stored_size ({session.settings.max_stored_size:,} bytes of text)"
        session.fail(PresswatchError(f"{reached}; links that were not fetched are pending"))
        self._close()

    async def _fail(self, session: CrawlSession, item: FailedFetch) -> None:
        result = await session.call(session.store.links.record_failure, item.attempt, item.failure)
        self.crawler.stats.inc_value(f"fetch/{result}/{item.failure.failure_stage}")
        if item.attempt.purpose in FIRST_PURPOSES:
            session.first_fetches.failures.append(item.failure)
        logger.info("%s: %s, %s", item.failure.url, item.failure.failure_stage, item.failure.reason)


def _unstorable(item: FetchedArticle, reason: str) -> FailedFetch:
    url = item.attempt.url
    return FailedFetch(item.attempt, FetchFailure(url=url, failure_stage=FailureStage.STORE, reason=reason))
