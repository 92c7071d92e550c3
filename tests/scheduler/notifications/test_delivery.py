"""From stored articles and events to what somebody was told: once, kept until it arrives, whatever fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from threading import Event, Timer
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from scheduler.notifications.delivery import (
    DIGEST_THRESHOLD,
    MAX_ALERT_AGE,
    DeliveryCounts,
    deliver_due,
    enqueue_event_alerts,
    group_messages,
    match_saved_searches,
)
from scheduler.notifications.messages import Message
from storage.database.daemon_tables import alerts, saved_searches
from storage.database.tables import events
from storage.model.errors import StoreError
from storage.model.event_kinds import EventKind
from storage.model.records import DeliveryMode
from storage.notifications.outbox import NewAlert, retry_delay
from tests.support.expected import a_due_alert, new_watch
from tests.support.listener import PASSWORD, TOKEN, Listener, refusing_port
from tests.support.paths import ROOT
from tests.support.patience import patient_duration
from tests.support.rows import DAY, HOUR, NOON, Rows

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
    def test_each_article_is_told_once(self, rows: Rows, listener: Listener) -> None:
        gas(rows, "old")
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "one", "two")
        rows.article("sport", body="No.")
        assert match_saved_searches(rows.store, now=NOON).enqueued == 2
        assert match_saved_searches(rows.store, now=NOON).matched == 0
        assert deliver_due(rows.store, now=NOON) == DeliveryCounts(2, 0, 0, 0)
        assert deliver_due(rows.store, now=NOON + DAY) == DeliveryCounts(0, 0, 0, 0)
        assert listener.titles == ["Caliber.az: One", "Caliber.az: Two"]
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

    def test_somebody_else_who_was_faster_is_not_overruled(self, rows: Rows) -> None:
        watch = rows.store.watches.add(new_watch(), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        alert = NewAlert(key="x", target="t", title="", body="", created_at=NOON, next_attempt_at=NOON)
        assert rows.store.watches.commit_checkpoint(watch, 99, [alert]) == 0
        assert len(alerts_in(rows)) == 1

    def test_a_digest_comes_in_one_message_at_its_time(self, rows: Rows, listener: Listener) -> None:
        digest = new_watch(target=listener.target, delivery_mode=DeliveryMode.DIGEST, digest_every=DAY)
        rows.store.watches.add(digest, NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON + HOUR)
        gas(rows, "two")
        match_saved_searches(rows.store, now=NOON + 2 * HOUR)
        assert deliver_due(rows.store, now=NOON + DAY - SECOND).waiting == 2
        assert deliver_due(rows.store, now=NOON + DAY).delivered == 2
        assert listener.titles == ["Gas: 2 articles"]
        assert "Gas of one." in listener.told[0]["message"]
        assert "https://caliber.az/en/post/two" in listener.told[0]["message"]

    def test_quiet_hours_hold_even_what_is_late(self, rows: Rows, listener: Listener) -> None:
        quiet = new_watch(target=listener.target, quiet_from="22:00", quiet_until="07:00", timezone="UTC")
        rows.store.watches.add(quiet, NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON + 9 * HOUR)
        late = NOON + 11 * HOUR
        assert deliver_due(rows.store, now=late) == DeliveryCounts(0, 0, 1, 0)
        assert deliver_due(rows.store, now=NOON + 19 * HOUR).delivered == 1
        assert listener.titles == ["Caliber.az: One"]

    def test_what_a_removed_watch_had_to_say_is_dropped(self, rows: Rows) -> None:
        rows.store.watches.add(new_watch(), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        assert rows.store.watches.remove("Gas") == 1
        assert alerts_in(rows) == []

    def test_hostile_titles_arrive_harmless(self, rows: Rows, listener: Listener) -> None:
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        rows.article("x", title="Gas\x1b[2J <!channel>\r\n<script>", body="")
        match_saved_searches(rows.store, now=NOON)
        deliver_due(rows.store, now=NOON)
        assert listener.titles == ["Caliber.az: Gas\ufffd[2J <\u2060!channel> <script>"]


class TestOutbox:
    @pytest.mark.dialect
    def test_what_is_refused_is_kept_and_tried_again(self, rows: Rows, listener: Listener) -> None:
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        listener.answer(500, 503)
        assert deliver_due(rows.store, now=NOON) == DeliveryCounts(0, 1, 1, 1)
        assert deliver_due(rows.store, now=NOON + MINUTE - SECOND).failed == 0
        assert deliver_due(rows.store, now=NOON + MINUTE).failed == 1
        (alert,) = alerts_in(rows)
        assert (alert.attempts, alert.error, alert.next_attempt_at) == (2, "answered with HTTP 503", NOON + 3 * MINUTE)
        assert deliver_due(rows.store, now=NOON + 3 * MINUTE) == DeliveryCounts(1, 0, 0, 0)
        (alert,) = alerts_in(rows)
        assert (alert.attempts, alert.error, alert.delivered_at) == (3, None, NOON + 3 * MINUTE)
        assert listener.titles == ["Caliber.az: One"]

    def test_a_target_that_hangs_is_asked_once_a_round_and_keeps_no_other_waiting(
        self, rows: Rows, listener: Listener
    ) -> None:
        listener.answer(0)
        hanging = listener.target
        with Listener() as other:
            rows.store.watches.add(new_watch(name="Hangs", target=hanging), NOON)
            rows.store.watches.add(new_watch(name="Other", target=other.target), NOON)
            gas(rows, "one", "two")
            match_saved_searches(rows.store, now=NOON)
            timeout = patient_duration(2)
            assert deliver_due(rows.store, now=NOON, timeout=timeout) == DeliveryCounts(2, 1, 2, 1)
            assert other.titles == ["Caliber.az: One", "Caliber.az: Two"]
        assert listener.asked == 1
        waits = {alert.next_attempt_at for alert in alerts_in(rows) if alert.delivered_at is None}
        assert waits == {NOON + MINUTE}

    def test_nobody_there_is_never_given_up(self, rows: Rows) -> None:
        rows.store.watches.add(new_watch(target=f"json://127.0.0.1:{refusing_port()}"), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        now = NOON
        for _ in range(12):
            assert deliver_due(rows.store, now=now).failed == 1
            now = alerts_in(rows)[0].next_attempt_at
        assert now - NOON > 20 * HOUR
        assert rows.store.alerts.undelivered().count == 1

    def test_a_message_nobody_takes_keeps_no_other_waiting(self, rows: Rows, listener: Listener) -> None:
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "poison", "two", "three")
        match_saved_searches(rows.store, now=NOON)
        listener.answer(400)
        deliver_due(rows.store, now=NOON)
        listener.answer(200, 200, 400)
        deliver_due(rows.store, now=NOON + MINUTE)
        assert listener.titles == ["Caliber.az: Two", "Caliber.az: Three"]

    def test_the_wait_doubles_to_six_hours(self) -> None:
        waits = [retry_delay(attempts) for attempts in range(1, 40)]
        assert waits[:4] == [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE]
        assert waits == sorted(waits)
        assert waits[-1] == retry_delay(10**9) == 6 * HOUR

    @pytest.mark.dialect
    def test_the_same_key_is_kept_once(self, rows: Rows) -> None:
        one = NewAlert(key="k", target="t", title="a", body="", created_at=NOON, next_attempt_at=NOON)
        assert rows.store.alerts.enqueue([one, one]) == 1
        assert rows.store.alerts.enqueue([one]) == 0
        assert len(alerts_in(rows)) == 1

    def test_many_at_once_come_together_a_few_alone(self) -> None:
        few = [a_due_alert(number) for number in range(DIGEST_THRESHOLD)]
        assert next(message for message, _ in group_messages(few)) == Message("Title 0", "Body 0")
        assert len(list(group_messages(few))) == DIGEST_THRESHOLD
        ((message, held),) = group_messages([*few, a_due_alert(DIGEST_THRESHOLD)])
        assert (message.title, len(held)) == (f"Gas: {DIGEST_THRESHOLD + 1} articles", DIGEST_THRESHOLD + 1)
        events = [a_due_alert(number, saved_search_id=None, watch=None) for number in range(9)]
        assert len(list(group_messages(events))) == 9

    def test_no_secret_is_in_logs_errors_or_what_is_shown(
        self, rows: Rows, listener: Listener, everything_logged: StringIO
    ) -> None:
        watch = rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        listener.answer(500, 0)
        deliver_due(rows.store, now=NOON)
        deliver_due(rows.store, now=NOON + HOUR, timeout=SECOND)
        (due,) = rows.store.alerts.due(NOON + DAY, 10)
        logged = everything_logged.getvalue()
        shown = f"{logged} {watch!r} {due!r} {rows.store.alerts.undelivered()} {alerts_in(rows)[0].key}"
        assert f"json://***@127.0.0.1:{listener.port}/***" in logged
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

    def test_what_ended_untold_is_told_once(self, rows: Rows) -> None:
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
    def test_events_of_single_articles_are_told_to_nobody(self, rows: Rows, kind: EventKind) -> None:
        event(rows, kind)
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON) == 0
        assert enqueue_event_alerts(rows.store, self.TARGETS, now=NOON, kinds=[kind]) == 2

    def test_without_targets_nothing_is_lost_and_with_the_first_no_old_news_is_told(self, rows: Rows) -> None:
        event(rows, EventKind.SILENT, closed_at=NOON + HOUR)
        still = event(rows, EventKind.DRIFT)
        later = NOON + MAX_ALERT_AGE + 2 * HOUR
        assert enqueue_event_alerts(rows.store, (), now=later) == 0
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=later) == 1
        assert event_keys(rows) == [f"event:{still}:opened"]

    def test_a_new_event_of_the_same_kind_is_told_again(self, rows: Rows) -> None:
        event(rows, EventKind.SILENT, closed_at=NOON)
        enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON)
        event(rows, EventKind.SILENT, opened_at=NOON + HOUR)
        assert enqueue_event_alerts(rows.store, self.TARGETS[:1], now=NOON + HOUR) == 1


CHILD = """
import sys
from datetime import UTC, datetime
from scheduler.notifications.delivery import deliver_due, run_watches
from storage.store import open_store
store = open_store(sys.argv[1])
print("up", flush=True)
while True:
    now = datetime.now(UTC)
    run_watches(store, now=now)
    deliver_due(store, now=now)
