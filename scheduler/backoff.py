"""How long a source in trouble is left alone: longer with every failure, never for ever."""

from __future__ import annotations

from datetime import timedelta

from storage.records import Stage

WAITS = {
    Stage.NETWORK: (timedelta(minutes=5), 1.2),
    Stage.TIMEOUT: (timedelta(minutes=5), 1.2),
    Stage.STORE: (timedelta(minutes=5), 1.2),  # our own database: nothing the site would mind
    Stage.HTTP_5XX: (timedelta(minutes=10), 1.2),
    Stage.EMPTY_LIST: (timedelta(minutes=10), 1.5),
    Stage.NOT_A_FEED: (timedelta(minutes=15), 1.5),  # usually a maintenance page
    Stage.PARSE: (timedelta(minutes=15), 1.5),
    Stage.HTTP_4XX: (timedelta(minutes=30), 2.0),  # seldom cures itself
    Stage.BLOCKED: (timedelta(hours=1), 2.0),  # asking again soon makes it worse
    Stage.ROBOTS: (timedelta(hours=1), 2.0),
}
"""The wait after the first failure of each class, and how many times longer each further one makes it.

With a factor f the end of an outage is noticed up to f - 1 times its length late: doubling would lose an hour and a
half of articles after an outage of three. At 1.2 a dead host is still asked only two dozen times in its first day.
"""
CRASHED = (timedelta(minutes=10), 1.5)
"""The same for a crawl that ended without saying why: killed at its deadline, or crashed."""

FIRST_DAY = timedelta(hours=24)
CAP_FIRST_DAY = timedelta(hours=6)
CAP_LATER = timedelta(hours=24)
"""The longest waits, in the first day of a trouble and after it: a source is never given up."""

MAX_RETRY_AFTER = timedelta(hours=24)
"""How long a site's Retry-After is honoured at most: a longer one is a mistake or a joke."""


def back_off(stage: Stage | None, failures: int, lasting: timedelta) -> timedelta:
    """The wait after `failures` in a row, the last of them of this class, in a trouble that lasts so long.

    min(cap, first · factor^(failures - 1)). Fewer than one failure count as one.
    """
    first, factor = WAITS[stage] if stage else CRASHED
    further = min(max(failures, 1) - 1, 32)  # past every cap, and far from overflowing
    return min(cap(lasting), first * factor**further)


def cap(lasting: timedelta) -> timedelta:
    """The longest wait in a trouble that lasts so long; a negative time (a clock that went back) is a first day."""
    return CAP_FIRST_DAY if lasting < FIRST_DAY else CAP_LATER
