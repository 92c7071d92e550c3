"""Find the list of articles on a page: the links that look alike and have headlines, and the card around each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree, attribute
from scraper.parsing.list_page import find_cards
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.article_pattern import article_pattern
from scraper.source import TeaserSelectors
from storage.text.sanitize import clean_text

MIN_LINKS = 8
"""Minimum articles of a list."""

MIN_HEADLINE = 25
"""Minimum characters of a headline: the names of sections and tags are shorter."""

_PLAIN_CLASS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_STATE_CLASS = re.compile(r"\d|^(?:(?:first|last|active|even|odd|new)$|post-|type-|status-|tag-|category-)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundList:
    """List of articles: their URLs, the pattern of their paths, and the selectors of their cards, if they repeat."""

    urls: tuple[str, ...]
    article: str
    teasers: TeaserSelectors | None = None


@dataclass(frozen=True, slots=True)
class _Anchor:
    card: LexborNode
    url: str
    text: str


def find_list(tree: HtmlTree, url: str, urls: SourceUrls) -> FoundList | None:
    """Return the largest list of articles of a page; None if it has none.

    Links are grouped by the shape of their path; a group is a list if it has `MIN_LINKS` pages or more with headlines.
    """
    anchors = _anchors(tree, tree.base_url(url), urls)
    groups: dict[tuple[int, str, bool], list[_Anchor]] = {}
    for anchor in anchors:
        groups.setdefault(_shape(anchor.url), []).append(anchor)
    lists = [group for group in groups.values() if _headlines(group) >= MIN_LINKS]
    if not lists:
        return None
    best = max(lists, key=_headlines)
    found = tuple(dict.fromkeys(anchor.url for anchor in best if len(anchor.text) >= MIN_HEADLINE))
    article = article_pattern(found)
    return None if article is None else FoundList(urls=found, article=article, teasers=_teasers(tree, best))


def _anchors(tree: HtmlTree, base: str, urls: SourceUrls) -> list[_Anchor]:
    """Return the links to pages of the own host that may be articles."""
    return [
        _Anchor(card, article.url, clean_text(node.text()) or clean_text(attribute(node, "title")))
        for node, article, card in find_cards(tree, urls, base)
    ]


def _shape(url: str) -> tuple[int, str, bool]:
    """Return what the URLs of one list have in common: segments, the first one, a number in the last or the query."""
    split = urlsplit(url)
    segments = split.path.strip("/").split("/")
    first = "" if len(segments) == 1 or re.search(r"\d", segments[0]) else segments[0]
    return (
        len(segments),
        first if len(segments) == 2 else "",
        re.search(r"\d{3}", segments[-1] + split.query) is not None,
    )


def _headlines(anchors: Iterable[_Anchor]) -> int:
    return len({anchor.url for anchor in anchors if len(anchor.text) >= MIN_HEADLINE})


def _teasers(tree: HtmlTree, anchors: Sequence[_Anchor]) -> TeaserSelectors | None:
    """Return the selector of the cards that repeat around most of the links; None if they have no class in common."""
    named = Counter(selector for anchor in anchors if (selector := _selector(anchor.card)) is not None)
    for selector, count in named.most_common(3):
        selected = tree.select(selector)
        if 2 * count >= len({anchor.url for anchor in anchors}) and len(selected) <= 3 * count:
            has_time = sum(bool(card.css("time[datetime]")) for card in selected)
            return TeaserSelectors(
                card=selector,
                link="a" if not selector.startswith("a.") else "@href",
                published="time@datetime" if 2 * has_time >= len(selected) else None,
            )
    return None


def _selector(card: LexborNode) -> str | None:
    classes = [
        name
        for name in attribute(card, "class").split()
        if _PLAIN_CLASS.fullmatch(name) and not _STATE_CLASS.search(name)
    ]
    if classes:
        return f"{card.tag}.{classes[0]}"
    return card.tag if card.tag == "article" else None
