"""Compute the recrawl times of articles and the retry times of failed links."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.model.backoff import jitter_of
from storage.model.recrawl import RECRAWL_AGES, next_recrawl, retry_at

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
AGES = st.timedeltas(timedelta(0), timedelta(days=60))


def test_recrawls_follow_the_ages_one_by_one_and_end() -> None:
    recrawls: list[timedelta] = []
    at: datetime | None = NOON
    while at is not None:
        at = next_recrawl(NOON, NOON, at)
        recrawls += [] if at is None else [at - NOON]
    assert recrawls == [15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY]


@pytest.mark.parametrize(
    ("age", "next_age"),
    [
        (timedelta(0), 15 * MINUTE),
        (15 * MINUTE - timedelta(seconds=1), 15 * MINUTE),
        (15 * MINUTE, HOUR),
        (5 * HOUR, 6 * HOUR),
        (8 * DAY, 30 * DAY),
    ],
)
def test_however_many_ages_passed_one_recrawl_is_due(age: timedelta, next_age: timedelta) -> None:
    assert next_recrawl(NOON, NOON, NOON + age) == NOON + next_age


def test_an_article_from_years_ago_is_not_recrawled() -> None:
    assert next_recrawl(NOON - 1000 * DAY, NOON, NOON) is None


@pytest.mark.parametrize("published_at", [None, NOON + 5 * HOUR])
def test_without_a_date_to_trust_ages_count_from_the_first_sight(published_at: datetime | None) -> None:
    assert next_recrawl(published_at, NOON, NOON + 20 * MINUTE) == NOON + HOUR


@given(AGES, AGES)
def test_the_next_recrawl_is_always_ahead_and_at_an_age(first_seen: timedelta, fetched: timedelta) -> None:
    at = next_recrawl(NOON, NOON + first_seen, NOON + fetched)
    assert at is None or (at > NOON + fetched and at - NOON in RECRAWL_AGES)
    assert (at is None) == (fetched >= RECRAWL_AGES[-1])


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, 5 * MINUTE), (2, 10 * MINUTE), (3, 20 * MINUTE), (7, 320 * MINUTE), (8, 6 * HOUR)]
)
def test_retries_double_from_five_minutes_to_six_hours(failures: int, wait: timedelta) -> None:
    assert retry_at(failures, NOON, NOON + HOUR) == NOON + HOUR + wait


def test_after_its_first_day_an_address_is_tried_once_a_day() -> None:
    assert retry_at(12, NOON, NOON + DAY - MINUTE) == NOON + DAY - MINUTE + 6 * HOUR
    assert retry_at(12, NOON, NOON + DAY) == NOON + 2 * DAY


def test_jitter_moves_a_retry_by_a_tenth_at_most() -> None:
    assert retry_at(8, NOON, NOON, jitter=1.0) == NOON + 6.6 * HOUR
    assert retry_at(8, NOON, NOON, jitter=-1.0) == NOON + 5.4 * HOUR


@given(st.integers(1, 10**9), AGES, st.floats(-1, 1))
def test_an_address_is_never_given_up_and_never_asked_at_once(failures: int, age: timedelta, jitter: float) -> None:
    wait = retry_at(failures, NOON, NOON + age, jitter=jitter) - (NOON + age)
    assert 4 * MINUTE <= wait <= 27 * HOUR


@given(st.integers(1, 40), AGES)
def test_more_failures_never_shorten_the_wait(failures: int, age: timedelta) -> None:
    assert retry_at(failures + 1, NOON, NOON + age) >= retry_at(failures, NOON, NOON + age)


def test_addresses_that_failed_together_do_not_come_back_together() -> None:
    jitters = [jitter_of(f"https://news.example/{number} 1") for number in range(1000)]
    assert jitters == [jitter_of(f"https://news.example/{number} 1") for number in range(1000)]
    assert -1 <= min(jitters) < -0.9
    assert 0.9 < max(jitters) <= 1
    again = {retry_at(1, NOON, NOON, jitter=jitter).replace(microsecond=0) for jitter in jitters}
    assert len(again) >= 55  # seconds, of the sixty around five minutes
