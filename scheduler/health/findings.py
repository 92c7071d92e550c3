"""What health finds: a condition of a source, with the figures that let a person act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from storage.model.event_kinds import EventKind

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition, found at one moment.

    `opens` is the hysteresis: a finding over the threshold of entry opens an event, one that is only over the lower
    threshold of recovery (or that cannot be judged now) keeps an event that is open and opens none.
    `details` can be written as JSON; its "sentence" is one line for a person, moments in it are ISO 8601 in UTC.
    """

    kind: EventKind
    subject: str  # the address or field it is about; "" for the source as a whole
    details: Mapping[str, Json]
    opens: bool = True

    @property
    def key(self) -> tuple[EventKind, str]:
        """What makes two findings the same event."""
        return (self.kind, self.subject)

    @property
    def sentence(self) -> str:
        return str(self.details["sentence"])


def iso(moment: datetime | None) -> str | None:
    """A moment as details hold it: ISO 8601 in UTC, whole seconds."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
