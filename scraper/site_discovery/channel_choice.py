"""Choose the channels of a declaration: those that list every article between two polls, and no more of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scraper.site_discovery.channels import RATE_PERIOD, FoundChannel
from scraper.source import ListingPage

MAX_CHANNELS = 3
"""Maximum feeds of a declaration that are chosen."""

MIN_NEW_SHARE = 0.2
"""Share of a channel's links that no chosen channel has, for the channel to be chosen as well."""

NEWS_KINDS = frozenset({"feed", "news sitemap"})
"""Kinds of channels that list articles alone."""

SHORT_LIST = 50
"""Articles of channels that a busy site may push out between two polls: if there are fewer, longer lists are sought."""

MIN_GAIN = 8
MIN_GAIN_SHARE = 0.5
"""Recent articles that only a list page has, for it to be chosen as well: a number, and a share of those chosen."""

MIN_SHARED = 3
"""Articles that a list page shares with the chosen channels, from which it is taken for a list of the same news."""

_OLDEST = datetime.min.replace(tzinfo=UTC)


def choose_channels(found: Iterable[FoundChannel]) -> tuple[FoundChannel, ...]:
    """Choose the channels of a declaration, each with its reason.

    Feeds and news sitemaps come first, those with most dates; another sitemap is chosen only if none of them has dates,
    and a list page only if there is no sitemap. A list page that has many recent articles more than these is chosen as
    well, and instead of what it has wholly.
    """
    every = [one for one in found if one.links]
    chosen = _first_choice(every)
    if not is_short(chosen):
        return chosen
    lists = [one for one in every if isinstance(one.channel, ListingPage) and one.channel.teasers is not None]
    return _with_longer_list(chosen, [one for one in lists if one.channel not in {base.channel for base in chosen}])


def is_short(chosen: Iterable[FoundChannel]) -> bool:
    """Return whether channels list so few articles that a busy site may push some out between two polls."""
    return len({url for one in chosen for url in one.urls}) < SHORT_LIST


def _first_choice(every: Sequence[FoundChannel]) -> tuple[FoundChannel, ...]:
    quick = [one for one in every if one.kind in NEWS_KINDS]
    slow = [one for one in every if one.kind in {"sitemap", "sitemap index"}]
    lists = [one for one in every if isinstance(one.channel, ListingPage)]
    if quick and not any(one.newest for one in quick):
        quick += [one for one in slow if one.newest]
    dated = [[one for one in group if one.newest] for group in (slow, lists)]
    for group in (quick, *dated, slow, lists):
        chosen = _covering(sorted(group, key=_rank, reverse=True))
        if chosen:
            return chosen
    return ()


def _rank(found: FoundChannel) -> tuple[bool, int, datetime, int, int]:
    """Rank a channel: further pages, links with dates, the newest date, links, the shortest address."""
    has_pages = isinstance(found.channel, ListingPage) and found.channel.paging is not None
    dated = min(sum(link.published_at is not None for link in found.links), 100)
    return has_pages, dated, found.newest or _OLDEST, min(len(found.links), 100), -len(found.channel.path)


def _why_first(found: FoundChannel) -> str:
    """Return why a channel is chosen before the others of its kind."""
    return "has further pages" if _rank(found)[0] else "has the most articles with dates"


def _covering(found: Sequence[FoundChannel]) -> tuple[FoundChannel, ...]:
    chosen: list[FoundChannel] = []
    covered = set[str]()
    for one in found:
        new = len(one.urls - covered)
        if len(chosen) < MAX_CHANNELS and (not chosen or new >= MIN_NEW_SHARE * len(one.urls)):
            reason = f"lists {new} articles that the others do not" if chosen else _why_first(one)
            chosen.append(replace(one, reason=reason if len(found) > 1 else "the only one of its kind"))
            covered |= one.urls
    return tuple(chosen)


def _with_longer_list(chosen: Sequence[FoundChannel], lists: Sequence[FoundChannel]) -> tuple[FoundChannel, ...]:
    covered = {url for one in chosen for url in one.urls}
    newest = max((one.newest for one in chosen if one.newest is not None), default=None)
    gains = [(len(_recent(one, newest) - covered), one) for one in lists if _is_same_news(one, covered, newest)]
    gain, longest = max(gains, key=lambda row: row[0], default=(0, None))
    if longest is None or gain < max(MIN_GAIN, MIN_GAIN_SHARE * len(covered)):
        return tuple(chosen)
    kept = [one for one in chosen if not _is_replaced(one, longest)]
    instead = [one.channel.path for one in chosen if one not in kept]
    reason = (
        f"lists {gain} recent articles that {', '.join(one.channel.path for one in chosen)} would miss between polls"
    )
    if instead:
        reason += f", and all of {', '.join(instead)}"
    return (*kept, replace(longest, reason=reason))


def _recent(found: FoundChannel, newest: datetime | None) -> frozenset[str]:
    """Return the URLs that are not known to be old."""
    since = None if newest is None else newest - RATE_PERIOD
    return frozenset(
        link.url for link in found.links if since is None or link.published_at is None or link.published_at >= since
    )


def _is_same_news(found: FoundChannel, covered: set[str], newest: datetime | None) -> bool:
    """Return whether a list page has the news that the chosen channels have, and not old or other articles."""
    if len(found.urls & covered) >= MIN_SHARED:
        return True
    return newest is not None and found.newest is not None and newest - found.newest <= timedelta(days=1)


def _is_replaced(found: FoundChannel, by: FoundChannel) -> bool:
    """Return whether a list page makes a channel needless: it has its articles, with dates, and tells no less."""
    if not found.urls <= by.urls:
        return False
    if isinstance(found.channel, ListingPage):
        return True
    has_dates = all(link.published_at is not None for link in by.links)
    return has_dates and not any(link.sections for link in found.links)


def why_not(other: FoundChannel, chosen: Iterable[FoundChannel]) -> str:
    """Return why a channel is not declared."""
    new = len(other.urls - {url for one in chosen for url in one.urls})
    if not other.links:
        return "lists no article"
    if not new:
        return "all its articles are listed already"
    if other.kind in {"sitemap", "sitemap index"}:
        return "a sitemap of the whole site is read only if nothing else has dates"
    return f"only {new} of its articles are not listed already, too few, or of other news"
