"""Deliver notifications of stored articles and events: once, kept until they arrive, whatever fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from threading import Event
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from scheduler.notifications.bundles import DIGEST_THRESHOLD, bundle_alerts
from scheduler.notifications.delivery import DeliveryCounts, DeliveryOptions, deliver_due
from scheduler.notifications.enqueuing import MAX_ALERT_AGE, enqueue_event_alerts, match_saved_searches
from scheduler.notifications.messages import Message
from storage.database.daemon_tables import alerts, saved_searches
from storage.database.tables import events
from storage.model.errors import StoreError
from storage.model.event_kinds import EventKind
from storage.model.records import DeliveryMode
from tests.support.expected import a_due_alert, new_watch
from tests.support.paths import ROOT
from tests.support.patience import patient_duration
from tests.support.rows import DAY, HOUR, NOON, Rows
from tests.support.webhook_server import PASSWORD, TOKEN, WebhookServer, refusing_port

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def alerts_in(rows: Rows) -> list[Any]:
    with rows.store.read() as connection:
        return list(connection.execute(select(alerts).order_by(alerts.c.id)))


def gas(rows: Rows, *slugs: str) -> None:
    for slug in slugs:
        rows.article(slug, body=f"Gas of {slug}.")


def event(rows: Rows, kind: EventKind, **values: Any) -> int:
    facts = {"source": "caliber", "kind": kind, "subject": "", "details": {}, "opened_at": NOON, **values}
    with rows.store.write() as connection:
        key = connection.execute(insert(events).values(facts)).inserted_primary_key
    assert key is not None
    return int(key[0])


def change_event(rows: Rows, number: int, **values: Any) -> None:
    with rows.store.write() as connection:
        connection.execute(update(events).where(events.c.id == number).values(values))


def event_keys(rows: Rows) -> list[str]:
    return [":".join(row.key.split(":")[:3]) for row in alerts_in(rows)]


class TestWatches:
    @pytest.mark.dialect
    def test_each_article_is_delivered_once(self, rows: Rows, webhook: WebhookServer) -> None:
        gas(rows, "old")
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "one", "two")
        rows.article("sport", body="No.")
        assert match_saved_searches(rows.store, now=NOON).enqueued == 2
        assert match_saved_searches(rows.store, now=NOON).matched == 0
        assert deliver_due(rows.store, now=NOON) == DeliveryCounts(2, 0, 0, 0)
        assert deliver_due(rows.store, now=NOON + DAY) == DeliveryCounts(0, 0, 0, 0)
        assert webhook.titles == ["Caliber.az: One", "Caliber.az: Two"]
        assert rows.store.watches.get("Gas").last_notified_at == NOON

    def test_a_watch_that_cannot_be_asked_stops_no_other(self, rows: Rows, caplog: pytest.LogCaptureFixture) -> None:
        rows.store.watches.add(new_watch(name="Bad"), NOON)
        rows.store.watches.add(new_watch(name="Good"), NOON)
        with rows.store.write() as connection:
            connection.execute(update(saved_searches).where(saved_searches.c.name == "Bad").values(query="gas AND"))
        gas(rows, "one")
        counts = match_saved_searches(rows.store, now=NOON)
        assert (counts.enqueued, counts.failed) == (1, ("Bad",))
        assert "the query of watch Bad is not valid: position 8" in caplog.text

    def test_many_articles_are_asked_about_in_rounds(self, rows: Rows) -> None:
        rows.store.watches.add(new_watch(query="gas -of"), NOON)
        rows.store.watches.add(new_watch(name="All"), NOON)
        gas(rows, *(f"story-{number}" for number in range(250)))
        counts = match_saved_searches(rows.store, now=NOON)
        assert (counts.matched, counts.enqueued) == (500, 250)

    def test_a_digest_comes_in_one_message_at_its_time(self, rows: Rows, webhook: WebhookServer) -> None:
        digest = new_watch(target=webhook.target, delivery_mode=DeliveryMode.DIGEST, digest_every=DAY)
        rows.store.watches.add(digest, NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON + HOUR)
        gas(rows, "two")
        match_saved_searches(rows.store, now=NOON + 2 * HOUR)
        assert deliver_due(rows.store, now=NOON + DAY - SECOND).waiting == 2
        assert deliver_due(rows.store, now=NOON + DAY).delivered == 2
        assert webhook.titles == ["Gas: 2 articles"]
        assert "Gas of one." in webhook.received[0]["message"]
        assert "https://caliber.az/en/post/two" in webhook.received[0]["message"]

    def test_quiet_hours_hold_even_what_is_late(self, rows: Rows, webhook: WebhookServer) -> None:
        quiet = new_watch(target=webhook.target, quiet_from="22:00", quiet_until="07:00", timezone="UTC")
        rows.store.watches.add(quiet, NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON + 9 * HOUR)
        late = NOON + 11 * HOUR
        assert deliver_due(rows.store, now=late) == DeliveryCounts(0, 0, 1, 0)
        assert deliver_due(rows.store, now=NOON + 19 * HOUR).delivered == 1
        assert webhook.titles == ["Caliber.az: One"]

    def test_hostile_titles_arrive_harmless(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        rows.article("x", title="Gas\x1b[2J <!channel>\r\n<script>", body="")
        match_saved_searches(rows.store, now=NOON)
        deliver_due(rows.store, now=NOON)
        assert webhook.titles == ["Caliber.az: Gas\ufffd[2J <\u2060!channel> <script>"]


class TestOutbox:
    @pytest.mark.dialect
    def test_what_is_refused_is_kept_and_tried_again(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        webhook.answer(500, 503)
        assert deliver_due(rows.store, now=NOON) == DeliveryCounts(0, 1, 1, 1)
        assert deliver_due(rows.store, now=NOON + MINUTE - SECOND).failed == 0
        assert deliver_due(rows.store, now=NOON + MINUTE).failed == 1
        (alert,) = alerts_in(rows)
        assert (alert.attempts, alert.error, alert.next_attempt_at) == (2, "answered with HTTP 503", NOON + 3 * MINUTE)
        assert deliver_due(rows.store, now=NOON + 3 * MINUTE) == DeliveryCounts(1, 0, 0, 0)
        (alert,) = alerts_in(rows)
        assert (alert.attempts, alert.error, alert.delivered_at) == (3, None, NOON + 3 * MINUTE)
        assert webhook.titles == ["Caliber.az: One"]

    @pytest.mark.long
    def test_a_target_that_hangs_is_asked_once_a_round_and_keeps_no_other_waiting(
        self, rows: Rows, webhook: WebhookServer
    ) -> None:
        webhook.answer(0)
        hanging = webhook.target
        with WebhookServer() as other:
            rows.store.watches.add(new_watch(name="Hangs", target=hanging), NOON)
            rows.store.watches.add(new_watch(name="Other", target=other.target), NOON)
            gas(rows, "one", "two")
            match_saved_searches(rows.store, now=NOON)
            options = DeliveryOptions(timeout=patient_duration(2))
            assert deliver_due(rows.store, now=NOON, options=options) == DeliveryCounts(2, 1, 2, 1)
            assert other.titles == ["Caliber.az: One", "Caliber.az: Two"]
        assert webhook.request_count == 1
        assert rows.store.alerts.due_targets(NOON + MINUTE - SECOND) == ()
        assert len(rows.store.alerts.due_targets(NOON + MINUTE)) == 1

    def test_nobody_there_is_never_given_up(self, rows: Rows) -> None:
        rows.store.watches.add(new_watch(target=f"json://127.0.0.1:{refusing_port()}"), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        now = NOON
        for _ in range(12):
            assert deliver_due(rows.store, now=now).failed == 1
            now = alerts_in(rows)[0].next_attempt_at
        assert now - NOON > 20 * HOUR
        assert rows.store.alerts.counts(now).undelivered == 1

    def test_a_message_nobody_takes_keeps_no_other_waiting(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "poison", "two", "three")
        match_saved_searches(rows.store, now=NOON)
        webhook.answer(400)
        assert deliver_due(rows.store, now=NOON) == DeliveryCounts(2, 1, 1, 1)
        assert webhook.titles == ["Caliber.az: Two", "Caliber.az: Three"]

    def test_many_at_once_come_together_a_few_alone(self) -> None:
        few = [a_due_alert(number) for number in range(DIGEST_THRESHOLD)]
        assert next(bundle_alerts(few)).message == Message("Title 0", "Body 0")
        assert len(list(bundle_alerts(few))) == DIGEST_THRESHOLD
        (bundle,) = bundle_alerts([*few, a_due_alert(DIGEST_THRESHOLD)])
        assert (bundle.message.title, len(bundle.ids)) == (
            f"Gas: {DIGEST_THRESHOLD + 1} articles",
            DIGEST_THRESHOLD + 1,
        )
        events = [a_due_alert(number, saved_search_id=None, watch=None) for number in range(9)]
        assert len(list(bundle_alerts(events))) == 9

    def test_no_secret_is_in_logs_errors_or_what_is_shown(
        self, rows: Rows, webhook: WebhookServer, everything_logged: StringIO
    ) -> None:
        watch = rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        webhook.answer(500, 0)
        deliver_due(rows.store, now=NOON)
        deliver_due(rows.store, now=NOON + HOUR, options=DeliveryOptions(timeout=SECOND))
        (due,) = rows.store.alerts.due(alerts_in(rows)[0].target_hash, NOON + DAY, 10)
        logged = everything_logged.getvalue()
        shown = f"{logged} {watch!r} {due!r} {rows.store.alerts.counts(NOON)} {alerts_in(rows)}"
        assert f"json://***@127.0.0.1:{webhook.port}/***" in logged
        assert TOKEN not in shown
        assert PASSWORD not in shown


class TestEvents:
    TARGETS = ("json://127.0.0.1:1/a", "json://127.0.0.1:1/b")

    def test_one_alert_a_target_on_entry_one_on_recovery_none_between(self, rows: Rows) -> None:
        number = event(rows, EventKind.SILENT)
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON) == 2
        for hours in range(3):
            change_event(rows, number, details={"sentence": f"for {hours} h"})
            assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON + hours * HOUR) == 0
        change_event(rows, number, closed_at=NOON + 3 * HOUR)
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON + 4 * HOUR) == 2
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON + 5 * HOUR) == 0
        assert event_keys(rows) == [f"event:{number}:opened"] * 2 + [f"event:{number}:closed"] * 2
        assert [alert.title for alert in alerts_in(rows)[1:3]] == [
            *("Caliber.az has gone silent", "Caliber.az publishes again, after 3 h"),
        ]

    def test_an_event_closed_before_its_notification_is_notified_once(self, rows: Rows) -> None:
        number = event(rows, EventKind.BLOCKED, closed_at=NOON + HOUR)
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON + 2 * HOUR) == 1
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON + 3 * HOUR) == 0
        assert event_keys(rows) == [f"event:{number}:closed"]

    def test_what_happens_at_one_moment_has_no_recovery(self, rows: Rows) -> None:
        number = event(rows, EventKind.GAP, closed_at=NOON)
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON) == 1
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON) == 0
        assert event_keys(rows) == [f"event:{number}:opened"]

    @pytest.mark.parametrize("kind", [EventKind.GONE, EventKind.RESTORED, EventKind.EDITED, EventKind.NOISY])
    def test_events_of_single_articles_are_not_notified(self, rows: Rows, kind: EventKind) -> None:
        event(rows, kind)
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON) == 0
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON, kinds=[kind]) == 2

    def test_without_targets_nothing_is_lost_and_with_the_first_no_old_event_is_notified(self, rows: Rows) -> None:
        event(rows, EventKind.SILENT, closed_at=NOON + HOUR)
        still = event(rows, EventKind.DRIFT)
        later = NOON + MAX_ALERT_AGE + 2 * HOUR
        assert enqueue_event_alerts(rows.store, (), now=later) == 0
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=later) == 1
        assert event_keys(rows) == [f"event:{still}:opened"]

    def test_a_new_event_of_the_same_kind_is_notified_again(self, rows: Rows) -> None:
        event(rows, EventKind.SILENT, closed_at=NOON)
        enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON)
        event(rows, EventKind.SILENT, opened_at=NOON + HOUR)
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON + HOUR) == 1


CHILD = """
import sys
from datetime import UTC, datetime
from scheduler.notifications.delivery import deliver_due
from scheduler.notifications.enqueuing import match_saved_searches
from storage.store import open_store
store = open_store(sys.argv[1])
print("up", flush=True)
while True:
    now = datetime.now(UTC)
    match_saved_searches(store, now=now)
    deliver_due(store, now=now)
