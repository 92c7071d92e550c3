"""Define a finding of the health check: a problem of a source, with the figures needed to act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from storage.model.event_kinds import EventKind

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A problem of a source at one time.

    `opens` is the hysteresis: a finding over the threshold of entry opens an event, one that is only over the lower
    threshold of recovery (or that cannot be judged now) keeps an event that is open and opens none.
    `details` is JSON; its "sentence" is one line for people, times in it are ISO 8601 in UTC.
    """

    kind: EventKind
    subject: str  # URL or field; "" for the source as a whole
    details: Mapping[str, Json]
    opens: bool = True

    @property
    def key(self) -> tuple[EventKind, str]:
        """Identify the event of a finding."""
        return (self.kind, self.subject)

    @property
    def sentence(self) -> str:
        return str(self.details["sentence"])


def iso(moment: datetime | None) -> str | None:
    """Format a time for event details: ISO 8601 in UTC, whole seconds."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
