"""Read what a home page and robots.txt say about a site: its title, its language, and where its channels may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from scraper.parsing.decoding import as_utf8, sniff_non_html
from scraper.parsing.html_tree import HtmlTree, attribute, resolve
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.source_urls import SourceUrls
from scraper.parsing.text import title_parts
from storage.text.sanitize import clean_text

GUESSED_PATHS = (
    *("/sitemap.xml", "/sitemap-news.xml", "/sitemap_index.xml", "/news-sitemap.xml", "/feed/", "/rss", "/rss.xml"),
    *("/feed.xml", "/sitemap_news.xml", "/atom.xml", "/feeds", "/index.xml"),
)
"""Paths at which channels are met most, of 180 publishers; they are requested if nothing names a channel."""

NEWS_SITEMAP_PATHS = tuple(path for path in GUESSED_PATHS if "news" in path)
"""Those of them that list the newest articles; they are requested if a feed lists few."""

MAX_NAMED = 12
"""Maximum addresses that one place names which are looked at."""

MAX_LABEL = 30
"""Maximum characters of a text of the navigation; longer ones are headlines."""

_FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "text/xml"}
)
_FEED_PATH = re.compile(r"(?:^|[/._-])(?:rss\d*|feeds?|atom|rdf)(?:[/._?-]|$)|\.(?:rss|rdf|atom)$", re.IGNORECASE)
_NO_NEWS_FEED = re.compile(r"comments?|podcast|twitter|facebook|youtube|(?:^|[./])t\.me(?:/|$)", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class NamedChannel:
    """Address at which a channel may be, and the place that names it."""

    url: str
    origin: str


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """Page of a site that its navigation links to, and the text of the link."""

    url: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What a home page says about its site."""

    title: str | None
    page_title: str  # of <title>
    language: str | None
    channels: tuple[NamedChannel, ...]
    countries: tuple[str, ...] = ()  # of its language, such as "gr" of el-GR
    navigation: tuple[NavigationLink, ...] = ()


def robots_channels(text: str, urls: SourceUrls) -> tuple[NamedChannel, ...]:
    """Return the sitemaps that robots.txt names on the own host; those of news first."""
    named = [NamedChannel(url, "robots.txt") for url in _SITEMAP_LINE.findall(text) if urls.is_same_site(url)]
    return tuple(sorted(dict.fromkeys(named), key=lambda one: "news" not in one.url.lower())[:MAX_NAMED])


def guessed_channels(urls: SourceUrls, paths: Iterable[str] = GUESSED_PATHS) -> tuple[NamedChannel, ...]:
    """Return the addresses at which channels are met most."""
    return tuple(NamedChannel(f"{urls.request_base}{path}", "a usual address") for path in paths)


def parse_html(body: bytes, content_type: str | None) -> HtmlTree | None:
    """Parse a page; None for another document, or one beyond the limits."""
    if not body.strip() or sniff_non_html(body) is not None:
        return None
    try:
        return HtmlTree(as_utf8(body, content_type))
    except (MarkupLimitError, ValueError):
        return None


def read_home_page(body: bytes, *, url: str, urls: SourceUrls, content_type: str | None) -> HomePage | None:
    """Read a home page; None if it is no HTML."""
    tree = parse_html(body, content_type)
    if tree is None:
        return None
    base = tree.base_url(url)
    # Any page may be linked to; a feed on another host that the page names as its own is the site's.
    named = [*_alternates(tree, base), *(one for one in _feed_anchors(tree, base) if urls.is_same_site(one.url))]
    distinct = {one.url: one for one in reversed(named) if not _is_other_feed(one.url, urls)}
    return HomePage(
        title=_title(tree),
        page_title=page_title(tree),
        language=_language(tree),
        channels=tuple(reversed(distinct.values()))[:MAX_NAMED],
        countries=tuple(_countries(tree)),
        navigation=tuple(_navigation(tree, base, urls)),
    )


def _alternates(tree: HtmlTree, base: str) -> Iterator[NamedChannel]:
    for link in tree.select("link[rel~=alternate]"):
        if attribute(link, "type").strip().lower() in _FEED_TYPES:
            yield from _named(attribute(link, "href"), base, "link rel=alternate of the home page")


def _feed_anchors(tree: HtmlTree, base: str) -> Iterator[NamedChannel]:
    for anchor in tree.select("a[href]"):
        href = attribute(anchor, "href")
        if _FEED_PATH.search(href.partition("#")[0]):
            yield from _named(href, base, "a link of the home page")


def _named(href: str, base: str, origin: str) -> Iterable[NamedChannel]:
    url = resolve(href.partition("#")[0], base) if href.strip() else None
    return () if url is None or not url.startswith(("http://", "https://")) else (NamedChannel(url, origin),)


def _is_other_feed(url: str, urls: SourceUrls) -> bool:
    """Return whether the address of a feed tells that it is of comments, or of the site's pages at another service."""
    split = urlsplit(url)
    return _NO_NEWS_FEED.search(split.path if urls.is_same_site(url) else f"{split.netloc}{split.path}") is not None


def _title(tree: HtmlTree) -> str | None:
    for css, name in (("meta[property='og:site_name']", "content"), ("meta[name='application-name']", "content")):
        for node in tree.select(css):
            if text := clean_text(attribute(node, name)):
                return text[:100]
    return next(iter(title_parts(page_title(tree))), "")[:100] or None


def page_title(tree: HtmlTree) -> str:
    """Return the text of the first `<title>` that is not of a drawing; empty if there is none."""
    texts = (
        clean_text(node.text()) for node in tree.select("title") if node.parent is None or node.parent.tag != "svg"
    )
    return next((text for text in texts if text), "")


def _language(tree: HtmlTree) -> str | None:
    match = re.match(r"[a-z]{2,3}\b", attribute(tree.root, "lang").strip().lower())
    return match[0] if match else None


def _countries(tree: HtmlTree) -> Iterator[str]:
    stated = (attribute(node, "content") for node in tree.select("meta[property='og:locale']"))
    for tag in (attribute(tree.root, "lang"), *stated):
        match = re.fullmatch(r"[a-z]{2,3}[-_](?:[a-z]{4}[-_])?([a-z]{2})", tag.strip().lower())
        if match:
            yield match[1]


def _navigation(tree: HtmlTree, base: str, urls: SourceUrls) -> Iterator[NavigationLink]:
    """Yield the pages of the own host that the navigation links to: short texts, paths of up to three segments."""
    seen = set[str]()
    for anchor in tree.select("nav a[href], header a[href], [class*=menu] a[href]"):
        url = resolve(attribute(anchor, "href"), base)
        path = urlsplit(url).path if url is not None and urls.is_same_site(url) else ""
        if url is None or not 1 <= path.strip("/").count("/") + 1 <= 3 or path in seen or path == "/":
            continue
        label = clean_text(anchor.text())
        if len(label) <= MAX_LABEL:
            seen.add(path)
            yield NavigationLink(url.partition("#")[0], label)


def canonical_url(body: bytes) -> str | None:
    """Return the URL that a page names as its own: canonical link, or og:url; None if it names none."""
    tree = parse_html(body, None)
    if tree is None:
        return None
    named = [attribute(node, "href") for node in tree.select("link[rel~=canonical]")]
    named += [attribute(node, "content") for node in tree.select("meta[property='og:url']")]
    return next((url.strip() for url in named if url.strip().startswith(("http://", "https://"))), None)
