"""A clock that is set back under a running daemon: no poll may wait for the hours to come round again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.daemon.planner import REPAIR_INTERVAL, Planner
from scheduler.planning.plan import NextPoll, shift_back
from scheduler.planning.rules import Adaptive, Cron, FixedInterval
from scraper.sources.caliber import SOURCE
from storage.config.settings import Config
from storage.scheduling.schedules import Schedule
from storage.store import Store, open_store

NOON = datetime(2026, 10, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DUE = NextPoll(next_poll_at=NOON + HOUR / 4, interval=HOUR / 2, reason="17 of 24 links were known")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path}/clock.db") as store:
        yield store


@pytest.fixture
def planner(store: Store) -> Planner:
    planner = Planner(store, Config(), {SOURCE.name: SOURCE})
    planner.startup_schedules(now=NOON)
    planner.repair(now=NOON)
    store.schedules.set(
        Schedule(source=SOURCE.name, next_poll_at=DUE.next_poll_at, interval=DUE.interval, reason=DUE.reason)
    )
    return planner


@pytest.mark.parametrize("rule", [Adaptive(), FixedInterval(HOUR)])
def test_a_poll_stays_as_far_away_as_it_was(rule: Adaptive | FixedInterval) -> None:
    plan = shift_back(rule, DUE, by=2 * HOUR, now=NOON - 2 * HOUR)
    assert plan.next_poll_at == NOON - 2 * HOUR + HOUR / 4
    assert (plan.interval, plan.reason) == (DUE.interval, DUE.reason)


def test_cron_means_the_clock_as_it_is_now() -> None:
    rule = Cron("30 * * * *", "UTC")
    planned = NextPoll(next_poll_at=NOON + HOUR / 2, interval=None, reason="cron")
    assert shift_back(rule, planned, by=2 * HOUR, now=NOON - 2 * HOUR).next_poll_at == NOON - 2 * HOUR + HOUR / 2


def test_the_planner_notices(store: Store, planner: Planner) -> None:
    planner.repair(now=NOON - 2 * HOUR)
    assert store.schedules.all()[SOURCE.name].next_poll_at == NOON - 2 * HOUR + HOUR / 4
    planner.repair(now=NOON - 2 * HOUR + timedelta(seconds=1))  # once
    assert store.schedules.all()[SOURCE.name].next_poll_at == NOON - 2 * HOUR + HOUR / 4


def test_a_clock_that_runs_on_or_is_set_right_by_seconds_moves_nothing(store: Store, planner: Planner) -> None:
    for seconds in (1, 3600, 3590, 3600):
        planner.repair(now=NOON + timedelta(seconds=seconds))
    assert store.schedules.all()[SOURCE.name].next_poll_at == DUE.next_poll_at


@pytest.mark.parametrize(("failures", "after"), [(0, 6 * HOUR), (1, HOUR / 2)])
def test_a_plan_that_lies_years_away_all_the_same_is_made_anew(
    store: Store, planner: Planner, failures: int, after: timedelta
) -> None:
    far = NOON + timedelta(days=1000)
    store.schedules.set(
        Schedule(source=SOURCE.name, next_poll_at=far, interval=HOUR / 2, reason="-", consecutive_failures=failures)
    )
    planner.repair(now=NOON + timedelta(seconds=1))
    assert store.schedules.all()[SOURCE.name].next_poll_at == far
    planner.repair(now=NOON + REPAIR_INTERVAL)
    assert store.schedules.all()[SOURCE.name].next_poll_at == NOON + REPAIR_INTERVAL + after
