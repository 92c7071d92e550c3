"""Days, hours and weeks of any zone: each article is counted once, where zoneinfo says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from storage.articles.counts import count, counts, period_name, with_empty_periods
from storage.articles.filters import ArticleFilter, By
from storage.articles.report import report
from storage.config.parsers import point_in_time
from storage.database.tables import articles
from storage.model.records import DatePrecision
from storage.model.time_zones import start_of_day
from tests.support.examples import examples
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kathmandu",
    "America/St_Johns",  # until 2011 its clocks changed a minute after midnight
    "Pacific/Apia",  # had no 30 December 2011
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Asia/Beirut",  # midnight is left out in spring
    "Africa/Monrovia",  # 44 minutes and 30 seconds behind UTC until 1972
)
CHANGES = (  # around which hours and days are not as usual, in one of the zones or another
    datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC),
    datetime(2010, 11, 7, 2, 31, tzinfo=UTC),
    datetime(2011, 12, 30, 10, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
)
moments = st.builds(
    lambda change, away: change + away,
    st.sampled_from(CHANGES),
    st.timedeltas(-timedelta(days=2), timedelta(days=2)),
)
stored = st.lists(
    st.one_of(
        st.tuples(moments, st.sampled_from([DatePrecision.SECOND, DatePrecision.MINUTE])),
        st.tuples(moments.map(lambda at: datetime(at.year, at.month, at.day, tzinfo=UTC)), st.just(DatePrecision.DAY)),
        st.tuples(st.none(), moments),
    ),
    max_size=12,
)
Stored = Sequence[tuple[datetime | None, DatePrecision | datetime]]


def store(rows: Rows, dated: Stored) -> None:
    """Store articles with these dates and precisions; one without a date by when it was first seen."""
    rows.clear("articles")
    facts = {"source": "caliber", "title": "", "body": "", "content_hash": "", "problems": (), "parser_version": 1}
    times = dict.fromkeys(("first_seen_at", "last_seen_at", "stored_at", "fetched_at"), NOON)
    values = [
        {
            **facts,
            **times,
            "url": f"https://caliber.az/{number}",
            "published_at": published_at,
            "published_precision": how if isinstance(how, DatePrecision) else None,
            "first_seen_at": how if isinstance(how, datetime) else NOON,
        }
        for number, (published_at, how) in enumerate(dated)
    ]
    if values:
        with rows.store.write() as connection:
            connection.execute(insert(articles), values)


def local(published_at: datetime | None, how: DatePrecision | datetime, zone: tzinfo) -> datetime:
    """Return the time of an article as zoneinfo has it; a day alone is its midnight."""
    if isinstance(how, datetime):
        return how.astimezone(zone)
    assert published_at is not None
    return published_at.replace(tzinfo=zone) if how is DatePrecision.DAY else published_at.astimezone(zone)


@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dated=stored,
    name=st.sampled_from(ZONES),
    by=st.sampled_from([*(one for one in By if one.value in {"hour", "day", "week", "month", "year", "weekday"})]),
)
def test_each_article_is_counted_once_where_zoneinfo_says(rows: Rows, dated: Stored, name: str, by: By) -> None:
    store(rows, dated)
    zone: tzinfo = UTC if name == "UTC" else ZoneInfo(name)
    wanted = ArticleFilter(timezone=zone)
    expected = Counter(period_name(by, local(*one, zone)) for one in dated)
    assert dict(counts(rows.store, wanted, [by])) == expected
    filled = list(with_empty_periods(counts(rows.store, wanted, [by]), [by], wanted, now=NOON))
    assert Counter({period: number for period, number in filled if number}) == expected
    assert len({period for period, _number in filled}) == len(filled)


@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(dated=stored, name=st.sampled_from(ZONES), change=st.sampled_from(CHANGES))
def test_each_article_is_found_within_one_day(rows: Rows, dated: Stored, name: str, change: datetime) -> None:
    """What `--since DAY --until NEXT` finds is what a day has: all but the minute that came before its midnight."""
    store(rows, dated)
    zone: tzinfo = UTC if name == "UTC" else ZoneInfo(name)
    first = change.date() - timedelta(days=4)
    days = [first + timedelta(days=number) for number in range(9)]
    found = Counter({day: count(rows.store, of_day(day, zone)) for day in days if starts(day, zone)})
    expected = Counter(day_of(*one, zone) for one in dated)
    assert +found == Counter({day: number for day, number in expected.items() if day in days})


def starts(day: date, zone: tzinfo) -> bool:
    return start_of_day(day, zone) < start_of_day(day + timedelta(days=1), zone)


def of_day(day: date, zone: tzinfo) -> ArticleFilter:
    begin, end = (point_in_time(str(one), now=NOON, zone=zone) for one in (day, day + timedelta(days=1)))
    return ArticleFilter(since=begin, until=end, timezone=zone)


def day_of(published_at: datetime | None, how: DatePrecision | datetime, zone: tzinfo) -> date:
    """Return the day that has begun last: in St John's a day could end twice."""
    at = local(published_at, how, zone)
    following = at.date() + timedelta(days=1)
    is_next = how is not DatePrecision.DAY and start_of_day(following, zone) <= at.astimezone(UTC)
    return following if is_next else at.date()


