"""Declare a news site: its channels, its URLs, its sections, and the parser of its article pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
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
class ListingPage:
    """A channel in HTML. `paging` is the URL suffix of page n, such as "?page={page}"; None: a single page."""

    path: str
    language: str | None = None
    paging: str | None = None


Channel = Feed | ListingPage


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Declaration of a news site.

    `article_path` is a regular expression that the path of an article URL matches in full, as it is listed, with or
    without its final slash; its optional group `language` is the language, else `default_language` is.
    `section_names` maps each section name of the settings to every normalized label and slug that the site uses for
    it.
    """

    name: str
    title: str
    base_url: str
    terms: str
    timezone: str
    channels: tuple[Channel, ...]
    teasers: TeaserSelectors
    article_path: str
    languages: tuple[str, ...]  # crawled unless set otherwise
    default_language: str
    section_names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sections: tuple[str, ...] = ()  # crawled unless set otherwise; empty: all
    per_day: float  # estimated articles a day, used until one week of publication times is known
    page: type[PageParser]
