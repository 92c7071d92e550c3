"""Test the queries of health checks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.crawling import channels
from storage.crawling.channels import PollResult
from storage.model.records import FailureStage, FetchFailure, RunStatus
from storage.scheduling.health_queries import CHANNEL_STALE_AFTER, channel_health
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

OLD, NEW = "https://caliber.az/old.xml", "https://caliber.az/new.xml"
GOOD = PollResult(
    etag=None,
    last_modified=None,
    body_hash=None,
    fingerprint="1",
    validators_trusted=True,
    conditional=False,
    changed=True,
)


def poll(
    rows: Rows, url: str, *, after: timedelta, result: PollResult | None = None, stage: FailureStage | None = None
) -> None:
    """Record a poll at NOON + `after`, with its result or the stage at which it failed."""
    failure = None if stage is None else FetchFailure(url=url, failure_stage=stage, reason="no")
    with rows.store.write() as connection:
        state = channels.get_or_create(connection, "caliber", [url])[url]
        channels.record_poll(connection, state.id, result, failure, now=NOON + after)


def test_a_channel_that_is_no_longer_polled_has_no_health(rows: Rows) -> None:
    assert channel_health(rows.store, "caliber") == []
    poll(rows, OLD, stage=FailureStage.BLOCKED, after=timedelta(0))
    poll(rows, NEW, result=GOOD, after=CHANNEL_STALE_AFTER)
    # OLD may be rate-limited for a day.
    assert [one.url for one in channel_health(rows.store, "caliber")] == [OLD, NEW]
    poll(rows, NEW, result=GOOD, after=CHANNEL_STALE_AFTER + HOUR)
    assert [one.url for one in channel_health(rows.store, "caliber")] == [NEW]


def test_a_failed_crawl_has_the_failure_stage_of_its_own_poll(rows: Rows) -> None:
    poll(rows, OLD, stage=FailureStage.BLOCKED, after=-HOUR)
    poll(rows, NEW, stage=FailureStage.NETWORK, after=100 * HOUR)
    rows.run(source="caliber", started_at=NOON, finished_at=NOON + 100 * HOUR, status=RunStatus.FAILED)
    crawl = rows.store.schedules.last_crawl("caliber")
    assert crawl is not None
    assert crawl.stage is FailureStage.NETWORK
