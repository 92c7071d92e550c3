"""Spread the sources that are overdue together, after a downtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.planning.plan import NextPoll
from storage.text.durations import format_time


def spread_overdue(due: Mapping[str, NextPoll], *, now: datetime, spread: timedelta) -> dict[str, NextPoll]:
    """Spread the overdue sources after a downtime: each is due once, from `now` on, evenly over `spread`.

    The source with the shortest interval comes first, since its list drops links soonest; those without an interval
    come last; among equals the one that became due last comes first. Plans that are not overdue stay.
    """
    now = now.astimezone(UTC)
    late = sorted((name for name in due if due[name].next_poll_at < now), key=lambda name: _urgency(name, due[name]))
    gap = spread / len(late) if late else spread
    spread_out = {
        name: replace(due[name], next_poll_at=now + position * gap, reason=_reason(due[name], position + 1, len(late)))
        for position, name in enumerate(late)
    }
    return {**due, **spread_out}


def _urgency(name: str, plan: NextPoll) -> tuple[timedelta, float, str]:
    return (plan.interval or timedelta.max, -plan.next_poll_at.timestamp(), name)


def _reason(plan: NextPoll, position: int, count: int) -> str:
    rank = f", number {position} of {count}" if count > 1 else ""
    return f"was due {format_time(plan.next_poll_at)} UTC and not polled: caught up once{rank}"
