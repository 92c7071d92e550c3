"""Declare a news site: its channels, its URLs, its sections, and the selectors of its pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from scraper.selectors import parse_selector
from storage.model.records import ParsedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A channel in RSS, Atom or JSON Feed. `path` is relative to the source's base URL, or a full URL."""

    path: str
    language: str | None = None  # None: the feed may mix languages


Selectors = tuple[str | tuple[str, ...], ...]
"""Selectors of one field, the first that yields a valid value counts; the texts of an inner tuple are joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeaserSelectors:
    """Selectors of a listing page: `card` in the page, the others in a card. See `scraper.selectors`.

    `link` and `section_link` name elements whose `href` is read unless they name another attribute. Cards are
    selected before links: resolving every link of a page costs more than parsing the page. Raises ValueError that
    names the field of a selector that is not valid.
    """

    card: str
    link: str = "a"
    title: str | None = None
    section_label: str | None = None
    section_link: str | None = None
    published: str | None = None
    views: str | None = None

    def __post_init__(self) -> None:
        _validate(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSelectors:
    """Selectors of article pages, see `scraper.selectors`; empty: the pages of the source have no such field.

    Fields are searched within the first element of `article`, then in the whole page, because broken HTML may move
    them out of it. Raises ValueError that names the field of a selector or pattern that is not valid.
    """

    article: Selectors = ()
    title: Selectors = ()
    subtitle: Selectors = ()
    sections: Selectors = ()
    published: Selectors = ()
    body: Selectors = ()
    author: Selectors = ()
    views: Selectors = ()
    cover: Selectors = ()
    drop: Selectors = ()  # elements of a body that are not part of the article
    drop_lines: str | None = None  # regular expression of the body lines that are not part of the article, any case
    no_image: str | None = None  # regular expression found in the URLs of placeholder images

    def __post_init__(self) -> None:
        _validate(self)
        for name in ("drop_lines", "no_image"):
            try:
                re.compile(getattr(self, name) or "")
            except re.error as error:
                raise ValueError(f"{name}: {getattr(self, name)!r} is not a regular expression: {error}") from None


_PATTERNS = frozenset({"drop_lines", "no_image"})


def _validate(declared: TeaserSelectors | PageSelectors) -> None:
    for declared_field in fields(declared):
        if declared_field.name not in _PATTERNS:
            for text in _texts(getattr(declared, declared_field.name)):
                try:
                    parse_selector(text)
                except ValueError as error:
                    raise ValueError(f"{declared_field.name}: {error}") from None


def _texts(value: str | Selectors | tuple[str, ...] | None) -> Iterator[str]:
    """Yield the selectors of a field."""
    if isinstance(value, str):
        yield value
    else:
        for inner in value or ():
            yield from _texts(inner)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonViews:
    """View counts that a site keeps apart from its pages, in JSON: one request more an article.

    `address` is a path or full URL on the host of the source with {id}, {path} or {url} of the article in it, `path`
    the place of the count in the document, such as `data.views`; empty: the document is the count.
    """

    address: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonItems:
    """Places of the articles in a JSON document, as paths such as `data.items[*]`; all but `items` within one item."""

    items: str
    url: str
    title: str | None = None
    published: str | None = None
    section: str | None = None
    views: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Further pages of a list: numbered ones of `suffix`, those of a link, or those of a JSON list.

    `suffix` is added to the path of the channel for page n, such as "?page={page}", from `first` on. `link` selects
    the link to the next page in the page before. `json` is the path of a JSON list with `{page}` in it, read by
    `items`. `most` is the maximum number of pages, the first one included; None: `MAX_PAGES` of the crawl.
    """

    suffix: str | None = None
    first: int = 2
    link: str | None = None
    json: str | None = None
    items: JsonItems | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """A channel in HTML. Without `teasers` those of the source count."""

    path: str
    language: str | None = None
    paging: Paging | None = None
    teasers: TeaserSelectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """A channel in the sitemap protocol: a sitemap, one with the news namespace, or an index of sitemaps."""

    path: str
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonList:
    """A channel in JSON. `{page}` in the path is the number of a page, from `first` on."""

    path: str
    items: JsonItems
    language: str | None = None
    first: int = 1
    most: int | None = None  # maximum pages; None: MAX_PAGES of the crawl


Channel = Feed | ListingPage | Sitemap | JsonList


def first_path(channel: Channel) -> str:
    """Return the path at which a channel is polled: its own, with the number of its first page if it has pages."""
    if isinstance(channel, JsonList):
        return channel.path.replace("{page}", str(channel.first))
    return channel.path


def addresses(channel: Channel) -> tuple[str, ...]:
    """Return the addresses that a channel declares: `first_path`, and that of further pages in JSON."""
    paging = channel.paging if isinstance(channel, ListingPage) else None
    if paging is None or paging.json is None:
        return (first_path(channel),)
    return first_path(channel), paging.json.replace("{page}", str(paging.first))


class Identity(StrEnum):
    """Part of an article's URL by which it is known: its path, or the number or name that group `id` matches."""

    PATH = "path"
    ID = "id"


class PageParser(Protocol):
    """Parser of one article page."""

    def __init__(
        self,
        body: bytes,
        *,
        url: str,
        source: Source,
        urls: Any,  # scraper.parsing.source_urls.SourceUrls, which needs a Source
        fetched_at: datetime,
        content_type: str | None = None,
    ) -> None:
        """Load the page at the canonical URL `url`. Raises PageError if `body` is not HTML."""

    def parse(self) -> ParsedPage:
        """Parse every field. Raises PageError if the page is not an article."""
        ...

    @classmethod
    def version(cls, source: Source) -> int:
        """Return a number that changes when any page of a source would be parsed differently."""
        ...


DEFAULT_PER_DAY = 20.0
"""Articles a day that a source is expected to publish if its declaration does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Declaration of a news site.

    `article_path` is a regular expression that the path of an article URL matches in full, as it is listed, with or
    without its final slash; its optional group `language` is the language, else `default_language` is. None: every
    page on the host that a channel lists as an article. `language_codes` maps what the group matches to a language
    code. `excluded_paths` are regular expressions found in paths of pages that are no articles.
    `section_names` maps each section name of the settings to every normalized label and slug that the site uses for
    it. `views` are the view counts that are kept apart from the pages. `page_class` parses the pages instead of
    ArticlePage of `scraper.reading.article_page`, where selectors are not enough.
    """

    name: str
    title: str
    base_url: str
    terms: str = ""
    timezone: str
    channels: tuple[Channel, ...]
    teasers: TeaserSelectors | None = None
    article_path: str | None = None
    excluded_paths: tuple[str, ...] = ()
    identity: Identity = Identity.PATH
    languages: tuple[str, ...] = ()  # crawled unless set otherwise; empty: all
    default_language: str
    language_codes: Mapping[str, str] = field(default_factory=dict)
    section_names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sections: tuple[str, ...] = ()  # crawled unless set otherwise; empty: all
    per_day: float = DEFAULT_PER_DAY  # estimated articles a day, used until one week of publication times is known
    user_agent: str | None = None  # None: the one of the settings
    render: bool = False  # pages are rendered by a browser
    page: PageSelectors = PageSelectors()
    views: JsonViews | None = None
    page_class: type[PageParser] | None = None
