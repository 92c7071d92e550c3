"""Wait for answers that come after the time-out: what a target may have is not sent to it again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.notifications import delivery
from scheduler.notifications.delivery import DeliveryCounts, DeliveryOptions, LateAnswers, deliver_due
from scheduler.notifications.enqueuing import match_saved_searches
from storage.database.daemon_tables import alert_targets
from tests.scheduler.notifications.test_recipients import MINUTE, digest, stored
from tests.support.expected import new_watch
from tests.support.patience import patient_duration, wait_until
from tests.support.rows import DAY, HOUR, NOON, Rows
from tests.support.webhook_server import WebhookServer

OPTIONS = DeliveryOptions(timeout=timedelta(seconds=0.2))


@pytest.mark.parametrize("target", ["json://127.0.0.1:{}/x", "ntfy://127.0.0.1:{}/a", "ntfy://127.0.0.1:{}/a/b"])
def test_a_hook_slower_than_its_timeout_is_told_once(rows: Rows, webhook: WebhookServer, target: str) -> None:
    late = LateAnswers()
    webhook.answering.clear()
    rows.store.watches.add(new_watch(target=target.format(webhook.port)), NOON)
    rows.article("one", body="Gas.")
    match_saved_searches(rows.store, now=NOON)
    first = deliver_due(rows.store, now=NOON, options=OPTIONS, late=late)
    assert first == DeliveryCounts(0, 1, 1, 1)
    again = deliver_due(rows.store, now=NOON + DAY, options=OPTIONS, late=late)
    assert again == DeliveryCounts(0, 0, 1, 1)
    webhook.answering.set()
    wait_until(lambda: stored(rows)[0].delivered_at is not None)
    deliver_due(rows.store, now=NOON + 2 * DAY, options=OPTIONS, late=late)
    assert webhook.request_count == target.count("/") - 2
    assert stored(rows, alert_targets) == []


def test_another_process_waits_for_the_answer_too(
    rows: Rows, webhook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows of the answer that is awaited by the database alone."""
    monkeypatch.setattr(delivery, "MIN_ANSWER_TIME", 10 * MINUTE)
    late = LateAnswers()
    webhook.answering.clear()
    rows.store.watches.add(new_watch(target=webhook.target), NOON)
    rows.article("one", body="Gas.")
    match_saved_searches(rows.store, now=NOON)
    deliver_due(rows.store, now=NOON, options=OPTIONS, late=late)
    for now in (NOON + 5 * MINUTE, NOON + 9 * MINUTE):
        assert deliver_due(rows.store, now=now, options=OPTIONS) == DeliveryCounts(0, 0, 1, 1)
    assert webhook.request_count == 1
    webhook.answering.set()
    wait_until(lambda: stored(rows)[0].delivered_at is not None)


def test_a_late_refusal_is_recorded_as_one(rows: Rows, webhook: WebhookServer) -> None:
    webhook.judge, late = lambda message: 400, LateAnswers()
    webhook.answering.clear()
    rows.store.watches.add(new_watch(target=webhook.target), NOON)
    rows.article("one", body="Gas.")
    match_saved_searches(rows.store, now=NOON)
    deliver_due(rows.store, now=NOON, options=OPTIONS, late=late)
    assert stored(rows)[0].refused_since is None
    webhook.answering.set()
    wait_until(lambda: stored(rows)[0].refused_since == NOON)
    assert stored(rows)[0].error == "answered with HTTP 400"


def test_a_bundle_that_is_refused_late_is_tried_in_pieces(rows: Rows, webhook: WebhookServer) -> None:
    late = LateAnswers()
    webhook.answering.clear()
    webhook.judge = lambda message: 400 if "Poison" in message["title"] + message["message"] else 200
    digest(rows, webhook.target, "one", "poison", "three")
    deliver_due(rows.store, now=NOON + 30 * MINUTE, options=OPTIONS, late=late)
    webhook.answering.set()
    late.wait(patient_duration(60))
    assert deliver_due(rows.store, now=NOON + HOUR, late=late) == DeliveryCounts(2, 1, 1, 1)


def test_an_answer_that_is_late_is_waited_for_at_a_stop(rows: Rows, webhook: WebhookServer) -> None:
    late = LateAnswers()
    webhook.answering.clear()
    digest(rows, webhook.target, "one")
    deliver_due(rows.store, now=NOON + 30 * MINUTE, options=OPTIONS, late=late)
    late.wait(timedelta(0))
    assert stored(rows)[0].delivered_at is None
    webhook.answering.set()
    late.wait(patient_duration(60))
    assert stored(rows)[0].delivered_at is not None


def test_every_attempt_at_a_message_has_the_same_key(rows: Rows, webhook: WebhookServer) -> None:
    digest(rows, webhook.target, "one", "two", "three")
    webhook.answer(503, 500)
    deliver_due(rows.store, now=NOON + 30 * MINUTE)
    rows.article("four", body="Gas.")  # does not join the message that was tried
    match_saved_searches(rows.store, now=NOON + 30 * MINUTE)
    for hours in range(1, 5):
        deliver_due(rows.store, now=NOON + hours * HOUR + 30 * MINUTE)
    assert len(webhook.received) == 2
    assert len(set(webhook.keys)) == 2
    assert None not in webhook.keys
    assert len({webhook.keys[0], webhook.keys[1], webhook.keys[2]}) == 1
