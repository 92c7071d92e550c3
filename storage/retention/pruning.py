"""Delete old fetches and view readings that no answer needs, a few hundred pages a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, Select, Table, bindparam, delete, exists, select

from storage.articles.results import ViewReading
from storage.crawling.sources import names as source_names
from storage.database.batches import batches
from storage.database.session import Database
from storage.database.tables import articles, fetches, links, view_readings
from storage.model.records import FetchResult, Outcome
from storage.retention.thinning import surplus_readings

RECENT = timedelta(days=60)
"""Time before a limit in which pages are looked at again: they are recrawled for 30 days, and as long may no daemon
have run. Older pages are pruned already; a run over all of them is asked for by hand."""
BATCH_SIZE = 300
"""Pages in one transaction: some milliseconds, during which no crawl can write."""
THINNED_RESULTS = (
    FetchResult.UNCHANGED,
    FetchResult.UNCONFIRMED,
    FetchResult.FILTERED,
    FetchResult.FAILED,
    FetchResult.NOT_FOUND,
)
"""Results that change nothing of an article; the fetches of all others are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionLimits:
    """Times before which fetches and view readings are thinned; None keeps all."""

    fetches_before: datetime | None
    readings_before: datetime | None

    @classmethod
    def at(cls, now: datetime, *, keep_fetches: timedelta | None, keep_readings: timedelta | None) -> RetentionLimits:
        """Return the limits of these durations at a moment."""
        return cls(
            fetches_before=None if keep_fetches is None else now - keep_fetches,
            readings_before=None if keep_readings is None else now - keep_readings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneCounts:
    """Numbers of rows that were deleted, or that a dry run would delete."""

    fetches: int = 0
    readings: int = 0


def prune(
    database: Database,
    limits: RetentionLimits,
    *,
    recent_only: bool = False,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
) -> PruneCounts:
    """Delete what is surplus before the limits, of all pages or of those of the time before them; return the numbers.

    It can be ended between two transactions (`stopping`) and begun again. Raises StoreError.
    """
    counts = PruneCounts()
    for deleted in _prune_all(database, limits, recent_only=recent_only, dry_run=dry_run):
        counts = PruneCounts(fetches=counts.fetches + deleted.fetches, readings=counts.readings + deleted.readings)
        if stopping():
            break
    return counts


def _prune_all(
    database: Database, limits: RetentionLimits, *, recent_only: bool, dry_run: bool
) -> Iterator[PruneCounts]:
    if (before := limits.fetches_before) is not None:
        for ids in _batches(database, links, links.c.first_listed_at, before, recent_only=recent_only):
            yield PruneCounts(fetches=_prune_fetches(database, ids, before, dry_run=dry_run))
    if (before := limits.readings_before) is not None:
        for ids in _batches(database, articles, articles.c.stored_at, before, recent_only=recent_only):
            yield PruneCounts(readings=_prune_readings(database, ids, before, dry_run=dry_run))


def _batches(
    database: Database, table: Table, at: Column[datetime], before: datetime, *, recent_only: bool
) -> Iterator[Sequence[int]]:
    """Yield the ids of the pages whose time `at` lies before the limit: of all, or of the last of them."""
    if recent_only:
        recent = select(table.c.id).where(at >= before - RECENT, at < before)
        with database.read() as connection:
            ids = list(connection.scalars(recent.where(table.c.source.in_(source_names(connection)))))
        yield from batches(ids, BATCH_SIZE)
        return
    last = 0
    while True:
        following = select(table.c.id).where(table.c.id > last, at < before).order_by(table.c.id).limit(BATCH_SIZE)
        with database.read() as connection:
            ids = list(connection.scalars(following))
        if not ids:
            return
        yield ids
        last = ids[-1]


def _prune_fetches(database: Database, link_ids: Sequence[int], before: datetime, *, dry_run: bool) -> int:
    with database.read() if dry_run else database.write() as connection:
        ids = list(connection.scalars(_surplus_fetches(link_ids, before)))
        if ids and not dry_run:
            connection.execute(_DELETE_FETCH, [{"surplus_id": one} for one in ids])
    return len(ids)


def _surplus_fetches(link_ids: Sequence[int], before: datetime) -> Select[tuple[int]]:
    """Select old fetches without a change, but the first and the last of a link, and all of links that wait."""
    first, last = fetches.alias("first"), fetches.alias("last")
    return (
        select(fetches.c.id)
        .join(links, links.c.id == fetches.c.link_id)
        .where(
            fetches.c.link_id.in_(link_ids),
            fetches.c.fetched_at < before,
            fetches.c.result.in_(THINNED_RESULTS),
            links.c.outcome != Outcome.PENDING,
            exists().where(first.c.link_id == fetches.c.link_id, first.c.id < fetches.c.id),
            exists().where(last.c.link_id == fetches.c.link_id, last.c.id > fetches.c.id),
        )
    )


_DELETE_FETCH = delete(fetches).where(fetches.c.id == bindparam("surplus_id"))


def _prune_readings(database: Database, article_ids: Sequence[int], before: datetime, *, dry_run: bool) -> int:
    with database.read() if dry_run else database.write() as connection:
        surplus = list(_surplus_readings(connection, article_ids, before))
        if surplus and not dry_run:
            connection.execute(_DELETE_READING, surplus)
    return len(surplus)


def _surplus_readings(connection: Connection, article_ids: Sequence[int], before: datetime) -> Iterator[dict[str, Any]]:
    series = (
        select(view_readings, articles.c.published_at)
        .join(articles, articles.c.id == view_readings.c.article_id)
        .where(view_readings.c.article_id.in_(article_ids), view_readings.c.measured_at < before)
        .order_by(view_readings.c.article_id, view_readings.c.measured_at)
    )
    for article_id, rows in groupby(connection.execute(series), lambda row: row.article_id):
        own = list(rows)
        readings = [ViewReading(measured_at=row.measured_at, view_count=row.view_count) for row in own]
        for reading in surplus_readings(readings, published_at=own[0].published_at, before=before):
            yield {"surplus_of": article_id, "surplus_at": reading.measured_at}


_DELETE_READING = delete(view_readings).where(
    view_readings.c.article_id == bindparam("surplus_of"), view_readings.c.measured_at == bindparam("surplus_at")
)
