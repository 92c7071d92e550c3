"""Check a source live: poll each channel once, read a few articles, and say what was read, field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scraper.crawl.channel_reading import ChannelResponse, parse_channel, read_sitemap
from scraper.crawl.listed_times import with_link
from scraper.crawl.page_parsing import PageJob, parse_page
from scraper.crawl.page_views import with_views
from scraper.crawl.selection import newest_first
from scraper.crawl.session import SourceContext
from scraper.errors import ChannelError, PageError
from scraper.parsing.markup_limits import is_costly
from scraper.parsing.source_urls import merge
from scraper.source import Channel, Sitemap, Source, first_path
from storage.model.records import Link, ListedDate, ParsedPage

CHECKED_ARTICLES = 3
"""Articles of each channel that a check reads, the newest ones."""

REQUIRED_FIELDS = ("title", "body", "published_at")
"""Fields that are read of at least one article of a source that works."""

SHOWN_FIELDS = (
    *REQUIRED_FIELDS,
    "author",
    "sections",
    "language",
    "view_count",
    "image_url",
    "description",
    "subtitle",
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response, as a channel and as a page."""

    response: ChannelResponse
    page: PageJob


class Fetch(Protocol):
    """Fetches a URL by the client of a crawl; one that is no page is not rendered. Raises ChannelError."""

    async def __call__(self, url: str, *, is_page: bool = True) -> Fetched: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCheck:
    """Live poll of one channel: how many articles it lists and the newest date, or its problem."""

    channel: str
    listed: int = 0
    dated: int = 0
    newest: datetime | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCheck:
    """One field of the articles that were read: in how many it has a value, from where, and a problem of the others."""

    field: str
    read: int
    of: int
    provenance: tuple[str, ...] = ()
    problem: str | None = None
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCheck:
    """Outcome of the check of one source."""

    source: str
    channels: tuple[ChannelCheck, ...] = ()
    fields: tuple[FieldCheck, ...] = ()
    pages: Mapping[str, ParsedPage] = field(default_factory=dict)
    failures: Mapping[str, str] = field(default_factory=dict)  # of articles, by URL
    problem: str | None = None

    @property
    def is_good(self) -> bool:
        """Return whether every channel lists articles, and every article and required field is read."""
        return (
            self.problem is None
            and bool(self.pages)
            and not self.failures
            and not any(channel.problem for channel in self.channels)
            and all(checked.read == checked.of for checked in self.fields if checked.is_required)
        )


async def check_source(context: SourceContext, channels: Sequence[Channel], fetch: Fetch) -> SourceCheck:
    """Poll the channels of a source and read the newest articles of each; nothing is stored."""
    checks: list[ChannelCheck] = []
    listed: dict[str, Link] = {}
    for channel in channels:
        check, links = await _check_channel(context, channel, fetch)
        checks.append(check)
        chosen = [link for link in newest_first(links, context.now()) if link.url not in listed]
        listed |= {link.url: link for link in chosen[:CHECKED_ARTICLES]}
    pages, failures = await read_articles(context, listed.values(), fetch)
    return SourceCheck(
        source=context.source.name,
        channels=tuple(checks),
        fields=tuple(check_fields(pages.values(), has_views=declares_views(context.source))),
        pages=pages,
        failures=failures,
    )


def declares_views(source: Source) -> bool:
    """Return whether a source declares where the view counts of its articles are."""
    return bool(source.page.views) or source.views is not None


async def _check_channel(context: SourceContext, channel: Channel, fetch: Fetch) -> tuple[ChannelCheck, Sequence[Link]]:
    url = context.urls.channel_url(first_path(channel))
    try:
        links = await poll(context, channel, fetch)
    except ChannelError as error:
        return ChannelCheck(channel=url, problem=f"{error.stage}: {error.reason}"), ()
    dates = [link.published_at for link in links if link.published_at is not None]
    newest = max(dates, default=None)
    return ChannelCheck(channel=url, listed=len(links), dated=len(dates), newest=newest), links


async def poll(context: SourceContext, channel: Channel, fetch: Fetch) -> tuple[Link, ...]:
    """Fetch a channel and return its links, those of its first page. Raises ChannelError."""

    async def fetch_channel(url: str, _headers: Mapping[str, str]) -> ChannelResponse:
        return (await fetch(context.urls.channel_request_url(url))).response

    response = await fetch_channel(context.urls.channel_url(first_path(channel)), {})
    if isinstance(channel, Sitemap):
        links = (await read_sitemap(context, channel, response, fetch_channel, last_read_at=None)).links
    else:
        links = await parse_channel(context, channel, response)
    return tuple(merge(links).values())


async def read_articles(
    context: SourceContext, links: Iterable[Link], fetch: Fetch
) -> tuple[dict[str, ParsedPage], dict[str, str]]:
    """Fetch and parse the pages of links; return them, and the reasons of those that failed, by URL."""
    pages: dict[str, ParsedPage] = {}
    failures: dict[str, str] = {}
    for link in links:
        try:
            job = (await fetch(link.request_url or link.url)).page
            page = await count_views(context, job, await parse_fetched(context, job), fetch)
            pages[link.url] = with_link(page, ListedDate(link.published_at, link.published_raw), context.source)
        except (ChannelError, PageError) as error:
            failures[link.url] = f"{error.stage}: {error.reason}"
    return pages, failures


async def parse_fetched(context: SourceContext, job: PageJob) -> ParsedPage:
    """Parse a page, in the parser process if it is costly. Raises PageError."""
    return await context.parser.call(parse_page, job) if is_costly(job.body) else parse_page(job)


async def count_views(context: SourceContext, job: PageJob, page: ParsedPage, fetch: Fetch) -> ParsedPage:
    """Return a page with the view count that its source keeps apart from it."""

    async def fetch_count(url: str) -> bytes:
        return (await fetch(url, is_page=False)).response.body

    return await with_views(context, page, job.url, fetch_count)


def check_fields(pages: Iterable[ParsedPage], *, has_views: bool) -> Iterable[FieldCheck]:
    """Count the values of every field; views are required if the source declares where they are."""
    every = list(pages)
    for name in SHOWN_FIELDS:
        values: list[Any] = [getattr(page.article, name, None) for page in every]
        problems = [p.reason for page in every for p in page.article.problems if p.field == name]
        origins = dict.fromkeys(page.provenance[name] for page in every if name in page.provenance)
        yield FieldCheck(
            field=name,
            read=sum(value not in (None, "", ()) for value in values),
            of=len(every),
            provenance=tuple(origins),
            problem=next(iter(problems), None),
            is_required=name in REQUIRED_FIELDS or (name == "view_count" and has_views),
        )
