"""Report on a period: articles and edits, beside how well the sources were watched."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice

from sqlalchemy import Connection, Text, and_, case, func, or_, select, type_coerce

from storage.articles.articles import Articles
from storage.articles.conditions import filter_conditions
from storage.articles.counts import counts
from storage.articles.filters import ArticleFilter, By, Sort
from storage.articles.results import ArticleSummary
from storage.crawling.events import COLUMNS, Event, from_row
from storage.database.local_times import LocalTime
from storage.database.session import Database
from storage.database.tables import articles, crawl_runs, events, revisions
from storage.model.event_kinds import REPORTED_KINDS, EventKind
from storage.model.records import RunStatus
from storage.model.time_zones import in_zone, offset_periods, zone_name

MAX_REPORT_ARTICLES = 10
"""Events that say a source was not, or not rightly, read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlCoverage:
    """Crawls of a period: their number, and how many of them succeeded."""

    crawls: int
    succeeded: int

    @property
    def coverage(self) -> float | None:
        """Return the share that succeeded; None if there was no crawl."""
        return self.succeeded / self.crawls if self.crawls else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of the zone of a report: what was published, and how well it was watched."""

    day: str
    article_count: int
    by_section: dict[str | None, int]
    crawls: int
    succeeded_crawls: int
    coverage: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MostEdited:
    """An article, and how often it was edited in the period."""

    article: ArticleSummary
    revision_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingField:
    """A field that could not be read, and in how many articles of a source."""

    source: str
    field: str
    article_count: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A period. Articles count by published_at, or first_seen_at where they have no date; all else by when it was."""

    since: datetime
    until: datetime
    timezone: str
    article_count: int
    days: tuple[Day, ...]
    most_read: tuple[ArticleSummary, ...]
    most_edited: tuple[MostEdited, ...]
    trouble: tuple[Event, ...]
    gaps: tuple[Event, ...]
    missing: tuple[MissingField, ...]


def report(database: Database, wanted: ArticleFilter, *, until: datetime) -> Report:
    """Report on the period from `wanted.since`, which must be set, to `until`. Raises StoreError."""
    since = wanted.since
    assert since is not None
    read = islice(Articles(database).find(wanted, sort=Sort.VIEWS, limit=MAX_REPORT_ARTICLES), MAX_REPORT_ARTICLES)
    most_read = tuple(article for article in read if article.view_count is not None)
    by_day = _sections(database, wanted)
    with database.read() as connection:
        crawls_by_day = _crawl_coverage(connection, wanted, since, until)
        edited = _most_edited(connection, wanted, since, until)
        trouble = _events(connection, wanted.source, since, until, REPORTED_KINDS)
        gaps = _events(connection, wanted.source, since, until, (EventKind.GAP,))
        missing = _missing_fields(connection, wanted)
    return Report(
        since=since,
        until=until,
        timezone=zone_name(wanted.timezone),
        article_count=sum(section.total() for section in by_day.values()),
        days=days(since, until, by_day, crawls_by_day, zone=wanted.timezone),
        most_read=most_read,
        most_edited=_days_with_articles(database, edited),
        trouble=trouble,
        gaps=gaps,
        missing=missing,
    )


def days(
    since: datetime,
    until: datetime,
    by_day: dict[str, Counter[str | None]],
    crawls_by_day: dict[str, CrawlCoverage],
    *,
    zone: tzinfo = UTC,
) -> tuple[Day, ...]:
    """Every day of the period in a zone, the latest first, those without an article or a crawl among them.

    `until` is no more of the period: one that ends at midnight has nothing of the day that begins there.
    """
    first, last = (in_zone(at, zone).date() for at in (since, until - timedelta(microseconds=1)))
    names = [(last - timedelta(days=back)).isoformat() for back in range((last - first).days + 1)]
    outside = sorted({*by_day, *crawls_by_day} - set(names), reverse=True)  # dated in the future
    return tuple(
        _day(name, by_day.get(name, Counter()), crawls_by_day.get(name, NO_CRAWLS)) for name in [*outside, *names]
    )


NO_CRAWLS = CrawlCoverage(crawls=0, succeeded=0)


def _day(name: str, sections: Counter[str | None], crawled: CrawlCoverage) -> Day:
    return Day(
        day=name,
        article_count=sections.total(),
        by_section=dict(sections),
        crawls=crawled.crawls,
        succeeded_crawls=crawled.succeeded,
        coverage=crawled.coverage,
    )


