"""Where a fetched page becomes rows, and a failed fetch a recorded outcome."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scraper.middlewares import SessionPart
from scraper.selection import rejection_reason, wanted_section
from storage.errors import StoreError
from storage.fetches import Try
from storage.records import Change, Failure, Reading, Why
from storage.saving import Save

if TYPE_CHECKING:
    from scraper.session import Session

logger = logging.getLogger(__name__)

JUDGED = frozenset({Why.NEW, Why.RETRY})
"""Fetches that decide whether an article is wanted: what was named by hand, or is stored already, is."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page that was fetched and read."""

    tried: Try
    reading: Reading
    hints: tuple[str, ...] = ()  # the sections its links named


@dataclass(frozen=True, slots=True)
class Failed:
    """A fetch that brought no article."""

    tried: Try
    failure: Failure


class StorePipeline(SessionPart):
    """Hands what the spider yields to the store, in the store's own thread."""

    _closing: asyncio.Task[None] | None = None

    async def process_item(self, item: Any) -> Any:
        session = self.session
        session.fetched += 1
        try:
            await (self._save(session, item) if isinstance(item, Fetched) else self._fail(session, item))
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

    async def _save(self, session: Session, item: Fetched) -> None:
        data = item.reading.article
        # A story may be in several sections and its page name only one: what listed it under another counts too.
        sections = tuple(dict.fromkeys((*data.sections, *item.hints)))
        refusal = rejection_reason(sections, data.language, session.policy)
        if refusal is not None and item.tried.why in JUDGED:
            filtered = session.store.links.record_filtered
            await session.call(filtered, item.tried, reason=refusal, sections=data.sections, language=data.language)
            return
        section = wanted_section(sections, session.policy)
        saved = await session.commits.save(Save(data=data, tried=item.tried, section=section))
        session.new += saved.change is Change.NEW
        self.crawler.stats.inc_value(f"article/{saved.change}")
        logger.info("%s: %s (%s)", data.url, saved.change, saved.reason)

    async def _fail(self, session: Session, item: Failed) -> None:
        result = await session.call(session.store.links.record_failure, item.tried, item.failure)
        self.crawler.stats.inc_value(f"fetch/{result}/{item.failure.stage}")
        logger.info("%s: %s, %s", item.failure.url, item.failure.stage, item.failure.reason)
