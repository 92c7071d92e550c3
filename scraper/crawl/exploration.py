"""Explore a site from its home page alone: find its channels, read a few of its articles, propose a declaration."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from scraper.crawl.page_parsing import PageJob, propose_views
from scraper.crawl.selection import newest_first
from scraper.crawl.session import SourceContext
from scraper.crawl.source_check import Fetch, Fetched, FieldCheck, check_fields, parse_fetched, poll
from scraper.errors import ChannelError, PageError
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.article_pattern import article_pattern, listed_pattern
from scraper.site_discovery.channel_choice import NEWS_KINDS, choose_channels, is_short, why_not
from scraper.site_discovery.channels import FoundChannel, NoChannel, articles_a_day, judge_channel, path_of
from scraper.site_discovery.home_page import (
    NEWS_SITEMAP_PATHS,
    HomePage,
    NamedChannel,
    guessed_channels,
    page_title,
    parse_html,
    read_home_page,
    robots_channels,
)
from scraper.site_discovery.list_pages import find_list, find_paging
from scraper.site_discovery.news_lists import news_pages
from scraper.site_discovery.sections import TRAILS, FoundSection, group_sections
from scraper.site_discovery.site_name import find_site_name
from scraper.site_discovery.time_zones import propose_zone
from scraper.source import ListingPage, Source
from storage.model.errors import ConfigError
from storage.model.records import Link, ParsedPage
from storage.model.urls import Origin, host_of, is_public_name
from storage.text.counts import counted

READ_ARTICLES = 5
"""Articles that are read to see what a site says of each."""

MAX_SECTION_PAGES = 3
"""Pages of the navigation that are searched for lists, if the home page has none."""

Notify = Callable[[str], None]
"""Says what is being done, one line at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """What was found of a site: a proposed source, the evidence for it, and what has to be asked."""

    source: Source
    home: HomePage
    channels: tuple[FoundChannel, ...]
    others: tuple[FoundChannel | NoChannel, ...]
    pages: Mapping[str, ParsedPage]
    jobs: Mapping[str, PageJob]
    failures: Mapping[str, str]
    fields: tuple[FieldCheck, ...]
    zone: str | None  # None: nothing says it
    zone_reason: str
    language_reason: str | None
    views: str | None = None  # proposed selector of the view count
    views_pages: int = 0  # pages on which it is proposed

    @property
    def sections(self) -> tuple[FoundSection, ...]:
        """Return the sections of the articles that were read, of the links, and of the navigation."""
        counted = Counter(name for page in self.pages.values() for name in page.article.sections)
        counted.update(name for found in self.channels for link in found.links for name in link.sections)
        trails = (page.article.sections for page in self.pages.values() if page.provenance.get("sections") in TRAILS)
        return group_sections(counted, self.home.navigation, trails)


async def explore(context: SourceContext, fetch: Fetch, notify: Notify) -> Exploration:
    """Explore the site of a provisional source by the client of a crawl.

    Raises ConfigError if the home page cannot be read, or no channel is found.
    """
    home_job = await _fetch_home(context, fetch)
    urls = context.urls
    home = read_home_page(home_job.body, url=home_job.url, urls=urls, content_type=home_job.content_type)
    if home is None:
        raise ConfigError(f"{urls.request_base}/ is no page in HTML")
    notify(f"home page: {home.title or 'without a title'}")
    named = [*await _robots(context, fetch), *home.channels]
    context.other_origins.update(_named_elsewhere(urls, home))
    judged = await _judge_all(context, fetch, named, notify)
    chosen = choose_channels(judged_channels(judged))
    if is_short(chosen):
        guessed = guessed_channels(urls, NEWS_SITEMAP_PATHS) if chosen else guessed_channels(urls)
        judged += await _judge_all(context, fetch, _new(guessed, named), notify)
        chosen = choose_channels(judged_channels(judged))
    if is_short(chosen):
        judged += await _list_pages(context, fetch, home_job, home, has_channel=bool(chosen), notify=notify)
        chosen = choose_channels(judged_channels(judged))
    if not chosen:
        raise ConfigError(_nothing_found(context, judged))
    return await _read(context, fetch, home, chosen, _others(judged, chosen), notify)


def _named_elsewhere(urls: SourceUrls, home: HomePage) -> Iterator[Origin]:
    """Yield the other origins of the channels that a home page names; it names no way into the own network."""
    own = host_of(urls.request_base)
    for origin in filter(None, (urls.other_origin(one.url) for one in home.channels)):
        if is_public_name(origin.host) or origin.host == own:
            yield origin


