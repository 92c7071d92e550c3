"""Order sources that are overdue together and group due sources into crawl processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from scheduler.planning.plan import NextPoll
from storage.text.durations import format_time


def spread_overdue(due: Mapping[str, NextPoll], *, now: datetime, spread: timedelta) -> dict[str, NextPoll]:
    """The plans after a downtime: each source that is overdue is due once, from `now` on, evenly over `spread`.

    First the one that publishes most (the shortest interval), whose list forgets soonest; among equals, and among
    those without an interval, which come last, the one whose time came last. Plans that are not overdue stand.
    """
    now = now.astimezone(UTC)
    late = sorted((name for name in due if due[name].next_poll_at < now), key=lambda name: _urgency(name, due[name]))
    gap = spread / len(late) if late else spread
    caught = {
        name: replace(due[name], next_poll_at=now + place * gap, reason=_reason(due[name], place + 1, len(late)))
        for place, name in enumerate(late)
    }
    return {**due, **caught}


def _urgency(name: str, plan: NextPoll) -> tuple[timedelta, float, str]:
    return (plan.interval or timedelta.max, -plan.next_poll_at.timestamp(), name)


def _reason(plan: NextPoll, place: int, count: int) -> str:
    among = f", number {place} of {count}" if count > 1 else ""
    return f"was due {format_time(plan.next_poll_at)} UTC and nothing looked: caught up once{among}"


def batch(due: Sequence[str], *, alone: Collection[str], most: int) -> list[tuple[str, ...]]:
    """The child processes for the sources that are due now: `most` a child at most, evenly filled, in their order.

    One whose last crawl had to be killed (`alone`) gets a child of its own, after the others, which it could hold up.
    Raises ValueError if `most` is less than 1.
    """
    if most < 1:
        raise ValueError("a child must take at least one source")
    names = list(dict.fromkeys(due))
    together = [name for name in names if name not in alone]
    children = -(-len(together) // most)
    shared = [
        tuple(together[part * len(together) // children : (part + 1) * len(together) // children])
        for part in range(children)
    ]
    return shared + [(name,) for name in names if name in alone]
