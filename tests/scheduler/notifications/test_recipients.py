"""A state for each recipient and each message: what one refuses, or does not get, holds back and repeats nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import insert, select

from scheduler.notifications.delivery import (
    MAX_REFUSALS,
    DeliveryCounts,
    DeliveryOptions,
    LateAnswers,
    deliver_due,
)
from scheduler.notifications.enqueuing import enqueue_event_alerts, match_saved_searches
from storage.database.daemon_tables import alert_receipts, alert_targets, alerts, saved_searches
from storage.database.tables import METADATA, events
from storage.model.event_kinds import EventKind
from storage.model.records import DeliveryMode
from storage.model.redaction import fingerprint
from storage.notifications.outbox import DeliveryState, retry_delay
from tests.support.expected import new_watch
from tests.support.paths import ROOT
from tests.support.patience import wait_until
from tests.support.rows import DAY, HOUR, NOON, Rows
from tests.support.smtp_server import SmtpServer
from tests.support.webhook_server import PASSWORD, TOKEN, WebhookServer, refusing_port

MINUTE = timedelta(minutes=1)
DAYS_3 = 3 * DAY
MOST_ATTEMPTS = 22
"""Attempts in three days by retry_delay: nine in the first 8.5 h, then one in 6 h."""


def stored(rows: Rows, table: Any = alerts) -> list[Any]:
    with rows.store.read() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def digest(rows: Rows, target: str, *slugs: str) -> None:
    """A digest of an hour with one article each."""
    rows.store.watches.add(
        new_watch(target=target, delivery_mode=DeliveryMode.DIGEST, digest_every=HOUR), NOON - 30 * MINUTE
    )
    for slug in slugs:
        rows.article(slug, body=f"Gas of {slug}.")
    match_saved_searches(rows.store, now=NOON - MINUTE)


def open_event(rows: Rows, **values: Any) -> int:
    facts = {"source": "caliber", "kind": EventKind.SILENT, "subject": "", "details": {}, "opened_at": NOON, **values}
    with rows.store.write() as connection:
        key = connection.execute(insert(events).values(facts)).inserted_primary_key
    assert key is not None
    return int(key[0])


def deliver_for(rows: Rows, period: timedelta, options: DeliveryOptions | None = None) -> None:
    """Deliver as the daemon would, at each time at which something is due in the period after NOON + 30 min."""
    late, now = LateAnswers(), NOON + 30 * MINUTE
    until = now + period
    while now <= until:
        deliver_due(rows.store, now=now, options=options, late=late)
        wait_until(lambda: not any(map(late.is_awaited, all_hashes(rows))))
        nexts = [row.next_attempt_at for row in stored(rows) if not (row.delivered_at or row.given_up_at)]
        nexts += [row.next_attempt_at for row in stored(rows, alert_targets)]
        now = min((moment for moment in nexts if moment > now), default=until + MINUTE)


def all_hashes(rows: Rows) -> set[str]:
    return {row.target_hash for row in stored(rows)}


TOPICS: dict[str, Callable[[int], str]] = {
    "ntfy": lambda port: f"ntfy://127.0.0.1:{port}/dead/living",
    "mattermost": lambda port: f"mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4?to=dead,living",
    "ntfy, the living first": lambda port: f"ntfy://127.0.0.1:{port}/living/dead",
}


def topic_of(message: dict[str, Any]) -> str:
    return str(message.get("topic") or message["channel"]).strip("#")


class TestRecipientsOfOneTarget:
    @pytest.mark.parametrize(
        "service", [pytest.param(one, marks=[pytest.mark.long] * (one != "ntfy")) for one in TOPICS]
    )
    @pytest.mark.parametrize("status", [pytest.param(404, marks=pytest.mark.long), 503])
    def test_the_living_gets_each_alert_once_whatever_the_dead_answers(
        self, rows: Rows, webhook: WebhookServer, service: str, status: int
    ) -> None:
        asked: Counter[str] = Counter()

        def judge(message: dict[str, Any]) -> int:
            asked[topic_of(message)] += 1
            return status if topic_of(message) == "dead" else 200

        webhook.judge = judge
        rows.store.watches.add(new_watch(target=TOPICS[service](webhook.port)), NOON)
        rows.article("one", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        deliver_for(rows, DAYS_3 + 6 * HOUR)
        assert asked["living"] == 1
        assert 10 < asked["dead"] <= MOST_ATTEMPTS
        (alert,) = stored(rows)
        assert (alert.given_up_at is not None) is (status == 404)

    @pytest.mark.long
    def test_a_later_alert_does_not_wait_for_the_dead(self, rows: Rows, webhook: WebhookServer) -> None:
        webhook.judge = lambda message: 503 if message["topic"] == "dead" else 200
        rows.store.watches.add(new_watch(target=f"ntfy://127.0.0.1:{webhook.port}/dead/living"), NOON)
        for number in range(3):
            rows.article(f"story-{number}", body="Gas.")
            match_saved_searches(rows.store, now=NOON + number * HOUR)
            deliver_due(rows.store, now=NOON + number * HOUR)
            assert len(webhook.received) == number + 1

    @pytest.mark.long
    def test_when_the_dead_is_back_it_gets_all_and_the_living_none(self, rows: Rows, webhook: WebhookServer) -> None:
        dead = [503]
        webhook.judge = lambda message: dead[0] if message["topic"] == "dead" else 200
        digest(rows, f"ntfy://127.0.0.1:{webhook.port}/dead/living", "one", "two", "three")
        deliver_for(rows, HOUR)
        dead[0] = 200
        deliver_for(rows, DAY)
        assert [message["topic"] for message in webhook.received] == ["living", "dead"]
        assert all(message["message"].count("/en/post/") == 3 for message in webhook.received)
        assert stored(rows, alert_receipts) == []

    @pytest.mark.long
    def test_halves_of_what_one_refuses_do_not_reach_the_other_again(self, rows: Rows, webhook: WebhookServer) -> None:
        def judge(message: dict[str, Any]) -> int:
            return 400 if message["topic"] == "strict" and "Poison" in message["title"] + message["message"] else 200

        webhook.judge = judge
        digest(rows, f"ntfy://127.0.0.1:{webhook.port}/strict/open", "one", "poison", "three", "four")
        deliver_due(rows.store, now=NOON + 30 * MINUTE)
        said = {
            topic: "".join(
                message["title"] + message["message"] for message in webhook.received if message["topic"] == topic
            )
            for topic in ("strict", "open")
        }
        assert said["open"].count("/en/post/") == 4
        assert said["strict"].count("/en/post/") == 3
        assert [row.title for row in stored(rows) if row.delivered_at is None] == ["Caliber.az: Poison"]


def test_each_recipient_of_a_mail_gets_it_once_and_one_who_does_not_exist_is_given_up(rows: Rows) -> None:
    with SmtpServer() as server:
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        address = f"mailto://127.0.0.1:{server.server_address[1]}?from=desk@example.org&to="
        rows.store.watches.add(new_watch(target=f"{address}a@example.org,dead@example.org,b@example.org"), NOON)
        rows.article("one", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        deliver_for(rows, DAYS_3 + 12 * HOUR)
        server.shutdown()
        thread.join()
    assert sorted(server.received) == ["a@example.org", "b@example.org"]
    assert 10 < len(server.refused) <= MOST_ATTEMPTS
    assert stored(rows)[0].given_up_at is not None


class TestRefusals:
    NINE = ("a", "b", "c", "d", "e", "f", "g", "h", "i")

    @pytest.mark.parametrize(
        ("status", "poison"), [(400, "a"), (403, "e"), (413, "i"), (422, "bh"), (404, "abc"), (400, "bdfh")]
    )
    def test_only_the_refused_are_held_back(self, rows: Rows, webhook: WebhookServer, status: int, poison: str) -> None:
        def is_bad(message: dict[str, Any]) -> bool:
            return any(f"post/{slug}\n" in message["message"] for slug in poison)

        webhook.judge = lambda message: status if is_bad(message) else 200
        digest(rows, webhook.target, *self.NINE)
        counts = deliver_due(rows.store, now=NOON + 30 * MINUTE)
        assert counts == DeliveryCounts(9 - len(poison), len(poison), len(poison), len(poison))
        said = "".join(message["message"] for message in webhook.received)
        assert [said.count(f"post/{slug}\n") for slug in self.NINE] == [int(slug not in poison) for slug in self.NINE]

    def test_what_is_too_long_together_arrives_in_pieces(self, rows: Rows, webhook: WebhookServer) -> None:
        webhook.judge = lambda message: 413 if len(message["message"]) > 600 else 200
        digest(rows, webhook.target, *self.NINE)
        assert deliver_due(rows.store, now=NOON + 30 * MINUTE).delivered == 9
        assert "".join(message["message"] for message in webhook.received).count("/en/post/") == 9

    def test_what_is_refused_for_days_is_given_up_said_and_listed(
        self, rows: Rows, webhook: WebhookServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        webhook.judge = lambda message: 400 if "Poison" in message["title"] + message["message"] else 200
        digest(rows, webhook.target, "one", "poison", "three")
        deliver_for(rows, timedelta(days=10))
        (alert,) = (row for row in stored(rows) if row.delivered_at is None)
        assert alert.title == "Caliber.az: Poison"
        assert DAYS_3 <= alert.given_up_at - alert.refused_since <= DAYS_3 + 6 * HOUR
        assert alert.attempts <= MOST_ATTEMPTS
        assert [record.levelname for record in caplog.records if "given up" in record.message] == ["ERROR"]
        (pending,) = rows.store.alerts.pending()
        assert (pending.state, pending.error) == (DeliveryState.GIVEN_UP, "answered with HTTP 400")
        counts = rows.store.alerts.counts(NOON + 10 * DAY)
        assert (counts.waiting, counts.undelivered, counts.given_up) == (0, 0, 1)

    @pytest.mark.parametrize("hours", [1, 24])
    def test_a_shorter_patience_is_a_setting(self, rows: Rows, webhook: WebhookServer, hours: int) -> None:
        webhook.judge = lambda message: 410
        digest(rows, webhook.target, "one")
        deliver_for(rows, timedelta(days=10), DeliveryOptions(give_up_after=hours * HOUR))
        (alert,) = stored(rows)
        assert hours * HOUR <= alert.given_up_at - alert.refused_since <= hours * HOUR + 6 * HOUR

    @pytest.mark.parametrize("status", [408, 429, 500, 503])
    @pytest.mark.long_after(1)
    def test_what_may_be_accepted_later_is_never_given_up(
        self, rows: Rows, webhook: WebhookServer, status: int
    ) -> None:
        webhook.judge = lambda message: status
        digest(rows, webhook.target, "one", "two")
        deliver_for(rows, timedelta(days=10))
        assert [row.given_up_at for row in stored(rows)] == [None, None]
        webhook.judge = lambda message: 200
        assert deliver_due(rows.store, now=NOON + 20 * DAY).delivered == 2

    def test_one_who_refuses_everything_is_not_flooded(self, rows: Rows, webhook: WebhookServer) -> None:
        webhook.judge = lambda message: 404
        digest(rows, webhook.target, *(f"story-{number}" for number in range(60)))
        before = webhook.request_count
        deliver_due(rows.store, now=NOON + 30 * MINUTE)
        assert webhook.request_count - before <= 2 * MAX_REFUSALS + 6  # the way down from a bundle, then single ones

    def test_refused_ones_stay_alone(self, rows: Rows, webhook: WebhookServer) -> None:
        """A new alert is not bundled with what was refused: it would be refused with it."""
        webhook.judge = lambda message: 400 if "Poison" in message["title"] + message["message"] else 200
        digest(rows, webhook.target, "poison", "two")
        deliver_due(rows.store, now=NOON + 30 * MINUTE)
        rows.article("three", body="Gas.")
        match_saved_searches(rows.store, now=NOON + 31 * MINUTE)
        asked = webhook.request_count
        deliver_due(rows.store, now=NOON + 90 * MINUTE)
        assert webhook.request_count == asked + 2
        assert webhook.titles[-1] == "Caliber.az: Three"


class TestUnreachable:
    @pytest.mark.long
    def test_new_alerts_do_not_shorten_the_wait_for_a_dead_target(self, rows: Rows, webhook: WebhookServer) -> None:
        webhook.judge = lambda message: 503
        rows.store.watches.add(new_watch(target=webhook.target), NOON)
        for minutes in range(0, 3 * 24 * 60, 20):
            rows.article(f"story-{minutes}", body="Gas.")
            match_saved_searches(rows.store, now=NOON + minutes * MINUTE)
            deliver_due(rows.store, now=NOON + minutes * MINUTE)
        assert webhook.request_count <= MOST_ATTEMPTS
        webhook.judge = lambda message: 200
        assert deliver_due(rows.store, now=NOON + 4 * DAY).waiting == 0

    def test_a_dead_target_with_many_alerts_starves_no_other(self, rows: Rows, webhook: WebhookServer) -> None:
        rows.store.watches.add(new_watch(name="Dead", target=f"json://127.0.0.1:{refusing_port()}"), NOON)
        for number in range(510):
            rows.article(f"story-{number}", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        rows.store.watches.add(new_watch(name="Living", target=webhook.target), NOON)
        rows.article("last", body="Gas.")
        match_saved_searches(rows.store, now=NOON + MINUTE)
        assert deliver_due(rows.store, now=NOON + MINUTE).delivered == 1

    def test_an_event_is_not_said_to_be_over_before_it_has_begun(self, rows: Rows, webhook: WebhookServer) -> None:
        options = DeliveryOptions(targets=(webhook.target,))
        number = open_event(rows)
        enqueue_event_alerts(rows.store, options.targets, now=NOON)
        webhook.answer(503)
        deliver_due(rows.store, now=NOON, options=options)
        with rows.store.write() as connection:
            connection.execute(events.update().where(events.c.id == number).values(closed_at=NOON + HOUR))
        enqueue_event_alerts(rows.store, options.targets, now=NOON + HOUR)
        deliver_due(rows.store, now=NOON + HOUR, options=options)
        assert webhook.titles == ["Caliber.az has gone silent", "Caliber.az publishes again, after 1 h"]


class TestProcesses:
    def test_what_one_process_sends_no_other_sends(self, rows: Rows) -> None:
        rows.store.watches.add(new_watch(), NOON)
        rows.article("one", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        ids = [row.id for row in stored(rows)]
        assert rows.store.alerts.claim(ids, NOON, NOON + MINUTE)
        assert not rows.store.alerts.claim(ids, NOON, NOON + MINUTE)
        assert stored(rows)[0].attempts == 1

    @pytest.mark.long
    def test_a_process_that_is_killed_while_it_sends_leaves_who_has_it(
        self, rows: Rows, webhook: WebhookServer
    ) -> None:
        asked: Counter[str] = Counter()

        def judge(message: dict[str, Any]) -> int:
            asked[message["topic"]] += 1
            return 0 if (message["topic"], asked["b"]) == ("b", 1) else 200

        webhook.judge = judge
        rows.store.watches.add(new_watch(target=f"ntfy://127.0.0.1:{webhook.port}/b/a"), NOON)
        rows.article("one", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        run = [sys.executable, "-c", CHILD, rows.database]
        with subprocess.Popen(run, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}) as child:
            wait_until(lambda: asked["b"] == 1)
            child.send_signal(signal.SIGKILL)
        assert stored(rows)[0].attempts == 1
        assert deliver_due(rows.store, now=NOON + HOUR).delivered == 1
        assert asked == {"a": 1, "b": 2}


CHILD = """
import sys
from datetime import UTC, datetime
from scheduler.notifications.delivery import deliver_due
from storage.store import open_store
deliver_due(open_store(sys.argv[1]), now=datetime(2026, 11, 4, 12, tzinfo=UTC))
"""


class TestConfiguredTargets:
    def targets(self, *servers: WebhookServer) -> DeliveryOptions:
        return DeliveryOptions(targets=tuple(one.target for one in servers))

    def test_one_dead_of_two_does_not_repeat_the_alert_for_the_other(self, rows: Rows, webhook: WebhookServer) -> None:
        with WebhookServer() as dead:
            dead.judge = lambda message: 503
            open_event(rows)
            options = self.targets(dead, webhook)
            enqueue_event_alerts(rows.store, options.targets, now=NOON)
            deliver_for(rows, DAYS_3, options)
            assert len(webhook.received) == 1
            assert 10 < dead.request_count <= MOST_ATTEMPTS

    def test_what_a_removed_target_had_to_get_ends_and_is_said(
        self, rows: Rows, webhook: WebhookServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with WebhookServer() as removed:
            removed.judge = lambda message: 503
            open_event(rows)
            options = self.targets(removed, webhook)
            enqueue_event_alerts(rows.store, options.targets, now=NOON)
            deliver_due(rows.store, now=NOON, options=options)
            asked = removed.request_count
            deliver_due(rows.store, now=NOON + HOUR, options=self.targets(webhook))
            deliver_due(rows.store, now=NOON + DAY, options=options)
            assert removed.request_count == asked
        assert "1 alerts were given up: their target is no longer in alerts.targets" in caplog.text
        assert [row.error for row in stored(rows) if row.given_up_at] == ["is no longer configured"]
        assert stored(rows, alert_targets) == []

    def test_a_machine_with_older_settings_gives_up_nothing_of_a_new_target(
        self, rows: Rows, webhook: WebhookServer
    ) -> None:
        open_event(rows)
        new, older = self.targets(webhook), DeliveryOptions(forget_targets_after=HOUR)
        enqueue_event_alerts(rows.store, new.targets, now=NOON)
        deliver_due(rows.store, now=NOON + 59 * MINUTE, options=older)
        assert [row.given_up_at for row in stored(rows)] == [None]
        deliver_due(rows.store, now=NOON + 59 * MINUTE, options=new)
        assert len(webhook.received) == 1

    def test_a_target_that_no_machine_has_any_more_is_given_up(self, rows: Rows, webhook: WebhookServer) -> None:
        open_event(rows)
        enqueue_event_alerts(rows.store, self.targets(webhook).targets, now=NOON)
        deliver_due(rows.store, now=NOON + HOUR, options=DeliveryOptions(forget_targets_after=HOUR))
        assert [row.error for row in stored(rows)] == ["is no longer configured"]

    def test_an_added_target_gets_no_old_alerts(self, rows: Rows, webhook: WebhookServer) -> None:
        with WebhookServer() as added:
            open_event(rows)
            enqueue_event_alerts(rows.store, [webhook.target], now=NOON)
            enqueue_event_alerts(rows.store, [webhook.target, added.target], now=NOON + HOUR)
            deliver_due(rows.store, now=NOON + HOUR, options=self.targets(webhook, added))
            assert (len(webhook.received), len(added.received)) == (1, 0)

    @pytest.mark.long
    def test_no_secret_of_a_target_is_in_the_database_but_in_its_watch(
        self, rows: Rows, webhook: WebhookServer
    ) -> None:
        open_event(rows)
        rows.store.watches.add(new_watch(target=f"ntfy://u:{PASSWORD}@127.0.0.1:{webhook.port}/{TOKEN}/b"), NOON)
        rows.article("one", body="Gas.")
        match_saved_searches(rows.store, now=NOON)
        options = self.targets(webhook)
        enqueue_event_alerts(rows.store, options.targets, now=NOON)
        webhook.judge = lambda message: 400 if message.get("topic") == "b" else 503 if "topic" not in message else 200
        deliver_due(rows.store, now=NOON, options=options)
        assert len(stored(rows, alert_receipts)) == 1
        assert len(stored(rows, alert_targets)) == 1
        kept = "".join(str(stored(rows, table)) for table in METADATA.sorted_tables if table is not saved_searches)
        assert "127.0.0.1" in kept
        assert TOKEN not in kept
        assert PASSWORD not in kept

    def test_equal_passwords_have_unequal_hashes_and_a_hash_is_the_same_tomorrow(self) -> None:
        assert len({fingerprint(f"json://u:p@host/{number}") for number in range(9)}) == 9
        assert fingerprint("json://u:p@host/") == "6f9ff076117fca6b0585dda4bad435c1"


@pytest.mark.long
def test_three_days_with_a_dead_a_refusing_a_slow_and_a_good_target(rows: Rows, webhook: WebhookServer) -> None:
    """Every 3 h an article: each arrives once at each target that accepts it, whatever the others do."""
    with WebhookServer() as dead, WebhookServer() as refusing, WebhookServer() as slow:
        dead.judge = lambda message: 503
        refusing.judge = lambda message: 400 if "Story 3" in message["title"] + message["message"] else 200
        slow.slow = 0.5
        servers = {"Good": webhook, "Dead": dead, "Refusing": refusing, "Slow": slow}
        for name, one in servers.items():
            rows.store.watches.add(new_watch(name=name, target=one.target), NOON)
        options, late = DeliveryOptions(timeout=timedelta(seconds=0.1)), LateAnswers()
        for hours in range(0, 72, 3):
            rows.article(f"story-{hours}", body="Gas.")
            for minutes in (0, 1, 3, 7, 15, 31, 63, 127):
                now = NOON + hours * HOUR + minutes * MINUTE
                match_saved_searches(rows.store, now=now)
                deliver_due(rows.store, now=now, options=options, late=late)
            wait_until(lambda: not any(map(late.is_awaited, all_hashes(rows))))
        titles = {name: Counter(one.titles) for name, one in servers.items()}
        everything = Counter(f"Caliber.az: Story {hours}" for hours in range(0, 72, 3))
        assert titles["Good"] == everything
        assert titles["Slow"] == everything
        assert (webhook.request_count, slow.request_count) == (24, 24)
        held_back = {title for title in everything if "Story 3" in title}
        assert titles["Refusing"] == Counter(set(everything) - held_back)
        assert dead.request_count <= MOST_ATTEMPTS
        assert refusing.request_count <= 24 + len(held_back) * MOST_ATTEMPTS
        states = Counter((alert.watch, alert.state) for alert in rows.store.alerts.pending())
        assert {watch for watch, _ in states} == {"Dead", "Refusing"}
        assert sum(count for (watch, _), count in states.items() if watch == "Dead") == 24


def test_the_wait_of_three_days_bounds_the_attempts() -> None:
    waits = [retry_delay(attempt) for attempt in range(1, MOST_ATTEMPTS)]
    assert sum(waits, timedelta(0)) > DAYS_3