def _others(
    judged: Iterable[FoundChannel | NoChannel], chosen: Sequence[FoundChannel]
) -> list[FoundChannel | NoChannel]:
    """Return what is not declared, the channels with why."""
    declared = {one.channel for one in chosen}
    return [
        replace(one, reason=why_not(one, chosen)) if isinstance(one, FoundChannel) else one
        for one in judged
        if isinstance(one, NoChannel) or one.channel not in declared
    ]


async def _fetch_home(context: SourceContext, fetch: Fetch) -> PageJob:
    url = f"{context.urls.request_base}/"
    try:
        return (await fetch(url)).page
    except ChannelError as error:
        raise ConfigError(f"{url}: {error.stage}: {error.reason}") from error


async def _robots(context: SourceContext, fetch: Fetch) -> Sequence[NamedChannel]:
    try:
        body = (await fetch(f"{context.urls.request_base}/robots.txt")).page.body
    except ChannelError:
        return ()
    return robots_channels(body.decode("utf-8", "replace"), context.urls)


def _new(candidates: Iterable[NamedChannel], before: Iterable[NamedChannel]) -> list[NamedChannel]:
    known = {one.url for one in before}
    return [one for one in candidates if one.url not in known]


async def _judge_all(
    context: SourceContext, fetch: Fetch, named: Iterable[NamedChannel], notify: Notify
) -> list[FoundChannel | NoChannel]:
    judged: list[FoundChannel | NoChannel] = []
    for one in {candidate.url: candidate for candidate in named}.values():
        outcome = await _judge(context, fetch, one)
        judged.append(outcome)
        if isinstance(outcome, FoundChannel):
            notify(f"{outcome.kind}: {one.url}: {counted(len(outcome.links), 'article')} ({one.origin})")
    return judged


async def _judge(context: SourceContext, fetch: Fetch, one: NamedChannel) -> FoundChannel | NoChannel:
    try:
        job = (await fetch(one.url)).page
    except ChannelError as error:
        return NoChannel(one.url, one.origin, f"{error.stage}: {error.reason}")
    judged = judge_channel(job.body, url=job.url, origin=one.origin, urls=context.urls, content_type=job.content_type)
    if isinstance(judged, FoundChannel) and judged.children:
        return await _read_index(context, fetch, judged)
    return judged


async def _read_index(context: SourceContext, fetch: Fetch, index: FoundChannel) -> FoundChannel | NoChannel:
    """Read the newest children of an index; a child of news is a better channel than the index."""
    news = [child for child in index.children if "news" in child.url.lower() and context.urls.is_same_site(child.url)]
    for child in news[:1]:
        judged = await _judge(context, fetch, NamedChannel(child.url, f"{index.origin}, {index.channel.path}"))
        if isinstance(judged, FoundChannel) and judged.kind == "news sitemap":
            return judged
    try:
        return replace(index, links=await poll(context, index.channel, fetch))
    except (ChannelError, ConfigError) as error:
        return NoChannel(index.channel.path, index.origin, str(error))


def judged_channels(judged: Iterable[FoundChannel | NoChannel]) -> list[FoundChannel]:
    """Return those that are channels."""
    return [one for one in judged if isinstance(one, FoundChannel)]


async def _list_pages(
    context: SourceContext, fetch: Fetch, home_job: PageJob, home: HomePage, *, has_channel: bool, notify: Notify
) -> list[FoundChannel]:
    """Search the home page and pages of its navigation for lists of articles: of one section, only if nothing else is.

    Returns all of them if there are lists of all news, else the first one.
    """
    found = _list_on(context, home_job, "the home page")
    pages = news_pages(home.navigation)
    has_news = bool(found or has_channel or pages)
    others = () if found or has_channel else tuple(link for link in home.navigation if link not in pages)
    for url in [link.url for link in (*pages, *others)[:MAX_SECTION_PAGES]]:
        try:
            job = (await fetch(url)).page
        except ChannelError:
            continue
        found += _list_on(context, job, "the navigation of the home page")
    for one in found:
        notify(f"{one.kind}: {one.channel.path}: {counted(len(one.links), 'article')} ({one.origin})")
    return found if has_news else found[:1]


def _list_on(context: SourceContext, job: PageJob, origin: str) -> list[FoundChannel]:
    tree = parse_html(job.body, job.content_type)
    found = None if tree is None else find_list(tree, job.url, context.urls)
    if found is None:
        return []
    source = replace(context.source, article_path=found.article)
    paging = None if tree is None else find_paging(tree, job.url, context.urls)
    channel = ListingPage(path=path_of(job.url), teasers=found.teasers, paging=paging)
    try:
        links = parse_listing_page(
            job.body,
            url=job.url,
            source=source,
            urls=replace(context.urls, source=source),
            language=None,
            content_type=job.content_type,
            teasers=found.teasers,
        )
    except ChannelError:
        return []
    return [FoundChannel(channel=channel, kind="list page", origin=origin, links=links)]


