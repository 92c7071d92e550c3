"""Properties of every plan: any earlier plan, any outcome of a poll, any clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from scheduler.planning.plan import NextPoll, PollOutcome, plan_next_poll
from scheduler.planning.publish_rates import HOURS_PER_WEEK, PublishRates
from scheduler.planning.rules import Adaptive, Cron, FixedInterval, ScheduleRule, bounds_of
from storage.model.records import FailureStage

NOW = datetime(2026, 10, 24, 22, 17, 31, tzinfo=UTC)  # the night on which Europe's clocks go back
DAY = timedelta(days=1)
FAR = st.integers(-(10**9), 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
NEAR = st.integers(-(10**5), 10**5).map(lambda seconds: NOW + timedelta(seconds=seconds))
TIMES = NEAR | FAR
LENGTHS = st.integers(1, 10**6).map(lambda seconds: timedelta(seconds=seconds))
ADAPTIVE = st.tuples(LENGTHS, LENGTHS).map(lambda pair: Adaptive(min(pair), max(pair))) | st.just(Adaptive())
CRONS = st.sampled_from(
    [Cron("*/7 * * * *", "Europe/Berlin"), Cron("30 2 * * *", "Asia/Baku"), Cron("0 0 * * 1", "UTC")]
)
RULES = ADAPTIVE | LENGTHS.map(FixedInterval) | CRONS
SEEDED = st.tuples(st.floats(0, 50), st.floats(0, 50), st.integers(1, 167))
RHYTHMS = st.builds(
    lambda shape, zone: PublishRates(
        (shape[0],) * shape[2] + (shape[1],) * (HOURS_PER_WEEK - shape[2]), ZoneInfo(zone)
    ),
    SEEDED,
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata"]),
)
PLANS = st.builds(NextPoll, TIMES, st.none() | LENGTHS, st.just("as before"))
JITTERS = st.floats(-1, 1)


@st.composite
def polls(draw: st.DrawFn) -> PollOutcome:
    listed = draw(st.integers(0, 500))
    return PollOutcome(
        planned_at=draw(TIMES),
        finished_at=draw(TIMES),
        ok=draw(st.booleans()),
        changed=draw(st.booleans()),
        listed=listed,
        fresh=draw(st.integers(0, listed)),
        stage=draw(st.none() | st.sampled_from(FailureStage)),
        failures=draw(st.integers(0, 10**6)),
        first_failure_at=draw(st.none() | TIMES),
        rate_limited_until=draw(st.none() | TIMES),
        since=draw(st.none() | TIMES),
    )


@given(RULES, st.none() | PLANS, st.none() | polls(), RHYTHMS, JITTERS)
def test_a_plan_is_never_before_now_never_out_of_reach_and_says_why(
    rule: ScheduleRule, last: NextPoll | None, poll: PollOutcome | None, rhythm: PublishRates, jitter: float
) -> None:
    plan = plan_next_poll(rule, last, poll, rhythm, now=NOW, jitter=jitter)
    assert plan.next_poll_at >= NOW
    assert plan.next_poll_at.tzinfo is UTC
    assert plan.reason.strip()
    assert "\n" not in plan.reason
    longest = 9 * DAY if isinstance(rule, Cron) else max(bounds_of(rule).maximum, DAY)
    assert plan.next_poll_at <= NOW + longest
    assert plan == plan_next_poll(rule, last, poll, rhythm, now=NOW, jitter=jitter)


@given(ADAPTIVE | LENGTHS.map(FixedInterval), st.none() | PLANS, polls(), RHYTHMS, JITTERS)
def test_after_a_poll_no_flood_and_after_a_good_one_bounds_hold(
    rule: Adaptive | FixedInterval, last: NextPoll | None, poll: PollOutcome, rhythm: PublishRates, jitter: float
) -> None:
    plan = plan_next_poll(rule, last, poll, rhythm, now=NOW, jitter=jitter)
    bounds = bounds_of(rule)
    assert plan.next_poll_at >= NOW + bounds.minimum
    if poll.ok and (poll.rate_limited_until is None or poll.rate_limited_until <= NOW):
        assert plan.next_poll_at <= NOW + bounds.maximum
        assert plan.interval is not None
        assert bounds.minimum <= plan.interval <= bounds.maximum
    if not poll.ok and last is not None and isinstance(rule, Adaptive):
        assert plan.interval == last.interval
    if poll.rate_limited_until is not None and poll.rate_limited_until <= NOW + DAY:
        assert plan.next_poll_at >= poll.rate_limited_until


@given(RULES, PLANS, RHYTHMS, JITTERS)
def test_a_start_after_a_start_changes_nothing(
    rule: ScheduleRule, last: NextPoll, rhythm: PublishRates, jitter: float
) -> None:
    once = plan_next_poll(rule, last, None, rhythm, now=NOW, jitter=jitter)
    assert plan_next_poll(rule, once, None, rhythm, now=NOW, jitter=-jitter) is once
