"""Find the list of articles on a page: the links that look alike and have headlines, and the card around each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from scraper.parsing.dates import MAX_DATE_LENGTH, parse_date
from scraper.parsing.html_tree import HtmlTree, attribute, resolve
from scraper.parsing.list_page import find_cards
from scraper.parsing.source_urls import SourceUrls
from scraper.site_discovery.article_pattern import article_pattern
from scraper.site_discovery.channels import path_of
from scraper.source import Paging, TeaserSelectors
from storage.text.sanitize import clean_text

MIN_LINKS = 8
"""Minimum articles of a list."""

MIN_HEADLINE = 25
"""Minimum characters of a headline: the names of sections and tags are shorter."""

MAX_SELECTORS = 3
"""Maximum selectors of cards that are tried, the most frequent first."""

MAX_DATED_CARDS = 20
MAX_CARD_ELEMENTS = 20
"""Maximum cards, and elements of each, that are searched for dates."""

_UTC = ZoneInfo("UTC")
_LATE = datetime(9000, 1, 1, tzinfo=UTC)
"""Moment by which "today" and "yesterday" are understood: whether a text is a date does not depend on it."""
_DAY_FIRST = "en-GB"
"""Language in which 4/11/2026 is a date, as it is in any."""

_SECOND_PAGE = re.compile(r"[?&][\w\[\].-]+=2|/?(?:[a-z]+[/_-]?)?2(?:/|\.html?)?", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"2(?=\D*$)")
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
    groups = _groups(_anchors(tree, tree.base_url(url), urls))
    lists = [group for group in groups if _headlines(group) >= MIN_LINKS]
    if not lists:
        return None
    best = max(lists, key=_headlines)
    found = tuple(dict.fromkeys(anchor.url for anchor in best if len(anchor.text) >= MIN_HEADLINE))
    article = article_pattern(found)
    return None if article is None else FoundList(urls=found, article=article, teasers=_teasers(tree, best))


def find_paging(tree: HtmlTree, url: str, urls: SourceUrls) -> Paging | None:
    """Return how the further pages of a list are found: by their number, or by the link to the next one."""
    base = tree.base_url(url)
    path = path_of(url)
    for anchor in tree.select("a[href]"):
        target = resolve(attribute(anchor, "href"), base)
        if target is None or not urls.is_same_site(target) or clean_text(anchor.text()) != "2":
            continue
        suffix = path_of(target).removeprefix(path)
        if suffix != path_of(target) and _SECOND_PAGE.fullmatch(suffix):
            return Paging(suffix=_PAGE_NUMBER.sub("{page}", suffix))
    for selector in ("a[rel~=next]", "link[rel~=next]"):
        for node in tree.select(selector):
            target = resolve(attribute(node, "href"), base)
            if target is not None and urls.is_same_site(target):
                return Paging(link=selector)
    return None


def _anchors(tree: HtmlTree, base: str, urls: SourceUrls) -> list[_Anchor]:
    """Return the links to pages of the own host that may be articles."""
    return [
        _Anchor(card, article.url, clean_text(node.text()) or clean_text(attribute(node, "title")))
        for node, article, card in find_cards(tree, urls, base)
    ]


def _groups(anchors: Iterable[_Anchor]) -> list[list[_Anchor]]:
    """Group links by the shape of their path.

    Two segments of which the first differs, as of sections, are one shape if their cards stand side by side, or are
    alike: those of tags or photographs stand in another list.
    """
    groups: dict[_Shape, list[_Anchor]] = {}
    places: dict[tuple[object, ...], _Shape] = {}
    for anchor in anchors:
        shape = _shape(anchor.url)
        group = groups.setdefault(shape, [])
        group.append(anchor)
        parent = anchor.card.parent
        for place in (None if parent is None else parent.mem_id, _own_selector(anchor.card)):
            other = shape if place is None else places.setdefault((shape.segments, shape.has_number, place), shape)
            if groups[other] is not group:
                group = _joined(groups, groups[other], group)
    return list({id(group): group for group in groups.values()}.values())


def _joined(groups: dict[_Shape, list[_Anchor]], first: list[_Anchor], second: list[_Anchor]) -> list[_Anchor]:
    first += second
    groups |= {shape: first for shape, group in groups.items() if group is second}
    return first


class _Shape(NamedTuple):
    """What the URLs of one list have in common: segments, the first of two, a number in the last or the query."""

    segments: int
    first: str
    has_number: bool


def _shape(url: str) -> _Shape:
    split = urlsplit(url)
    segments = split.path.strip("/").split("/")
    first = "" if len(segments) != 2 or re.search(r"\d", segments[0]) else segments[0]
    return _Shape(len(segments), first, re.search(r"\d{3}", segments[-1] + split.query) is not None)


def _headlines(anchors: Iterable[_Anchor]) -> int:
    return len({anchor.url for anchor in anchors if len(anchor.text) >= MIN_HEADLINE})


def _teasers(tree: HtmlTree, anchors: Sequence[_Anchor]) -> TeaserSelectors | None:
    """Return the selectors of the cards that repeat around most of the links; None if they have no class in common."""
    named = Counter(selector for anchor in anchors for selector in _selectors(anchor.card))
    for selector, count in named.most_common(MAX_SELECTORS):
        selected = tree.select(selector)
        if 2 * count >= len({anchor.url for anchor in anchors}) and len(selected) <= 3 * count:
            return TeaserSelectors(
                card=selector,
                link="a" if not selector.startswith("a.") else "@href",
                published=_date_selector(selected),
            )
    return None


def _date_selector(cards: Sequence[LexborNode]) -> str | None:
    """Return the selector of the dates in most of the cards: of time elements, else of a class; None without dates."""
    if 2 * sum(bool(card.css("time[datetime]")) for card in cards) >= len(cards):
        return "time@datetime"
    dated = Counter(selector for card in cards[:MAX_DATED_CARDS] for selector in dict.fromkeys(_dated(card)))
    selector, count = next(iter(dated.most_common(1)), (None, 0))
    return selector if 2 * count > min(len(cards), MAX_DATED_CARDS) else None


def _dated(card: LexborNode) -> Iterator[str]:
    """Yield the selectors of the elements of a card whose text is a date, with a number in it."""
    for node in card.css("[class]")[:MAX_CARD_ELEMENTS]:
        selector, text = _own_selector(node), clean_text(node.text())
        if selector is None or not 4 <= len(text) <= MAX_DATE_LENGTH or not re.search(r"\d", text):
            continue
        if parse_date(text, _UTC, now=_LATE, language=_DAY_FIRST) is not None:
            yield selector


def _selectors(card: LexborNode) -> Iterator[str]:
    """Yield the selector of a card by its class, else by that of the list that it stands in."""
    own = _own_selector(card)
    if own is not None:
        yield own
    elif card.parent is not None and card.tag not in {"a", "p", "tr"}:
        of_list = _own_selector(card.parent)
        if of_list is not None:
            yield f"{of_list} > {card.tag}"


def _own_selector(node: LexborNode) -> str | None:
    classes = [
        name
        for name in attribute(node, "class").split()
        if _PLAIN_CLASS.fullmatch(name) and not _STATE_CLASS.search(name)
    ]
    if classes:
        return f"{node.tag}.{classes[0]}"
    return node.tag if node.tag == "article" else None
