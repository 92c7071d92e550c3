"""Share the state of one crawl between its components: source, store, open run, counters."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from scraper.crawl.chromium import find_browser
from scraper.crawl.options import CrawlOptions
from scraper.crawl.parse_marks import ParseMarks
from scraper.crawl.parser_process import ParserProcess
from scraper.crawl.selection import SelectionPolicy
from scraper.crawl.store_thread import StoreThread
from scraper.crawl.write_batcher import WriteBatcher
from scraper.declarations.channel_tables import channel_path, channels_of_settings
from scraper.parsing.source_urls import LINKS_VERSION, SourceUrls
from scraper.source import Channel, Source, addresses, first_path
from storage.config.settings import Config, ScraperSettings, SourceSettings
from storage.crawling.channels import ChannelState
from storage.crawling.fencing import HEARTBEATS
from storage.crawling.quarantine import ParsingMarks
from storage.crawling.runs import CrawlCounts, RunSummary
from storage.crawling.sources import RateLimit, SourceDeclaration
from storage.model.errors import ConfigError, LostLeaseError, PresswatchError, RateLimitedError
from storage.model.extras import Extra, missing_extra
from storage.model.records import ArticleData, FetchFailure, Trigger
from storage.model.urls import Origin, host_of, is_public_name, request_url, without_www
from storage.saving.requests import SaveRequest, SaveResult
from storage.store import Store
from storage.text.section_names import normalize_section

if TYPE_CHECKING:
    from scraper.crawl.identity import Identity

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


def now() -> datetime:
    """Return the current time, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class SourceContext:
    """Source, configuration and request counters that every downloader component uses."""

    source: Source
    config: Config
    options: CrawlOptions
    urls: SourceUrls = field(init=False)
    run_id: int | None = None
    requests: int = 0
    received_bytes: int = 0  # sum of response body sizes
    rate_limited_until: datetime | None = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)  # no further request is sent once it is set
    crawl_delay: timedelta = timedelta(0)  # that robots.txt asks for
    identity: Identity | None = None  # signs each request
    # Of channels and view counts on other hosts, as they are requested; exploring a site adds those that it names.
    other_origins: set[Origin] = field(default_factory=set)
    browser: str | None = None  # path of the Chromium that renders the pages; None: they are not rendered
    clock: Callable[[], datetime] = now  # replaced in simulations
    parser: ParserProcess = field(default_factory=ParserProcess)  # for large bodies; started by its first call

    def __post_init__(self) -> None:
        base = self.options.base(self.config.source(self.source.name).base_url)
        self.urls = SourceUrls(self.source, base)
        self.other_origins.update(filter(None, map(self.urls.other_origin, self._declared_addresses())))
        if self.settings.identity:
            self.identity = load_identity(self.settings.identity)
        if self.source.render:
            self.browser = find_browser(self.settings.browser, reason=f"source {self.source.name} says render = true")

    def _declared_addresses(self) -> Iterator[str]:
        """Yield the addresses that the configuration names beside the home page: of channels and of view counts."""
        for channel in channels_of(self.source, self.config.source(self.source.name)):
            yield from addresses(channel)
        if self.source.views is not None:
            yield self.source.views.address

    def is_on_other_origin(self, url: str) -> bool:
        """Return whether a URL is on one of the other origins that may be requested, with www. or without.

        One that is declared with http may redirect to https, not the other way round.
        """
        sent = request_url(url)
        if sent is None or not self.other_origins:
            return False
        asked = sent.origin._replace(host=without_www(sent.origin.host))
        allowed = {one._replace(host=without_www(one.host)) for one in self.other_origins}
        return asked in allowed or (asked.scheme == "https" and asked._replace(scheme="http") in allowed)

    def polls_nothing_without(self, url: str) -> bool:
        """Return whether every channel of the source is on the host of a URL: a crawl can do nothing without it."""
        channels = channels_of(self.source, self.config.source(self.source.name))
        hosts = {origin and origin.host for origin in (self.urls.other_origin(first_path(one)) for one in channels)}
        sent = request_url(url)
        return sent is not None and hosts == {sent.origin.host}

    def may_request(self, url: str) -> bool:
        """Return whether a channel may name a URL as a part of itself: on the site, or on a declared origin."""
        return self.urls.is_own(url) or self.is_on_other_origin(url)

    def now(self) -> datetime:
        """Return the current time of the crawl's clock, UTC."""
        return self.clock()

    def is_marked(self, url: str) -> bool:
        """Return whether a page may be parsed: nothing is stored without a session."""
        return True

    async def mark(self, url: str) -> None:
        """Mark a link as parsed next, if anything is stored."""

    @property
    def settings(self) -> ScraperSettings:
        """Return the [scraper] settings."""
        return self.config.scraper

    @property
    def named_hosts(self) -> frozenset[str]:
        """Return the hosts that may have private addresses: those that somebody chose to crawl.

        They are the hosts of --base-url, or else of base_url, and of channels of the configuration file. The declared
        base URL and channels count only if they are addresses or local names: a public name must not lead into this
        network.
        """
        settings = self.config.source(self.source.name)
        chosen = (self.options.base(settings.base_url), *channel_texts(settings))
        hosts = {host for url in chosen if (host := host_of(url)) is not None}
        declared = map(host_of, (self.source.base_url, *self._declared_addresses()))
        hosts.update(host for host in declared if host is not None and not is_public_name(host))
        return frozenset(hosts)

    def rate_limit_until(self, until: datetime) -> None:
        """Record the latest Retry-After time of the host."""
        self.rate_limited_until = max(until, self.rate_limited_until or until)


