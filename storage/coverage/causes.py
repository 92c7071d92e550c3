"""Name why a part of a period could not be seen."""

from __future__ import annotations

from enum import StrEnum

from storage.model.failure_causes import FailureCause
from storage.model.records import FailureStage, RunStatus


class Cause(StrEnum):
    """Reason why articles that appeared in an interval may be unknown."""

    NOT_WATCHED = "not watched yet"  # before the first poll
    NOT_POLLED = "not polled"  # since the last poll
    GAP = "gap"  # a list ended before a known link
    OUTAGE = "outage"  # the site failed
    BLOCKED = "blocked"  # the site refused
    INTERRUPTED = "interrupted"  # crawls were stopped, killed or crashed
    LOCAL_FAILURE = "local failure"  # a fault on this side
    PAUSED = "paused"
    SILENT = "silent"  # lists were read and had nothing new for longer than the source explains
    BACKLOG = "backlog"  # listed and not fetched yet
    BUDGET = "over budget"  # listed and left for a later crawl by the budget
    FETCH_FAILED = "fetch failed"  # listed, and its page could not be read
    QUARANTINED = "quarantined"  # listed, and parsers died of its page
    GONE = "gone unread"  # listed, and gone before it was read
    RESERVED = "rights reserved"  # listed, and not read because its site reserves its rights
    NO_TEXT = "no text"  # stored without its text


OF_LINKS = frozenset({
    Cause.BACKLOG, Cause.BUDGET, Cause.FETCH_FAILED, Cause.QUARANTINED, Cause.GONE, Cause.RESERVED, Cause.NO_TEXT,
})  # fmt: skip
"""Causes of single links, whose number is known; the interval is that in which they appeared."""


INTERRUPTIONS = frozenset({
    FailureCause.LIMIT, FailureCause.CRASH, FailureCause.STOP, FailureCause.BUSY, FailureCause.LEASE,
})  # fmt: skip
"""Causes of crawls that did not reach their end."""


def cause_of_run(status: RunStatus, failure: FailureCause | None, error: str | None) -> Cause:
    """Return why a crawl did not read every channel."""
    if failure in INTERRUPTIONS:
        return Cause.INTERRUPTED
    if failure is not None and failure.is_local:
        return Cause.LOCAL_FAILURE
    if status is RunStatus.FAILED:
        # The error of a run names each channel, its stage and its reason.
        return Cause.BLOCKED if f": {FailureStage.BLOCKED}: " in (error or "") else Cause.OUTAGE
    return Cause.INTERRUPTED
