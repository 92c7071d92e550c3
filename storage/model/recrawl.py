"""Compute recrawl times of articles by age and retry times of failed links by attempt."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage.model import backoff

RECRAWL_AGES = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
    timedelta(hours=48),
    timedelta(days=7),
    timedelta(days=30),
)
"""Ages at which an article is recrawled (policy, Polling 9): most views and edits come early."""

FIRST_RETRY_DELAY = timedelta(minutes=5)

GONE_AFTER = timedelta(hours=6)
"""Least time between the first 404 or 410 and the one that confirms it (policy, "Is it an edit?" 5)."""


def next_recrawl(published_at: datetime | None, first_seen_at: datetime, fetched_at: datetime) -> datetime | None:
    """The first recrawl age after `fetched_at`; None after the last.

    Ages count from publication, or from `first_seen_at` where the date is unknown or lies in the future. However many
    ages passed without a recrawl, one recrawl is due: late ones do not pile up.
    """
    born = first_seen_at if published_at is None or published_at > fetched_at else published_at
    return next((born + age for age in RECRAWL_AGES if born + age > fetched_at), None)


def retry_at(failures: int, first_listed_at: datetime, now: datetime, *, jitter: float = 0.0) -> datetime:
    """Compute when an address is tried again after `failures` (≥ 1) in a row.

    Five minutes, doubled each time, to a cap of 6 h on its first day and 24 h after; never given up (policy,
    Polling 5). `jitter` in [-1, 1] moves it by up to a tenth.
    """
    wait = backoff.exponential_delay(FIRST_RETRY_DELAY, failures, cap=backoff.backoff_cap(now - first_listed_at))
    return now + wait * (1 + backoff.BACKOFF_JITTER * jitter)


def is_confirmed_gone(first_404_at: datetime | None, now: datetime) -> bool:
    """Return whether a 404 or 410 at `now` confirms an earlier one at `first_404_at`."""
    return first_404_at is not None and now - first_404_at >= GONE_AFTER
