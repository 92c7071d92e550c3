"""Declare a news site: its channels, its URLs, its sections, and the parser of its article pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

from storage.model.records import ParsedPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A channel in RSS, Atom or JSON Feed. `path` is relative to the source's home, or absolute."""

    path: str
    language: str | None = None  # None: the feed may mix languages


@dataclass(frozen=True, slots=True, kw_only=True)
class TeaserSelectors:
    """XPaths of a list page: the cards first, the rest relative to one card.

    Cards are cut out before their links are looked at: joining every link of a page costs more than parsing it.
    """

    card: str
    link: str = ".//a/@href"
    title: str | None = None
    section_label: str | None = None
    section_link: str | None = None
    published: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """A channel in HTML. `paging` is how page n is asked for, as a suffix such as "?page={page}"; None: one page."""

    path: str
    language: str | None = None
    paging: str | None = None


Channel = Feed | ListingPage


class PageParser(Protocol):
    """Parser of one article page; `version` goes up when it reads any page differently."""

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
        """Take the page at the canonical address `url`. Raises PageError if `body` is not HTML."""

    def parse(self) -> ParsedPage:
        """Parse every field. Raises PageError if the page is no article."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A news site as Presswatch sees it.

    `article_path` is a regular expression that an article's path matches in full, with an optional group
    `language`; `default_language` is that of a path without one. `sections` maps each section a user can ask for
    to every folded label and slug the site gives it.
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
    per_day: float  # articles a day, roughly: what is expected until a week of them was seen
    page: type[PageParser]
