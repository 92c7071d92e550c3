"""Store alerts once a key, retry them with growing delays, and keep events pending until they are notified."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.model.event_kinds import EventKind
from storage.notifications.outbox import NewAlert, retry_delay
from tests.support.rows import HOUR, NOON, Rows

MINUTE = timedelta(minutes=1)
ALERT = NewAlert(key="k", target="json://target", title="a", body="", created_at=NOON, next_attempt_at=NOON)


def test_the_delay_doubles_to_six_hours() -> None:
    delays = [retry_delay(attempts) for attempts in range(1, 40)]
    assert delays[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert delays == sorted(delays)
    assert delays[-1] == retry_delay(10**9) == 6 * HOUR


@pytest.mark.dialect
def test_the_same_key_is_kept_once(rows: Rows) -> None:
    assert rows.store.alerts.enqueue([ALERT, ALERT]) == 1
    assert rows.store.alerts.enqueue([ALERT]) == 0
    assert rows.store.alerts.undelivered().count == 1


@pytest.mark.dialect
def test_failed_and_delivered_alerts_are_counted_apart(rows: Rows) -> None:
    rows.store.alerts.enqueue(replace(ALERT, key=key) for key in ("one", "two", "three"))
    one, two, _three = rows.store.alerts.due(NOON, 9)
    rows.store.alerts.delivered([one.id], NOON)
    rows.store.alerts.failed([two.id], "answered with HTTP 500", NOON + MINUTE)
    left = rows.store.alerts.undelivered()
    assert (left.count, left.failed_count, left.error) == (2, 1, "answered with HTTP 500")
    assert [alert.key for alert in rows.store.alerts.due(NOON, 9)] == ["three"]
    assert [alert.key for alert in rows.store.alerts.due(NOON + MINUTE, 9)] == ["three", "two"]


def test_an_event_that_closed_while_its_alert_was_composed_stays_pending(rows: Rows) -> None:
    rows.store.events.open(source="caliber", kind=EventKind.SILENT, subject="", details={}, now=NOON)
    (opened,) = rows.store.alerts.pending_events([EventKind.SILENT], 9)
    rows.store.events.close(opened.id, now=NOON + HOUR)
    assert rows.store.alerts.enqueue_for_event(opened, [replace(ALERT, event_id=opened.id)], NOON) == 1
    (closed,) = rows.store.alerts.pending_events([EventKind.SILENT], 9)
    assert (closed.id, closed.is_open) == (opened.id, False)
    rows.store.alerts.enqueue_for_event(closed, [], NOON + HOUR)
    assert rows.store.alerts.pending_events([EventKind.SILENT], 9) == ()
