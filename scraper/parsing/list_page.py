"""Parse listing pages into links, one per article that a teaser card links to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from scraper.errors import ChannelError
from scraper.parsing.dates import parse_date_parts
from scraper.parsing.decoding import as_utf8, sniff_non_html
from scraper.parsing.html_tree import HtmlTree, attribute, resolve
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.page_end import find_early_end
from scraper.parsing.source_urls import ArticleUrl, SourceUrls, merge, slug_of
from scraper.parsing.text import parse_count
from scraper.selectors import Selector, parse_selector
from scraper.source import Source, TeaserSelectors
from storage.model.records import DatePrecision, FailureStage, Link
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

MAX_CARDS = 1_000
"""Maximum cards of one page that are parsed."""

MAX_CARD_DEPTH = 10
"""Maximum nesting of cards, which unclosed tags cause; deeper cards are parsed as part of their ancestors."""

MAX_CARD_TEXTS = 20
"""Maximum elements of one card examined per field."""

MAX_CLIMB = 12
"""Maximum ancestors of a link that may be the card around it."""

MAX_ANCHORS = 2_000
"""Maximum links of a page without card selectors that are examined."""

FOUND_CARDS = TeaserSelectors(card="a[href]", link="a@href", title="h1, h2, h3, h4, h5", published="time@datetime")
"""Selectors of a list that declares none, within the cards around its links to articles."""

_UNSEEN = frozenset({"script", "style"})
_PAGE_PARTS = frozenset({"html", "body", "main", "-document"})


@dataclass(frozen=True, slots=True)
class _Hints:
    """Fields of a card besides its link."""

    title: str | None = None
    published: tuple[str, ...] = ()  # as printed
    sections: tuple[str, ...] = ()
    view_count: int | None = None


def next_page_url(body: bytes, *, url: str, link: str, content_type: str | None) -> str | None:
    """Return the URL that a selector of links finds on the page at `url`: its next page; None if there is none."""
    if not body.strip() or sniff_non_html(body) is not None:
        return None
    try:
        tree = HtmlTree(as_utf8(body, content_type))
    except MarkupLimitError:
        return None
    selector = parse_selector(link)
    for node in tree.select(selector.css):
        href = attribute(node, selector.attribute or "href")
        if href.strip() and (target := resolve(href, tree.base_url(url))) is not None:
            return target.partition("#")[0]
    return None


def parse_listing_page(
    body: bytes,
    *,
    url: str,
    source: Source,
    urls: SourceUrls,
    language: str | None,
    content_type: str | None,
    teasers: TeaserSelectors | None = None,
    polled_at: datetime | None = None,
) -> tuple[Link, ...]:
    """Parse the links of a listing page at `url`, in page order, with title, date and sections of their cards.

    `language` applies to article URLs that do not contain a language. Dates without a year or a day are the nearest
    before `polled_at` (aware), when the page was fetched; without it they stay open. Raises ChannelError with stage
    `parse` for a body that is not HTML, `empty list` for a page without a card of an article.
    """
    declared = teasers or source.teasers
    page = _select_cards(body, url, source, declared, urls, content_type)
    selectors = declared or FOUND_CARDS
    merged = merge(
        _link(
            article,
            hints,
            url=url,
            source=source,
            language=urls.listed_language(article.url, language),
            polled_at=polled_at,
        )
        for card in page.cards
        for article, hints in _parse_card(card, selectors, urls, page.base, has_hints=card is not page.cut_card)
    )
    if not merged:
        reason = f"no article on its cards ({len(page.cards)})" if page.cards else "no cards on this page"
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"{reason}; {_advice(source)}")
    return tuple(merged.values())


def _advice(source: Source) -> str:
    return f"if the list has moved, set channels in [sources.{source.name}]"


@dataclass(frozen=True, slots=True)
class _Page:
    """Cards of a page, the base URL of its links, and the card in which the page is cut."""

    tree: HtmlTree
    cards: list[LexborNode]
    base: str
    cut_card: LexborNode | None


def _select_cards(
    body: bytes, url: str, source: Source, teasers: TeaserSelectors | None, urls: SourceUrls, content_type: str | None
) -> _Page:
    if not body.strip():
        raise ChannelError(url, FailureStage.EMPTY_LIST, f"an empty answer; {_advice(source)}")
    other_format = sniff_non_html(body)
    if other_format is not None:
        raise ChannelError(url, FailureStage.PARSE, f"no list page but {other_format}; {_advice(source)}")
    markup = as_utf8(body, content_type)
    try:
        tree = HtmlTree(markup)
    except MarkupLimitError as error:
        raise ChannelError(url, FailureStage.PARSE, f"no list page: it has {error}") from error
    base = tree.base_url(url)
    if teasers is None:
        cards = [card for _, _, card in find_cards(tree, urls, base)][:MAX_CARDS]
    else:
        cards = _within_depth(tree.select(parse_selector(teasers.card).css)[:MAX_CARDS])
    cut_card = cards[-1] if cards and find_early_end(markup, body) else None
    return _Page(tree, cards, base, cut_card)


def find_cards(tree: HtmlTree, urls: SourceUrls, base: str) -> list[tuple[LexborNode, ArticleUrl, LexborNode]]:
    """Find the links to articles of a page; return each with its article and its card.

    The card of a link is its largest ancestor that links to no other article. Pages that do not look like articles are
    left out.
    """
    anchors = [
        (node, article)
        for node in tree.select("a[href]")[:MAX_ANCHORS]
        if (article := urls.find_article(attribute(node, "href"), base)) is not None
        and urls.looks_like_article(article.url)
    ]
    linked: dict[int, str | None] = {}  # the only article that an element links to; None: several
    for node, article in anchors:
        for element in _with_ancestors(node):
            before = linked.setdefault(element.mem_id, article.url)
            linked[element.mem_id] = article.url if before == article.url else None
    found = []
    for node, article in anchors:
        card = node
        for element in _with_ancestors(node):
            if linked[element.mem_id] != article.url or element.tag in _PAGE_PARTS:
                break
            card = element
        found.append((node, article, card))
    return found


def _with_ancestors(node: LexborNode) -> Iterator[LexborNode]:
    element: LexborNode | None = node
    for _ in range(MAX_CLIMB):
        if element is None or element.tag in _PAGE_PARTS:
            return
        yield element
        element = element.parent


def _within_depth(cards: Iterable[LexborNode]) -> list[LexborNode]:
    """Drop cards nested too deep: each card is searched whole, so that nested cards cost quadratic time."""
    depths: dict[int, int] = {}  # cards around an element and itself, of the cards and all their ancestors
    kept: list[LexborNode] = []
    for card in cards:
        around: list[int] = []
        ancestor = card.parent
        while ancestor is not None and ancestor.mem_id not in depths:
            around.append(ancestor.mem_id)
            ancestor = ancestor.parent
        depth = 0 if ancestor is None else depths[ancestor.mem_id]
        depths |= dict.fromkeys(around, depth)
        depths[card.mem_id] = depth + 1
        if depth < MAX_CARD_DEPTH:
            kept.append(card)
    return kept


def _parse_card(
    card: LexborNode, selectors: TeaserSelectors, urls: SourceUrls, base: str, *, has_hints: bool
) -> Iterator[tuple[ArticleUrl, _Hints]]:
    """Return the article URLs of a card with its hints, or without if it links to several articles (broken HTML)."""
    articles: dict[str, ArticleUrl] = {}
    for href in dict.fromkeys(_hrefs(selectors.link, card)):
        article = urls.find_article(href, base)
        if article is not None:
            articles.setdefault(article.url, article)
    hints = _hints(card, selectors) if has_hints and len(articles) == 1 else _Hints()
    if selectors is FOUND_CARDS and has_hints and hints.title is None and len(articles) == 1:
        hints = replace(hints, title=max(_texts("a", card), key=len, default=None))
    return ((article, hints) for article in articles.values())


def _hints(card: LexborNode, selectors: TeaserSelectors) -> _Hints:
    slugs = map(slug_of, _hrefs(selectors.section_link, card, MAX_CARD_TEXTS))
    names = [*_texts(selectors.section_label, card), *slugs]
    return _Hints(
        title=next(iter(_texts(selectors.title, card)), None),
        published=tuple(_texts(selectors.published, card)),
        sections=tuple(dict.fromkeys(folded for name in names if (folded := normalize_section(name)))),
        view_count=next(
            (count for text in _texts(selectors.views, card) if (count := parse_count(text)) is not None), None
        ),
    )


def _hrefs(text: str | None, card: LexborNode, limit: int | None = None) -> list[str]:
    """Return the `href`, or the attribute that the selector names, of the elements that it selects in a card."""
    if text is None:
        return []
    selector = parse_selector(text)
    return [attribute(node, selector.attribute or "href") for node in _select(selector, card)[:limit]]


def _texts(text: str | None, card: LexborNode) -> list[str]:
    """Return the cleaned texts or attributes that a selector selects in a card, without empty ones."""
    if text is None:
        return []
    selector = parse_selector(text)
    name, nodes = selector.attribute, _select(selector, card)[:MAX_CARD_TEXTS]
    texts = (clean_text(_text(node) if name is None else attribute(node, name)) for node in nodes)
    return [text for text in texts if text]


def _select(selector: Selector, card: LexborNode) -> list[LexborNode]:
    return list({node.mem_id: node for node in card.css(selector.css)}.values()) if selector.css else [card]


def _text(element: LexborNode) -> str:
    """Return the text of an element; a line break becomes a space, inline tags are dropped."""
    pieces: list[str] = []
    for node in element.traverse(include_text=True):
        if node.tag == "br":
            pieces.append(" ")
        elif node.tag == "-text" and (parent := node.parent) is not None and parent.tag not in _UNSEEN:
            pieces.append(node.text_content or "")
    return "".join(pieces)


def _link(
    article: ArticleUrl, hints: _Hints, *, url: str, source: Source, language: str, polled_at: datetime | None
) -> Link:
    date, published_raw = _date(hints.published, ZoneInfo(source.timezone), language, polled_at)
    return Link(
        url=article.url,
        request_url=article.request_url,
        channel=url,
        title=hints.title,
        published_at=None if date is None else date[0],
        published_raw=published_raw,
        published_precision=None if date is None else date[1],
        sections=hints.sections,
        language=language,
        view_count=hints.view_count,
    )


def _date(
    texts: Sequence[str], zone: ZoneInfo, language: str, polled_at: datetime | None
) -> tuple[tuple[datetime, DatePrecision] | None, str | None]:
    """Return the date of all texts together, a day and its time, else the first that is understood; as printed, too."""
    for parts in dict.fromkeys((tuple(texts), *((text,) for text in texts))):
        date = parse_date_parts(parts, zone, now=polled_at, reference=polled_at, language=language)
        if date is not None:
            return date, " ".join(parts)
    return None, next(iter(texts), None)
