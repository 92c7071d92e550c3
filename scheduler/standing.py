"""What stands of a stored plan when the settings or the clock are no longer those it was made by."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from scheduler import wording
from scheduler.due import Plan
from scheduler.plan import SLACK, Cron, Rule, bounds_of, next_fire


def settled(rule: Rule, last: Plan, now: datetime) -> Plan:
    """The plan of a source without trouble, not later than its rule allows.

    A shorter interval that was set since, or a clock that was put back, need not wait for the old plan's time.
    """
    latest = next_fire(rule, now + SLACK) if isinstance(rule, Cron) else now + bounds_of(rule).most
    if last.due_at <= latest:
        return last
    reason = f"planned for {wording.moment(last.due_at)}, later than its rule allows: that or the clock has changed"
    return replace(last, due_at=latest, reason=reason)