@dataclass(slots=True)
class FirstFetches:
    """Results of the articles that a crawl fetched for the first time, or because they were requested by URL."""

    are_requested: bool
    succeeded: int = 0
    failures: list[FetchFailure] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CrawlSession(SourceContext):
    """State of one crawl of one source; a process keeps no other state between crawls."""

    store: Store
    store_thread: StoreThread
    crawl_id: str | None = None  # that the daemon gave it; None: the id of this process
    commits: WriteBatcher = field(init=False)
    marks: ParseMarks = field(default_factory=ParseMarks)
    marking: asyncio.Lock = field(default_factory=asyncio.Lock)
    policy: SelectionPolicy = field(init=False)
    channels: tuple[Channel, ...] = field(init=False)
    channel_states: Mapping[str, ChannelState] = field(default_factory=dict)  # by URL, before they are polled
    listed: set[str] = field(default_factory=set)
    first_listed: set[str] = field(default_factory=set)  # of them those that were not known
    selected: set[str] = field(default_factory=set)  # URLs of article requests
    changed: bool = False  # whether a channel changed since its last poll
    channels_read: bool = False  # whether every channel of the source was read and its links recorded
    filtered: set[str] = field(default_factory=set)  # URLs filtered without a fetch
    recrawls_due: int = 0
    recrawls: int = 0  # selected ones of them
    fetched: int = 0
    new: int = 0
    # First URLs of articles without a date, by hash of the text.
    undated: dict[bytes, str] = field(default_factory=dict)
    stored_bytes: int = 0  # of the texts of new and edited articles
    failures: list[FetchFailure] = field(default_factory=list)  # of channels: any makes the run fail
    first_fetches: FirstFetches = field(init=False)
    error: PresswatchError | None = None  # the first error that ended the crawl
    stopped: bool = False
    is_closing: bool = False  # its run is being closed
    summary: RunSummary | None = None
    _heartbeat_task: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        SourceContext.__post_init__(self)  # super() does not work in a dataclass with slots before Python 3.14
        self.first_fetches = FirstFetches(are_requested=bool(self.options.urls))
        self.commits = WriteBatcher(self._save_all)
        settings = self.config.source(self.source.name)
        self.channels = channels_of(self.source, settings)
        self.policy = SelectionPolicy(
            sections=section_aliases(self.source, settings.sections),
            languages=self.source.languages
            if settings.languages is None
            else tuple(map(normalize_section, settings.languages)),
            since=self.options.since,
            limit=self.options.limit,
            max_requests=self._articles_in(self.settings.max_requests),
            recrawl_share=self.settings.recrawl_share,
            recrawl=self.options.recrawl,
            retry_all=self.options.retries_all_pending,
            skips_reserved=self.settings.respect_tdm == "skip",
        )

    async def _save_all(self, saves: Sequence[SaveRequest]) -> Sequence[SaveResult]:
        marks = self._next_marks()
        results = await self.call(self.store.saving.save_all, saves, marks=marks)
        self.marks.confirm(marks.urls)
        return results

    def plan_marks(self, urls: Iterable[str]) -> ParsingMarks:
        """Plan the requests of the crawl; return the first links to be marked."""
        self.marks.plan(urls)
        return self._next_marks()

    def _next_marks(self, *urls: str) -> ParsingMarks:
        assert self.run_id is not None
        return ParsingMarks(run_id=self.run_id, urls=tuple(dict.fromkeys((*urls, *self.marks.next()))))

    def is_marked(self, url: str) -> bool:
        """Return whether a link is marked as parsed next."""
        return url in self.marks

    async def mark(self, url: str) -> None:
        """Mark a link that no other transaction has marked, and those after it. Raises StoreError."""
        async with self.marking:
            if url not in self.marks:
                marks = self._next_marks(url)
                await self.call(self.store.links.mark, marks)
                self.marks.confirm(marks.urls)

    def channel_url(self, channel: Channel) -> str:
        """Return the URL of a channel, by which its state is stored."""
        return self.urls.channel_url(first_path(channel))

    def fingerprint(self, channel: Channel) -> str:
        """Return everything besides the body that a channel's links depend on: parser versions and settings."""
        from scraper.reading.article_page import page_class  # noqa: PLC0415  (start-up time: selectolax)

        selection = f"{sorted(self.policy.sections)} {sorted(self.policy.languages)}"
        articles = f"{self.source.article_path} {self.source.excluded_paths}"
        version = page_class(self.source).version(self.source)
        return f"{version} {self.source.teasers} {LINKS_VERSION} {self.urls.base} {channel} {selection} {articles}"

    async def call(self, call: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Call the store in its thread and return the result."""
        return await self.store_thread(call, *args, **options)

    async def open(self) -> None:
        """Open the run. Raises AlreadyRunningError if one is open, RateLimitedError during a Retry-After."""
        source, base_url = self.source, self.urls.base
        channels = () if self.options.urls else tuple(map(self.channel_url, self.channels))
        start = await self.call(
            self.store.crawls.begin,
            SourceDeclaration(
                name=source.name, title=source.title, home=source.base_url, terms=source.terms, timezone=source.timezone
            ),
            channels,
            self.options.trigger,
            base_url=base_url,
            now=self.now(),
            process=self.crawl_id,
            lease=self.settings.lease,
        )
        self.run_id, self.channel_states = start.run_id, start.channels
        self._heartbeat_task = asyncio.create_task(self._heartbeat(start.run_id))
        until = start.rate_limited_until
        if until is not None and until > self.now():
            raise RateLimitedError(f"{source.name}: {retry_after_message(until)}; crawl it after that")

    async def _heartbeat(self, run_id: int) -> None:
        while True:
            await asyncio.sleep(self.settings.lease.total_seconds() / HEARTBEATS)
            try:
                await self.call(self.store.runs.heartbeat, run_id, now=self.now())
            except LostLeaseError as error:
                self.fail(error)
                return
            except PresswatchError as error:
                logger.warning("run %d: heartbeat not recorded: %s", run_id, error)

    async def stop_heartbeat(self) -> None:
        """Cancel the heartbeat task and wait for its end."""
        if self._heartbeat_task is not None:
            self._heartbeat_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._heartbeat_task

    @property
    def rate_limit(self) -> RateLimit | None:
        """Return the Retry-After that the next crawl must respect, or None."""
        return (
            None
            if self.rate_limited_until is None
            else RateLimit(base_url=self.urls.base, until=self.rate_limited_until)
        )

    @property
    def max_requests_in_time(self) -> int:
        """Return how many articles fit into 80 % of the crawl timeout at the delay that robots.txt asks for.

        The daemon ends a crawl at its timeout; links beyond are left to the next one.
        """
        if not self.crawl_delay or self.options.trigger is not Trigger.SCHEDULED:
            return self.policy.max_requests
        fitting = self._articles_in(int(0.8 * self.config.scheduler.crawl_timeout / self.crawl_delay))
        return min(fitting, self.policy.max_requests)

    def _articles_in(self, requests: int) -> int:
        """Return how many articles a number of requests fetches; one whose count is kept apart takes two."""
        return max(1, requests if self.source.views is None else requests // 2)

    def counts(self) -> CrawlCounts:
        """Return the counters of the run."""
        return CrawlCounts(
            listed=len(self.listed),
            new_links=len(self.first_listed),
            changed=self.changed,
            channels_read=self.channels_read,
            set_aside=len(self.filtered),
            recrawls_due=self.recrawls_due,
            recrawls=self.recrawls,
            requests=self.requests,
            received=self.received_bytes,
        )

    def first_url_of(self, data: ArticleData) -> str | None:
        """Return the URL at which this crawl got the same title and text before, without a date; None if at no other.

        Copies of an article have a date; pages that say that an article was not found do not.
        """
        if data.published_at is not None or not data.body:
            return None
        text = blake2b(f"{data.title}\n{data.body}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        first_url = self.undated.setdefault(text, data.url)
        return None if first_url == data.url else first_url

    def fail(self, error: PresswatchError) -> None:
        """Record the error that ends the crawl; the first one is kept, or that the lease was lost.

        Without its lease a crawl sends no further request: another one may crawl the host by now.
        """
        if isinstance(error, LostLeaseError) and not self.has_lost_lease:
            self.error = error
            self.stopping.set()
        self.error = self.error or error

    @property
    def unfetched_count(self) -> int:
        """Return how many of the requested or selected articles were not fetched."""
        return max(0, len({*self.selected, *self.options.urls}) - self.fetched)

    @property
    def has_lost_lease(self) -> bool:
        """Return whether a write was refused because another crawl took the source over."""
        return isinstance(self.error, LostLeaseError)


def load_identity(file: str) -> Identity:
    """Read the key that signs requests. Raises ConfigError, also if cryptography is not installed."""
    try:
        from scraper.crawl.identity import Identity  # noqa: PLC0415  (start-up time: cryptography, 30 ms)
    except ImportError as error:
        raise ConfigError(missing_extra("scraper.identity needs cryptography", Extra.IDENTITY)) from error
    try:
        return Identity.load(Path(file))
    except ConfigError as error:
        raise ConfigError(f"scraper.identity: {error}") from error


def retry_after_message(until: datetime) -> str:
    """Return the failure reason of a request that a Retry-After forbids."""
    return f"the host asked to be left alone until {until:%Y-%m-%d %H:%M:%S} UTC"


def check_options(source: Source, config: Config, options: CrawlOptions) -> None:
    """Validate the base URL, the channel URLs and the options of a crawl. Raises ConfigError."""
    settings = config.source(source.name)
    source_urls = SourceUrls(source, options.base(settings.base_url))
    for channel in () if options.urls else channels_of(source, settings):
        for address in addresses(channel):
            source_urls.channel_url(address)
    for url in options.urls:
        if source_urls.article_url(url) is None:
            raise ConfigError(f"--url {url} is not an article URL of {source.name} at {source_urls.base}")


def channel_texts(settings: SourceSettings) -> list[str]:
    """Return the paths and URLs of the channels of the configuration file."""
    return [channel_path(row) for row in settings.channels or ()]


def section_aliases(source: Source, sections: tuple[str, ...] | None) -> dict[str, frozenset[str]]:
    """Return the configured sections, each with every normalized name that the site uses for it."""
    configured = map(normalize_section, source.sections if sections is None else sections)
    return {name: source.section_names.get(name, frozenset({name})) for name in configured}


def channels_of(source: Source, settings: SourceSettings) -> tuple[Channel, ...]:
    """Return the channels to poll: those of the settings, else those of the source declaration."""
    if settings.channels is None:
        return source.channels
    return channels_of_settings(settings.channels, file="configuration", source=source.name)
