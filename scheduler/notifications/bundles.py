"""Bundle the alerts of a target into messages, and halve a bundle that was refused. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from scheduler.notifications.messages import MAX_MESSAGE_LENGTH, Message, digest_messages
from storage.model.records import DeliveryMode
from storage.notifications.outbox import DueAlert

DIGEST_THRESHOLD = 5
"""Maximum number of articles in messages of their own; more, as after a first crawl, come as a digest."""


@dataclass(frozen=True, slots=True)
class MessageBundle:
    """A message and the alerts that it contains."""

    message: Message
    alerts: tuple[DueAlert, ...]

    @property
    def ids(self) -> list[int]:
        """Return the ids of the alerts."""
        return [alert.id for alert in self.alerts]

    @property
    def is_single(self) -> bool:
        """Return whether the message contains one alert."""
        return len(self.alerts) == 1

    @property
    def attempts(self) -> int:
        """Return the number of attempts already made."""
        return max(alert.attempts for alert in self.alerts)

    @property
    def receipts(self) -> frozenset[str]:
        """Return the receipts of the recipients that have all alerts of the message."""
        return frozenset.intersection(*(alert.receipts for alert in self.alerts))

    @property
    def idempotency_key(self) -> str:
        """Return an identifier that is the same for every attempt to send these alerts in one message."""
        text = "\n".join(f"{alert.key} {alert.created_at.isoformat()}" for alert in self.alerts)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def halves(self, receipts: Collection[str]) -> list[MessageBundle]:
        """Split the alerts into two messages; recipients with `receipts` have them already."""
        alerts = [replace(alert, receipts=alert.receipts.union(receipts)) for alert in self.alerts]
        middle = (len(alerts) + 1) // 2
        return [*_combined(alerts[:middle]), *_combined(alerts[middle:])]


def bundle_alerts(alerts: Sequence[DueAlert], max_length: int = MAX_MESSAGE_LENGTH) -> Iterator[MessageBundle]:
    """Bundle the alerts of one target: those of a digest, or of more than a few matches of a watch, together.

    Alerts that were tried together stay together, so that a second attempt sends the same message. One that was refused
    by itself stays alone and comes last: it must not hold back others.
    """
    groups: dict[Hashable, list[DueAlert]] = {}
    for alert in sorted(alerts, key=lambda one: (one.refused_since is not None, one.id)):
        groups.setdefault(_group(alert), []).append(alert)
    for group in groups.values():
        if group[0].delivery_mode is DeliveryMode.DIGEST or len(group) > DIGEST_THRESHOLD:
            yield from _combined(group, max_length)
        else:
            yield from (_single(alert) for alert in group)


def _group(alert: DueAlert) -> Hashable:
    if alert.saved_search_id is None or alert.refused_since is not None:
        return alert.id
    return alert.saved_search_id, alert.receipts, alert.attempts, alert.next_attempt_at if alert.attempts else None


def _single(alert: DueAlert) -> MessageBundle:
    return MessageBundle(Message(alert.title, alert.body), (alert,))


def _combined(alerts: Sequence[DueAlert], max_length: int = MAX_MESSAGE_LENGTH) -> Iterator[MessageBundle]:
    at = 0
    messages = [Message(alert.title, alert.body) for alert in alerts]
    for message, count in digest_messages(alerts[0].watch or "", messages, max_length):
        yield MessageBundle(message, tuple(alerts[at : at + count]))
        at += count
