"""Describe what is stored of the watching of one source in a period, from which its coverage is computed. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.coverage.causes import Cause
from storage.model.failure_causes import FailureCause
from storage.model.records import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """A crawl that read every channel of its source: what was listed when it began is known when it ended."""

    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class IncompleteRun:
    """A crawl that did not read every channel of its source."""

    started_at: datetime
    status: RunStatus
    failure_cause: FailureCause | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingGap:
    """A channel whose list ended before a known link at `found_at`; it was read last at `last_success_at`, if known."""

    channel: str
    last_success_at: datetime | None
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A silence, a pause, or another event that lasts; `until` is None while it does."""

    cause: Cause
    since: datetime
    until: datetime | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostChannel:
    """A channel that failed when it was polled last, at `polled_at`, and is not polled any more."""

    channel: str
    polled_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadLink:
    """A link that was listed and whose text is not stored."""

    cause: Cause
    url: str
    first_listed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHistory:
    """Stored facts about the watching of a source in a period.

    `polls` are in order of time: those of the period, the last one before it and the first one after it, as far as
    there are any. `incomplete` are the other runs since the first of them.
    """

    source: str
    title: str
    polls: Sequence[Poll] = ()
    incomplete: Sequence[IncompleteRun] = ()
    gaps: Sequence[ListingGap] = ()
    troubles: Sequence[Trouble] = ()
    lost_channels: Sequence[LostChannel] = ()
    unread: Sequence[UnreadLink] = ()
    filtered_count: int = 0  # links listed in the period that the settings of the source leave out

    def last_poll_before(self, at: datetime) -> Poll | None:
        """Return the last poll that had ended before a moment; None if none is known."""
        position = bisect_left(self.polls, at, key=lambda poll: poll.finished_at)
        return self.polls[position - 1] if position else None

    def last_start_by(self, at: datetime) -> datetime | None:
        """Return the start of the last poll that began at a moment or before; None if none is known."""
        position = bisect_right(self.polls, at, key=lambda poll: poll.started_at)
        return self.polls[position - 1].started_at if position else None

    def first_start_after(self, at: datetime) -> datetime | None:
        """Return the start of the first poll that began after a moment; None if none is known."""
        position = bisect_right(self.polls, at, key=lambda poll: poll.started_at)
        return self.polls[position].started_at if position < len(self.polls) else None

    def known_until(self, until: datetime) -> datetime | None:
        """Return the end of the first poll that began at `until` or later: by then all listed before it is known."""
        position = bisect_left(self.polls, until, key=lambda poll: poll.started_at)
        return self.polls[position].finished_at if position < len(self.polls) else None
