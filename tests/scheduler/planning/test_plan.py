"""Every branch of the next plan, by table, with its reason as a person reads it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduler.planning.backoff import BACKOFF, CRASH_BACKOFF, backoff_delay
from scheduler.planning.plan import NextPoll, PollOutcome, plan_next_poll
from scheduler.planning.publish_rates import HOURS_PER_WEEK, PublishRates
from scheduler.planning.rules import Adaptive, Cron, FixedInterval, ScheduleRule
from storage.model.backoff import MAX_BACKOFF, MAX_EARLY_BACKOFF
from storage.model.records import FailureStage

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)  # a Tuesday
UTC_ZONE = ZoneInfo("UTC")
STEADY = PublishRates((3.75,) * HOURS_PER_WEEK, UTC_ZONE)  # 90 a day, at all hours
NEWSROOM = PublishRates(tuple(6.0 if 7 <= hour % 24 < 22 else 0.1 for hour in range(HOURS_PER_WEEK)), UTC_ZONE)
NIGHT = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
HOME = 24 * MINUTE  # the pace at which STEADY brings 1.5 a poll
DAILY = Cron("0 9 * * *", "UTC")


def poll(now: datetime = NOW, **changes: Any) -> PollOutcome:
    """A successful poll on time that found what STEADY is to bring, 24 minutes after the one before."""
    on_time = PollOutcome(
        planned_at=now,
        finished_at=now,
        ok=True,
        changed=True,
        listed=24,
        fresh=2,
        stage=None,
        failures=0,
        first_failure_at=None,
        rate_limited_until=None,
        since=now - HOME,
    )
    return replace(on_time, **changes)


def failed(
    stage: FailureStage | None, failures: int = 1, lasting: timedelta = timedelta(0), **changes: Any
) -> PollOutcome:
    return poll(ok=False, listed=0, fresh=0, stage=stage, failures=failures, first_failure_at=NOW - lasting, **changes)


def planned(interval: timedelta | None = HOME) -> NextPoll:
    return NextPoll(NOW, interval, "as before")


BEFORE = NextPoll(NOW, HOME, "as before")


def after(
    rule: ScheduleRule,
    seen: PollOutcome | None,
    *,
    last: NextPoll | None = BEFORE,
    rhythm: PublishRates = STEADY,
    jitter: float = 0,
    now: datetime = NOW,
) -> NextPoll:
    return plan_next_poll(rule, last, seen, rhythm, now=now, jitter=jitter)


def wait(rule: ScheduleRule, seen: PollOutcome, **changes: Any) -> timedelta:
    return after(rule, seen, **changes).next_poll_at - changes.get("now", NOW)


# the adaptive interval


def test_a_first_poll_takes_the_interval_from_the_rhythm() -> None:
    for last in (None, planned(None)):
        plan = after(Adaptive(), poll(fresh=24), last=last)
        assert plan.interval == HOME
        assert plan.next_poll_at == NOW + HOME


@pytest.mark.parametrize(
    ("listed", "fresh", "shorter"),
    [(24, 0, False), (24, 1, False), (24, 2, True), (24, 7, True), (0, 0, False)],
)
def test_mostly_known_lengthens_and_little_known_shortens(listed: int, fresh: int, shorter: bool) -> None:
    plan = after(Adaptive(), poll(listed=listed, fresh=fresh, changed=listed > 0))
    assert plan.interval is not None
    assert (plan.interval < HOME) is shorter
    assert plan.next_poll_at - NOW == pytest.approx(plan.interval, abs=MINUTE / 60)


def test_less_known_is_never_later() -> None:
    waits = [wait(Adaptive(), poll(fresh=fresh)) for fresh in range(25)]
    assert waits == sorted(waits, reverse=True)


@pytest.mark.parametrize("listed", [3, 5, 24, 400])
def test_nothing_known_halves_the_interval_at_once(listed: int) -> None:
    interval = after(Adaptive(), poll(listed=listed, fresh=listed)).interval
    assert interval is not None
    assert interval <= HOME / 2 + MINUTE / 60


def test_a_run_of_polls_settles_where_a_poll_brings_its_aim() -> None:
    """Polled four times too often, at 90 articles a day."""
    assert settled(90, start=6 * MINUTE) == pytest.approx(HOME, rel=0.1)


def test_overlap_corrects_a_rhythm_that_is_wrong_until_it_is_learned_again() -> None:
    assert settled(360, start=HOME) < 0.75 * HOME
    assert settled(20, start=HOME) > 1.1 * HOME


def settled(per_day: float, *, start: timedelta) -> timedelta:
    """The interval after 400 polls of a source of so many a day, of which the rhythm says that it has 90."""
    interval, carried = start, 0.0
    for _ in range(400):
        carried += interval / HOUR * per_day / 24
        fresh, carried = int(carried), carried % 1
        seen = poll(fresh=fresh, since=NOW - interval)
        interval = after(Adaptive(MINUTE), seen, last=planned(interval)).interval or HOME
    return interval


@pytest.mark.parametrize("late", [MINUTE, 10 * MINUTE, 24 * MINUTE])
def test_a_late_poll_that_found_as_much_more_neither_lengthens_nor_shortens(late: timedelta) -> None:
    rich = STEADY.scaled(16)  # so many articles that the share is exact: 1440 a day, 6 a poll every 6 min
    last = planned(6 * MINUTE)
    on_time = poll(listed=400, fresh=6, since=NOW - 6 * MINUTE)
    tardy = poll(listed=400, fresh=6 + round(late / MINUTE), planned_at=NOW - late, since=NOW - late - 6 * MINUTE)
    ours, theirs = (after(Adaptive(MINUTE), one, last=last, rhythm=rich) for one in (on_time, tardy))
    assert theirs.interval == pytest.approx(ours.interval, abs=timedelta(seconds=1))
    assert theirs.next_poll_at - NOW == pytest.approx(ours.next_poll_at - NOW, abs=timedelta(seconds=1))


@pytest.mark.parametrize("since", [NOW - 10 * HOUR, NOW - 49 * MINUTE, NOW + HOUR, NOW - timedelta(days=1000)])
def test_a_poll_after_a_downtime_or_by_a_wrong_clock_says_nothing_of_the_interval(since: datetime) -> None:
    for fresh in (0, 24):
        assert after(Adaptive(), poll(fresh=fresh, since=since)).interval == HOME


def test_without_the_time_of_the_poll_before_the_plan_s_own_distance_counts() -> None:
    assert after(Adaptive(), poll(since=None)).interval == pytest.approx(
        after(Adaptive(), poll()).interval, abs=timedelta(seconds=1)
    )
    assert after(Adaptive(), poll(since=None, planned_at=NOW - HOUR, fresh=24)).interval == HOME


@pytest.mark.parametrize("jitter", [-1, -0.3, 0, 0.7, 1])
def test_jitter_is_a_tenth_and_leaves_the_interval(jitter: float) -> None:
    still, moved = (after(Adaptive(), poll(), jitter=one) for one in (0, jitter))
    assert moved.next_poll_at - NOW == pytest.approx(
        (still.next_poll_at - NOW) * (1 + 0.1 * jitter), abs=timedelta(seconds=1)
    )
    assert moved.interval == still.interval


@pytest.mark.parametrize("jitter", [-1.01, 2, float("nan")])
def test_jitter_beyond_its_range_is_refused(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        after(Adaptive(), poll(), jitter=jitter)


@pytest.mark.parametrize("jitter", [-1, 0, 1])
def test_bounds_hold_after_jitter(jitter: float) -> None:
    assert 30 * MINUTE <= wait(Adaptive(30 * MINUTE, HOUR), poll(fresh=24), jitter=jitter) <= 33 * MINUTE
    assert 9 * MINUTE <= wait(Adaptive(MINUTE, 10 * MINUTE), poll(fresh=0), jitter=jitter) <= 10 * MINUTE
    assert wait(Adaptive(HOUR, HOUR), poll(), jitter=jitter) == HOUR


# the rhythm of the hour


def test_a_quiet_night_does_not_slow_the_morning() -> None:
    """Polls that find nothing all night: none sleeps past 08:00, and the first ones of the day come as by day."""
    now, last = NIGHT, NextPoll(NIGHT, HOME, "as before")
    by_day = wait(Adaptive(), poll(), rhythm=NEWSROOM)
    waits = {}
    since = now - HOME
    while now < NIGHT + 10 * HOUR:
        seen = poll(now, fresh=0, listed=0, changed=False, since=since)
        if now.hour >= 7 and now.date() > NIGHT.date():
            seen = poll(now, fresh=round(NEWSROOM.expected(since, now)), since=since)
        last, since = after(Adaptive(), seen, last=last, rhythm=NEWSROOM, now=now), now
        waits[now] = last.next_poll_at - now
        now = last.next_poll_at
    assert max(waits.values()) > HOUR  # it did sleep
    first_by_day = min(at for at in waits if at > NIGHT + 8 * HOUR)
    assert first_by_day < NIGHT + 9 * HOUR
    assert waits[first_by_day] < 1.5 * by_day


def test_no_poll_sleeps_past_the_hour_in_which_articles_begin() -> None:
    slow = PublishRates(tuple(0.2 if 7 <= hour % 24 < 22 else 0.01 for hour in range(HOURS_PER_WEEK)), UTC_ZONE)
    now = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
    for jitter in (-1, 0, 1):
        seen, last = poll(now, since=now - 6 * HOUR), NextPoll(now, 6 * HOUR, "-")
        plan = after(Adaptive(), seen, last=last, rhythm=slow, now=now, jitter=jitter)
        assert plan.next_poll_at == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
        assert "next in 4 h; Tuesday 07:00 brings 0.2 an hour" in plan.reason


def test_the_weekend_s_quiet_ends_on_monday_morning() -> None:
    week = PublishRates(
        tuple(2.0 if hour < 120 and 7 <= hour % 24 < 22 else 0.02 for hour in range(HOURS_PER_WEEK)), UTC_ZONE
    )
    now = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
    plan = after(Adaptive(), poll(now), last=NextPoll(now, 6 * HOUR, "-"), rhythm=week, now=now)
    assert plan.next_poll_at <= datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_four_times_the_articles_get_twice_the_polls() -> None:
    halves = PublishRates(tuple(8.0 if hour % 24 >= 12 else 2.0 for hour in range(HOURS_PER_WEEK)), UTC_ZONE)
    noon, morning = datetime(2026, 11, 24, 15, tzinfo=UTC), datetime(2026, 11, 24, 3, tzinfo=UTC)
    waits = [
        wait(Adaptive(), poll(at, since=at - 3 * HOUR), rhythm=halves, now=at, last=NextPoll(at, HOME, "-"))
        for at in (morning, noon)
    ]
    assert waits[0] == pytest.approx(2 * waits[1], abs=timedelta(seconds=1))


def test_a_source_without_articles_is_polled_steadily() -> None:
    nothing = PublishRates((0.0,) * HOURS_PER_WEEK, UTC_ZONE)
    assert wait(Adaptive(), poll(fresh=0, listed=0), rhythm=nothing, last=None) == 6 * HOUR
    assert HOME < wait(Adaptive(), poll(fresh=0, listed=0), rhythm=nothing) < 2 * HOME


# reasons


@pytest.mark.parametrize(
    ("rule", "seen", "reason"),
    [
        (Adaptive(), poll(fresh=7), "17 of 24 links were known: every 19 min; Tuesday 09:00 brings 3.8 an hour"),
        (
            Adaptive(),
            poll(fresh=0, listed=0, changed=False),
            "not modified: every 26 min; Tuesday 09:00 brings 3.8 an hour",
        ),
        (
            Adaptive(HOUR),
            poll(),
            "22 of 24 links were known: every 1 h, the minimum; Tuesday 09:00 brings 3.8 an hour",
        ),
        (
            Adaptive(MINUTE, 10 * MINUTE),
            poll(),
            "22 of 24 links were known: every 10 min, the maximum; Tuesday 09:00 brings 3.8 an hour",
        ),
        (FixedInterval(90 * MINUTE), poll(), "22 of 24 links were known: every 1 h 30 min, as set"),
        (DAILY, poll(), "22 of 24 links were known; cron 0 9 * * * (UTC)"),
        (
            Adaptive(),
            failed(FailureStage.TIMEOUT, 3, 2 * HOUR),
            "timeout, consecutive failure 3 since 2026-11-24 07:30 UTC: next poll in 7 min",
        ),
        (
            Adaptive(),
            failed(None),
            "crawl ended without reporting, consecutive failure 1 since 2026-11-24 09:30 UTC: next poll in 10 min",
        ),
        (
            DAILY,
            failed(FailureStage.BLOCKED),
            "blocked, consecutive failure 1 since 2026-11-24 09:30 UTC: next poll at 2026-11-25 09:00 UTC, by cron",
        ),
        (
            Adaptive(),
            poll(rate_limited_until=NOW + 2 * HOUR),
            "rate limited by the site until 2026-11-24 11:30 UTC",
        ),
    ],
)
def test_a_person_understands_the_reason(rule: ScheduleRule, seen: PollOutcome, reason: str) -> None:
    assert after(rule, seen).reason == reason


# every and cron


@pytest.mark.parametrize(("jitter", "minutes"), [(-1, 9), (0, 10), (0.5, 10.5), (1, 11)])
def test_every_so_often(jitter: float, minutes: float) -> None:
    for seen in (poll(), poll(fresh=24), poll(listed=0), poll(planned_at=NOW - HOUR)):
        plan = after(FixedInterval(10 * MINUTE), seen, jitter=jitter)
        assert plan.next_poll_at - NOW == minutes * MINUTE
        assert plan.interval == 10 * MINUTE


def test_cron_goes_by_its_clock_without_jitter() -> None:
    plan = after(DAILY, poll(), jitter=1)
    assert plan.next_poll_at == datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    assert plan.interval is None


def test_a_clock_set_back_a_little_does_not_fire_cron_twice() -> None:
    nine = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    now = nine - timedelta(seconds=2)
    assert after(DAILY, poll(planned_at=nine), now=now).next_poll_at == nine + 24 * HOUR


# trouble


@pytest.mark.parametrize("stage", [*FailureStage, None])
def test_each_class_backs_off_exponentially_to_six_hours_then_a_day(stage: FailureStage | None) -> None:
    first, factor = BACKOFF[stage] if stage else CRASH_BACKOFF
    assert backoff_delay(stage, 1, timedelta(0)) == first
    assert backoff_delay(stage, 2, timedelta(0)) == min(MAX_EARLY_BACKOFF, first * factor)
    waits = [backoff_delay(stage, failures, HOUR) for failures in range(1, 200)]
    assert waits == sorted(waits)
    assert waits[-1] == MAX_EARLY_BACKOFF == 6 * HOUR
    assert backoff_delay(stage, 200, 24 * HOUR) == MAX_BACKOFF == 24 * HOUR
    assert backoff_delay(stage, 10**9, timedelta(days=400)) == MAX_BACKOFF
    assert backoff_delay(stage, 0, timedelta(0)) == backoff_delay(stage, -3, -HOUR) == first


def test_every_class_has_its_wait_and_being_blocked_weighs_most() -> None:
    assert BACKOFF.keys() == set(FailureStage)
    assert BACKOFF[FailureStage.BLOCKED] == max(BACKOFF.values())
    assert (
        BACKOFF[FailureStage.TIMEOUT]
        < BACKOFF[FailureStage.HTTP_5XX]
        < BACKOFF[FailureStage.PARSE]
        < BACKOFF[FailureStage.HTTP_4XX]
    )


@pytest.mark.parametrize("jitter", [-1, 0, 1])
def test_a_cap_holds_after_jitter(jitter: float) -> None:
    assert wait(Adaptive(), failed(FailureStage.BLOCKED, 50, 2 * HOUR), jitter=jitter) <= 6 * HOUR
    assert wait(Adaptive(), failed(FailureStage.BLOCKED, 50, 30 * HOUR), jitter=jitter) <= 24 * HOUR
    assert wait(Adaptive(), failed(FailureStage.BLOCKED, 50, 30 * HOUR), jitter=jitter) >= 21 * HOUR
    assert wait(Adaptive(), failed(FailureStage.TIMEOUT), jitter=jitter) >= 5 * MINUTE


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Adaptive(), 5 * MINUTE),
        (Adaptive(20 * MINUTE), 20 * MINUTE),
        (Adaptive(MINUTE, 2 * MINUTE), 5 * MINUTE),  # trouble may wait longer than the most
        (FixedInterval(HOUR), HOUR),  # a person's interval is never undercut
        (FixedInterval(MINUTE), 5 * MINUTE),
        (FixedInterval(timedelta(days=3)), timedelta(days=3)),
        (Cron("*/2 * * * *", "UTC"), 6 * MINUTE),
    ],
)
def test_a_failure_waits_by_its_rule(rule: ScheduleRule, expected: timedelta) -> None:
    assert wait(rule, failed(FailureStage.TIMEOUT)) == expected


def test_a_dead_host_is_asked_seldom_but_never_given_up() -> None:
    now, last, failures, asked = NOW, planned(), 0, []
    while now < NOW + timedelta(days=60):
        failures += 1
        seen = replace(failed(FailureStage.NETWORK, failures), planned_at=now, finished_at=now)
        last = after(Adaptive(), seen, last=last, now=now)
        now = last.next_poll_at
        asked.append(now)
    assert sum(at < NOW + timedelta(days=1) for at in asked) <= 24
    assert 55 <= sum(at >= NOW + timedelta(days=1) for at in asked) <= 66
    assert last.interval == HOME


def test_a_success_after_trouble_goes_back_to_the_interval_before() -> None:
    last, now = planned(), NOW
    for failures in range(1, 6):
        seen = replace(failed(FailureStage.TIMEOUT, failures), planned_at=now, finished_at=now)
        last = after(Adaptive(), seen, last=last, now=now)
        now = last.next_poll_at
    for fresh in (0, 5, 24):
        back = after(Adaptive(), poll(now, fresh=fresh, since=NOW - HOME), last=last, now=now)
        assert back.interval == HOME
        assert back.next_poll_at == now + HOME


def test_a_source_that_never_answered_has_no_interval_yet() -> None:
    plan = after(Adaptive(), failed(FailureStage.NETWORK), last=None)
    assert plan.interval is None
    assert after(Adaptive(), poll(), last=plan).interval == HOME


def test_a_trouble_without_its_beginning_begins_now() -> None:
    assert wait(Adaptive(), replace(failed(FailureStage.BLOCKED, 99), first_failure_at=None)) == 6 * HOUR


# Retry-After


@pytest.mark.parametrize(
    "seen", [poll(), failed(FailureStage.BLOCKED), failed(FailureStage.HTTP_5XX)], ids=lambda one: str(one.stage)
)
def test_a_retry_after_is_honoured_for_a_day_at_most(seen: PollOutcome) -> None:
    for rule in (Adaptive(), FixedInterval(10 * MINUTE)):
        assert wait(rule, replace(seen, rate_limited_until=NOW + 5 * HOUR)) == 5 * HOUR
        assert wait(rule, replace(seen, rate_limited_until=NOW + timedelta(days=900))) == 24 * HOUR
        assert wait(rule, replace(seen, rate_limited_until=NOW - HOUR)) == wait(rule, seen)
        assert wait(rule, replace(seen, rate_limited_until=NOW + MINUTE)) == wait(rule, seen)
        assert after(rule, replace(seen, rate_limited_until=NOW + 5 * HOUR)).interval == after(rule, seen).interval


def test_cron_waits_for_its_first_time_after_a_retry_after() -> None:
    hourly = Cron("0 * * * *", "UTC")
    held = poll(rate_limited_until=datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    assert after(hourly, held).next_poll_at == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    assert after(hourly, replace(held, rate_limited_until=NOW + 3 * HOUR)).next_poll_at == datetime(
        2026, 11, 24, 13, 0, tzinfo=UTC
    )


# clocks


@pytest.mark.parametrize("years", [-30, -1, 1, 30])
@pytest.mark.parametrize("rule", [Adaptive(), FixedInterval(10 * MINUTE)], ids=["adaptive", "every"])
def test_a_clock_that_jumped_plans_neither_years_ahead_nor_a_flood(rule: ScheduleRule, years: int) -> None:
    """The poll was planned and made by another clock than the one that is read now."""
    other = timedelta(days=365 * years)
    for seen in (
        poll(planned_at=NOW + other),
        poll(planned_at=NOW + other, finished_at=NOW + other, since=NOW + other - HOME),
        poll(since=NOW + other),
        failed(FailureStage.TIMEOUT, planned_at=NOW + other),
        replace(failed(FailureStage.TIMEOUT), first_failure_at=NOW + other),
    ):
        assert 5 * MINUTE <= wait(rule, seen) <= HOUR


@pytest.mark.parametrize(
    ("rule", "next_poll_at", "expected"),
    [
        (Adaptive(), NOW + HOUR, NOW + HOUR),
        (Adaptive(), NOW + 24 * HOUR, NOW + 24 * HOUR),  # a back-off of another day
        (Adaptive(), NOW + timedelta(days=700), NOW + HOME),
        (Adaptive(), NOW - HOUR, NOW),
        (Adaptive(), NOW - timedelta(days=700), NOW),
        (FixedInterval(HOUR), NOW + timedelta(days=700), NOW + 54 * MINUTE),
        (FixedInterval(timedelta(days=7)), NOW + timedelta(days=7), NOW + timedelta(days=7)),
        (DAILY, datetime(2026, 11, 26, 9, 0, tzinfo=UTC), datetime(2026, 11, 26, 9, 0, tzinfo=UTC)),
        (DAILY, datetime(2029, 1, 1, 9, 0, tzinfo=UTC), datetime(2026, 11, 25, 9, 0, tzinfo=UTC)),
        (Cron("0 9 1 1 *", "UTC"), datetime(2027, 1, 1, 9, tzinfo=UTC), datetime(2027, 1, 1, 9, tzinfo=UTC)),
    ],
)
def test_at_a_start_a_stored_plan_holds_if_a_clock_can_have_meant_it(
    rule: ScheduleRule, next_poll_at: datetime, expected: datetime
) -> None:
    last = NextPoll(next_poll_at, HOME, "as before")
    plan = after(rule, None, last=last)
    assert plan.next_poll_at == expected
    assert plan.interval == HOME
    assert (plan is last) is (next_poll_at == expected)


def test_at_a_start_the_reasons_say_what_happened() -> None:
    assert after(Adaptive(), None, last=None) == NextPoll(NOW, None, "never polled: due now")
    assert after(Adaptive(), None, last=NextPoll(NOW - HOUR, HOME, "-")).reason == (
        "was due 2026-11-24 08:30 UTC and not polled: due now"
    )
    assert after(Adaptive(), None, last=NextPoll(NOW + timedelta(days=366), None, "-")).reason == (
        "planned for 2027-11-25 09:30 UTC, later than any plan can be: the rule or the clock has changed"
    )


def test_a_poll_by_hand_before_its_time_does_not_add_up() -> None:
    assert wait(Adaptive(), poll(planned_at=NOW + 20 * MINUTE, since=NOW - 4 * MINUTE, fresh=0)) < 30 * MINUTE


def test_settings_that_changed_hold_at_the_next_poll() -> None:
    assert wait(Adaptive(MINUTE, 10 * MINUTE), poll(), last=planned(6 * HOUR)) == 10 * MINUTE
    assert wait(Adaptive(HOUR, 6 * HOUR), poll(), last=planned(MINUTE)) == HOUR
