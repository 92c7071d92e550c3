"""Test what a crawl session derives from settings and robots.txt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession
from scraper.crawl.store_thread import StoreThread
from scraper.sources import get_source
from storage.config.settings import Config, SchedulerSettings
from storage.model.records import Trigger


@pytest.mark.parametrize(
    ("trigger", "delay", "expected"),
    [
        (Trigger.SCHEDULED, timedelta(0), 500),
        (Trigger.SCHEDULED, timedelta(seconds=1), 500),
        (Trigger.SCHEDULED, timedelta(seconds=10), 144),
        (Trigger.SCHEDULED, timedelta(seconds=60), 24),
        (Trigger.SCHEDULED, timedelta(hours=1), 1),
        (Trigger.MANUAL, timedelta(seconds=60), 500),
    ],
)
def test_a_scheduled_crawl_plans_no_more_than_its_timeout_allows(
    trigger: Trigger, delay: timedelta, expected: int
) -> None:
    config = Config(scheduler=SchedulerSettings(crawl_timeout=timedelta(minutes=30)))
    session = CrawlSession(
        source=get_source("caliber"),
        store=cast("Any", None),
        store_thread=cast("StoreThread", None),
        config=config,
        options=CrawlOptions(trigger=trigger),
    )
    session.crawl_delay = delay
    assert session.max_requests_in_time == expected
