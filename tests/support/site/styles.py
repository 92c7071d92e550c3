"""Configure the feed, the lists and the pages of the test site."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Guids(StrEnum):
    """Guids of the feed."""

    OWN = "own"
    ONE = "one"  # the same for every entry
    NONE = "none"


class FeedDates(StrEnum):
    """pubDates of the feed."""

    OWN = "own"
    NONE = "none"
    FUTURE = "future"  # a year after the article's own


class ETags(StrEnum):
    """ETags of the feed."""

    HONEST = "honest"
    NONE = "none"
    STUCK = "stuck"  # the same for ever, with a 304 for whoever sends it, though the feed changed


class Paging(StrEnum):
    """Responses to `?page=n` on a list page."""

    ON = "on"
    OFF = "off"  # 404 for every page after the first
    REPEAT = "repeat"  # the first page again, for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStyle:
    """The habits of `/rss.xml`."""

    limit: int = 50
    language: str | None = None  # only that language; None: mixed
    guids: Guids = Guids.OWN
    dates: FeedDates = FeedDates.OWN
    etags: ETags = ETags.HONEST
    last_modified: bool = True
    conditions: bool = True  # False: 200 whatever the request asks
    relative_links: bool = False
    descriptions: bool = True
    sections: bool = True
    blank_before: bool = False  # a blank line before the XML declaration


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStyle:
    """The habits of the front page and of section lists."""

    per_screen: int = 24
    paging: Paging = Paging.ON
    last_page: int | None = None  # the list ends here, whatever there is
    end_status: int = 200  # after the last page: 200 is a page without cards, any other an error page
    cards: bool = True
    dates: bool = True
    relative_links: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStyle:
    """The habits of every HTML page. `weight` is in bytes before compression; 0 is a slim page."""

    weight: int = 15_000
    compress: bool = False  # gzip for clients that accept it
    related: int = 6  # cards of other sections on an article page