"""


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6])
@pytest.mark.long_after(1)
def test_kill_9_loses_nothing_and_delivers_twice_only_what_was_on_its_way(
    rows: Rows, webhook: WebhookServer, after: float
) -> None:
    rows.store.watches.add(new_watch(target=webhook.target, delivery_mode=DeliveryMode.IMMEDIATE), NOON)
    slugs = [f"story-{number}" for number in range(300)]
    gas(rows, *slugs)
    run = [sys.executable, "-c", CHILD, rows.database]
    with subprocess.Popen(run, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
    match_saved_searches(rows.store, now=NOON)
    assert len(alerts_in(rows)) == 300
    while deliver_due(rows.store, now=NOON + 10_000 * DAY).delivered:
        pass
    said = [message["message"] for message in webhook.received]
    counts = [sum(message.count(f"https://caliber.az/en/post/{slug}\n") for message in said) for slug in slugs]
    assert min(counts) == 1
    twice = sum(count - 1 for count in counts)
    largest = max(message.count("https://caliber.az/en/post/") for message in said)
    assert twice <= largest


FULL = {
    "sqlite": ("CREATE TRIGGER filled BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'disk is full'); END",),
    "postgresql": (
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'disk is full'; END $$",
        "CREATE TRIGGER filled BEFORE UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
}
ROOM = {"sqlite": "DROP TRIGGER filled", "postgresql": "DROP TRIGGER filled ON alerts"}


class TestNothingIsSentThatCannotBeRecorded:
    """A full disk, a file that may not be written: a message would arrive again in every round."""

    def test_a_database_that_takes_nothing(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        with rows.store.write() as connection:
            for statement in FULL[connection.dialect.name]:
                connection.exec_driver_sql(statement)
        for _ in range(2):
            with pytest.raises(StoreError, match="disk is full"):
                deliver_due(rows.store, now=NOON)
        assert webhook.request_count == 0
        with rows.store.write() as connection:
            connection.exec_driver_sql(ROOM[connection.dialect.name])
        assert deliver_due(rows.store, now=NOON).delivered == 1

    def test_nothing_more_is_begun_once_it_was_stopped(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        gas(rows, "one", "two", "three")
        match_saved_searches(rows.store, now=NOON)
        stopping = Event()

        def stop_meanwhile(_message: object) -> int:
            stopping.set()
            return 200

        webhook.judge = stop_meanwhile
        assert deliver_due(rows.store, now=NOON, stopping=stopping) == DeliveryCounts(1, 0, 2, 0)
