"""What the scheduler judges by, read from the rows: when articles came, how their pages read, how channels fare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import ArticleRow, ChannelRow, CrawlRunRow, LinkRow
from storage.model.records import DatePrecision, FailureStage, RunStatus

ARCHIVE_AGE = timedelta(days=2)
"""A link listed first so long after its date was not missed for two days: it stood on the list when we came."""


CHANNEL_STALE_AFTER = timedelta(days=2)
"""A channel not looked at for so long while others of its source were is looked at no more. A Retry-After can keep one
out of a crawl for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSample:
    """Extracted fields of one stored article: the input of drift detection."""

    url: str
    stored_at: datetime
    filled: Mapping[str, bool]  # by field; a field that the source does not have may be left out
    body_length: int  # characters
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHealth:
    """Outcome of the last polls of one channel."""

    url: str
    consecutive_failures: int  # in a row
    failure_stage: FailureStage | None
    reason: str | None
    last_success_at: datetime | None
    last_failed_at: datetime | None
    validators_trusted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionTimes:
    """Publication, listing and storage times of one article: the input of detection latency."""

    source: str
    published_at: datetime | None
    precision: DatePrecision | None
    first_listed_at: datetime
    stored_at: datetime


def arrival_times(database: Database, source: str, *, since: datetime) -> list[datetime]:
    """When the source's articles came, oldest first: their own dates, else when they were first listed."""
    columns = (LinkRow.first_listed_at, LinkRow.published_at)
    statement = select(*columns).where(LinkRow.source == source, LinkRow.first_listed_at >= since)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    times = (_arrival_time(row.first_listed_at, row.published_at) for row in rows)
    return sorted(at for at in times if at is not None and at >= since)


def _arrival_time(listed_at: datetime, published_at: datetime | None) -> datetime | None:
    """None for the back catalogue; a date that lies after its listing is no evidence."""
    if published_at is None or published_at > listed_at:
        return listed_at
    return None if listed_at - published_at > ARCHIVE_AGE else published_at


def extraction_samples(database: Database, source: str, *, limit: int) -> list[ExtractionSample]:
    """Read the extracted fields of the newest `limit` articles of a source, newest first."""
    statement = select(*_SAMPLED).where(ArticleRow.source == source).order_by(ArticleRow.id.desc()).limit(limit)
    with database.read() as connection:
        return [_sample(row) for row in connection.execute(statement)]


def channel_health(database: Database, source: str) -> list[ChannelHealth]:
    """How the channels of a source fare that are looked at; one that no setting names any more is none of them."""
    names = tuple(ChannelHealth.__dataclass_fields__)
    renamed = {"reason": "failure_reason"}
    columns = [getattr(ChannelRow, renamed.get(name, name)).label(name) for name in names]
    statement = select(*columns).where(ChannelRow.source == source, ChannelRow.polled_at.is_not(None))
    with database.read() as connection:
        latest = connection.scalar(select(func.max(ChannelRow.polled_at)).where(ChannelRow.source == source))
        if latest is None:
            return []
        current = statement.where(ChannelRow.polled_at >= latest - CHANNEL_STALE_AFTER).order_by(ChannelRow.id)
        return [ChannelHealth(**row) for row in connection.execute(current).mappings()]


def detections(database: Database, *, since: datetime) -> list[DetectionTimes]:
    """The articles stored since, with the moments of their way here."""
    columns = (
        ArticleRow.source,
        ArticleRow.published_at,
        ArticleRow.published_precision.label("precision"),
        ArticleRow.first_seen_at.label("first_listed_at"),
        ArticleRow.stored_at,
    )
    statement = select(*columns).where(ArticleRow.stored_at >= since).order_by(ArticleRow.stored_at)
    with database.read() as connection:
        return [DetectionTimes(**row) for row in connection.execute(statement).mappings()]


def first_crawl_ends(database: Database) -> dict[str, datetime]:
    """When the first good crawl of each source was over: what was listed until then had been there before."""
    ended = func.min(CrawlRunRow.finished_at).label("ended")
    good = select(CrawlRunRow.source, ended).where(CrawlRunRow.status == RunStatus.SUCCEEDED)
    with database.read() as connection:
        return {row.source: row.ended for row in connection.execute(good.group_by(CrawlRunRow.source))}


_SAMPLED = (
    ArticleRow.url,
    ArticleRow.stored_at,
    ArticleRow.body,
    ArticleRow.published_at,
    ArticleRow.subtitle,
    ArticleRow.author,
    ArticleRow.view_count,
    ArticleRow.image_url,
    ArticleRow.section,
    ArticleRow.problems,
)


def _sample(row: AnyRow) -> ExtractionSample:
    """A field that was read with a problem counts as not filled."""
    problematic = {problem.field for problem in row.problems}
    present = {
        "published_at": row.published_at is not None,
        "body": bool(row.body),
        "subtitle": row.subtitle is not None,
        "author": row.author is not None,
        "view_count": row.view_count is not None,
        "image_url": row.image_url is not None,
        "section": row.section is not None,
    }
    return ExtractionSample(
        url=row.url,
        stored_at=row.stored_at,
        filled={name: is_present and name not in problematic for name, is_present in present.items()},
        body_length=len(row.body),
        published_at=row.published_at,
    )
