"""Define the results of queries: frozen values without a tie to the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from storage.articles.filters import Cursor, Sort
from storage.model.records import DatePrecision, EditKind, FailureStage, FetchPurpose, FetchResult, Outcome, Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSummary:
    """An article as a list shows it, without its body. Source, address, time of the fetch and terms go with it."""

    id: int
    source: str
    source_title: str
    url: str
    title: str
    language: str | None
    section: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_precision: DatePrecision | None
    view_count: int | None
    first_seen_at: datetime
    stored_at: datetime
    fetched_at: datetime  # the last fetch that brought the page
    revised_at: datetime | None
    gone_at: datetime | None
    duplicate_of_id: int | None
    terms: str

    def cursor(self, sort: Sort) -> Cursor:
        """The place of this article in a list of that sort; `find(…, after=…)` goes on from there."""
        keys = {Sort.DATE: self.published_at, Sort.VIEWS: self.view_count}
        return Cursor(keys.get(sort), self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredArticle(ArticleSummary):
    """Article with the score of its relevance, higher is better; None if it was not ranked."""

    score: float | None = None

    def cursor(self, sort: Sort) -> Cursor:
        return Cursor(self.score, self.id) if sort is Sort.RANK else ArticleSummary.cursor(self, sort)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleByGrowth(ArticleSummary):
    """Article with the views it gained in GROWTH_WINDOW (filters.py) up to `until`; None if it gained none."""

    view_gain: int | None = None
    until: datetime | None = None

    def cursor(self, sort: Sort) -> Cursor:
        if sort is not Sort.GROWTH:
            return ArticleSummary.cursor(self, sort)
        return Cursor(self.view_gain, self.id, self.until)


class Highlight(NamedTuple):
    """An article of a list and the sentence by which it answers, in one line with its hits marked, or "".

    `description` is that of the page, read for feeds alone.
    """

    article: ArticleSummary
    snippet: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleFull(ArticleSummary):
    """An article whole, as its page says now."""

    subtitle: str | None
    description: str | None
    body: str
    author: str | None
    authors: tuple[str, ...]
    image_url: str | None
    published_raw: str | None  # as printed
    problems: tuple[Problem, ...]
    reservations: str | None
    last_seen_at: datetime
    recrawl_at: datetime | None
    content_hash: str
    parser_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """An revision of an article; `kind` is the edit that ended it."""

    revision_number: int
    title: str
    subtitle: str | None
    body: str
    author: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None
    seen_from: datetime
    seen_until: datetime
    edit_kind: EditKind
    is_stealth: bool
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewReading:
    """A view count as it was read at one moment."""

    measured_at: datetime
    view_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPeriod:
    """From when until when a channel listed an address."""

    channel: str
    first_listed_at: datetime
    last_listed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRecord:
    """One try at one address."""

    fetched_at: datetime
    purpose: FetchPurpose
    result: FetchResult
    failure_stage: FailureStage | None
    reason: str | None
    http_status: int | None
    byte_count: int | None
    view_count: int | None
    run_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDetails:
    """An article with all that was kept beside it, each part oldest first."""

    article: ArticleFull
    readings: tuple[ViewReading, ...]
    revisions: tuple[Revision, ...]
    duplicates: tuple[ArticleSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDetails:
    """All that is known of one address; listings and tries oldest first."""

    url: str
    source: str
    source_title: str
    terms: str
    title: str | None  # as a channel gave it
    outcome: Outcome
    outcome_reason: str | None
    first_listed_at: datetime | None  # None if no channel ever listed it: it was named by hand, or redirected to
    last_listed_at: datetime | None
    failed_attempts: int
    next_attempt_at: datetime | None
    first_404_at: datetime | None
    parser_deaths: int
    quarantined_at: datetime | None
    listings: tuple[ListingPeriod, ...]
    fetches: tuple[FetchRecord, ...]
    article: ArticleDetails | None
