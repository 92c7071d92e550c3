"""Frozen values that cross the border between the packages.

The same article has one type at each moment of its way::

    Link          a URL found on a channel, with the hints beside it
    Known         what the database already says of that address
    ArticleData   what one fetch of its page said
    (rows)        what is kept; see storage.database.tables

Every datetime here is aware and in UTC; a naive one is refused where it is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from storage.model.reservations import Reservation

MAX_CLOCK_SKEW = timedelta(minutes=10)
"""Tolerance for a site's clock that is ahead of ours before its dates count as future."""


class DatePrecision(StrEnum):
    """Precision of a publication time."""

    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


class Outcome(StrEnum):
    """Crawl outcome of a link; every link has exactly one."""

    PENDING = "pending"  # not stored yet: never tried, or failed and to be tried again
    STORED = "stored"
    FILTERED = "filtered"  # of a section or language nobody asked for
    GONE = "gone"  # 404 or 410, confirmed


BEYOND = "beyond the "
"""Start of the reason of a pending link that a crawl left to a later one by its limit or its budget."""


class FailureStage(StrEnum):
    """Stage at which a poll or a fetch failed."""

    NETWORK = "network"
    TIMEOUT = "timeout"
    HTTP_5XX = "http 5xx"
    HTTP_4XX = "http 4xx"
    BLOCKED = "blocked"
    ROBOTS = "robots"
    NOT_A_FEED = "not a feed"
    EMPTY_LIST = "empty list"
    PARSE = "parse"
    STORE = "store"  # the database refused what was read


class SaveOutcome(StrEnum):
    """Change that one fetch made to an article."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    REPARSED = "reparsed"  # our own reader changed, not the page
    UNCONFIRMED = "unconfirmed"  # must be seen a second time before it is believed


class FetchResult(StrEnum):
    """Result of one fetch: the change of the article, or the reason that there was none."""

    NEW = "new"
    REVISED = "revised"
    UNCHANGED = "unchanged"
    REPARSED = "reparsed"
    UNCONFIRMED = "unconfirmed"
    FILTERED = "filtered"
    NOT_FOUND = "not found"  # 404 or 410, not confirmed yet
    GONE = "gone"  # 404 or 410, confirmed
    FAILED = "failed"


class EditKind(StrEnum):
    """Kind of the edit of a revision."""

    FORMAT = "format"  # equal but for typography; never stored
    MINOR = "minor"
    NUMBERS = "numbers"
    QUOTE = "quote"
    TITLE = "title"
    SUBSTANTIVE = "substantive"
    DATE_MOVED = "date moved"


class Trigger(StrEnum):
    """Cause of a crawl."""

    MANUAL = "manual"
    SCHEDULED = "scheduled"
    SCRAPY = "scrapy"


class DeliveryMode(StrEnum):
    """Delivery mode of a saved search."""

    IMMEDIATE = "instantly"
    DIGEST = "digest"


class RunStatus(StrEnum):
    """Status of a crawl run."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    TIMED_OUT = "timed out"
    CRASHED = "crashed"


class FetchPurpose(StrEnum):
    """Why an address is fetched in this crawl."""

    NEW = "new"
    RETRY = "retry"
    RECRAWL = "recrawl"
    REQUESTED = "requested"  # named by hand


@dataclass(frozen=True, slots=True)
class Problem:
    """A field that could not be read, or was read with doubt."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An article address found on a channel, with its hints; only address and channel are certain."""

    url: str  # canonical
    channel: str  # address of the channel that listed it
    request_url: str | None = None  # as listed; None: the canonical URL
    title: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None  # as printed
    published_precision: DatePrecision | None = None
    sections: tuple[str, ...] = ()  # folded labels and slugs (scraper.text.fold); empty: not said
    language: str | None = None
    view_count: int | None = None  # as the list prints it


@dataclass(frozen=True, slots=True)
class ListedDate:
    """Date of publication beside a link, and as printed: each the first that a channel stated."""

    published_at: datetime | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """Stored state of a link, from which a crawl selects."""

    url: str
    outcome: Outcome
    request_url: str | None = None  # as it was answered last, or else listed; None: the canonical URL
    failed_attempts: int = 0
    next_attempt_at: datetime | None = None
    first_listed_at: datetime | None = None
    published_at: datetime | None = None  # of the article, else of the list
    listed: ListedDate = ListedDate()
    sections: tuple[str, ...] = ()
    language: str | None = None
    article_id: int | None = None  # of the article at this address; None if it redirects to another
    recrawl_at: datetime | None = None  # None: no further recrawl is planned
    parser_deaths: int = 0  # of processes that parsed it: if any, it is parsed in one of its own
    is_quarantined: bool = False
    reservation: str | None = None  # reason why it was filtered, if its page is reserved
    was_parsed: bool = False  # its page was read, so that its sections and language are not mere hints

    @property
    def was_answered(self) -> bool:
        """Return whether the last fetch brought its page, so that `request_url` is a spelling that works."""
        return self.was_parsed and self.failed_attempts == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleData:
    """Fields parsed from one page of an article. A field that could not be read is None and has a problem."""

    source: str
    url: str  # canonical
    language: str | None
    sections: tuple[str, ...]  # folded, in page order
    title: str
    fetched_at: datetime
    parser_version: int
    subtitle: str | None = None
    body: str = ""  # blocks parted by one blank line; "" is legal (photo and video stories)
    description: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None  # as printed
    published_precision: DatePrecision | None = None
    author: str | None = None  # `authors`, joined by AUTHOR_SEPARATOR
    authors: tuple[str, ...] = ()
    view_count: int | None = None
    image_url: str | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPage:
    """A page as read: the article, and for each field that was read what it was read from."""

    article: ArticleData
    provenance: Mapping[str, str] = field(default_factory=dict)
    reservations: tuple[Reservation, ...] = ()  # of the page and of the headers and files that came with it


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """A failed fetch or poll, named by its stage."""

    url: str
    failure_stage: FailureStage
    reason: str  # one line a person can act on
    http_status: int | None = None
    is_fatal: bool = False  # a process died of parsing it
