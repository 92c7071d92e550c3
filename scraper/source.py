"""Declare a news site: its channels, its URLs, its sections, and the parser of its article pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from storage.model.records import ParsedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A channel in RSS, Atom or JSON Feed. `path` is relative to the source's base URL, or a full URL."""

    path: str
    language: str | None = None  # None: the feed may mix languages


@dataclass(frozen=True, slots=True, kw_only=True)
class TeaserSelectors:
    """XPaths of a listing page: `card` from the root, the others relative to a card.

    Cards are selected before links: resolving every link of a page costs more than parsing the page.
    """

    card: str
    link: str = ".//a/@href"
    title: str | None = None
    section_label: str | None = None
    section_link: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonItems:
    """Places of the articles in a JSON document, as paths such as `data.items[*]`; all but `items` within one item."""

    items: str
    url: str
    title: str | None = None
    published: str | None = None
    section: str | None = None


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


class Identity(StrEnum):
    """Part of an article's URL by which it is known: its path, or the number or name that group `id` matches."""

    PATH = "path"
    ID = "id"


class PageParser(Protocol):
    """Parser of one article page; `version` is raised when any page would be parsed differently."""

    version: ClassVar[int]

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
    it.
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
    page: type[PageParser]
