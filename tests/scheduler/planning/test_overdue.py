"""Spread overdue sources after a downtime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.planning.overdue import spread_overdue
from scheduler.planning.plan import NextPoll

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SPREAD = 10 * MINUTE


def due(minutes: float, interval: float | None = 12) -> NextPoll:
    return NextPoll(NOW + minutes * MINUTE, None if interval is None else interval * MINUTE, "as before")


def test_each_overdue_source_is_due_once_spread_out_and_the_busiest_first() -> None:
    plans = {
        "slow": due(-600, 360),
        "busy": due(-700, 8),
        "older": due(-90, 30),
        "newer": due(-30, 30),
        "cron": due(-10, None),
        "later": due(5, 8),
        "now": due(0, 8),
    }
    caught = spread_overdue(plans, now=NOW, spread=SPREAD)
    order = sorted(
        (name for name in plans if plans[name].next_poll_at < NOW), key=lambda name: caught[name].next_poll_at
    )
    assert order == ["busy", "newer", "older", "slow", "cron"]
    assert [caught[name].next_poll_at - NOW for name in order] == [place * 2 * MINUTE for place in range(5)]
    assert caught["later"] is plans["later"]
    assert caught["now"] is plans["now"]
    assert caught["newer"].reason == "was due 2026-11-24 11:30 UTC and not polled: caught up once, number 2 of 5"
    assert [caught[name].interval for name in plans] == [plans[name].interval for name in plans]


def test_one_alone_is_due_now() -> None:
    caught = spread_overdue({"a": due(-1)}, now=NOW, spread=SPREAD)
    assert caught["a"].next_poll_at == NOW
    assert caught["a"].reason == "was due 2026-11-24 11:59 UTC and not polled: caught up once"


def test_nothing_due_is_nothing_caught_up() -> None:
    assert spread_overdue({}, now=NOW, spread=SPREAD) == {}


PLANS = st.dictionaries(
    st.text("abc", min_size=1),
    st.builds(due, st.floats(-(10**7), 10**7), st.none() | st.floats(1, 400)),
)


@given(PLANS, st.floats(0, 600))
def test_no_flood_and_nothing_forgotten(plans: dict[str, NextPoll], minutes: float) -> None:
    spread = minutes * MINUTE
    caught = spread_overdue(plans, now=NOW, spread=spread)
    assert caught.keys() == plans.keys()
    late = sorted(caught[name].next_poll_at for name in plans if plans[name].next_poll_at < NOW)
    assert all(NOW <= at <= NOW + spread for at in late)
    if late:
        gaps = [later - earlier for earlier, later in pairwise(late)]
        assert all(gap >= spread / len(late) - timedelta(microseconds=1) for gap in gaps)
    assert spread_overdue(caught, now=NOW, spread=spread) == caught