def test_days_of_23_and_25_hours_are_listed_hour_by_hour(rows: Rows) -> None:
    rows.article("first-two", published_at=datetime(2026, 10, 25, 0, 15, tzinfo=UTC))
    rows.article("second-two", published_at=datetime(2026, 10, 25, 1, 15, tzinfo=UTC))
    autumn, spring = (hours_of(rows, day) for day in ("2026-10-25", "2026-03-29"))
    assert (len(autumn), len(spring)) == (25, 23)
    assert [name for name, number in autumn if number] == ["2026-10-25 02:00+01:00", "2026-10-25 02:00+02:00"]
    assert [name for name, _number in spring][-4:] == [f"2026-03-29 {hour}:00" for hour in ("04", "03", "01", "00")]


def hours_of(rows: Rows, day: str) -> list[tuple[str, int]]:
    wanted = of_day(date.fromisoformat(day), BERLIN)
    now = NOON + timedelta(days=30)
    listed: Iterable[tuple[str, int]] = with_empty_periods(
        counts(rows.store, wanted, [By.HOUR]), [By.HOUR], wanted, now=now
    )
    return list(listed)


def test_a_day_that_a_zone_left_out_is_not_listed(rows: Rows) -> None:
    apia = ZoneInfo("Pacific/Apia")
    wanted = ArticleFilter(
        since=start_of_day(date(2011, 12, 29), apia), until=start_of_day(date(2012, 1, 1), apia), timezone=apia
    )
    listed = with_empty_periods(counts(rows.store, wanted, [By.DAY]), [By.DAY], wanted, now=NOON)
    assert [name for name, _number in listed] == ["2011-12-31", "2011-12-29"]


def test_a_date_without_a_time_is_that_day_in_every_zone(rows: Rows) -> None:
    day = datetime(2026, 11, 4, tzinfo=UTC)
    rows.article("a-day", published_at=day, published_precision=DatePrecision.DAY, section="politics")
    for name in ZONES:
        zone = ZoneInfo(name)
        wanted = of_day(date(2026, 11, 4), zone)
        assert [one.title for one in rows.store.articles.find(wanted)] == ["A day"], name
        assert [one.title for one in rows.store.articles.find(wanted_in_section(wanted))] == ["A day"], name
        assert (
            count(rows.store, of_day(date(2026, 11, 3), zone))
            == count(rows.store, of_day(date(2026, 11, 5), zone))
            == 0
        )
        as_of = ArticleFilter(since=wanted.since, until=wanted.until, timezone=zone, as_of=NOON + HOUR)
        assert [one.title for one in rows.store.articles.find(as_of)] == ["A day"], name


def wanted_in_section(wanted: ArticleFilter) -> ArticleFilter:
    return ArticleFilter(since=wanted.since, until=wanted.until, timezone=wanted.timezone, section="politics")


def test_the_days_of_a_report_are_those_of_the_zone(rows: Rows) -> None:
    rows.article("late", published_at=datetime(2026, 11, 3, 23, 30, tzinfo=UTC))
    rows.run(started_at=datetime(2026, 11, 3, 23, 10, tzinfo=UTC))
    wanted = of_day(date(2026, 11, 4), BERLIN)
    assert wanted.until is not None
    [day] = report(rows.store, wanted, until=wanted.until).days
    assert (day.day, day.article_count, day.crawls) == ("2026-11-04", 1, 1)
