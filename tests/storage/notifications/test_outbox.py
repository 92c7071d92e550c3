"""Store alerts once a key, retry them with growing delays, and keep events pending until they are notified."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.model.event_kinds import EventKind
from storage.notifications.outbox import NewAlert, retry_delay
from tests.support.rows import HOUR, NOON, Rows

MINUTE = timedelta(minutes=1)
ALERT = NewAlert(key="k", target_hash="hash", title="a", body="", created_at=NOON, next_attempt_at=NOON)


def test_the_delay_doubles_to_six_hours() -> None:
    delays = [retry_delay(attempts) for attempts in range(1, 40)]
    assert delays[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
    assert delays == sorted(delays)
    assert delays[-1] == retry_delay(10**9) == 6 * HOUR


@pytest.mark.dialect
def test_the_same_key_is_kept_once(rows: Rows) -> None:
    assert rows.store.alerts.enqueue([ALERT, ALERT]) == 1
    assert rows.store.alerts.enqueue([ALERT]) == 0
    assert rows.store.alerts.counts(NOON).waiting == 1


@pytest.mark.dialect
def test_failed_and_delivered_alerts_are_counted_apart(rows: Rows) -> None:
    rows.store.alerts.enqueue(replace(ALERT, key=key) for key in ("one", "two", "three"))
    one, two, _three = rows.store.alerts.due("hash", NOON, 9)
    rows.store.alerts.delivered([one.id], NOON)
    rows.store.alerts.failed([two.id], "answered with HTTP 500", NOON + MINUTE)
    left = rows.store.alerts.counts(NOON)
    assert (left.waiting, left.failed, left.given_up, left.error) == (2, 1, 0, "answered with HTTP 500")
    assert [alert.key for alert in rows.store.alerts.due("hash", NOON, 9)] == ["three"]
    assert [alert.key for alert in rows.store.alerts.due("hash", NOON + MINUTE, 9)] == ["two", "three"]


@pytest.mark.dialect
def test_an_alert_whose_time_has_not_come_is_waiting_and_not_undelivered(rows: Rows) -> None:
    """A digest, the end of quiet hours: nothing is wrong until the time has passed, or an attempt was made."""
    later = NOON + HOUR
    rows.store.alerts.enqueue(replace(ALERT, key=key, next_attempt_at=later) for key in ("digest", "quiet"))
    rows.store.alerts.enqueue([replace(ALERT, key="due"), replace(ALERT, key="tried")])
    tried = rows.store.alerts.due("hash", NOON, 9)[1]
    assert rows.store.alerts.claim([tried.id], NOON, later)
    counts = [rows.store.alerts.counts(moment) for moment in (NOON, later - MINUTE, later)]
    assert [(one.waiting, one.undelivered) for one in counts] == [(4, 2), (4, 2), (4, 4)]


@pytest.mark.dialect
def test_the_waits_of_a_target_grow_until_it_accepts_a_message(rows: Rows) -> None:
    rows.store.alerts.enqueue([ALERT])
    (due,) = rows.store.alerts.due("hash", NOON, 9)
    waits = [rows.store.alerts.target_failed("hash", "json://***", "fails", NOON) - NOON for _ in range(3)]
    assert waits == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert rows.store.alerts.due_targets(NOON + 4 * MINUTE - timedelta(seconds=1)) == ()
    assert rows.store.alerts.due_targets(NOON + 4 * MINUTE) == ("hash",)
    rows.store.alerts.delivered([due.id], NOON)
    assert rows.store.alerts.target_failed("hash", "json://***", "fails", NOON) == NOON + MINUTE


def test_an_event_that_closed_while_its_alert_was_composed_stays_pending(rows: Rows) -> None:
    rows.store.events.open(source="caliber", kind=EventKind.SILENT, subject="", details={}, now=NOON)
    (opened,) = rows.store.alerts.pending_events([EventKind.SILENT], 9)
    rows.store.events.close(opened.id, now=NOON + HOUR)
    assert rows.store.alerts.enqueue_for_event(opened, [replace(ALERT, event_id=opened.id)], NOON) == 1
    (closed,) = rows.store.alerts.pending_events([EventKind.SILENT], 9)
    assert (closed.id, closed.is_open) == (opened.id, False)
    rows.store.alerts.enqueue_for_event(closed, [], NOON + HOUR)
    assert rows.store.alerts.pending_events([EventKind.SILENT], 9) == ()


@pytest.mark.dialect
def test_a_retry_planned_by_a_clock_that_was_a_year_ahead_is_due_once_it_is_right(rows: Rows) -> None:
    ahead = NOON + timedelta(days=365)
    rows.store.alerts.enqueue([ALERT, replace(ALERT, key="digest", next_attempt_at=NOON + timedelta(days=7))])
    (due,) = rows.store.alerts.due("hash", NOON, 9)
    assert rows.store.alerts.claim([due.id], ahead, ahead + MINUTE)
    rows.store.alerts.failed([due.id], "fails", rows.store.alerts.target_failed("hash", "json://***", "fails", ahead))
    assert rows.store.alerts.due_targets(NOON + HOUR) == ("hash",)
    assert [alert.key for alert in rows.store.alerts.due("hash", NOON + HOUR, 9)] == ["k"]
    assert rows.store.alerts.claim([due.id], NOON + HOUR, NOON + 2 * HOUR)
