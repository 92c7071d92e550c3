"""Detection delay: what is counted, what is left out and why, and what a percentile is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.health.latency import (
    ExclusionReason,
    Outage,
    Percentiles,
    detection_latency,
    exclusion_reason,
    find_outages,
    nearest_rank,
)
from storage.model.records import DatePrecision
from storage.scheduling.health_queries import CrawlPeriod, DetectionTimes
from tests.support.synthetic_histories import BAKU

NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROW = DetectionTimes(
    source="caliber",
    published_at=NOON,
    precision=DatePrecision.MINUTE,
    first_listed_at=NOON + 6 * MINUTE,
    stored_at=NOON + 7 * MINUTE,
)
FIRST_CRAWL = NOON - timedelta(days=30)


def after(listed: float, stored: float, *, published_at: datetime = NOON, source: str = "caliber") -> DetectionTimes:
    """An article listed and stored so many minutes after its publication."""
    return DetectionTimes(
        source=source,
        published_at=published_at,
        precision=DatePrecision.MINUTE,
        first_listed_at=published_at + listed * MINUTE,
        stored_at=published_at + stored * MINUTE,
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW, None),
        (replace(ROW, precision=DatePrecision.SECOND), None),
        (replace(ROW, first_listed_at=NOON), None),
        (replace(ROW, published_at=None), ExclusionReason.NO_DATE),
        (replace(ROW, precision=DatePrecision.DAY), ExclusionReason.COARSE_DATE),
        (replace(ROW, precision=None), ExclusionReason.COARSE_DATE),
        (replace(ROW, first_listed_at=FIRST_CRAWL), ExclusionReason.FIRST_CRAWL),
        (replace(ROW, stored_at=NOON + 5 * MINUTE), ExclusionReason.NOT_LISTED),
        (replace(ROW, published_at=NOON + 8 * MINUTE), ExclusionReason.FUTURE),
        (replace(ROW, published_at=NOON + 6.5 * MINUTE), ExclusionReason.AFTER_LISTING),
        (replace(ROW, published_at=ROW.first_listed_at - timedelta(days=2)), None),
        (replace(ROW, published_at=ROW.first_listed_at - timedelta(days=2) - MINUTE), ExclusionReason.ARCHIVE),
    ],
)
def test_only_a_delay_that_means_something_is_counted(row: DetectionTimes, reason: ExclusionReason | None) -> None:
    assert exclusion_reason(row, FIRST_CRAWL) == reason


def test_each_leg_has_its_spread() -> None:
    rows = [after(listed, listed + 2) for listed in (1, 2, 3, 4, 5, 6, 7, 8, 9, 60)]
    line = detection_latency(rows).of("caliber")
    assert line is not None
    assert line.article_count == 10
    assert line.until_listed == Percentiles(p50=5 * MINUTE, p90=9 * MINUTE, max=60 * MINUTE)
    assert line.until_stored == Percentiles(p50=2 * MINUTE, p90=2 * MINUTE, max=2 * MINUTE)
    assert line.total == Percentiles(p50=7 * MINUTE, p90=11 * MINUTE, max=62 * MINUTE)


def test_lines_are_by_source_and_day_newest_first() -> None:
    eve = NOON - timedelta(days=1)
    rows = [after(1, 2), after(3, 4, published_at=eve), after(5, 6, source="apa")]
    report = detection_latency(rows)
    today, yesterday = date(2026, 11, 4), date(2026, 11, 3)
    assert [(line.source, line.day, line.article_count) for line in report.lines] == [
        ("apa", None, 1),
        ("apa", today, 1),
        ("caliber", None, 2),
        ("caliber", today, 1),
        ("caliber", yesterday, 1),
    ]
    assert report.of("caliber", date(2026, 11, 2)) is None


def test_a_day_is_one_of_the_zone() -> None:
    late = NOON.replace(hour=21)  # 1:00 of the next day in Baku
    assert (
        detection_latency([after(1, 2, published_at=late)], timezone=BAKU).of("caliber", date(2026, 11, 5)) is not None
    )


def test_what_is_left_out_is_counted_by_reason() -> None:
    dateless = replace(ROW, published_at=None)
    first = replace(ROW, first_listed_at=NOON + MINUTE)
    report = detection_latency([ROW, dateless, dateless, first], first_crawls={"caliber": NOON + 2 * MINUTE})
    assert report.excluded == {"caliber": {ExclusionReason.NO_DATE: 2, ExclusionReason.FIRST_CRAWL: 1}}
    assert [line.article_count for line in report.lines] == [1, 1]
    assert detection_latency([]).lines == ()


@pytest.mark.parametrize(("percent", "value"), [(0, 15), (5, 15), (30, 20), (40, 20), (50, 35), (90, 50), (100, 50)])
def test_a_percentile_is_the_nearest_rank(percent: float, value: int) -> None:
    assert nearest_rank([50.0, 35.0, 20.0, 15.0, 40.0], percent) == value


@pytest.mark.parametrize(("values", "percent"), [([], 50), ([1.0], -1), ([1.0], 101)])
def test_no_percentile_of_nothing(values: list[float], percent: float) -> None:
    with pytest.raises(ValueError, match="at least one value"):
        nearest_rank(values, percent)


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(0, 100))
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    found = nearest_rank(values, percent)
    assert found in values
    assert Fraction(sum(value <= found for value in values), len(values)) >= Fraction(percent, 100)
    below = Fraction(sum(value < found for value in values), len(values))
    assert below < Fraction(percent, 100) or found == min(values)


@given(st.lists(st.tuples(st.integers(-10, 5000), st.integers(0, 100), st.sampled_from(DatePrecision)), max_size=30))
def test_every_article_is_counted_or_left_out_once(rows: list[tuple[int, int, DatePrecision]]) -> None:
    facts = [replace(after(listed, listed + more), precision=precision) for listed, more, precision in rows]
    report = detection_latency(facts)
    counted = sum(line.article_count for line in report.lines if line.day is None)
    assert counted + sum(sum(reasons.values()) for reasons in report.excluded.values()) == len(facts)
    assert counted == sum(line.article_count for line in report.lines if line.day is not None)
    assert all(timedelta(0) <= line.total.p50 <= line.total.p90 <= line.total.max for line in report.lines)


HOUR = timedelta(hours=1)


def crawls(*minutes: float, source: str = "caliber") -> list[CrawlPeriod]:
    """Crawls of a minute that begin so many minutes after noon."""
    starts = [NOON + number * MINUTE for number in minutes]
    return [CrawlPeriod(source=source, started_at=at, finished_at=at + MINUTE) for at in starts]


@pytest.mark.parametrize(
    ("minutes", "interval", "gaps"),
    [
        ((0, 15, 30, 45), 15 * MINUTE, []),
        ((0, 15, 62, 75), 15 * MINUTE, []),  # a quiet night stretches the mean interval 3.2 times at most
        ((0, 15, 200, 215), 15 * MINUTE, [(16, 200)]),  # stopped, paused or failing
        ((0, 15, 600, 615, 3000), 15 * MINUTE, [(16, 600), (616, 3000)]),
        ((0, 360, 1700), 6 * HOUR, []),
        ((0, 1440, 2880), 24 * HOUR, []),
        ((0, 60, 120, 180, 2000, 2060), None, [(181, 2000)]),  # polled by cron: the usual gap is known from the others
        ((0, 1440, 2880), None, []),
        ((0, 5000), None, []),
        ((0,), 15 * MINUTE, []),
    ],
)
def test_a_gap_that_no_plan_explains_is_an_outage(
    minutes: tuple[float, ...], interval: timedelta | None, gaps: list[tuple[float, float]]
) -> None:
    intervals = {} if interval is None else {"caliber": interval}
    found = find_outages([*crawls(0, 10_000, source="apa"), *crawls(*minutes)], intervals).get("caliber", [])
    assert found == [Outage(NOON + begin * MINUTE, NOON + end * MINUTE) for begin, end in gaps]


@pytest.mark.parametrize(
    ("published", "listed", "stored", "counts"),
    [
        (-30, -20, -19, True),  # before the outage
        (-30, -20, 190, False),  # listed before, fetched after
        (-3, 182, 183, False),  # published just before, found after
        (90, 182, 183, False),  # published in it
        (90, 200, 201, False),  # listed by a later crawl
        (60, 100, 101, False),  # by a crawl that failed
        (185, 190, 191, True),  # after it
    ],
)
def test_the_backlog_of_an_outage_is_left_out(published: float, listed: float, stored: float, *, counts: bool) -> None:
    outage = Outage(NOON, NOON + 3 * HOUR)
    row = replace(
        ROW,
        published_at=NOON + published * MINUTE,
        first_listed_at=NOON + listed * MINUTE,
        stored_at=NOON + stored * MINUTE,
    )
    assert exclusion_reason(row, FIRST_CRAWL, [outage]) is (None if counts else ExclusionReason.OUTAGE)
    report = detection_latency([row], outages={"caliber": [outage]})
    assert bool(report.lines) is counts
