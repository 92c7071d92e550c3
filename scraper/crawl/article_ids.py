"""Unify the URLs of one article in a source whose articles are known by an id in their URL, not by its path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from scraper.crawl.session import CrawlSession
from scraper.parsing.source_urls import SourceUrls
from scraper.source import Identity
from storage.crawling.crawls import ChannelPoll
from storage.model.records import Link


async def unify(session: CrawlSession, polls: Sequence[ChannelPoll]) -> Sequence[ChannelPoll]:
    """Give links with one id the URL by which their article is known: the one stored or listed first.

    Such a link is requested as it was listed: a headline that was changed may have taken the old URL with it.
    """
    if session.source.identity is not Identity.ID:
        return polls
    urls = {link.url for poll in polls for link in poll.links}
    ids = {url: found for url in urls if (found := session.urls.article_id(url)) is not None}
    stored = await session.call(session.store.links.urls_with, session.source.name, sorted(set(ids.values())))
    known = first_urls(stored, session.urls)
    return [replace(poll, links=[_known_by(link, ids, known) for link in poll.links]) for poll in polls]


def first_urls(urls: Iterable[str], source_urls: SourceUrls) -> dict[str, str]:
    """Return the first of the URLs of each id."""
    first: dict[str, str] = {}
    for url in urls:
        found = source_urls.article_id(url)
        if found is not None:
            first.setdefault(found, url)
    return first


def _known_by(link: Link, ids: Mapping[str, str], known: dict[str, str]) -> Link:
    """Return a link under the URL of its id; the first one of an id that is not known yet gives it its URL."""
    found = ids.get(link.url)
    if found is None:
        return link
    url = known.setdefault(found, link.url)
    return link if url == link.url else replace(link, url=url, request_url=link.request_url or link.url)
