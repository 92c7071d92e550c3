"""Detect silence: each branch, on small histories."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduler.health.findings import Finding
from scheduler.health.silence import (
    MIN_EXPECTED_ARRIVALS,
    MIN_SILENCE,
    WEEKS,
    detect_silence,
    publish_rates,
    silence_threshold,
)
from scheduler.planning.publish_rates import PublishRates
from storage.model.event_kinds import EventKind
from tests.support.silence_eval import ask
from tests.support.synthetic_histories import MONDAY, Newsroom

ROOM = Newsroom(per_workday=40, burst=1.0)
STOPS = datetime(2026, 10, 20, 6, tzinfo=UTC)  # a Tuesday, 10:00 in Baku
KNOWN = ROOM.arrivals(MONDAY, STOPS - MONDAY, seed=4)
HOURS = timedelta(hours=1)


class Steady:
    """So many articles an hour, always."""

    def __init__(self, per_hour: float) -> None:
        self.per_hour = per_hour

    def expected(self, start: datetime, end: datetime) -> float:
        return max(0.0, (end - start) / HOURS * self.per_hour)


def steady(count: int, *, per_hour: float = 1.0) -> list[datetime]:
    return [MONDAY + n * HOURS / per_hour for n in range(1, count + 1)]


def asked(
    arrivals: list[datetime], now: datetime, *, polled_at: datetime | None, per_hour: float = 1.0
) -> Finding | None:
    return detect_silence(
        arrivals,
        timezone=ZoneInfo("UTC"),
        since=MONDAY,
        now=now,
        last_success_at=polled_at,
        default_per_day=24,
        expectation=Steady(per_hour),
    )


def test_a_source_that_stopped_is_silent_and_says_why() -> None:
    found = ask(ROOM, KNOWN, STOPS + 12 * HOURS)
    assert found is not None
    assert (found.kind, found.subject, found.opens) == (EventKind.SILENT, "", True)
    assert found.details["last_arrival_at"] == KNOWN[-1].isoformat()
    assert found.sentence.startswith("nothing new for 12 h")
    assert "articles were expected by its own rate" in found.sentence
    assert json.loads(json.dumps(found.details)) == found.details


def test_the_first_arrival_ends_it() -> None:
    now = STOPS + 12 * HOURS
    assert ask(ROOM, [*KNOWN, now - HOURS], now) is None


def test_a_silence_stays_found_until_then() -> None:
    found = [ask(ROOM, KNOWN, STOPS + days * timedelta(days=1)) for days in range(1, 60)]
    assert all(one is not None and one.opens for one in found)


@pytest.mark.parametrize(
    ("hours", "opens"), [(1.0, None), (5.0, None), (40.0, True)], ids=["too early", "usual", "silent"]
)
def test_it_takes_more_than_a_usual_pause(hours: float, opens: bool | None) -> None:
    arrivals = steady(1000)
    now = arrivals[-1] + hours * HOURS
    found = asked(arrivals, now, polled_at=now)
    assert (found and found.opens) == opens


def test_over_half_its_patience_an_open_silence_is_kept_and_none_is_opened() -> None:
    arrivals = steady(1000)
    limit = silence_threshold(arrivals, Steady(1.0), since=MONDAY)
    below, over = (arrivals[-1] + share * limit * HOURS for share in (0.6, 1.05))
    kept, opened = asked(arrivals, below, polled_at=below), asked(arrivals, over, polled_at=over)
    assert kept is not None
    assert not kept.opens
    assert opened is not None
    assert opened.opens


def test_a_source_that_cannot_be_polled_is_not_silent() -> None:
    arrivals = steady(1000)
    assert asked(arrivals, arrivals[-1] + 400 * HOURS, polled_at=arrivals[-1] + HOURS) is None


def test_what_was_silent_before_polls_failed_stays_so() -> None:
    arrivals = steady(1000)
    found = asked(arrivals, arrivals[-1] + 400 * HOURS, polled_at=arrivals[-1] + 90 * HOURS)
    assert found is not None
    assert found.opens
    assert found.details["silent_hours"] == 90


def test_without_any_successful_poll_nothing_is_opened_or_closed() -> None:
    found = asked([], MONDAY + 400 * HOURS, polled_at=None)
    assert found is not None
    assert not found.opens


def test_never_before_the_least_time_however_busy() -> None:
    arrivals = steady(5000, per_hour=60)
    soon, later = arrivals[-1] + MIN_SILENCE - timedelta(seconds=1), arrivals[-1] + MIN_SILENCE
    assert asked(arrivals, soon, polled_at=soon, per_hour=60) is None
    assert asked(arrivals, later, polled_at=later, per_hour=60) is not None


def test_a_clock_that_was_set_back_makes_no_silence() -> None:
    arrivals = steady(100)
    assert asked(arrivals, arrivals[0], polled_at=arrivals[-1]) is None


def test_a_source_that_never_listed_anything_new_is_silent_after_days() -> None:
    found = [asked([], MONDAY + days * timedelta(days=1), polled_at=MONDAY + timedelta(days=days)) for days in (1, 20)]
    assert found[0] is None or not found[0].opens
    assert found[1] is not None
    assert found[1].opens
    assert found[1].details["last_arrival_at"] is None
    assert "by default" in found[1].sentence


def test_the_first_list_is_no_arrival() -> None:
    later = MONDAY + 400 * HOURS
    found = asked([MONDAY] * 300, later, polled_at=later)
    assert found is not None
    assert found == asked([], later, polled_at=later)


def test_a_source_of_few_articles_is_given_days() -> None:
    arrivals = [MONDAY + n * timedelta(days=1) + timedelta(hours=(7 * n) % 12) for n in range(56)]
    assert silence_threshold(arrivals, Steady(1 / 24), since=MONDAY) < 20
    three_days = arrivals[-1] + timedelta(days=3)
    assert asked(arrivals, three_days, polled_at=three_days, per_hour=1 / 24) is None


def test_patience_grows_with_bursts() -> None:
    chance = random.Random(7)
    waits = list(accumulate(chance.expovariate(1.0) for _ in range(1000)))
    alone = silence_threshold([MONDAY + wait * HOURS for wait in waits], Steady(1.0), since=MONDAY)
    in_fives = [MONDAY + 5 * wait * HOURS for wait in waits for _ in range(5)]
    assert silence_threshold(in_fives, Steady(1.0), since=MONDAY) > 3 * alone
    assert alone >= MIN_EXPECTED_ARRIVALS


def test_an_outage_in_the_history_does_not_make_it_deaf() -> None:
    before = ROOM.arrivals(MONDAY, WEEKS, seed=5)
    rate = Steady(40 / 24)
    holed = [at for at in before if not MONDAY + timedelta(days=20) < at < MONDAY + timedelta(days=24)]
    assert silence_threshold(holed, rate, since=MONDAY) < 1.3 * silence_threshold(before, rate, since=MONDAY)


def test_a_young_source_has_twice_the_patience() -> None:
    arrivals = steady(200)
    young, old = (silence_threshold(arrivals, Steady(1.0), since=MONDAY - days * 24 * HOURS) for days in (0, 30))
    assert young == 2 * old


def test_a_slow_stretch_is_waited_through() -> None:
    """A week at a quarter of the rate, as between the years: pauses are four times as long, and no silence."""
    week = (STOPS, STOPS + timedelta(days=7))
    slow = Newsroom(per_workday=40, burst=1.0, pace=lambda at: 0.25 if week[0] <= at < week[1] else 1.0)
    arrivals = slow.arrivals(MONDAY, timedelta(days=70), seed=6)
    pauses = [(a, b) for a, b in pairwise(arrivals) if b - a > MIN_SILENCE and a > STOPS - timedelta(days=7)]
    findings = [ask(slow, [at for at in arrivals if at <= a], b - timedelta(minutes=15)) for a, b in pauses]
    assert [found.sentence for found in findings if found is not None and found.opens] == []


PRIOR = PublishRates.default(per_day=10, timezone=ZoneInfo("UTC"), is_cautious=True)


def a_week(arrivals: list[datetime], *, until: datetime) -> float:
    rates = publish_rates(arrivals, PRIOR, since=MONDAY, until=until)
    return rates.expected(MONDAY, MONDAY + timedelta(weeks=1))


def test_the_prior_is_quiet_at_night_and_at_weekends() -> None:
    assert PRIOR.rates[3] < PRIOR.rates[12] / 5  # Monday 3:00 and 12:00
    assert PRIOR.rates[5 * 24 + 12] < PRIOR.rates[12] / 3
    assert a_week([], until=MONDAY) == pytest.approx(70)


def test_one_list_after_our_own_downtime_is_no_rate() -> None:
    arrivals = Newsroom(per_workday=20, timezone=ZoneInfo("UTC")).arrivals(MONDAY, WEEKS, seed=3)
    late, end = MONDAY + timedelta(days=20, hours=3), MONDAY + WEEKS
    assert a_week([*arrivals, *[late] * 400], until=end) < 1.1 * a_week(arrivals, until=end)


def test_older_than_eight_weeks_is_forgotten() -> None:
    old = [MONDAY + n * HOURS for n in range(1, 200)]
    end = MONDAY + 3 * WEEKS
    assert a_week(old, until=end) == a_week([], until=end)
