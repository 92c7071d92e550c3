"""Query the inputs of health checks: arrival times, extracted fields, channel failures, detection times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from storage.crawling.sources import names as source_names
from storage.database.engine import AnyRow
from storage.database.session import Database
from storage.database.tables import articles, channels, crawl_runs, links, sources
from storage.model.published import is_day
from storage.model.records import DatePrecision, FailureStage, RunStatus

ARCHIVE_AGE = timedelta(days=2)
"""Age of an article at its first listing from which it is archive, not new."""


CHANNEL_STALE_AFTER = timedelta(days=2)
"""Time without a poll, while other channels of the source were polled, after which a channel is no longer configured.
A Retry-After can keep one out of a crawl for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionSample:
    """Extracted fields of one stored article: the input of drift detection."""

    url: str
    stored_at: datetime
    filled: Mapping[str, bool]  # by field; a field that the source does not have may be left out
    body_length: int  # characters
    published_at: datetime | None
    precision: DatePrecision | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlPeriod:
    """Period of a successful crawl; it has not ended if `finished_at` is None."""

    source: str
    started_at: datetime
    finished_at: datetime | None


def arrival_times(database: Database, source: str, *, since: datetime) -> list[datetime]:
    """Return the arrival times of a source's links, oldest first: publication, else first listing."""
    columns = (links.c.first_listed_at, links.c.published_at)
    statement = select(*columns).where(links.c.source == source, links.c.first_listed_at >= since)
    with database.read() as connection:
        rows = connection.execute(statement).all()
    times = (_arrival_time(row.first_listed_at, row.published_at) for row in rows)
    return sorted(at for at in times if at is not None and at >= since)


def _arrival_time(listed_at: datetime, published_at: datetime | None) -> datetime | None:
    """Return the arrival time of a link; None for the archive. A date after its listing and a day alone are ignored."""
    if published_at is None or published_at > listed_at:
        return listed_at
    if listed_at - published_at > ARCHIVE_AGE:
        return None
    return listed_at if is_day(published_at, None) else published_at  # links keep no precision


def extraction_samples(database: Database, source: str, *, limit: int) -> list[ExtractionSample]:
    """Return the extracted fields of the newest `limit` articles of a source, newest first."""
    newest = (articles.c.stored_at.desc(), articles.c.id.desc())
    statement = select(*_SAMPLED).where(articles.c.source == source).order_by(*newest).limit(limit)
    with database.read() as connection:
        return [_sample(row) for row in connection.execute(statement)]


def channel_health(database: Database, source: str) -> list[ChannelHealth]:
    """Return the health of the channels of a source that are still polled."""
    names = tuple(ChannelHealth.__dataclass_fields__)
    column_names = {"reason": "failure_reason"}
    columns = [channels.c[column_names.get(name, name)].label(name) for name in names]
    statement = select(*columns).where(channels.c.source == source, channels.c.polled_at.is_not(None))
    with database.read() as connection:
        latest = connection.scalar(select(func.max(channels.c.polled_at)).where(channels.c.source == source))
        if latest is None:
            return []
        current = statement.where(channels.c.polled_at >= latest - CHANNEL_STALE_AFTER).order_by(channels.c.id)
        return [ChannelHealth(**row) for row in connection.execute(current).mappings()]


def detections(database: Database, *, since: datetime) -> list[DetectionTimes]:
    """Return the detection times of the articles stored since `since`, in order of storage."""
    columns = (
        articles.c.source,
        articles.c.published_at,
        articles.c.published_precision.label("precision"),
        articles.c.first_seen_at.label("first_listed_at"),
        articles.c.stored_at,
    )
    with database.read() as connection:
        stored = (articles.c.source.in_(source_names(connection)), articles.c.stored_at >= since)
        rows = connection.execute(select(*columns).where(*stored)).mappings()
        return sorted((DetectionTimes(**row) for row in rows), key=attrgetter("stored_at"))


def first_crawl_ends(database: Database) -> dict[str, datetime]:
    """Return the end of the first successful crawl by source: articles listed until then are not new."""
    ends = select(sources.c.name, _first_end(sources.c.name).label("ended"))
    with database.read() as connection:
        return {row.name: row.ended for row in connection.execute(ends) if row.ended is not None}


def first_crawl_end(database: Database, source: str) -> datetime | None:
    """Return the end of the first successful crawl of a source; None if none succeeded yet."""
    with database.read() as connection:
        ended: datetime | None = connection.scalar(select(_first_end(source)))
    return ended


def _first_end(source: ColumnElement[str] | str) -> ScalarSelect[datetime]:
    succeeded = select(crawl_runs.c.finished_at).where(
        crawl_runs.c.source == source, crawl_runs.c.status == RunStatus.SUCCEEDED
    )
    return succeeded.order_by(crawl_runs.c.id).limit(1).scalar_subquery()


def crawl_periods(database: Database, *, since: datetime) -> list[CrawlPeriod]:
    """Return the crawls that have succeeded or are running, by source in order of their start.

    They are those begun since `since`, and of each source the last successful one before.
    """
    columns = (crawl_runs.c.source, crawl_runs.c.started_at, crawl_runs.c.finished_at)
    is_crawl = crawl_runs.c.status.in_([RunStatus.SUCCEEDED, RunStatus.RUNNING])
    with database.read() as connection:
        # By statements of their own: PostgreSQL would look the crawl before up for each crawl there is.
        names, before = source_names(connection), list(connection.scalars(_last_before(since)))
        last = connection.execute(select(*columns).where(crawl_runs.c.id.in_(before))).all()
        begun = (crawl_runs.c.source.in_(names), crawl_runs.c.started_at >= since)
        rows = [*last, *connection.execute(select(*columns).where(is_crawl, *begun))]
    found = (CrawlPeriod(source=row[0], started_at=row[1], finished_at=row[2]) for row in rows)
    return sorted(found, key=attrgetter("source", "started_at"))


def _last_before(since: datetime) -> Select[tuple[int]]:
    """Select the id of the last successful crawl of each source that began before a time."""
    own = (crawl_runs.c.source == sources.c.name, crawl_runs.c.status == RunStatus.SUCCEEDED)
    last = select(crawl_runs.c.id).where(*own, crawl_runs.c.started_at < since).order_by(crawl_runs.c.id.desc())
    return select(last.limit(1).correlate(sources).scalar_subquery()).select_from(sources)


_SAMPLED = (
    articles.c.url,
    articles.c.stored_at,
    func.length(articles.c.body).label("body_length"),
    articles.c.published_at,
    articles.c.published_precision,
    articles.c.subtitle,
    articles.c.author,
    articles.c.view_count,
    articles.c.image_url,
    articles.c.section,
    articles.c.problems,
)


def _sample(row: AnyRow) -> ExtractionSample:
    """Build a sample; a field with an extraction problem counts as not filled."""
    problematic = {problem.field for problem in row.problems}
    present = {
        "published_at": row.published_at is not None,
        "body": row.body_length > 0,
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
        body_length=row.body_length,
        published_at=row.published_at,
        precision=row.published_precision,
    )
