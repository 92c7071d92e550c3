"""A source and the simulated site behind it, and one crawl of it over the real code, without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from inspect import isawaitable
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from scrapy import Request
from scrapy.http import HtmlResponse

from scraper.crawl.channel_reading import ChannelResponse
from scraper.crawl.discovery import discover
from scraper.crawl.selection import FetchRequest
from scraper.crawl.session import CrawlSession
from scraper.crawl.store_thread import StoreThread
from scraper.engine.pipelines import StorePipeline
from scraper.engine.run import close_session
from scraper.engine.spiders import spider_class
from scraper.errors import ChannelError
from scraper.source import ListingPage, Source
from storage.model.records import FailureStage
from tests.support.simulation import Card, Host, NewsSite, Span
from tests.support.site import Article, feed, markup
from tests.support.site.newsroom import Newsroom
from tests.support.site.styles import ListStyle, PageStyle
from tests.support.site.words import BAKU, written_date

SLIM = PageStyle(weight=0)
ASKING = timedelta(seconds=5)
FETCHING = timedelta(seconds=10)


@dataclass(slots=True)
class Clock:
    """Simulated real time, and what the host takes for it."""

    real: datetime
    host: Host

    def __call__(self) -> datetime:
        return self.host.clock(self.real)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """A source, the site behind it, and how it refuses to answer while it is down."""

    source: Source
    site: NewsSite
    trouble: Mapping[Span, FailureStage] = field(default_factory=dict)

    def stage(self, moment: datetime) -> FailureStage | None:
        return next((stage for (start, end), stage in self.trouble.items() if start <= moment < end), None)

    def article(self, card: Card, moment: datetime) -> Article:
        """The article of a card as the site shows it at a moment: its views grow, its date is in the site's zone."""
        local = card.published_at.astimezone(ZoneInfo(self.source.timezone))
        age = max(moment - card.published_at, timedelta(0))
        return Article(
            slug=f"story-{card.number}",
            title=f"Story {card.number} of {self.source.title}",
            body=(f"What happened in story {card.number}.", "Why it matters, and to whom."),
            published_at=card.published_at,
            date_text=written_date(local.replace(tzinfo=BAKU), "en"),
            views=int(age.total_seconds() // 60),
        )

    def channel(self, cards: Sequence[Card], moment: datetime) -> bytes:
        """The body of the source's only channel: a list page, or a feed."""
        articles = [self.article(card, moment) for card in cards]
        if isinstance(self.source.channels[0], ListingPage):
            shown = (markup.card(article, self.source.base_url, ListStyle()) for article in articles)
            return markup.list_page(title="Politics", language="en", cards=shown, weight=0).encode()
        newsroom = Newsroom(self.source.base_url)
        newsroom.publish(reversed(articles))
        return feed.render(newsroom)

    def page(self, url: str, moment: datetime) -> bytes:
        number = int(url.rpartition("-")[2])
        article = self.article(Card(number, self.site.published[number]), moment)
        return markup.article_page(article, self.source.base_url, (), SLIM).encode()


class InPlace(StoreThread):
    """A writer whose calls are done at once: one crawl at a time needs no second thread."""

    def __init__(self) -> None:
        pass

    async def __call__(self, call: Any, *args: Any, **options: Any) -> Any:
        return call(*args, **options)


@dataclass(slots=True)
class Asked:
    """Poll of a channel by a crawl: the response of the site at that moment."""

    press: Press
    clock: Clock
    listed: tuple[int, ...] = ()
    not_modified: bool = False

    async def __call__(self, url: str, headers: Mapping[str, str]) -> ChannelResponse:
        self.clock.real += ASKING
        stage = self.press.stage(self.clock.real)
        if stage is not None:
            raise ChannelError(url, stage, "the site is in trouble")
        cards = self.press.site.list_at(self.clock.real)
        self.listed = tuple(card.number for card in cards)
        body = self.press.channel(cards, self.clock.real)
        etag = f'"{sha256(body).hexdigest()[:16]}"'
        self.not_modified = headers.get("If-None-Match") == etag
        return ChannelResponse(
            status=304 if self.not_modified else 200,
            url=url,
            body=b"" if self.not_modified else body,
            etag=etag,
            last_modified=None,
            content_type=None,
        )


async def crawl(session: CrawlSession, asked: Asked) -> None:
    """Do the part of Scrapy in a crawl, without a network: open, plan, fetch, store, close."""
    await session.open()
    targets = [target async for some in discover(session, asked) for target in some]
    spider: Any = spider_class(session.source)()
    spider.context = session
    stats = SimpleNamespace(inc_value=lambda name: None)
    crawler: Any = SimpleNamespace(spider=spider, stats=stats)
    pipeline = StorePipeline(crawler)
    for target in targets:
        session.requests += 1
        item = spider.parse_article(_response(asked, target), target)
        await pipeline.process_item(await item if isawaitable(item) else item)
    asked.clock.real += FETCHING
    await close_session(session)


def _response(asked: Asked, target: FetchRequest) -> HtmlResponse:
    page = asked.press.page(target.url, asked.clock.real)
    return HtmlResponse(target.url, body=page, encoding="utf-8", request=Request(target.url))
