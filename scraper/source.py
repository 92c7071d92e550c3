"""What a source declares: data only. How it is crawled stands elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scraper.page import ArticlePage


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A channel in RSS, Atom or JSON Feed. `path` is relative to the source's home, or absolute."""

    path: str
    language: str | None = None  # None: the feed may mix languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
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
class ListPage:
    """A channel in HTML. `paging` is how page n is asked for, as a suffix such as "?page={page}"; None: one page."""

    path: str
    language: str | None = None
    paging: str | None = None


Channel = Feed | ListPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A news site as Presswatch sees it.

    `article_path` is a regular expression that an article's path matches in full, with an optional group
    `language`; `default_language` is that of a path without one. `sections` maps each section a user can ask for
    to every folded label and slug the site gives it.
    """

    name: str
    title: str
    home: str
    terms: str
    timezone: str
    channels: tuple[Channel, ...]
    cards: Cards
    article_path: str
    languages: tuple[str, ...]  # crawled unless set otherwise
    default_language: str
    section_names: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sections: tuple[str, ...] = ()  # crawled unless set otherwise; empty: all
    per_day: float  # articles a day, roughly: what is expected until a week of them was seen
    page: type[ArticlePage]
