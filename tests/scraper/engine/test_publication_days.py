"""Test pages and lists that print a date without a time: it is that day, though the source is in UTC+4."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from storage.model.records import DatePrecision
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import FeedDates, Site

MARCH = datetime(2026, 3, 5, 21, tzinfo=UTC)


@pytest.mark.parametrize("printed", ["5 March 2026", "05.03.2026", "2026-03-05"])
def test_a_day_is_stored_shown_counted_and_parsed_as_printed(printed: str, env: CrawlEnv, site: Site) -> None:
    url = site.publish(plain_article("one", published_at=MARCH, date_text=printed))
    assert env.crawl().new == 1
    row = env.row("articles")
    assert (row.published_at, row.published_precision) == (datetime(2026, 3, 5, tzinfo=UTC), DatePrecision.DAY)
    assert not [problem for problem in row.problems if problem.field == "published_at"]
    counts = json.loads(env.command("query", "--group-by", "day", "--format", "json").stdout)
    assert [count["day"] for count in counts] == ["2026-03-05"]
    page = json.loads(env.command("parse", url, "--format", "json", "--base-url", site.url).stdout)
    assert page["published_at"] == "2026-03-05"


@pytest.mark.parametrize(("since", "count"), [("2026-03-05T23:00", 1), ("2026-03-06", 0)])
def test_a_crawl_since_an_hour_takes_the_articles_of_its_day(since: str, count: int, env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one", published_at=MARCH, date_text="5 March 2026"))
    site.feed_style(dates=FeedDates.NONE)
    assert env.crawl(since=datetime.fromisoformat(since).replace(tzinfo=UTC)).new == count
