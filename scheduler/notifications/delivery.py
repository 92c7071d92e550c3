"""Deliver the alerts that are due, at least once: each has its own state, and so has each recipient of a target.

An attempt is recorded before it is made. A process that dies loses nothing; only the message being sent at that moment
may arrive twice, with the same `Idempotency-Key`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from scheduler.notifications.bundles import MessageBundle, bundle_alerts
from scheduler.notifications.matching import defer_quiet_hours
from scheduler.notifications.messages import MAX_MESSAGE_LENGTH
from scheduler.notifications.sender import (
    FIRST_PART,
    INVALID_TARGET_TEXT,
    SendResult,
    SendStatus,
    open_service,
    timeout_text,
)
from storage.model.errors import PresswatchError
from storage.model.redaction import fingerprint, redact_target
from storage.notifications.outbox import DueAlert, retry_delay
from storage.store import Store

NOT_DELIVERED = "an alert to %s was not delivered: it %s; next attempt at %s"

log = logging.getLogger(__name__)

ALERT_BATCH_SIZE = 500
"""Maximum number of alerts of a target in one round of delivery."""
MAX_PARALLEL_TARGETS = 4
"""Maximum number of targets sent to at the same time."""
SEND_TIMEOUT = timedelta(seconds=20)
GIVE_UP_AFTER = timedelta(days=3)
MAX_REFUSALS = 5
"""Single messages that a target may refuse in a row, before the others wait for the next round."""
MIN_ANSWER_TIME = timedelta(minutes=1)
ANSWER_TIMEOUTS = 5
"""Time-outs for which a late answer is waited for, at least a minute, while other targets get their messages.

