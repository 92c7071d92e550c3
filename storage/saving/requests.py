"""Define the request to save one fetched article, and its result."""

from __future__ import annotations

from dataclasses import dataclass

from storage.crawling.fetches import FetchAttempt
from storage.model.listed_time import ListedTime
from storage.model.records import ArticleData, EditKind, SaveOutcome
from storage.model.reservations import Reservation


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveRequest:
    """A parsed article with the fetch that brought it.

    `attempt.url` is the requested URL; it differs from `data.url` after a redirect within the site.
    `section` is the selected section that the page belongs to, `listed` the time that a channel states beside the link.
    """

    data: ArticleData
    attempt: FetchAttempt
    section: str | None
    reservations: tuple[Reservation, ...] = ()
    listed: ListedTime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveResult:
    """The id of a saved article, what the save did to it, and why."""

    article_id: int
    outcome: SaveOutcome
    edit_kind: EditKind | None
    reason: str
