"""What passes between a look and the next: what it showed, and what is planned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.records import Stage


@dataclass(frozen=True, slots=True)
class Plan:
    """When a source is looked at next, and why.

    `interval` is what is remembered from look to look: the source's average time between two over a week (which the
    rhythm of the hour then shortens or stretches), kept as it was through a trouble. None with cron, and before the
    first good look.
    """

    due_at: datetime
    interval: timedelta | None
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the last crawl of a source's channels showed.

    `listed` links on its lists (0 with `changed` False: not modified, everything known), `fresh` of them never seen
    before. `stage`: the class of the failure, None for a crawl that was killed or crashed. `failures` in a row,
    counting this one, since `first_failure_at`. `held_until`: what a Retry-After asked for. `since`: when the good look
    before this one ended; without it the plan's own distance is assumed.
    """

    planned_at: datetime
    finished_at: datetime
    ok: bool
    changed: bool
    listed: int
    fresh: int
    stage: Stage | None
    failures: int
    first_failure_at: datetime | None
    held_until: datetime | None
    since: datetime | None = None
