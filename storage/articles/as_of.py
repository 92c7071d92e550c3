"""Reconstruct an article as it was known at a moment from its stored history; pure, without clock or database.

    text       the first revision, by number, that was seen until after the moment; else the current text
    views      the last reading at or before it
    presence   from the gone and restored events up to it; absent before it was stored
    listed     whether a channel's first and last listing of it lie around the moment

An edit at the very moment is known. What is not kept over time (language, the planned recrawl, description, image,
problems) is as it is now where that was fetched by then, else empty; the language and the parser version stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from storage.articles.results import ArticleDetails, ArticleFull, ArticleSummary, ListingPeriod, ViewReading
from storage.model.article_fields import AUTHOR_SEPARATOR
from storage.model.published import is_day
from storage.model.records import DatePrecision


class Presence(StrEnum):
    """Presence of an article on its site at a moment."""

    UNKNOWN = "not yet known"
    LISTED = "listed, not stored yet"
    PRESENT = "there"
    GONE = "gone"
    RESTORED = "restored"


class RevisionLike(Protocol):
    """Fields of a revision that a list shows."""

    @property
    def revision_number(self) -> int: ...
    @property
    def seen_until(self) -> datetime: ...
    @property
    def title(self) -> str: ...
    @property
    def sections(self) -> tuple[str, ...]: ...
    @property
    def published_at(self) -> datetime | None: ...
    @property
    def published_raw(self) -> str | None: ...


AnyRevision = TypeVar("AnyRevision", bound=RevisionLike)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanges:
    """Times at which an article was found gone and restored, in any order."""

    gone: tuple[datetime, ...] = ()
    restored: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleAsOf:
    """An article at a moment; `details` is None unless it was stored by then."""

    as_of: datetime
    presence: Presence
    is_listed: bool
    listed_until: datetime | None  # the last sight of it on a channel that is known of, at the moment at the latest
    details: ArticleDetails | None


def revision_at(revisions: Iterable[AnyRevision], moment: datetime) -> AnyRevision | None:
    """Return the revision in force at the moment; None if it is the current text."""
    later = (revision for revision in revisions if revision.seen_until > moment)
    return min(later, key=lambda revision: revision.revision_number, default=None)


def last_edit(revisions: Iterable[RevisionLike], moment: datetime) -> datetime | None:
    """Return the time of the last edit seen up to the moment."""
    return max((revision.seen_until for revision in revisions if revision.seen_until <= moment), default=None)


def last_reading(readings: Iterable[ViewReading], moment: datetime) -> ViewReading | None:
    """The last reading at or before the moment."""
    known = (reading for reading in readings if reading.measured_at <= moment)
    return max(known, key=lambda reading: (reading.measured_at, reading.view_count), default=None)


def gone_since(article: ArticleSummary, changes: PresenceChanges, moment: datetime) -> datetime | None:
    """Since when it was gone at the moment; None if it was not."""
    if article.gone_at is not None and article.gone_at <= moment:
        return article.gone_at
    gone = _last(changes.gone, moment)
    back = _last(changes.restored, moment)
    return gone if gone is not None and (back is None or back < gone) else None


def _last(moments: Iterable[datetime], moment: datetime) -> datetime | None:
    return max((at for at in moments if at <= moment), default=None)


def presence(article: ArticleSummary, changes: PresenceChanges, moment: datetime) -> Presence:
    """Return the presence of the article at the moment."""
    if moment < min(article.first_seen_at, article.stored_at):
        return Presence.UNKNOWN
    if moment < article.stored_at:
        return Presence.LISTED
    if gone_since(article, changes, moment) is not None:
        return Presence.GONE
    return Presence.PRESENT if _last(changes.restored, moment) is None else Presence.RESTORED


def summary_as_of(
    article: ArticleSummary,
    revisions: Sequence[RevisionLike],
    readings: Sequence[ViewReading],
    changes: PresenceChanges,
    moment: datetime,
) -> ArticleSummary | None:
    """The article as a list at the moment would have shown it; None if it was not stored yet."""
    if moment < article.stored_at:
        return None
    return replace(article, **_presence_changes(article, revisions, readings, changes, moment))


def _presence_changes(
    article: ArticleSummary,
    revisions: Sequence[RevisionLike],
    readings: Sequence[ViewReading],
    changes: PresenceChanges,
    moment: datetime,
) -> dict[str, Any]:
    reading = last_reading(readings, moment)
    edited = last_edit(revisions, moment)
    known = (article.stored_at, edited, reading.measured_at if reading else None, article.fetched_at)
    return {
        "view_count": reading.view_count if reading else None,
        "revised_at": edited,
        "gone_at": gone_since(article, changes, moment),
        "fetched_at": max(at for at in known if at is not None and at <= moment),
        **_title_as_of(article, revision_at(revisions, moment)),
    }


def _title_as_of(article: ArticleSummary, said: RevisionLike | None) -> dict[str, Any]:
    if said is None:
        return {}
    return {
        "title": said.title,
        "sections": said.sections,
        "section": section_as_of(article.section, said.sections),
        "published_at": said.published_at,
        "published_precision": precision_as_of(
            said.published_at, said.published_raw, now=(article.published_at, article.published_precision)
        ),
    }


def section_as_of(section: str | None, said: Sequence[str]) -> str | None:
    """Return the first section of a text that said these; which was asked for is kept of the current text alone."""
    return section if not said or section in said else said[0]


def precision_as_of(
    said: datetime | None, raw: str | None, *, now: tuple[datetime | None, DatePrecision | None]
) -> DatePrecision | None:
    """Return the precision of the date of a revision; None for a time whose precision was not kept."""
    published_at, precision = now
    if said == published_at:
        return precision
    return DatePrecision.DAY if said is not None and is_day(said, None, raw) else None


def article_details_as_of(
    stored: ArticleDetails, changes: PresenceChanges, listings: Sequence[ListingPeriod], moment: datetime
) -> ArticleAsOf:
    """The article, its views and its revisions as they were known at the moment."""
    is_listed, until = listed_articles(listings, moment)
    stands = presence(stored.article, changes, moment)
    known = stands not in {Presence.UNKNOWN, Presence.LISTED}
    return ArticleAsOf(
        as_of=moment,
        presence=stands,
        is_listed=is_listed,
        listed_until=until,
        details=_details(stored, changes, moment) if known else None,
    )


def listed_articles(listings: Iterable[ListingPeriod], moment: datetime) -> tuple[bool, datetime | None]:
    """Return whether a channel listed it around the moment, and until when, up to the moment, one is known to have."""
    begun = [one for one in listings if one.first_listed_at <= moment]
    until = max((min(one.last_listed_at, moment) for one in begun), default=None)
    return any(moment <= one.last_listed_at for one in begun), until


def _details(stored: ArticleDetails, changes: PresenceChanges, moment: datetime) -> ArticleDetails:
    return ArticleDetails(
        article=_article(stored, changes, moment),
        readings=tuple(reading for reading in stored.readings if reading.measured_at <= moment),
        revisions=tuple(revision for revision in stored.revisions if revision.seen_until <= moment),
        duplicates=tuple(same for same in stored.duplicates if same.stored_at <= moment),
    )


FULL_TEXT_FIELDS = ("subtitle", "body", "author", "published_raw", "content_hash")
FIELDS_WITHOUT_HISTORY: dict[str, Any] = {
    "description": None,
    "image_url": None,
    "problems": (),
    "reservations": None,
    "recrawl_at": None,
}


def _article(stored: ArticleDetails, changes: PresenceChanges, moment: datetime) -> ArticleFull:
    article = stored.article
    values = _presence_changes(article, stored.revisions, stored.readings, changes, moment)
    said = revision_at(stored.revisions, moment)
    if said is not None:
        values |= {name: getattr(said, name) for name in FULL_TEXT_FIELDS}
        values["authors"] = authors_as_of(article.author, article.authors, said.author)
    if moment < article.fetched_at:
        values |= FIELDS_WITHOUT_HISTORY
    return replace(article, last_seen_at=min(article.last_seen_at, moment), **values)


def authors_as_of(current: str | None, names: tuple[str, ...], author: str | None) -> tuple[str, ...]:
    """Return the authors of a revision, of which only the joined text is kept; `names` are those of `current`."""
    return names if author == current else tuple((author or "").split(AUTHOR_SEPARATOR)) * bool(author)
