"""What the scheduler judges by, read from the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.channels import Look
from storage.evidence import FORGOTTEN, channel_health
from storage.records import Failure, RunStatus, Stage
from tests.storage.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

OLD, NEW = "https://caliber.az/old.xml", "https://caliber.az/new.xml"
GOOD = Look(
    etag=None,
    last_modified=None,
    body_hash=None,
    fingerprint="1",
    validators_trusted=True,
    conditional=False,
    changed=True,
)


def fail(rows: Rows, url: str, stage: Stage, *, after: timedelta) -> None:
    number = rows.store.channels.state("caliber", url).id
    rows.store.channels.failed(number, Failure(url=url, stage=stage, reason="no"), now=NOON + after)


def test_a_channel_that_is_looked_at_no_more_says_nothing_of_its_source(rows: Rows) -> None:
    assert channel_health(rows.store, "caliber") == []
    fail(rows, OLD, Stage.BLOCKED, after=timedelta(0))
    number = rows.store.channels.state("caliber", NEW).id
    rows.store.channels.looked(number, GOOD, now=NOON + FORGOTTEN)
    assert [one.url for one in channel_health(rows.store, "caliber")] == [OLD, NEW]  # it may be held for a day
    rows.store.channels.looked(number, GOOD, now=NOON + FORGOTTEN + HOUR)
    assert [one.url for one in channel_health(rows.store, "caliber")] == [NEW]


def test_a_crawl_fails_as_its_own_channel_does(rows: Rows) -> None:
    fail(rows, OLD, Stage.BLOCKED, after=-HOUR)
    fail(rows, NEW, Stage.NETWORK, after=100 * HOUR)
    rows.run(source="caliber", started_at=NOON, finished_at=NOON + 100 * HOUR, status=RunStatus.FAILED)
    crawl = rows.store.schedules.last_crawl("caliber")
    assert crawl is not None
    assert crawl.stage is Stage.NETWORK
