"""Define the kinds of events: one row each, from which every list of kinds is derived.

A new kind is a row here and the code that detects it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTraits:
    """Describe one kind of event. `begun` and `ended` complete a sentence that begins with the title of the source."""

    begun: str
    ended: str | None = None  # None: an event of one moment, closed when it is recorded
    is_notified: bool = False  # by default: problems of a source, not events of single articles
    is_reported: bool = False  # among the troubles of a report

    @property
    def is_lasting(self) -> bool:
        """Return whether the health check opens and closes it."""
        return self.ended is not None


class EventKind(StrEnum):
    """Name each kind of event by its stored word, with its traits."""

    traits: EventTraits

    def __new__(cls, word: str, *traits: EventTraits) -> Self:  # one; mypy knows EventKind(word) by this signature
        kind = str.__new__(cls, word)
        kind._value_ = word
        (kind.traits,) = traits
        return kind

    SILENT = "silent", EventTraits(begun="has gone silent", ended="publishes again", is_notified=True, is_reported=True)
    DRIFT = "drift", EventTraits(begun="looks different", ended="looks as before", is_notified=True, is_reported=True)
    BLOCKED = "blocked", EventTraits(begun="blocks us", ended="lets us in again", is_notified=True, is_reported=True)
    FAILING = "failing", EventTraits(begun="keeps failing", ended="works again", is_notified=True, is_reported=True)
    # A report lists gaps by themselves.
    GAP = "gap", EventTraits(begun="may have published what we did not see", is_notified=True)
    BAD_VALIDATORS = (
        "bad_validators",
        EventTraits(begun="answers 'unchanged' when it is not", ended="can be trusted again", is_notified=True),
    )
    CRAWL_KILLED = (
        "crawl_killed",
        EventTraits(begun="had a crawl that had to be ended", is_notified=True, is_reported=True),
    )
    LOCAL_FAILURE = (
        "local_failure",
        EventTraits(
            begun="cannot be crawled because of a fault on our side",
            ended="can be crawled again",
            is_notified=True,
            is_reported=True,
        ),
    )
    QUARANTINED = (
        "quarantined",
        EventTraits(begun="has a page of which parsers died", is_notified=True, is_reported=True),
    )
    PAUSED = "paused", EventTraits(begun="was paused")
    GONE = "gone", EventTraits(begun="took an article down")
    RESTORED = "restored", EventTraits(begun="brought an article back")
    EDITED = "edited", EventTraits(begun="edited an article")
    NOISY = "noisy", EventTraits(begun="has an article that never stands still")


LASTING_KINDS = tuple(kind for kind in EventKind if kind.traits.is_lasting)
NOTIFIED_KINDS = tuple(kind for kind in EventKind if kind.traits.is_notified)
REPORTED_KINDS = tuple(kind for kind in EventKind if kind.traits.is_reported)
