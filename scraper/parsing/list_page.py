"""A list page's bytes → links, one for each article that a card of it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from lxml import etree

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date
from scraper.parsing.decoding import decode, parse, sniff_non_html
from scraper.parsing.selectors import slug_of
from scraper.parsing.source_urls import SourceUrls, merge
from scraper.source import Source, TeaserSelectors
from storage.model.records import FailureStage, Link
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

MAX_CARDS = 1_000
MAX_CARD_DEPTH = 10
"""Cards within cards, as tags that are never closed make them: those deeper down are read as part of those around."""

MAX_CARD_TEXTS = 20
"""Elements of one card that are looked at for one hint."""

Path = Callable[[Any], Any]
"""A compiled XPath: from an element to what it finds there."""

_PIECES: Path = etree.XPath("descendant::text()[not(parent::script or parent::style)] | descendant::br")
_BASE: Path = etree.XPath("string(//base[@href][1]/@href)")


@dataclass(frozen=True, slots=True)
class _Paths:
    """The XPaths of Cards, compiled."""

    card: Path
    link: Path
    title: Path | None
    section_label: Path | None
    section_link: Path | None
    published: Path | None


@dataclass(frozen=True, slots=True)
class _Hints:
    title: str | None = None
    published_raw: str | None = None
    sections: tuple[str, ...] = ()


def parse_list(
    body: bytes, *, url: str, source: Source, addresses: SourceUrls, language: str | None, content_type: str | None
) -> tuple[Link, ...]:
    """The links of a list page at `url`, in page order, each with what stood beside it on its card.

    An address says its language itself; `language` is that of the list, for sources whose addresses say nothing.
    Raises ChannelError: stage `parse` for what is no HTML, `empty list` for a page without a card of an article.
    """
    cards, base = _select_cards(body, url, source, content_type)
    paths = _compile(source.teasers)
    merged = merge(
        _link(address, hints, url=url, source=source, language=addresses.language(address) or language)
        for card in cards
        for address, hints in _read_card(card, paths, addresses, base)
    )
    if not merged:
        found = f"no article on its cards ({len(cards)})" if cards else "no cards on this page"
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"{found}; {_advice(source)}")
    return tuple(merged.values())


def _advice(source: Source) -> str:
    return f"if the list has moved, set channels in [sources.{source.name}]"


def _select_cards(body: bytes, url: str, source: Source, content_type: str | None) -> tuple[list[Any], str]:
    """The cards of the page, and what its relative links are relative to."""
    if not body.strip():
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"an empty answer; {_advice(source)}")
    other = sniff_non_html(body)
    if other is not None:
        raise ChannelError(url, FailureStage.PARSE, f"no list page but {other}; {_advice(source)}")
    try:
        root = parse(decode(body, content_type))
    except (etree.LxmlError, ValueError) as error:
        raise ChannelError(url, FailureStage.PARSE, f"no HTML ({error}); {_advice(source)}") from error
    return ([], url) if root is None else (_within_depth(_compile(source.teasers).card(root)), _base(root, url))


def _within_depth(cards: list[Any]) -> list[Any]:
    """Each card is searched whole: a page of nothing but nested cards would cost its square."""
    around: dict[Any, int] = {}
    for card in cards[:MAX_CARDS]:
        outer = next((one for one in card.iterancestors() if one in around), None)
        around[card] = 0 if outer is None else around[outer] + 1
    return [card for card, depth in around.items() if depth < MAX_CARD_DEPTH]


def _base(root: Any, url: str) -> str:
    try:
        return urljoin(url, str(_BASE(root)).strip())
    except ValueError:
        return url


@lru_cache
def _compile(cards: TeaserSelectors) -> _Paths:
    def path(written: str | None) -> Path | None:
        return None if written is None else etree.XPath(written)

    return _Paths(
        card=etree.XPath(cards.card),
        link=etree.XPath(cards.link),
        title=path(cards.title),
        section_label=path(cards.section_label),
        section_link=path(cards.section_link),
        published=path(cards.published),
    )


def _read_card(card: Any, paths: _Paths, addresses: SourceUrls, base: str) -> Iterator[tuple[str, _Hints]]:
    """The articles a card names. One that names several (broken HTML) cannot say which of them its hints are about."""
    found = (addresses.article_url(href, base) for href in dict.fromkeys(map(str, paths.link(card))))
    articles = tuple(dict.fromkeys(address for address in found if address is not None))
    hints = _hints(card, paths) if len(articles) == 1 else _Hints()
    return ((address, hints) for address in articles)


def _hints(card: Any, paths: _Paths) -> _Hints:
    names = [*_texts(paths.section_label, card), *map(slug_of, _texts(paths.section_link, card))]
    return _Hints(
        title=next(iter(_texts(paths.title, card)), None),
        published_raw=next(iter(_texts(paths.published, card)), None),
        sections=tuple(dict.fromkeys(folded for name in names if (folded := normalize_section(name)))),
    )


def _texts(path: Path | None, card: Any) -> list[str]:
    """The words of what an XPath finds in a card, elements or strings; those without words left out."""
    found = [] if path is None else path(card)[:MAX_CARD_TEXTS]
    texts = (clean_text(part if isinstance(part, str) else _first_text(part)) for part in found)
    return [text for text in texts if text]


def _first_text(element: Any) -> str:
    """An element's text; a line break is a space, inline tags are nothing."""
    return "".join(piece if isinstance(piece, str) else " " for piece in _PIECES(element))


def _link(address: str, hints: _Hints, *, url: str, source: Source, language: str | None) -> Link:
    date = parse_date(hints.published_raw, ZoneInfo(source.timezone)) if hints.published_raw else None
    return Link(
        url=address,
        channel=url,
        title=hints.title,
        published_at=None if date is None else date[0],
        published_raw=hints.published_raw,
        sections=hints.sections,
        language=language,
    )