def _sections(database: Database, wanted: ArticleFilter) -> dict[str, Counter[str | None]]:
    found: dict[str, Counter[str | None]] = {}
    for day, section, number in counts(database, wanted, [By.DAY, By.SECTION]):
        found.setdefault(day, Counter())[section] = number
    return found


def _crawl_coverage(
    connection: Connection, wanted: ArticleFilter, since: datetime, until: datetime
) -> dict[str, CrawlCoverage]:
    """Count crawls by the day they began. One that is still running is no failure."""
    periods = tuple(offset_periods(wanted.timezone, since, until))
    began = LocalTime(crawl_runs.c.started_at, wanted.timezone, periods)
    day = began.day(connection.dialect.name)
    good = func.sum(case((crawl_runs.c.status == RunStatus.SUCCEEDED, 1), else_=0))
    ended = (
        crawl_runs.c.status != RunStatus.RUNNING,
        crawl_runs.c.started_at >= since,
        crawl_runs.c.started_at < until,
    )
    of_source = [] if wanted.source is None else [crawl_runs.c.source == wanted.source]
    found = connection.execute(select(day, func.count(), good).where(*ended, *of_source).group_by(day))
    return {name: CrawlCoverage(crawls=number, succeeded=succeeded) for name, number, succeeded in found}


def _most_edited(connection: Connection, wanted: ArticleFilter, since: datetime, until: datetime) -> dict[int, int]:
    """Articles by how many texts ended in the period, whenever they were published."""
    times = (revisions.c.seen_until >= since, revisions.c.seen_until < until)
    number = func.count()
    plain = filter_conditions(connection, replace(wanted, since=None, until=None))
    joined = revisions.join(articles, articles.c.id == revisions.c.article_id)
    asked = select(revisions.c.article_id, number).select_from(joined).where(*times, *plain)
    ranked = (
        asked.group_by(revisions.c.article_id)
        .order_by(number.desc(), revisions.c.article_id.desc())
        .limit(MAX_REPORT_ARTICLES)
    )
    return dict(connection.execute(ranked).all())


def _days_with_articles(database: Database, edited: dict[int, int]) -> tuple[MostEdited, ...]:
    found = ((Articles(database).get(article_id), count) for article_id, count in edited.items())
    return tuple(
        MostEdited(article=_summary(article), revision_count=count) for article, count in found if article is not None
    )


def _summary(article: ArticleSummary) -> ArticleSummary:
    return ArticleSummary(**{name: getattr(article, name) for name in ArticleSummary.__dataclass_fields__})


def _events(
    connection: Connection, source: str | None, since: datetime, until: datetime, kinds: Sequence[EventKind]
) -> tuple[Event, ...]:
    """Events that began before the period's end and were not over before its beginning."""
    during = and_(events.c.opened_at < until, or_(events.c.closed_at.is_(None), events.c.closed_at >= since))
    of_source = [] if source is None else [events.c.source == source]
    asked = select(*COLUMNS).where(during, events.c.kind.in_([str(kind) for kind in kinds]), *of_source)
    return tuple(from_row(row) for row in connection.execute(asked.order_by(events.c.id.desc())).mappings())


def _missing_fields(connection: Connection, wanted: ArticleFilter) -> tuple[MissingField, ...]:
    of = _by_source(connection, wanted)
    kept = type_coerce(articles.c.problems, Text)
    asked = select(articles.c.source, kept).where(*filter_conditions(connection, wanted), kept != "[]")
    met: Counter[tuple[str, str]] = Counter()
    for source, problems in connection.execution_options(yield_per=200).execute(asked):
        met.update({(source, field) for field, _reason in json.loads(problems or "[]")})
    return tuple(
        MissingField(source=source, field=field, article_count=count, of=of[source])
        for (source, field), count in sorted(met.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
    )


def _by_source(connection: Connection, wanted: ArticleFilter) -> dict[str, int]:
    asked = (
        select(articles.c.source, func.count())
        .where(*filter_conditions(connection, wanted))
        .group_by(articles.c.source)
    )
    return dict(connection.execute(asked).all())


def event_summary(event: Event) -> str:
    """Describe an event by its subject and sentence, or by its plain details if it has no sentence."""
    plain = (f"{name} {value}" for name, value in event.details.items() if isinstance(value, str | int | float))
    return "; ".join(filter(None, (event.subject, *([event.sentence] if event.sentence else plain))))
