"""Test what a crawl session derives from settings and robots.txt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from scraper.crawl.options import CrawlOptions
from scraper.crawl.session import CrawlSession
from scraper.crawl.store_thread import StoreThread
from scraper.source import JsonViews
from scraper.sources import get_source
from storage.config.settings import Config, SchedulerSettings
from storage.model.records import Trigger


@pytest.mark.parametrize(
    ("trigger", "delay", "expected", "with_counts"),
    [
        (Trigger.SCHEDULED, timedelta(0), 500, 250),
        (Trigger.SCHEDULED, timedelta(seconds=1), 500, 250),
        (Trigger.SCHEDULED, timedelta(seconds=10), 144, 72),
        (Trigger.SCHEDULED, timedelta(seconds=60), 24, 12),
        (Trigger.SCHEDULED, timedelta(hours=1), 1, 1),
        (Trigger.MANUAL, timedelta(seconds=60), 500, 250),
    ],
)
def test_a_scheduled_crawl_plans_no_more_than_its_timeout_allows(
    trigger: Trigger, delay: timedelta, expected: int, with_counts: int
) -> None:
    config = Config(scheduler=SchedulerSettings(crawl_timeout=timedelta(minutes=30)))
    for views, articles in ((None, expected), (JsonViews(address="/api?u={url}"), with_counts)):
        session = CrawlSession(
            source=replace(get_source("caliber"), views=views),
            store=cast("Any", None),
            store_thread=cast("StoreThread", None),
            config=config,
            options=CrawlOptions(trigger=trigger),
        )
        session.crawl_delay = delay
        assert session.max_requests_in_time == articles
