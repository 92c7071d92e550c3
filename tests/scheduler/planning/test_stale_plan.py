"""A plan that was made by other settings, or by a clock that ran ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.planning.plan import NextPoll, repair_poll
from scheduler.planning.rules import Adaptive, Cron, FixedInterval, ScheduleRule

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("rule", "after", "due_after"),
    [
        (FixedInterval(10 * MINUTE), 24 * HOUR, 11 * MINUTE),  # it was once a day
        (FixedInterval(10 * MINUTE), 11 * MINUTE, 11 * MINUTE),
        (Adaptive(), 24 * HOUR, 6 * HOUR),
        (Adaptive(), 5 * HOUR, 5 * HOUR),
        (Cron("0 15 * * *", "UTC"), 15 * HOUR, 3 * HOUR),  # it was at three in the morning
        (Cron("0 15 * * *", "UTC"), 3 * HOUR, 3 * HOUR),
    ],
)
def test_a_plan_is_no_later_than_its_rule_allows(rule: ScheduleRule, after: timedelta, due_after: timedelta) -> None:
    plan = NextPoll(NOW + after, HOUR, "as it was")
    found = repair_poll(rule, plan, NOW, in_trouble=False)
    assert found.next_poll_at - NOW == due_after
    assert (found.reason == "as it was") is (after == due_after)
