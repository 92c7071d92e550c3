"""A month of one news site in simulated time: nights, weekends, bursts, an outage, clocks that change and jump."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from benchmarks import polling
from scheduler.planning.overdue import spread_overdue
from scheduler.planning.plan import NextPoll, PollOutcome, plan_next_poll
from scheduler.planning.publish_rates import PublishRates
from scheduler.planning.rules import Adaptive, FixedInterval, ScheduleRule
from tests.support.simulation import KYIV, MONTH, OUTAGE, History, Host, NewsSite, Watcher, compare

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
START, END = MONTH
SEEDS = (1, 2, 3)
OFF = (datetime(2026, 10, 21, 20, tzinfo=UTC), datetime(2026, 10, 22, 7, tzinfo=UTC))
JUMPS = (
    (datetime(2026, 10, 8, 10, 7, tzinfo=UTC), 2 * HOUR),
    (datetime(2026, 10, 9, 15, 1, tzinfo=UTC), -2 * HOUR),
    (datetime(2026, 10, 17, 11, 30, tzinfo=UTC), timedelta(days=1100)),
    (datetime(2026, 10, 17, 12, 20, tzinfo=UTC), timedelta(days=-1100)),
    (datetime(2026, 10, 28, 9, 3, tzinfo=UTC), timedelta(days=-400)),
    (datetime(2026, 10, 28, 10, 45, tzinfo=UTC), timedelta(days=400)),
)
HOST = Host(JUMPS, (OFF,))
pytestmark = pytest.mark.xdist_group("month-plan")  # which takes seconds to make
RULES: tuple[ScheduleRule, ...] = (Adaptive(), Adaptive(10 * MINUTE, HOUR), FixedInterval(15 * MINUTE))


def site_of(seed: int, cards: int = 24) -> NewsSite:
    return NewsSite.simulated(seed, start=START, days=30, timezone=KYIV, outages=[OUTAGE], cards=cards)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((rule, seed), id=f"{rule}-{seed}", marks=[pytest.mark.long] * (rule != RULES[0]))
        for rule in RULES
        for seed in SEEDS
    ],
)
def month(request: pytest.FixtureRequest) -> tuple[ScheduleRule, NewsSite, History]:
    """Everything that can go wrong in one month."""
    rule, seed = request.param
    site = site_of(seed)
    return rule, site, Watcher(site, rule, timezone=KYIV, seed=seed, host=HOST).watch(START, END)


def least_and_most(rule: ScheduleRule) -> tuple[timedelta, timedelta]:
    if isinstance(rule, Adaptive):
        return rule.minimum, rule.maximum
    assert isinstance(rule, FixedInterval)
    return rule.interval * 0.9, rule.interval * 1.1


@pytest.mark.long_after(1)
def test_no_poll_is_out_of_bounds_but_for_trouble(month: tuple[ScheduleRule, NewsSite, History]) -> None:
    """In real time, with the crawl and a heartbeat on top, but for downtime, outage and the moments of the jumps."""
    rule, _, history = month
    least, most = least_and_most(rule)
    for one, two in pairwise(history.watched):
        gap = two.real_at - one.real_at
        jumped = any(one.real_at <= at <= two.real_at for at, _ in JUMPS)
        off = one.real_at < OFF[1] <= two.real_at
        if one.poll.ok and not jumped and not off:
            assert gap >= least
            assert gap <= most + Watcher.CRAWL
        elif not one.poll.ok:
            assert 5 * MINUTE <= gap <= 6 * HOUR
        elif jumped:
            assert gap <= most + 2 * HOUR + Watcher.CRAWL  # a clock set back by two hours is waited for


def test_every_article_is_seen_or_lies_in_a_gap(month: tuple[ScheduleRule, NewsSite, History]) -> None:
    _, site, history = month
    last_good = max(one.real_at for one in history.watched if one.poll.ok)
    articles = set(site.between(START, last_good))
    missed = articles - history.seen.keys()
    assert missed <= history.missed(site).keys()
    assert len(articles) > 2000
    assert len(missed) < 0.04 * len(articles)  # night hours switched off, and the outage


def test_there_is_no_flood_after_downtime_or_jumps(month: tuple[ScheduleRule, NewsSite, History]) -> None:
    rule, _, history = month
    least, _ = least_and_most(rule)
    moments = [one.real_at for one in history.watched]
    for begin in [OFF[1], OUTAGE[1], *(at for at, _ in JUMPS)]:
        soon = [at for at in moments if begin <= at < begin + HOUR]
        assert len(soon) <= HOUR / least + 1 + sum(begin <= at < begin + HOUR for at, _ in JUMPS)


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=str(rule), marks=[pytest.mark.long] * (rule != RULES[0])) for rule in RULES]
)
@pytest.mark.long
def test_a_long_list_misses_nothing(rule: ScheduleRule) -> None:
    site = site_of(1, cards=400)
    history = Watcher(site, rule, timezone=KYIV, seed=1, host=HOST).watch(START, END)
    last_good = max(one.real_at for one in history.watched if one.poll.ok)
    assert set(site.between(START, last_good)) <= history.seen.keys()
    assert history.gaps == []


@pytest.mark.long
def test_the_same_seed_gives_the_same_month() -> None:
    once, again = (Watcher(site_of(1), RULES[0], timezone=KYIV, seed=1, host=HOST).watch(START, END) for _ in "12")
    assert once == again


def test_every_plan_has_a_reason(month: tuple[ScheduleRule, NewsSite, History]) -> None:
    _, _, history = month
    assert all(one.plan.reason for one in history.watched)
    assert all(one.plan.next_poll_at >= one.poll.finished_at for one in history.watched)


@pytest.mark.long
def test_the_adaptive_plan_beats_a_fixed_interval_of_as_many_polls() -> None:
    """By 12 % of the mean delay, a quarter of the median; a ninth decile that is no worse."""
    pairs = [compare(Adaptive(), seed) for seed in range(1, 7)]
    for ours, fixed in pairs:
        assert ours.requests_a_day == fixed.requests_a_day
        assert ours.mean < fixed.mean
        assert ours.p50 < 0.9 * fixed.p50
    saved = {
        name: statistics.median(1 - getattr(ours, name) / getattr(fixed, name) for ours, fixed in pairs)
        for name in ("mean", "p50", "p90")
    }
    assert saved["mean"] > 0.08
    assert saved["p50"] > 0.18
    assert saved["p90"] > 0
    assert "median of the delay saved" in polling.table(pairs)


@pytest.mark.long
def test_quiet_sources_gain_too() -> None:
    pairs = [compare(Adaptive(), seed, per_day=12) for seed in range(1, 7)]
    assert statistics.median(ours.mean / fixed.mean for ours, fixed in pairs) < 0.97
    assert statistics.median(ours.requests_a_day for ours, _ in pairs) < 30


def test_forty_sources_after_a_night_off_are_caught_up_without_a_flood() -> None:
    """Their plans as of eight in the evening; switched on at seven: one poll each within ten minutes."""
    rhythm = PublishRates.default(per_day=90, timezone=KYIV)
    plans = {}
    for number in range(40):
        now = OFF[0] - number * MINUTE
        poll = PollOutcome(now, now, True, True, 24, number % 5, None, 0, None, None, now - 20 * MINUTE)
        plans[f"source {number}"] = plan_next_poll(
            Adaptive(), NextPoll(now, 20 * MINUTE, "-"), poll, rhythm, now=now, jitter=number / 40
        )
    due = spread_overdue(plans, now=OFF[1], spread=10 * MINUTE)
    moments = sorted(plan.next_poll_at for plan in due.values())
    assert moments[0] == OFF[1]
    assert moments[-1] < OFF[1] + 10 * MINUTE
    assert {later - earlier for earlier, later in pairwise(moments)} == {10 * MINUTE / 40}
    again = {name: plan_next_poll(Adaptive(), plan, None, rhythm, now=OFF[1], jitter=0) for name, plan in due.items()}
    assert again == due