Until then nothing is sent to the target: it may have the message already.
"""


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """Count a round of delivery, in alerts; `waiting` are all undelivered ones, `failing` those already tried."""

    delivered: int
    failed: int
    waiting: int
    failing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryOptions:
    """Options of delivery; `targets` are the Apprise URLs of events."""

    timeout: timedelta = SEND_TIMEOUT
    give_up_after: timedelta = GIVE_UP_AFTER
    targets: tuple[str, ...] = ()
    forget_targets_after: timedelta = timedelta(0)
    """Age at which an alert of an event is given up whose target is none of these."""

    @property
    def answer_time(self) -> timedelta:
        """Return how long an answer is waited for at most."""
        return max(ANSWER_TIMEOUTS * self.timeout, MIN_ANSWER_TIME)


class LateAnswers:
    """Remember the targets of this process that have not answered yet, each until it answers or a time has passed."""

    def __init__(self) -> None:
        self._waiting: dict[str, tuple[threading.Event, float]] = {}

    def add(self, target_hash: str, recorded: threading.Event, until: float) -> None:
        """Remember a target until its answer is recorded, or until `until` of the monotonic clock."""
        self._waiting[target_hash] = (recorded, until)

    def is_awaited(self, target_hash: str) -> bool:
        """Return whether a target may still answer."""
        recorded, until = self._waiting.get(target_hash, (None, 0.0))
        return recorded is not None and not recorded.is_set() and monotonic() < until

    def wait(self, length: timedelta) -> None:
        """Wait until the answers of all targets are recorded, or a time has passed."""
        latest = monotonic() + length.total_seconds()
        for recorded, until in list(self._waiting.values()):
            recorded.wait(max(0.0, min(latest, until) - monotonic()))


def deliver_due(
    store: Store,
    *,
    now: datetime,
    options: DeliveryOptions | None = None,
    late: LateAnswers | None = None,
    stopping: threading.Event | None = None,
) -> DeliveryCounts:
    """Deliver the alerts that are due, to several targets at a time; failed ones are retried later.

    Blocks until all were tried: the time-out per message, and no second message to a target that cannot be reached.
    Once `stopping` is set, no further message is sent. Call it from a thread, and not again before it returns. `late`
    is to be the same for all calls of a process. Raises StoreError; an alert whose attempt cannot be recorded is not
    sent.
    """
    options, late, stopping = options or DeliveryOptions(), late or LateAnswers(), stopping or threading.Event()
    configured = {fingerprint(target): target for target in options.targets}
    _give_up_unconfigured(store, configured, now, before=now - options.forget_targets_after)
    due = [target_hash for target_hash in store.alerts.due_targets(now) if not late.is_awaited(target_hash)]
    rounds = [
        _TargetRound(store, target_hash, configured.get(target_hash), now, options, late, stopping)
        for target_hash in due
    ]
    with ThreadPoolExecutor(max_workers=MAX_PARALLEL_TARGETS, thread_name_prefix="deliver") as pool:
        list(pool.map(_TargetRound.run, rounds))
    counts = store.alerts.counts(now)
    delivered, failed = sum(done.delivered for done in rounds), sum(done.failed for done in rounds)
    return DeliveryCounts(delivered, failed, counts.waiting, counts.failed)


def _give_up_unconfigured(store: Store, configured: Iterable[str], now: datetime, *, before: datetime) -> None:
    count = store.alerts.give_up_unconfigured(frozenset(configured), now, before=before)
    if count:
        log.warning("%d alerts were given up: their target is no longer in alerts.targets", count)


@dataclass(slots=True)
class _TargetRound:
    """Deliver the due alerts of one target."""

    store: Store
    target_hash: str
    configured: str | None  # the URL, if the configuration names it
    now: datetime
    options: DeliveryOptions
    late: LateAnswers
    stopping: threading.Event
    started: float = field(default_factory=monotonic)
    delivered: int = 0
    failed: int = 0
    refusals: int = 0  # in a row
    has_receipt: bool = False  # some recipients have accepted the message that is being sent
    is_unreachable: bool = False
    awaited: Future[SendResult] | None = None  # an answer that is late

    @property
    def has_ended(self) -> bool:
        """Return whether no further message may be sent in this round."""
        has_failed = self.is_unreachable or self.awaited is not None or self.refusals >= MAX_REFUSALS
        return has_failed or self.stopping.is_set()

    def run(self) -> None:
        """Send the messages of all due alerts."""
        due = self.store.alerts.due(self.target_hash, self.now, ALERT_BATCH_SIZE)
        target = next((alert.target for alert in due if alert.target), self.configured)
        if target is None:
            return
        service = open_service(target)
        max_length = MAX_MESSAGE_LENGTH if service is None else service.max_length
        for bundle in bundle_alerts(self._awake(due), max_length):
            if self.has_ended:
                return
            if self.store.alerts.claim(bundle.ids, self.now, self._retry_at(bundle)):
                self._deliver(target, bundle)

    def _awake(self, due: Sequence[DueAlert]) -> list[DueAlert]:
        """Return the alerts that are not in quiet hours; the others are postponed to their end."""
        awake: list[DueAlert] = []
        asleep: dict[datetime, list[int]] = {}
        for alert in due:
            until = defer_quiet_hours(self.now, alert.quiet)
            if until > self.now:
                asleep.setdefault(until, []).append(alert.id)
            else:
                awake.append(alert)
        for until, ids in asleep.items():
            self.store.alerts.postpone(ids, until)
        return awake

    def _retry_at(self, bundle: MessageBundle) -> datetime:
        return defer_quiet_hours(self.now + retry_delay(bundle.attempts + 1), bundle.alerts[0].quiet)

    def _deliver(self, target: str, bundle: MessageBundle) -> None:
        """Send a message; in halves, down to single alerts, if it is refused."""
        parts = [bundle]
        while parts and not self.has_ended:
            part = parts.pop()
            result = self._send(target, part)
            if result.status is SendStatus.ACCEPTED:
                self.store.alerts.delivered(part.ids, self.now)
                self.delivered += len(part.ids)
                self.refusals = 0
                continue
            receipts = _receipts_of(part, result)
            self.store.alerts.add_receipts(part.ids, receipts)
            if result.status is SendStatus.REFUSED and not part.is_single:
                parts.extend(reversed(part.halves(receipts)))
                continue
            self.failed += len(part.ids)
            self._record_failure(target, part, result, some_have_it=bool(receipts | part.receipts))
            if self.awaited is not None:
                self._await(target, part, self.awaited)

    def _record_failure(self, target: str, part: MessageBundle, result: SendResult, *, some_have_it: bool) -> None:
        reason, again_at = str(result.reason), self._retry_at(part)
        # Another process knows of no late answer: it may try again when this one waits for none any more.
        silent_until = self.now + self.options.answer_time if self.awaited is not None else self.now
        if result.status is SendStatus.REFUSED:
            self.refusals += 1
            self._record_refusal(target, part, reason)
            return
        if not (some_have_it or self.has_receipt):
            # The other alerts of the target wait as long, without an attempt counted.
            self.is_unreachable = True
            hidden = redact_target(target)
            again_at = self.store.alerts.target_failed(
                self.target_hash, hidden, reason, self.now, silent_until=silent_until
            )
            again_at = defer_quiet_hours(again_at, part.alerts[0].quiet)
        again_at = max(again_at, silent_until)
        self.store.alerts.failed(part.ids, reason, again_at)
        log.warning(NOT_DELIVERED, redact_target(target), reason, again_at)

    def _record_refusal(self, target: str, part: MessageBundle, reason: str) -> None:
        """Record that a target refused a message, whose alerts go alone from now on; give up what it long has."""
        self.store.alerts.failed(part.ids, reason, self._retry_at(part), refused_at=self.now)
        since = part.alerts[0].refused_since
        if part.is_single and since is not None and self.now - since >= self.options.give_up_after:
            self.store.alerts.give_up(part.ids, self.now)
            words = "an alert to %s was given up: it %s, since %s; presswatch watch undelivered lists it"
            log.error(words, redact_target(target), reason, since)
            return
        log.warning(NOT_DELIVERED, redact_target(target), reason, self._retry_at(part))

    def _send(self, target: str, part: MessageBundle) -> SendResult:
        """Send a message; an answer that is late is left in `awaited`."""
        service = open_service(target)
        if service is None:
            return SendResult(SendStatus.REFUSED, INVALID_TARGET_TEXT)
        self.has_receipt = False
        future = service.start(
            part.message,
            timeout=self.options.answer_time,
            headers={"Idempotency-Key": part.idempotency_key},
            receipts=part.receipts,
            on_receipt=(lambda receipt: self._add_receipt(part, receipt)) if part.is_single else None,
        )
        try:
            return future.result(self.options.timeout.total_seconds())
        except TimeoutError:
            self.awaited = future
            return SendResult(SendStatus.UNREACHABLE, timeout_text(self.options.timeout))

    def _add_receipt(self, part: MessageBundle, receipt: str) -> None:
        """Store a receipt at once, so that a process that dies now does not send it again."""
        self.has_receipt = True
        try:
            self.store.alerts.add_receipts(part.ids, [receipt])
        except PresswatchError as error:
            log.error("%s", error)

    def _await(self, target: str, part: MessageBundle, future: Future[SendResult]) -> None:
        """Have an answer recorded that comes after the time-out."""
        recorded = threading.Event()
        self.late.add(self.target_hash, recorded, monotonic() + self.options.answer_time.total_seconds())

        def record(done: Future[SendResult]) -> None:
            try:
                self._record_late(target, part, done.result())
            except PresswatchError as error:
                log.error("%s", error)
            finally:
                recorded.set()

        future.add_done_callback(record)

    def _record_late(self, target: str, part: MessageBundle, result: SendResult) -> None:
        if result.status is SendStatus.ACCEPTED:
            self.store.alerts.delivered(part.ids, self.now + timedelta(seconds=monotonic() - self.started))
            return
        receipts = _receipts_of(part, result)
        self.store.alerts.add_receipts(part.ids, receipts)
        if receipts or result.status is SendStatus.REFUSED:
            self.store.alerts.target_reached(self.target_hash)
        if result.status is SendStatus.REFUSED:
            self._record_refusal(target, part, str(result.reason))


def _receipts_of(part: MessageBundle, result: SendResult) -> frozenset[str]:
    """Return the receipts of a failed attempt; none of a bundle that was sent in several parts.

    Its parts are cut differently when it is sent again with other alerts.
    """
    is_whole = part.is_single or all(receipt.startswith(FIRST_PART) for receipt in result.receipts)
    return result.receipts if is_whole else frozenset()
