"""Declare the answers of every tool: what a program reads, each text with its citation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, PlainSerializer

Time = Annotated[
    datetime,
    PlainSerializer(datetime.isoformat, return_type=str),
    Field(json_schema_extra={"format": "date-time"}),
]
"""An aware time in UTC, as ISO 8601."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverageNote:
    """Tell what could be seen of a source in a period; `statement` says it in words."""

    source: str
    source_title: str
    since: Time
    until: Time
    is_complete: bool
    share_visible: Annotated[float, Field(description="from 0 to 1")]
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Tell what could be seen of the sources of an answer in its period.

    Of many sources, `source_count`, `sources` has those of the articles and then those of which least was visible; the
    tool `coverage` has any of them.
    """

    source_count: int
    sources: tuple[SourceCoverageNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Cite where a text is from: name source, URL and revision when quoting it.

    A revision was seen from `seen_from` until `seen_until`, which is null for the one in force. `fetched_at` is the
    last fetch of the page that is known of: what it said later, or between two fetches, is not known. `published_at` is
    what the page says of itself, a day alone if it names no time. `coverage` says what could be seen of the source.
    """

    article_id: int
    revision_number: int
    title: str
    source: str
    source_title: str
    url: str
    published_at: str | None
    seen_from: Time
    seen_until: Time | None
    fetched_at: Time
    gone_at: Time | None
    terms: str
    coverage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundArticle:
    """An article of a list; `quote` is the sentence of the article that answers the query, or empty."""

    citation: Citation
    quote: str
    section: str | None
    language: str | None
    view_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchAnswer:
    """A page of articles; with a `next_cursor` there are more."""

    articles: tuple[FoundArticle, ...]
    next_cursor: str | None
    known_at: Time
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleAnswer:
    """An article. `body` is a part of its text: with a `next_body_offset` it goes on there."""

    citation: Citation
    subtitle: str | None
    description: str | None
    authors: tuple[str, ...]
    section: str | None
    sections: tuple[str, ...]
    language: str | None
    view_count: int | None
    published_raw: str | None
    presence: Annotated[str | None, Field(description="with as_of: presence of the page on its site at that time")]
    reservations: Annotated[str | None, Field(description="rights that the site reserves")]
    body: str
    body_offset: int
    body_total_length: int
    next_body_offset: int | None
    known_at: Time
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version of a text. `changes` marks what the edit before it changed: [-deleted-] {+inserted+}.

    It is cut if `is_cut`; the whole text of a version is what the tool `article` gives as of its `seen_from`.
    """

    citation: Citation
    edit_kind: str | None
    is_stealth: bool
    word_count: int
    changes: str
    is_cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsAnswer:
    """Versions of an article, oldest first; with a `next_after_revision` there are more."""

    versions: tuple[Version, ...]
    version_count: int
    next_after_revision: int | None
    known_at: Time
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCount:
    """A view count as it was read; `gained` is null for the first, and after a reset."""

    read_at: Time
    view_count: int
    gained: int | None
    is_reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AtAge:
    """Views at an age after publication.

    `basis` says how they are known, `gap_hours` how far the readings around it lie apart.
    """

    age_hours: float
    at: Time
    view_count: int | None
    basis: str
    gap_hours: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewsAnswer:
    """View counts of an article, oldest first; with a `next_offset` there are more.

    `at_age` is null if the page has no publication time to the minute.
    """

    citation: Citation
    readings: tuple[ViewCount, ...]
    reading_count: int
    next_offset: int | None
    at_age: tuple[AtAge, ...] | None
    known_at: Time
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """An article and the views it gained in the part of the period that its readings cover."""

    citation: Citation
    gained: int
    gained_from: Time | None
    gained_until: Time | None
    reset_count: int
    view_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopViewsAnswer:
    """Articles that gained most views in a period, most first."""

    since: Time
    until: Time
    articles: tuple[Gain, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenInterval:
    """A time in which articles may have appeared that are not known, and why."""

    cause: str
    since: Time
    until: Time
    link_count: Annotated[int, Field(description="links that are known to have appeared in it and were not read")]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCoverageAnswer(SourceCoverageNote):
    """Tell what could be seen of a source; `not_visible` has the first of its `not_visible_count` intervals."""

    poll_count: int
    longest_wait_seconds: float | None
    filtered_count: Annotated[int, Field(description="links that the settings of the source leave out")]
    not_visible: tuple[HiddenInterval, ...]
    not_visible_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageAnswer:
    """Tell what could be seen of each source in a period."""

    known_at: Time
    sources: tuple[SourceCoverageAnswer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An article that said so: from some time between `earliest` and `latest` on, and `quote` is the sentence.

    `earliest` is null if it was there before it was looked for.
    """

    citation: Citation
    quote: str
    earliest: Time | None
    latest: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsentAnswer:
    """Tell whether an article said so. `claim` is what may be said; `verdict` is absent, present or not seen.

    Of `found_count` articles that said so, or may have, `found` has the first.
    """

    verdict: str
    claim: str
    since: Time
    until: Time
    found: tuple[Said, ...]
    found_count: int
    known_at: Time
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFirst:
    """Tell when a source first said so; `first` is null if nothing of it that was seen did.

    `earliest` reaches back to what could not be seen; `proven_before` names the sources that certainly said so later,
    or not at all.
    """

    source: str
    source_title: str
    earliest: Time | None
    latest: Time | None
    proven_before: tuple[str, ...]
    first: Said | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """Tell who said so first, the earliest first. `claim` is what may be said of the order."""

    claim: str
    sources: tuple[SourceFirst, ...]
    source_count: int
    known_at: Time
    coverage: Coverage
