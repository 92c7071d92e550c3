"""Test which dates beside links are exact times, and what they give to a page without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from scraper.crawl.listed_times import listed_time, with_link
from scraper.parsing.dates import parse_date
from storage.model.listed_time import LISTED_TIME
from storage.model.records import ArticleData, DatePrecision, ListedDate, ParsedPage
from tests.support.declared import SOURCE

FETCHED = datetime(2026, 3, 6, 12, tzinfo=UTC)
AT = datetime(2026, 3, 5, 21, 30, tzinfo=UTC)  # 6 March in Baku
SIXTH = datetime(2026, 3, 6, tzinfo=UTC)
RAW = "Fri, 06 Mar 2026 01:30:00 +0400"


def as_listed(raw: str) -> ListedDate:
    """Return a date as a channel is read and its link is stored."""
    read = parse_date(raw, ZoneInfo(SOURCE.timezone), language=SOURCE.default_language)
    return ListedDate(None if read is None else read[0], raw)


@pytest.mark.parametrize(
    ("raw", "precision"),
    [
        (RAW, DatePrecision.SECOND),
        ("2026-03-05T21:30:00Z", DatePrecision.SECOND),
        ("2026-03-05T21:30+00:00", DatePrecision.MINUTE),
        ("Thu, 05 Mar 2026 21:30:00 GMT", DatePrecision.SECOND),
        (str(int(AT.timestamp())), DatePrecision.SECOND),
    ],
)
def test_a_time_with_a_zone_is_exact_and_of_a_day_in_that_of_the_source(raw: str, precision: DatePrecision) -> None:
    found = listed_time(as_listed(raw), SOURCE, fetched_at=FETCHED)
    assert found is not None
    assert (found.published_at, found.precision, found.day) == (AT, precision, SIXTH)


@pytest.mark.parametrize(
    "raw",
    [
        *("", "soon", "2026-03-05", "5 March 2026", "2026-03-05 21:30", "Thu, 05 Mar 2026 21:30:00"),
        *(
            "2026-03-05T00:00:00Z",
            "2026-03-06T00:00:00+04:00",
            "Fri, 06 Mar 2026 00:00 +0200",
            "2026-03-06T00:00-05:00",
        ),
        *(
            "Fri, 06 Mar 2026 00:00 +0200",
            "Fri, 06 Mar 2026 12:30:00 GMT",
            "2077-03-05T21:30:00Z",
            "1890-03-05T21:30:00Z",
        ),
    ],
)
def test_a_day_a_time_without_zone_a_midnight_and_the_future_are_not(raw: str) -> None:
    assert listed_time(as_listed(raw), SOURCE, fetched_at=FETCHED) is None


def test_a_printed_date_of_another_listing_is_not_the_time_of_this_one() -> None:
    assert listed_time(ListedDate(AT, "2026-03-05T10:00:00Z"), SOURCE, fetched_at=FETCHED) is None
    assert listed_time(ListedDate(AT, None), SOURCE, fetched_at=FETCHED) is None


def page(published_at: datetime | None, raw: str | None, precision: DatePrecision | None) -> ParsedPage:
    article = ArticleData(
        source="caliber",
        url="https://caliber.az/post/a",
        language="en",
        sections=(),
        title="A",
        fetched_at=FETCHED,
        parser_version=1,
        published_at=published_at,
        published_raw=raw,
        published_precision=precision,
    )
    return ParsedPage(article=article, provenance={} if raw is None else {"published_at": "time"})


@pytest.mark.parametrize(
    ("published_at", "raw", "precision", "origin"),
    [(None, None, None, "link"), (SIXTH, "6 March 2026", DatePrecision.DAY, "time, link")],
)
def test_a_page_without_a_time_has_that_of_its_link_and_names_it(
    published_at: datetime | None, raw: str | None, precision: DatePrecision | None, origin: str
) -> None:
    bare = page(published_at, raw, precision)
    filled = with_link(bare, as_listed(RAW), SOURCE)
    expected = replace(bare.article, published_at=AT, published_precision=DatePrecision.SECOND, problems=(LISTED_TIME,))
    assert (filled.article, filled.provenance["published_at"]) == (expected, origin)


@pytest.mark.parametrize(
    ("published_at", "raw", "precision"),
    [
        (datetime(2026, 3, 5, tzinfo=UTC), "5 March 2026", DatePrecision.DAY),  # in UTC it is that day
        (datetime(2026, 3, 6, tzinfo=UTC), "6 March 2026 04:00", DatePrecision.MINUTE),
        (None, "6 thermidor", None),
    ],
)
def test_what_a_page_states_itself_stays(
    published_at: datetime | None, raw: str, precision: DatePrecision | None
) -> None:
    stated = page(published_at, raw, precision)
    assert with_link(stated, as_listed(RAW), SOURCE) is stated
