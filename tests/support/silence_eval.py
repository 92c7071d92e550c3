"""Detect silence in a history, as the daemon does after every poll."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from scheduler.health.findings import Finding
from scheduler.health.silence import MIN_SILENCE, WEEKS, detect_silence
from tests.support.synthetic_histories import MONDAY, POLL, Newsroom

PER_DAY = 10.0


def ask(room: Newsroom, arrivals: Sequence[datetime], now: datetime, *, since: datetime = MONDAY) -> Finding | None:
    """Return the finding at `now`, when the last poll of every channel succeeded."""
    known = [at for at in arrivals if at > now - 2 * WEEKS]
    return detect_silence(
        known, timezone=room.timezone, since=since, now=now, last_success_at=now, default_per_day=PER_DAY
    )


def false_alarms(room: Newsroom, *, days: int, seed: int, after: timedelta = timedelta(0)) -> list[Finding]:
    """Return every silence found in a history without any.

    The last poll of each pause is enough: the number of expected articles only grows until one comes.
    """
    arrivals = room.arrivals(MONDAY, timedelta(days=days), seed=seed)
    pauses = [pair for pair in pairwise(arrivals) if pair[1] - pair[0] > MIN_SILENCE and pair[0] > MONDAY + after]
    findings = [ask(room, [at for at in arrivals if at <= before], following - POLL) for before, following in pauses]
    return [finding for finding in findings if finding is not None and finding.opens]


def time_to_detect(room: Newsroom, *, stops_at: datetime, seed: int) -> timedelta:
    """Return how long after its last article a source is called silent, polled every quarter of an hour."""
    arrivals = room.arrivals(MONDAY, stops_at - MONDAY, seed=seed)
    low, high = 0, 30 * 96
    while low < high:
        middle = (low + high) // 2
        found = ask(room, arrivals, stops_at + middle * POLL)
        low, high = (low, middle) if found is not None and found.opens else (middle + 1, high)
    return low * POLL