def _nothing_found(context: SourceContext, judged: Iterable[FoundChannel | NoChannel]) -> str:
    refused = [f"{one.url} ({one.reason})" for one in judged if isinstance(one, NoChannel)]
    tried = f"; tried {', '.join(refused[:3])}" if refused else ""
    advice = "" if context.source.render else "; if its pages are filled by script, try --render"
    return f"no feed, sitemap or list of articles was found at {context.urls.request_base}{tried}{advice}"


async def _read(
    context: SourceContext,
    fetch: Fetch,
    home: HomePage,
    chosen: Sequence[FoundChannel],
    others: Sequence[FoundChannel | NoChannel],
    notify: Notify,
) -> Exploration:
    links = list({link.url: link for found in chosen for link in newest_first(found.links, context.now())}.values())
    pages: dict[str, ParsedPage] = {}
    jobs: dict[str, PageJob] = {}
    failures: dict[str, str] = {}
    for link in _spread(chosen, context):
        notify(f"reading {link.request_url or link.url}")
        try:
            fetched: Fetched = await fetch(link.request_url or link.url)
            pages[link.url] = await parse_fetched(context, fetched.page)
            jobs[link.url] = fetched.page
        except (ChannelError, PageError) as error:
            failures[link.url] = f"{error.stage}: {error.reason}"
    views, views_pages = _views(jobs, pages)
    language, language_reason = _language(home, pages.values(), context.source)
    zone, zone_reason = propose_zone(
        [page.article.published_raw or "" for page in pages.values()],
        context.urls.request_base,
        home.countries,
        now=context.now(),
    )
    source = replace(
        context.source,
        title=_site_name(home, jobs, pages, context) or home.title or context.source.title,
        default_language=language,
        timezone=zone or context.source.timezone,
        channels=tuple(found.channel for found in chosen),
        article_path=_article_path(chosen, [link.url for link in links]),
        per_day=articles_a_day(links) or context.source.per_day,
    )
    return Exploration(
        source=source,
        home=home,
        channels=tuple(chosen),
        others=tuple(others),
        pages=pages,
        jobs=jobs,
        failures=failures,
        fields=tuple(check_fields(pages.values(), has_views=False)),
        zone=zone,
        zone_reason=zone_reason,
        language_reason=language_reason,
        views=views,
        views_pages=views_pages,
    )


def _site_name(
    home: HomePage, jobs: Mapping[str, PageJob], pages: Mapping[str, ParsedPage], context: SourceContext
) -> str | None:
    """Return the name that the titles of the articles have; that of the metadata may be another."""
    trees = (parse_html(job.body, job.content_type) for job in jobs.values())
    return find_site_name(
        (page_title(tree) for tree in trees if tree is not None),
        home=home.page_title,
        known=(context.source.name, host_of(context.urls.request_base) or "", home.title or ""),
        sections=(name for page in pages.values() for name in page.article.sections),
    )


def _article_path(chosen: Sequence[FoundChannel], urls: Sequence[str]) -> str | None:
    """Return the pattern of article paths: a narrow one only if a channel lists pages of other kinds, too."""
    is_news = all(found.kind in NEWS_KINDS for found in chosen)
    return listed_pattern(urls) if is_news else article_pattern(urls)


def _views(jobs: Mapping[str, PageJob], pages: Mapping[str, ParsedPage]) -> tuple[str | None, int]:
    """Return the selector that is proposed for the view counts of most pages, and of how many of them."""
    proposals = (propose_views(job, pages[url].article.title) for url, job in jobs.items())
    counted = Counter(proposal.selector for proposal in proposals if proposal is not None)
    selector, count = next(iter(counted.most_common(1)), (None, 0))
    return (selector, count) if 2 * count > len(jobs) else (None, 0)


def _spread(chosen: Sequence[FoundChannel], context: SourceContext) -> list[Link]:
    """Return the articles to be read: the newest of each channel in turn."""
    queues = [newest_first(found.links, context.now()) for found in chosen]
    turns = (queue[number] for number in range(READ_ARTICLES) for queue in queues if number < len(queue))
    return list({link.url: link for link in turns}.values())[:READ_ARTICLES]


def _language(home: HomePage, pages: Iterable[ParsedPage], source: Source) -> tuple[str, str | None]:
    """Return the language of a site and where it is said; the one of the provisional source if it is not."""
    counted = Counter(
        page.article.language for page in pages if page.article.language and re.match("[a-z]{2}", page.article.language)
    )
    if counted:
        return counted.most_common(1)[0][0], "of its articles"
    if home.language is not None:
        return home.language, "lang of the home page"
    return source.default_language, None