"""


@pytest.mark.parametrize("after", [0.0, 0.1, 0.3, 0.6])
def test_kill_9_loses_nothing_and_tells_twice_only_what_was_on_its_way(
    rows: Rows, listener: Listener, after: float
) -> None:
    rows.store.watches.add(new_watch(target=listener.target, delivery_mode=DeliveryMode.IMMEDIATE), NOON)
    slugs = [f"story-{number}" for number in range(300)]
    gas(rows, *slugs)
    run = [sys.executable, "-c", CHILD, rows.database]
    with subprocess.Popen(run, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as child:
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
    match_saved_searches(rows.store, now=NOON)
    assert len(alerts_in(rows)) == 300
    while deliver_due(rows.store, now=NOON + 10_000 * DAY).delivered:
        pass
    said = [told["message"] for told in listener.told]
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

    def test_a_database_that_takes_nothing(self, rows: Rows, listener: Listener) -> None:
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "one")
        match_saved_searches(rows.store, now=NOON)
        with rows.store.write() as connection:
            for statement in FULL[connection.dialect.name]:
                connection.exec_driver_sql(statement)
        for _ in range(2):
            with pytest.raises(StoreError, match="disk is full"):
                deliver_due(rows.store, now=NOON)
        assert listener.asked == 0
        with rows.store.write() as connection:
            connection.exec_driver_sql(ROOM[connection.dialect.name])
        assert deliver_due(rows.store, now=NOON).delivered == 1

    def test_nothing_more_is_begun_once_it_was_stopped(self, rows: Rows, listener: Listener) -> None:
        rows.store.watches.add(new_watch(target=listener.target), NOON)
        gas(rows, "one", "two", "three")
        match_saved_searches(rows.store, now=NOON)
        listener.slow, stopping = 0.5, Event()
        Timer(0.2, stopping.set).start()
        assert deliver_due(rows.store, now=NOON, stopping=stopping) == DeliveryCounts(1, 0, 2, 0)
