"""Judge by its content whether an address is a channel, and how many articles a day it lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from scraper.errors import ChannelError
from scraper.parsing.feeds import parse_feed
from scraper.parsing.sitemaps import ChildSitemap, parse_sitemap
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Channel, Feed, Sitemap
from storage.model.records import Link

RATE_PERIOD = timedelta(days=14)
"""Period before the newest date in which articles are counted: older ones may be pinned."""

MIN_DATED = 5
MIN_DAYS = 0.1
"""Minimum dates from which a rate is told, and the shortest time in days that they are taken to cover."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChannel:
    """Channel of a site with the place that named it, its kind in words, and what it lists.

    `reason` says why it is declared, or why not.
    """

    channel: Channel
    kind: str
    origin: str
    links: tuple[Link, ...] = ()
    children: tuple[ChildSitemap, ...] = ()  # of an index, to be read for its links
    reason: str = ""

    @property
    def urls(self) -> frozenset[str]:
        """Return the URLs of the links."""
        return frozenset(link.url for link in self.links)

    @property
    def newest(self) -> datetime | None:
        """Return the newest date of the links."""
        return max((link.published_at for link in self.links if link.published_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class NoChannel:
    """Address that is no channel, and why."""

    url: str
    origin: str
    reason: str


def judge_channel(
    body: bytes, *, url: str, origin: str, urls: SourceUrls, content_type: str | None
) -> FoundChannel | NoChannel:
    """Return the channel that a response is, by its content; the content type and the address say nothing."""
    path = path_of(url) if urls.is_own(url) else url
    try:
        feed = parse_feed(body, url=url, urls=urls, language=None, content_type=content_type)
    except ChannelError as error:
        reason = error.reason
    else:
        return FoundChannel(channel=Feed(path=path), kind="feed", origin=origin, links=feed.links)
    try:
        sitemap = parse_sitemap(body, url=url, urls=urls, language=None)
    except ChannelError:
        return NoChannel(url, origin, reason)
    if sitemap.is_index and sitemap.children:
        kind = "sitemap index"
        return FoundChannel(channel=Sitemap(path=path), kind=kind, origin=origin, children=sitemap.children)
    if not sitemap.links:
        return NoChannel(url, origin, "a sitemap without articles")
    kind = "news sitemap" if sitemap.is_news else "sitemap"
    return FoundChannel(channel=Sitemap(path=path), kind=kind, origin=origin, links=sitemap.links)


def path_of(url: str) -> str:
    """Return path and query of a URL, as a declaration names a channel."""
    split = urlsplit(url)
    return (split.path or "/") + (f"?{split.query}" if split.query else "")


def articles_a_day(links: Iterable[Link]) -> float | None:
    """Return how many articles a day links list, by their dates of two weeks; None if too few have one."""
    dates = sorted({link.published_at for link in links if link.published_at is not None})
    recent = [date for date in dates if dates[-1] - date <= RATE_PERIOD]
    if len(recent) < MIN_DATED:
        return None
    days = max((recent[-1] - recent[0]) / timedelta(days=1), MIN_DAYS)
    return max(1.0, float(round((len(recent) - 1) / days)))
