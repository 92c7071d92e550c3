"""Parse schedule rules from settings, refuse wrong ones, and compute the times of cron."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.planning.rules import Adaptive, Cron, FixedInterval, bounds_of, next_fire, parse_rule

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
utc = partial(datetime, tzinfo=UTC)
BAKU = "Asia/Baku"
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({}, Adaptive(5 * MINUTE, 6 * HOUR)),
        ({"timezone": BAKU}, Adaptive(5 * MINUTE, 6 * HOUR)),
        ({"interval": 10 * MINUTE}, FixedInterval(10 * MINUTE)),
        ({"interval": timedelta(seconds=1), "timezone": BAKU}, FixedInterval(timedelta(seconds=1))),
        ({"interval": timedelta(days=3)}, FixedInterval(timedelta(days=3))),
        ({"cron": "0 9 * * *", "timezone": BAKU}, Cron("0 9 * * *", BAKU)),
        ({"cron": " 0  9 * * * "}, Cron("0 9 * * *", "UTC")),
        ({"min_interval": MINUTE}, Adaptive(MINUTE, 6 * HOUR)),
        ({"min_interval": 8 * HOUR}, Adaptive(8 * HOUR, 8 * HOUR)),
        ({"max_interval": HOUR}, Adaptive(5 * MINUTE, HOUR)),
        ({"max_interval": 2 * MINUTE}, Adaptive(2 * MINUTE, 2 * MINUTE)),
        ({"min_interval": MINUTE, "max_interval": MINUTE}, Adaptive(MINUTE, MINUTE)),
    ],
)
def test_settings_mean_a_rule(settings: dict[str, Any], rule: object) -> None:
    assert parse_rule(**settings) == rule


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"interval": HOUR, "cron": "0 9 * * *"}, "contradict"),
        ({"interval": HOUR, "min_interval": HOUR}, "contradict"),
        ({"cron": "0 9 * * *", "max_interval": HOUR}, "contradict"),
        ({"min_interval": HOUR, "max_interval": MINUTE}, "min_interval must not be longer"),
        ({"interval": timedelta(0)}, "interval must be at least 1 s"),
        ({"interval": -HOUR}, "interval must be at least 1 s"),
        ({"min_interval": timedelta(0)}, "min_interval must be at least 1 s"),
        ({"max_interval": timedelta(milliseconds=5)}, "max_interval must be at least 1 s"),
        ({"cron": ""}, "five fields"),
        ({"cron": "0 9 * *"}, "five fields"),
        ({"cron": "0 9 * * * *"}, "five fields"),
        ({"cron": "61 9 * * *"}, "cannot be used"),
        ({"cron": "soon 9 * * *"}, "cannot be used"),
        ({"cron": "0 9 * * 8"}, "none of 0-7"),
        ({"cron": "0 9 * * 5-2"}, "none of 0-7"),
        ({"cron": "0 9 * * 1-5/0"}, "none of 0-7"),
        ({"cron": "0 9 * * mon-fri/2"}, "none of 0-7"),
        ({"cron": "0 9 * * noday"}, "cannot be used"),
        ({"cron": "0 9 1 * 1"}, "both a day of the month and a weekday"),
        ({"cron": "0 0 30 2 *"}, "never comes"),
        ({"cron": "0 9 * * *", "timezone": "Asia/Nowhere"}, "timezone 'Asia/Nowhere' is not known"),
        ({"cron": "0 9 * * *", "timezone": "../etc"}, "is not known"),
        ({"cron": "0 9 * * *", "timezone": "Asia"}, "is not known"),
    ],
)
def test_contradictions_are_refused_in_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        parse_rule(**settings)
    assert "\n" not in str(refused.value)


def fires(expression: str, timezone: str, after: datetime, count: int) -> list[str]:
    rule, found = parse_rule(cron=expression, timezone=timezone), []
    assert isinstance(rule, Cron)
    for _ in range(count):
        after = next_fire(rule, after)
        found.append(f"{after:%d %H:%M}")
    return found


@pytest.mark.parametrize(
    ("expression", "timezone", "after", "expected"),
    [
        ("0 9 * * *", BAKU, utc(2026, 11, 24, 5), ["25 05:00", "26 05:00"]),  # strictly after
        ("0 9 * * *", BAKU, utc(2026, 11, 24, 4, 59, 59), ["24 05:00", "25 05:00"]),
        # the night of 29 March in Berlin has no 02:30: it is done at the moment that it would have been
        ("30 2 * * *", BERLIN, utc(2026, 3, 27, 12), ["28 01:30", "29 01:30", "30 00:30"]),
        # that of 25 October has two: the first counts
        ("30 2 * * *", BERLIN, utc(2026, 10, 23, 12), ["24 00:30", "25 00:30", "26 01:30"]),
        ("15,45 2 * * *", BERLIN, utc(2026, 10, 24, 12), ["25 00:15", "25 00:45", "26 01:15"]),
        # what runs every hour goes by real time in both
        ("0 * * * *", BERLIN, utc(2026, 3, 28, 23, 30), ["29 00:00", "29 01:00", "29 02:00"]),
        ("0 * * * *", BERLIN, utc(2026, 10, 24, 23, 30), ["25 00:00", "25 01:00", "25 02:00"]),
        ("*/20 * * * *", BERLIN, utc(2026, 10, 25, 0, 30), ["25 00:40", "25 01:00", "25 01:20"]),
        ("*/20 0-6 * * *", BERLIN, utc(2026, 10, 25, 0, 30), ["25 00:40", "25 01:00", "25 01:20"]),
        ("*/20 * * * *", BERLIN, utc(2026, 3, 29, 0, 30), ["29 00:40", "29 01:00", "29 01:20"]),
        # APScheduler alone passes over Monday the 9th, the first working day of summer time
        ("0 0 * * 1-5", "America/New_York", utc(2026, 3, 6, 10), ["09 04:00", "10 04:00"]),
        ("0 0 29 2 *", "UTC", utc(2026, 1, 1), ["29 00:00"]),
        # crontab(5): 0 and 7 are Sunday (22 and 29 November 2026), 1 is Monday
        ("0 9 * * 0", "UTC", utc(2026, 11, 18), ["22 09:00", "29 09:00"]),
        ("0 9 * * 7", "UTC", utc(2026, 11, 18), ["22 09:00", "29 09:00"]),
        ("0 9 * * sun", "UTC", utc(2026, 11, 18), ["22 09:00", "29 09:00"]),
        ("0 9 * * 1-5", "UTC", utc(2026, 11, 20), ["20 09:00", "23 09:00"]),
        ("0 9 * * mon-fri", "UTC", utc(2026, 11, 20), ["20 09:00", "23 09:00"]),
        ("0 9 * * 5-7", "UTC", utc(2026, 11, 18), ["20 09:00", "21 09:00", "22 09:00", "27 09:00"]),
        ("0 9 * * 1,3", "UTC", utc(2026, 11, 18), ["18 09:00", "23 09:00"]),
        ("0 9 * * */3", "UTC", utc(2026, 11, 15, 12), ["18 09:00", "21 09:00", "22 09:00"]),
    ],
)
def test_cron_fires(expression: str, timezone: str, after: datetime, expected: list[str]) -> None:
    assert fires(expression, timezone, after, len(expected)) == expected


@given(
    st.sampled_from(["*/7 * * * *", "0 */5 * * *", "30 2 * * *", "0 0 * * 1-5", "59 23 31 12 *", "0 3 1 * *"]),
    st.sampled_from([BERLIN, BAKU, "America/New_York", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 731 * 24 * 60).map(lambda minutes: utc(2026, 1, 1) + minutes * MINUTE),
)
def test_the_next_fire_is_later_and_nothing_lies_between(expression: str, timezone: str, after: datetime) -> None:
    rule = Cron(expression, timezone)
    fire = next_fire(rule, after)
    assert fire > after
    assert fire - after <= timedelta(days=367)
    assert next_fire(rule, after + (fire - after) / 2) == fire


def test_a_cron_that_has_run_out_says_so() -> None:
    with pytest.raises(ValueError, match="has no time after"):
        next_fire(Cron("0 0 30 2 *", "UTC"), utc(2026, 1, 1))


def test_bounds() -> None:
    assert bounds_of(FixedInterval(10 * MINUTE)).minimum == 9 * MINUTE
    assert bounds_of(FixedInterval(10 * MINUTE)).maximum == 11 * MINUTE
    assert bounds_of(Adaptive()).minimum == 5 * MINUTE
    assert bounds_of(Adaptive()).maximum == 6 * HOUR
