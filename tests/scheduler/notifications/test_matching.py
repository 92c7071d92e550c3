"""Match articles with saved searches: digests, quiet hours over midnight and over the change of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.notifications.matching import (
    alerts_for,
    defer_quiet_hours,
    is_quiet,
    next_digest,
    next_digest_at,
    notify_at,
)
from storage.model.records import DeliveryMode
from storage.model.redaction import fingerprint
from storage.notifications.outbox import QuietHours
from storage.search.query import parse
from tests.support.expected import a_watch, an_article
from tests.support.rows import DAY, HOUR, NOON

ZONES = st.sampled_from(
    ["UTC", "Asia/Baku", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
CLOCKS = st.times().map(lambda time: f"{time:%H:%M}")
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def local(zone: str, *when: int, fold: int = 0) -> datetime:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


def test_an_article_that_answers_makes_one_alert_with_a_key_of_its_own() -> None:
    watch = a_watch(id=3)
    articles = [an_article(id=7), an_article(id=8, title="Sport", body="No."), an_article(id=9)]
    alerts = alerts_for(watch, parse("gas"), articles, NOON)
    assert [alert.key for alert in alerts] == ["watch:3:article:7", "watch:3:article:9"]
    assert {(alert.saved_search_id, alert.target_hash, alert.next_attempt_at) for alert in alerts} == {
        (3, fingerprint(watch.target), NOON)
    }
    assert "Gas flows from Orrin." in alerts[0].body


def test_a_digest_comes_on_its_grid_whenever_the_articles_come() -> None:
    watch = a_watch(delivery_mode=DeliveryMode.DIGEST, digest_every=6 * HOUR, created_at=NOON)
    assert notify_at(watch, NOON) == NOON + 6 * HOUR
    assert notify_at(watch, NOON + HOUR) == NOON + 6 * HOUR
    assert notify_at(watch, NOON + 6 * HOUR) == NOON + 12 * HOUR
    assert notify_at(watch, NOON + 100 * HOUR) == NOON + 102 * HOUR


def test_a_daily_digest_keeps_its_hour_when_the_clocks_change() -> None:
    begun = local("Europe/Berlin", 2026, 10, 20, 8)
    before = next_digest(begun, DAY, "Europe/Berlin", local("Europe/Berlin", 2026, 10, 24, 7))
    after = next_digest(begun, DAY, "Europe/Berlin", local("Europe/Berlin", 2026, 10, 25, 7))
    assert (before, after) == (local("Europe/Berlin", 2026, 10, 24, 8), local("Europe/Berlin", 2026, 10, 25, 8))
    assert after - before == timedelta(hours=25)


def test_a_digest_of_hours_comes_at_the_next_of_them_by_the_clock_of_its_zone() -> None:
    hours = ("08:00", "18:30")
    assert next_digest_at(hours, "Asia/Baku", local("Asia/Baku", 2026, 11, 4, 7, 59)) == local(
        "Asia/Baku", 2026, 11, 4, 8
    )
    assert next_digest_at(hours, "Asia/Baku", local("Asia/Baku", 2026, 11, 4, 8)) == local(
        "Asia/Baku", 2026, 11, 4, 18, 30
    )
    assert next_digest_at(hours, "Asia/Baku", local("Asia/Baku", 2026, 11, 4, 23)) == local("Asia/Baku", 2026, 11, 5, 8)
    twice = local("Europe/Berlin", 2026, 10, 25, 2, 30)
    assert next_digest_at(["02:30"], "Europe/Berlin", twice) == local("Europe/Berlin", 2026, 10, 26, 2, 30)
    put_forward = local("Europe/Berlin", 2026, 3, 29, 1, 59)
    assert next_digest_at(["02:30"], "Europe/Berlin", put_forward) == local("Europe/Berlin", 2026, 3, 29, 3, 30)


@given(hours=st.lists(CLOCKS, min_size=1, max_size=3), zone=ZONES, now=MOMENTS)
def test_the_next_digest_is_less_than_two_days_away(hours: list[str], zone: str, now: datetime) -> None:
    assert timedelta(0) < next_digest_at(hours, zone, now) - now <= DAY + 2 * HOUR


def test_an_hour_that_comes_twice_has_one_digest() -> None:
    begun = local("Europe/Berlin", 2026, 10, 20, 2, 30)
    first = local("Europe/Berlin", 2026, 10, 25, 2, 30)
    for minutes in (0, 29, 30, 59, 60, 90):
        following = next_digest(begun, DAY, "Europe/Berlin", first + timedelta(minutes=minutes))
        assert following == local("Europe/Berlin", 2026, 10, 26, 2, 30)


@given(MOMENTS, st.integers(1, 10 * 24 * 60), MOMENTS, ZONES)
def test_the_next_digest_lies_ahead_and_no_further_than_its_length(
    begun: datetime, minutes: int, now: datetime, zone: str
) -> None:
    every = timedelta(minutes=minutes)
    found = next_digest(begun, every, zone, max(now, begun))
    assert max(now, begun) < found <= max(now, begun) + every + 2 * HOUR
    assert next_digest(begun, every, zone, found) > found


@pytest.mark.parametrize(
    ("when", "until"),
    [
        ((2026, 11, 4, 21, 59), (2026, 11, 4, 21, 59)),
        ((2026, 11, 4, 22, 0), (2026, 11, 5, 7, 0)),
        ((2026, 11, 4, 23, 59), (2026, 11, 5, 7, 0)),
        ((2026, 11, 5, 0, 0), (2026, 11, 5, 7, 0)),
        ((2026, 11, 5, 6, 59), (2026, 11, 5, 7, 0)),
        ((2026, 11, 5, 7, 0), (2026, 11, 5, 7, 0)),
    ],
)
def test_quiet_hours_over_midnight(when: tuple[int, ...], until: tuple[int, ...]) -> None:
    quiet = QuietHours(begin="22:00", until="07:00", timezone="Asia/Baku")
    assert defer_quiet_hours(local("Asia/Baku", *when), quiet) == local("Asia/Baku", *until)


def test_quiet_hours_within_a_day() -> None:
    quiet = QuietHours(begin="09:00", until="17:30", timezone="UTC")
    assert defer_quiet_hours(NOON, quiet) == NOON + 5.5 * HOUR
    assert defer_quiet_hours(NOON + 8 * HOUR, quiet) == NOON + 8 * HOUR


def test_quiet_hours_when_the_clocks_change() -> None:
    night = QuietHours(begin="22:00", until="07:00", timezone="Europe/Berlin")
    for day, length in ((24, 10), (23, 9)):
        begun = local("Europe/Berlin", 2026, 10, day, 22)
        assert defer_quiet_hours(begun, night) - begun == length * HOUR
    early = QuietHours(begin="22:00", until="02:30", timezone="Europe/Berlin")
    # In spring 02:30 is left out: it is 03:30 by then. In autumn it comes twice.
    assert defer_quiet_hours(local("Europe/Berlin", 2026, 3, 29, 1), early) == local(
        "Europe/Berlin", 2026, 3, 29, 3, 30
    )
    twice = (local("Europe/Berlin", 2026, 10, 25, 2, 30), local("Europe/Berlin", 2026, 10, 25, 2, 30, fold=1))
    assert defer_quiet_hours(local("Europe/Berlin", 2026, 10, 25, 2, 10), early) == twice[0]
    assert defer_quiet_hours(local("Europe/Berlin", 2026, 10, 25, 2, 10, fold=1), early) == twice[1]


@given(MOMENTS, CLOCKS, CLOCKS, ZONES)
def test_after_the_quiet_hours_it_is_not_quiet_and_not_too_late(
    moment: datetime, begin: str, until: str, zone: str
) -> None:
    quiet = QuietHours(begin=begin, until=until, timezone=zone)
    found = defer_quiet_hours(moment, quiet)
    assert moment <= found <= moment + 26 * HOUR
    assert found.tzinfo is UTC
    assert begin == until or not is_quiet(found, quiet)
    assert is_quiet(moment, quiet) or found == moment


def test_a_digest_waits_for_the_end_of_the_quiet_hours() -> None:
    watch = a_watch(
        delivery_mode=DeliveryMode.DIGEST,
        digest_every=12 * HOUR,
        quiet_from="23:00",
        quiet_until="06:00",
        timezone="UTC",
    )
    assert notify_at(watch, NOON) == NOON + 18 * HOUR
