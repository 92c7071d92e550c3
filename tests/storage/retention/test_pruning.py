"""Prune a database: a pruned and a full one answer alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from scheduler.health.status import status_report
from storage.articles.details import link_details
from storage.articles.filters import ArticleFilter, Sort
from storage.articles.report import report
from storage.articles.view_gains import top_gains
from storage.articles.view_series import at_ages
from storage.crawling.runs import list_runs
from storage.database.tables import fetches, view_readings
from storage.model.records import FetchPurpose, FetchResult, Outcome
from storage.retention.pruning import PruneCounts, RetentionLimits, prune
from storage.scheduling.health_queries import arrival_times, extraction_samples
from tests.support.rows import DAY, HOUR, NOON, Rows

MONTHS = 90
KEPT = 30 * DAY
NOW = NOON + MONTHS * DAY
RESULTS = (FetchResult.UNCHANGED, FetchResult.FAILED, FetchResult.REVISED, FetchResult.UNCONFIRMED)

pytestmark = pytest.mark.dialect


@pytest.fixture
def limits() -> RetentionLimits:
    return RetentionLimits.at(NOW, keep_fetches=KEPT, keep_readings=KEPT)


def watched(rows: Rows) -> None:
    """Insert articles of three months, each read and fetched three times a day for ten days."""
    rows.run(finished_at=NOON - DAY, started_at=NOON - DAY)
    for days in range(0, MONTHS, 6):
        stored, slug = NOON + days * DAY, f"of-day-{days}"
        times = {"first_seen_at": stored, "stored_at": stored, "published_at": stored - HOUR}
        article = rows.article(slug, **times)
        waits = {"outcome": Outcome.PENDING} if days % 12 else {"outcome": Outcome.STORED, "article_id": article}
        link = rows.link(f"https://caliber.az/en/post/{slug}", first_listed_at=stored, **waits)
        moments = [stored + place * timedelta(hours=8) for place in range(30)]
        with rows.store.write() as connection:
            connection.execute(
                insert(view_readings),
                [
                    {"article_id": article, "measured_at": at, "view_count": 0 if place == 7 else place * (days + 1)}
                    for place, at in enumerate(moments)
                ],
            )
            connection.execute(insert(fetches), [_fetch(link, place, at) for place, at in enumerate(moments)])


def _fetch(link: int, place: int, at: datetime) -> dict[str, Any]:
    purpose = FetchPurpose.RECRAWL if place else FetchPurpose.NEW
    result = RESULTS[place % len(RESULTS)] if place else FetchResult.NEW
    return {"link_id": link, "fetched_at": at, "purpose": purpose, "result": result, "reason": result.value}


def answers(rows: Rows) -> dict[str, Any]:
    """Ask for everything that fetches and view readings serve, as far as retention promises it."""
    store, everything = rows.store, ArticleFilter()
    found = list(store.articles.find(everything, limit=100))
    series = {one.id: store.articles.readings(one.id) for one in found}
    since = NOW - KEPT
    return {
        "list": found,
        "ages": {one.id: at_ages(series[one.id], one.published_at) for one in found if one.published_at},
        "gains": [top_gains(store, everything, since=since + n * DAY, until=NOW, limit=50) for n in range(3)],
        "all gains": top_gains(store, everything, since=NOON - DAY, until=NOW, limit=50),
        "as of": [
            list(store.articles.find(ArticleFilter(as_of=since + n * DAY), sort=Sort.VIEWS, limit=50)) for n in range(3)
        ],
        "revisions": [store.articles.revisions(one.id) for one in found],
        "status": status_report(store, now=NOW),
        "report": report(store, ArticleFilter(since=NOON, until=NOW), until=NOW),
        "runs": list(list_runs(store)),
        "arrivals": arrival_times(store, "caliber", since=NOON),
        "samples": extraction_samples(store, "caliber", limit=50),
        "changes": {one.url: changes(rows, one.url) for one in found},
    }


def changes(rows: Rows, url: str) -> list[Any]:
    """Return the first and the last fetch of a link, and those that changed something."""
    details = link_details(rows.store, url)
    assert details is not None
    tried = details.fetches
    return [tried[0], *(one for one in tried if one.result in {FetchResult.NEW, FetchResult.REVISED}), tried[-1]]


def stored(rows: Rows) -> PruneCounts:
    with rows.store.read() as connection:
        numbers = [
            connection.scalar(select(func.count()).select_from(table)) or 0 for table in (fetches, view_readings)
        ]
    return PruneCounts(fetches=numbers[0], readings=numbers[1])


def test_a_pruned_database_answers_as_the_full_one(rows: Rows, limits: RetentionLimits) -> None:
    watched(rows)
    full, before = answers(rows), stored(rows)
    pruned = prune(rows.store, limits)
    assert pruned.fetches > 50
    assert pruned.readings > 100
    assert stored(rows) == PruneCounts(
        fetches=before.fetches - pruned.fetches, readings=before.readings - pruned.readings
    )
    assert answers(rows) == full
    assert prune(rows.store, limits) == PruneCounts()


def test_a_dry_run_counts_what_would_be_deleted(rows: Rows, limits: RetentionLimits) -> None:
    watched(rows)
    before = stored(rows)
    would = prune(rows.store, limits, dry_run=True)
    assert stored(rows) == before
    assert prune(rows.store, limits) == would


def test_the_daemon_prunes_what_has_come_of_age_lately(rows: Rows, limits: RetentionLimits) -> None:
    watched(rows)
    late = RetentionLimits.at(NOW + 20 * DAY, keep_fetches=KEPT, keep_readings=KEPT)
    assert prune(rows.store, late, recent_only=True) != PruneCounts()
    assert prune(rows.store, late, recent_only=True) == PruneCounts()
    assert prune(rows.store, late) != PruneCounts()  # the articles of the first weeks


def test_what_is_not_limited_is_kept(rows: Rows) -> None:
    watched(rows)
    before = stored(rows)
    assert prune(rows.store, RetentionLimits(fetches_before=None, readings_before=None)) == PruneCounts()
    only = prune(rows.store, RetentionLimits(fetches_before=NOW, readings_before=None))
    assert (only.fetches > 0, only.readings) == (True, 0)
    assert stored(rows).readings == before.readings


def test_a_run_can_be_stopped_between_two_transactions(
    rows: Rows, limits: RetentionLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.retention.pruning.BATCH_SIZE", 1)
    watched(rows)
    calls = count(1)
    some = prune(rows.store, limits, stopping=lambda: next(calls) == 3)
    assert PruneCounts() != some != prune(rows.store, limits)


def test_every_try_of_a_link_that_waits_is_kept(rows: Rows) -> None:
    watched(rows)
    prune(rows.store, RetentionLimits(fetches_before=NOW, readings_before=NOW))
    details = link_details(rows.store, "https://caliber.az/en/post/of-day-6")
    assert details is not None
    assert len(details.fetches) == 30
