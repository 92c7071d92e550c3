"""Parse listing pages into links, one per article that a teaser card links to."""

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
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.page_end import find_early_end
from scraper.parsing.source_urls import ArticleUrl, SourceUrls, merge, slug_of
from scraper.source import Source, TeaserSelectors
from storage.model.records import FailureStage, Link
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

MAX_CARDS = 1_000
"""Maximum cards of one page that are parsed."""

MAX_CARD_DEPTH = 10
"""Maximum nesting of cards, which unclosed tags cause; deeper cards are parsed as part of their ancestors."""

MAX_CARD_TEXTS = 20
"""Maximum elements of one card examined per field."""

ANCHORS = TeaserSelectors(card="//a[@href]", link="@href", title=".")
"""Cards of a list without selectors: every link to an article, with its text as title."""

Path = Callable[[Any], Any]
"""A compiled XPath, called with an element."""

_PIECES: Path = etree.XPath("descendant::text()[not(parent::script or parent::style)] | descendant::br")
_BASE: Path = etree.XPath("string(//base[@href][1]/@href)")


@dataclass(frozen=True, slots=True)
class _Paths:
    """Compiled XPaths of TeaserSelectors."""

    card: Path
    link: Path
    title: Path | None
    section_label: Path | None
    section_link: Path | None
    published: Path | None


@dataclass(frozen=True, slots=True)
class _Hints:
    """Fields of a card besides its link."""

    title: str | None = None
    published_raw: str | None = None
    sections: tuple[str, ...] = ()


def parse_listing_page(
    body: bytes,
    *,
    url: str,
    source: Source,
    urls: SourceUrls,
    language: str | None,
    content_type: str | None,
    teasers: TeaserSelectors | None = None,
) -> tuple[Link, ...]:
    """Parse the links of a listing page at `url`, in page order, with title, date and sections of their cards.

    `language` applies to article URLs that do not contain a language. Raises ChannelError with stage `parse` for a
    body that is not HTML, `empty list` for a page without a card of an article.
    """
    selectors = teasers or source.teasers or ANCHORS
    cards, base, cut_card = _select_cards(body, url, source, selectors, content_type)
    paths = _compile(selectors)
    merged = merge(
        _link(article, hints, url=url, source=source, language=urls.language(article.url) or language)
        for card in cards
        for article, hints in _parse_card(card, paths, urls, base, has_hints=card is not cut_card)
    )
    if not merged:
        reason = f"no article on its cards ({len(cards)})" if cards else "no cards on this page"
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"{reason}; {_advice(source)}")
    return tuple(merged.values())


def _advice(source: Source) -> str:
    return f"if the list has moved, set channels in [sources.{source.name}]"


def _select_cards(
    body: bytes, url: str, source: Source, teasers: TeaserSelectors, content_type: str | None
) -> tuple[list[Any], str, Any]:
    """Select the cards of a page; return them with the base URL of its links, and the card in which the page is cut."""
    if not body.strip():
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"an empty answer; {_advice(source)}")
    other_format = sniff_non_html(body)
    if other_format is not None:
        raise ChannelError(url, FailureStage.PARSE, f"no list page but {other_format}; {_advice(source)}")
    try:
        text = decode(body, content_type)
        root = parse(text)
    except MarkupLimitError as error:
        raise ChannelError(url, FailureStage.PARSE, f"no list page: it has {error}") from error
    except (etree.LxmlError, ValueError) as error:
        raise ChannelError(url, FailureStage.PARSE, f"no HTML ({error}); {_advice(source)}") from error
    if root is None:
        return [], url, None
    cards = _within_depth(_compile(teasers).card(root))
    return cards, _base(root, url), cards[-1] if cards and find_early_end(text, body) else None


def _within_depth(cards: list[Any]) -> list[Any]:
    """Drop cards nested too deep: each card is searched whole, so that nested cards cost quadratic time."""
    depths: dict[Any, int] = {}
    for card in cards[:MAX_CARDS]:
        outer = next((ancestor for ancestor in card.iterancestors() if ancestor in depths), None)
        depths[card] = 0 if outer is None else depths[outer] + 1
    return [card for card, depth in depths.items() if depth < MAX_CARD_DEPTH]


def _base(root: Any, url: str) -> str:
    try:
        return urljoin(url, str(_BASE(root)).strip())
    except ValueError:
        return url


@lru_cache
def _compile(cards: TeaserSelectors) -> _Paths:
    def path(xpath: str | None) -> Path | None:
        return None if xpath is None else etree.XPath(xpath)

    return _Paths(
        card=etree.XPath(cards.card),
        link=etree.XPath(cards.link),
        title=path(cards.title),
        section_label=path(cards.section_label),
        section_link=path(cards.section_link),
        published=path(cards.published),
    )


def _parse_card(
    card: Any, paths: _Paths, urls: SourceUrls, base: str, *, has_hints: bool
) -> Iterator[tuple[ArticleUrl, _Hints]]:
    """Return the article URLs of a card with its hints, or without if it links to several articles (broken HTML)."""
    articles: dict[str, ArticleUrl] = {}
    for href in dict.fromkeys(map(str, paths.link(card))):
        article = urls.find_article(href, base)
        if article is not None:
            articles.setdefault(article.url, article)
    hints = _hints(card, paths) if has_hints and len(articles) == 1 else _Hints()
    return ((article, hints) for article in articles.values())


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
    """Return the text of an element; a line break becomes a space, inline tags are dropped."""
    return "".join(piece if isinstance(piece, str) else " " for piece in _PIECES(element))


def _link(article: ArticleUrl, hints: _Hints, *, url: str, source: Source, language: str | None) -> Link:
    date = parse_date(hints.published_raw, ZoneInfo(source.timezone)) if hints.published_raw else None
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=hints.title,
        published_at=None if date is None else date[0],
        published_raw=hints.published_raw,
        published_precision=None if date is None else date[1],
        sections=hints.sections,
        language=language,
    )
