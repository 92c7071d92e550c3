"""Compute how long a failing source is not polled, by the class of its failure."""

from __future__ import annotations

from datetime import timedelta

from storage.model.backoff import backoff_cap, exponential_delay
from storage.model.records import FailureStage

BACKOFF = {
    FailureStage.NETWORK: (timedelta(minutes=5), 1.2),
    FailureStage.TIMEOUT: (timedelta(minutes=5), 1.2),
    FailureStage.HTTP_5XX: (timedelta(minutes=10), 1.2),
    FailureStage.EMPTY_LIST: (timedelta(minutes=10), 1.5),
    FailureStage.NOT_A_FEED: (timedelta(minutes=15), 1.5),  # usually a maintenance page
    FailureStage.PARSE: (timedelta(minutes=15), 1.5),
    FailureStage.STORE: (timedelta(minutes=15), 1.5),
    FailureStage.HTTP_4XX: (timedelta(minutes=30), 2.0),  # seldom cures itself
    FailureStage.BLOCKED: (timedelta(hours=1), 2.0),  # another request soon makes it worse
    FailureStage.ROBOTS: (timedelta(hours=1), 2.0),
}
"""Wait after the first failure of each class, and the factor for each further one.

With a factor f the end of an outage is noticed up to f - 1 times its length late: doubling would lose an hour and a
half of articles after an outage of three. At 1.2 a dead host still gets only two dozen requests in its first day.
"""
CRASH_BACKOFF = (timedelta(minutes=10), 1.5)
"""Wait and factor for a crawl that ended without reporting: killed at its deadline, or crashed."""


def backoff_delay(stage: FailureStage | None, failures: int, lasting: timedelta) -> timedelta:
    """Compute the wait after consecutive `failures`, the last of them of this class, that have lasted for `lasting`.

    min(cap, first · factor^(failures - 1)). Fewer than one failure count as one.
    """
    first, factor = BACKOFF[stage] if stage else CRASH_BACKOFF
    return exponential_delay(first, failures, factor=factor, cap=backoff_cap(lasting))
