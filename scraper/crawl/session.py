"""What the parts of one crawl share: the source, the store, the open run, what was counted."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from scraper.crawl.options import CrawlOptions
from scraper.crawl.selection import SelectionPolicy
from scraper.crawl.store_thread import StoreThread
from scraper.crawl.write_batcher import WriteBatcher
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Channel, Feed, ListingPage, Source
from storage.config.settings import Config, ScraperSettings, SourceSettings
from storage.crawling.channels import ChannelState
from storage.crawling.runs import HEARTBEAT_INTERVAL, CrawlCounts, RunSummary
from storage.crawling.sources import RateLimit, SourceDeclaration
from storage.model.errors import PresswatchError, StoreError
from storage.model.records import FetchFailure
from storage.store import Store
from storage.text.section_names import normalize_section

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class SourceContext:
    """Requests to one source under one configuration: what every component of a crawl may ask."""

    source: Source
    config: Config
    options: CrawlOptions
    urls: SourceUrls = field(init=False)
    run_id: int | None = None
    requests: int = 0
    received_bytes: int = 0  # bytes of bodies
    rate_limited_until: datetime | None = None
    clock: Callable[[], datetime] = now  # what it goes by; a simulated month brings its own

    def __post_init__(self) -> None:
        base = self.options.base(self.config.source(self.source.name).base_url)
        self.urls = SourceUrls(self.source, base)

    def now(self) -> datetime:
        """The moment, UTC."""
        return self.clock()

    @property
    def settings(self) -> ScraperSettings:
        return self.config.scraper

    def rate_limit_until(self, until: datetime) -> None:
        """Remember that the host asked to be left alone."""
        self.rate_limited_until = max(until, self.rate_limited_until or until)


@dataclass(slots=True, kw_only=True)
class CrawlSession(SourceContext):
    """One crawl of one source. Everything a crawl knows is here or in the store; nothing stays in the process."""

    store: Store
    writer: StoreThread
    commits: WriteBatcher = field(init=False)
    policy: SelectionPolicy = field(init=False)
    channels: tuple[Channel, ...] = field(init=False)
    channel_states: Mapping[str, ChannelState] = field(default_factory=dict)  # by URL, before they are polled
    listed: set[str] = field(default_factory=set)
    new_links: int = 0  # of the listed ones, never listed before
    changed: bool = False  # a channel listed something else than at the look before
    filtered: int = 0  # links filtered unread
    recrawls_due: int = 0
    recrawls: int = 0  # of them chosen
    planned: int = 0  # article requests chosen
    fetched: int = 0
    new: int = 0
    failures: list[FetchFailure] = field(default_factory=list)  # of channels: they turn the run red
    error: PresswatchError | None = None  # what ended the crawl
    stopped: bool = False
    summary: RunSummary | None = None
    _heartbeat_task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        SourceContext.__post_init__(self)  # super() does not work in a dataclass with slots before Python 3.14
        self.commits = WriteBatcher(lambda saves: self.call(self.store.saving.save_all, saves))
        chosen = self.config.source(self.source.name)
        self.channels = channels_of(self.source, chosen)
        self.policy = SelectionPolicy(
            sections=section_aliases(self.source, chosen.sections),
            languages=self.source.languages
            if chosen.languages is None
            else tuple(map(normalize_section, chosen.languages)),
            since=self.options.since,
            limit=self.options.limit,
            max_requests=self.settings.max_requests,
            recrawl_share=self.settings.recrawl_share,
            recrawl=self.options.recrawl,
            retry_all=self.options.retries_all_pending,
        )

    def fingerprint(self, channel: Channel) -> str:
        """What a channel's links depend on besides its body: our reader and what is asked of it."""
        wanted = f"{sorted(self.policy.sections)} {sorted(self.policy.languages)}"
        return f"{self.source.page.version} {self.urls.base} {channel} {wanted}"

    async def call(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Ask the store, in its own thread."""
        return await self.writer(call, *args, **options)

    async def open(self) -> None:
        """Open the run. Raises AlreadyRunningError if one is open, StoreError if the host asked to be left alone."""
        source, base_url = self.source, self.urls.base
        channels = () if self.options.urls else tuple(self.urls.channel_url(one.path) for one in self.channels)
        start = await self.call(
            self.store.crawls.begin,
            SourceDeclaration(
                name=source.name, title=source.title, home=source.base_url, terms=source.terms, timezone=source.timezone
            ),
            channels,
            self.options.trigger,
            base_url=base_url,
            now=self.now(),
        )
        self.run_id, self.channel_states = start.run_id, start.channels
        self._heartbeat_task = asyncio.create_task(self._heartbeat(start.run_id))
        until = start.rate_limited_until
        if until is not None and until > self.now():
            raise StoreError(f"{source.name}: {retry_after_message(until)}; crawl it after that")

    async def _heartbeat(self, run_id: int) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL.total_seconds())
            try:
                await self.call(self.store.runs.heartbeat, run_id, now=self.now())
            except PresswatchError as error:
                logger.warning("run %d could not show that it lives: %s", run_id, error)

    async def stop_heartbeat(self) -> None:
        if self._heartbeat_task is not None:
            self._heartbeat_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeat_task

    @property
    def rate_limit(self) -> RateLimit | None:
        """The Retry-After to keep for the next crawl."""
        return (
            None
            if self.rate_limited_until is None
            else RateLimit(base_url=self.urls.base, until=self.rate_limited_until)
        )

    def counts(self) -> CrawlCounts:
        return CrawlCounts(
            listed=len(self.listed),
            new_links=self.new_links,
            changed=self.changed,
            set_aside=self.filtered,
            recrawls_due=self.recrawls_due,
            recrawls=self.recrawls,
            requests=self.requests,
            received=self.received_bytes,
        )

    def fail(self, error: PresswatchError) -> None:
        """Remember the first error that ends the crawl."""
        self.error = self.error or error


def retry_after_message(until: datetime) -> str:
    """Say until when a host asked to be left alone."""
    return f"the host asked to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC"


def section_aliases(source: Source, sections: tuple[str, ...] | None) -> dict[str, frozenset[str]]:
    """The sections asked for, each with every folded name the site gives it."""
    asked = map(normalize_section, source.sections if sections is None else sections)
    return {name: source.section_names.get(name, frozenset({name})) for name in asked}


def channels_of(source: Source, chosen: SourceSettings) -> tuple[Channel, ...]:
    """The channels to look at, as the settings name them or else the source."""
    return source.channels if chosen.channels is None else tuple(map(channel_from_config, chosen.channels))


def channel_from_config(row: Mapping[str, str]) -> Channel:
    """A channel as the configuration file writes it."""
    if "feed" in row:
        return Feed(path=row["feed"], language=row.get("language"))
    return ListingPage(path=row["list"], language=row.get("language"), paging=row.get("paging"))
