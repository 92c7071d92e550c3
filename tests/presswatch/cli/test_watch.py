"""`presswatch watch`: what is saved, shown, tried and refused."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scheduler.notifications.delivery import deliver_due
from scheduler.notifications.enqueuing import match_saved_searches
from scheduler.notifications.sender import is_valid_target
from storage.model.records import DeliveryMode
from storage.store import open_store
from tests.conftest import Ask
from tests.support.paths import ROOT
from tests.support.rows import NOON, Rows
from tests.support.webhook_server import PASSWORD, TOKEN, WebhookServer, refusing_port
from tests.test_loading import modules_loaded_by

HOOK = "json://127.0.0.1:9/hook"


@pytest.mark.dialect
def test_a_watch_is_saved_as_it_was_asked_for(rows: Rows, ask: Ask) -> None:
    latest = rows.article("gas")
    done = ask(
        *("watch", "add", "Gas in Baku", "gas AND -sport", "--to", f"json://u:{PASSWORD}@127.0.0.1:9/{TOKEN}"),
        *("--digest", "1 d", "--quiet", "22:00-7:30", "--timezone", "Asia/Baku"),
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == (
        "watch Gas in Baku: notifies json://***@127.0.0.1:9/*** every 1 d, not 22:00-07:30 Asia/Baku\n"
    )
    watch = rows.store.watches.get("Gas in Baku")
    assert (watch.delivery_mode, watch.digest_every) == (DeliveryMode.DIGEST, timedelta(days=1))
    assert (watch.quiet_from, watch.quiet_until, watch.timezone) == ("22:00", "07:30", "Asia/Baku")
    assert watch.last_article_id == latest


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("Gas", "gas AND", "--to", HOOK), "QUERY: position 8: AND needs a word behind it"),
        (("Gas", "", "--to", HOOK), "QUERY: nothing is asked"),
        ((" ", "gas", "--to", HOOK), "NAME: must have 1 to 100 characters"),
        (
            ("Gas", "gas", "--to", f"nonsense://{TOKEN}"),
            "--to: nonsense://*** is not a URL that Apprise can use; use one",
        ),
        (("Gas", "gas", "--to", TOKEN), "--to: *** is not a URL that Apprise can use; use one"),
        (
            ("Gas", "gas", "--to", HOOK, "--digest", "often"),
            '--digest: must be a length such as "6 h" or "1 d", or hours of',
        ),
        (("Gas", "gas", "--to", HOOK, "--digest", "10 s"), "--digest: must be at least a minute"),
        (("Gas", "gas", "--to", HOOK, "--quiet", "22-7"), "--quiet: '22-7' is not a range of quiet hours: write it as"),
        (("Gas", "gas", "--to", HOOK, "--quiet", "24:00-07:00"), "'24:00-07:00' is not a range of quiet hours"),
        (("Gas", "gas", "--to", HOOK, "--quiet", "07:00-7:00"), "--quiet: must begin and end at different times"),
        (("Gas", "gas", "--to", HOOK, "--timezone", "Baku"), "--timezone: 'Baku' must be the name of a time zone"),
        (("Gas", "gas", "--to", HOOK, "--timezone", "../etc"), "--timezone: '../etc' must be the name of a time zone"),
        (("Gas", "gas", "--to", HOOK, "--digest", "24:00"), "--digest: must be a length"),
        (("Gas", "gas", "--to", HOOK, "--digest", "8:00,"), "--digest: must be a length"),
        (("Gas", "gas", "--digest", "8:00"), "--digest needs --to"),
        (("Gas", "gas", "--quiet", "22:00-07:00"), "--quiet needs --to"),
    ],
)
def test_what_cannot_be_saved_is_refused_in_one_line(rows: Rows, ask: Ask, arguments: tuple[str], words: str) -> None:
    done = ask("watch", "add", *arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert TOKEN not in done.stderr
    assert rows.store.watches.list() == ()


def test_a_refused_target_is_answered_with_examples_that_would_be_taken(ask: Ask) -> None:
    said = ask("watch", "add", "Gas", "gas", "--to", f"mailtos://user:{PASSWORD}:{TOKEN}").stderr
    examples = re.findall(r"\b\w+://[\w.:@/]+\w", said.partition("use one such as ")[2])
    assert len(examples) == 3
    assert all(map(is_valid_target, examples)), said
    assert PASSWORD not in said
    assert TOKEN not in said


def test_a_name_is_taken_once(ask: Ask) -> None:
    assert ask("watch", "add", "Gas", "gas", "--to", HOOK).exit_code == 0
    done = ask("watch", "add", "Gas", "oil", "--to", HOOK)
    assert done.exit_code == 1
    assert done.stderr == "presswatch: a watch named Gas already exists; remove it or choose another name\n"


def test_the_list_shows_what_waits_and_no_secret(rows: Rows, ask: Ask) -> None:
    port = refusing_port()
    ask("watch", "add", "Gas", "gas", "--to", f"json://u:{PASSWORD}@127.0.0.1:{port}/{TOKEN}")
    ask("watch", "add", "Oil", "oil", "--to", HOOK, "--digest", "6 h")
    rows.article("gas", body="Gas.")
    now = datetime.now(UTC)
    match_saved_searches(rows.store, now=now)
    deliver_due(rows.store, now=now)
    table = ask("watch", "list").stdout
    assert f"json://***@127.0.0.1:{port}/***" in table
    assert "Gas: 1 notification not delivered yet: the target could not be reached" in table
    records = json.loads(ask("watch", "list", "--format", "json").stdout)
    assert [(record["name"], record["delivery_mode"]) for record in records] == [
        ("Gas", "immediately"),
        ("Oil", "every 6 h"),
    ]
    assert (records[0]["waiting_count"], records[0]["failed_count"]) == (1, 1)
    comma = ask("watch", "list", "--format", "csv").stdout
    assert [row["query"] for row in csv.DictReader(io.StringIO(comma))] == ["gas", "oil"]
    lines = ask("watch", "list", "--format", "jsonl").stdout
    assert [json.loads(line)["name"] for line in lines.splitlines()] == ["Gas", "Oil"]
    assert not any(secret in shown for secret in (TOKEN, PASSWORD) for shown in (table, comma, lines, str(records)))


def test_no_watches_are_an_empty_list_and_a_word(ask: Ask) -> None:
    done = ask("watch", "list", "--format", "json")
    assert (done.exit_code, done.stdout) == (0, "[]\n")
    assert "no queries are saved; add one with presswatch watch add" in done.stderr


@pytest.mark.dialect
def test_a_watch_is_removed_with_its_undelivered_notifications(rows: Rows, ask: Ask) -> None:
    ask("watch", "add", "Gas", "gas", "--to", HOOK)
    rows.article("gas")
    match_saved_searches(rows.store, now=NOON)
    assert ask("watch", "remove", "Gas").stdout == "watch Gas: removed; 1 undelivered notification deleted\n"
    assert rows.store.watches.list() == ()


@pytest.mark.parametrize("command", ["remove", "preview", "ping"])
def test_a_name_nobody_has_is_said_to_be_none(ask: Ask, command: str) -> None:
    assert ask("watch", command, "Gas").stderr == "presswatch: no watch is called 'Gas'; there are none\n"
    ask("watch", "add", "Gas", "gas")
    ask("watch", "add", "Oil", "oil")
    done = ask("watch", command, "Gaz\x1b[2J")
    assert done.exit_code == 2
    assert done.stderr == "presswatch: no watch is called 'Gaz\\x1b[2J'; there are: Gas, Oil\n"
    assert ask("watch", command, "GAZ").stderr.endswith(" Oil (did you mean Gas?)\n")


def test_a_dry_run_shows_the_messages_and_sends_none(rows: Rows, ask: Ask, webhook: WebhookServer) -> None:
    now = datetime.now(UTC)
    for days in (40, 10, 1):
        rows.article(f"gas-{days}", body=f"Not here. Gas {days} days ago!\x1b[2J", stored_at=now - timedelta(days=days))
    rows.article("sport", body="No.", stored_at=now)
    ask("watch", "add", "Gas", "gas", "--to", webhook.target)
    done = ask("watch", "preview", "Gas")
    assert done.exit_code == 0
    assert [line for line in done.stdout.splitlines() if line.startswith("Gas ")] == [
        *("Gas 10 days ago!\ufffd[2J", "Gas 1 days ago!\ufffd[2J"),
    ]
    assert "https://caliber.az/en/post/gas-1" in done.stdout
    assert "2 articles of the last 30 days would have been notified; nothing was sent" in done.stderr
    assert "1 article of the last 5 days" in ask("watch", "preview", "Gas", "--days", "5").stderr
    assert ask("watch", "preview", "Gas", "--days", "0").exit_code == 2
    assert webhook.request_count == 0
    assert rows.store.alerts.counts(now).waiting == 0


def test_a_trial_says_whether_it_was_taken_or_why_not(ask: Ask, webhook: WebhookServer) -> None:
    ask("watch", "add", "Gas", "gas", "--to", webhook.target)
    done = ask("watch", "ping", "Gas")
    shown = f"json://***@127.0.0.1:{webhook.port}/***"
    assert (done.exit_code, done.stdout) == (0, f"watch Gas: delivered to {shown}\n")
    assert webhook.titles == ["Presswatch: test of Gas"]
    webhook.answer(401)
    done = ask("watch", "ping", "Gas")
    assert done.exit_code == 1
    assert done.stderr == f"presswatch: watch Gas: {shown} answered with HTTP 401; nothing was delivered\n"


@pytest.mark.parametrize("arguments", [["watch", "--help"], ["watch", "add", "--help"]], ids=" ".join)
def test_help_loads_no_apprise(arguments: list[str]) -> None:
    assert not modules_loaded_by(arguments, ROOT) & {"apprise", "requests"}


def test_query_and_the_list_load_no_apprise(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/asked.db").close()
    for words in (["query"], ["watch", "list"]):
        loaded = modules_loaded_by([*words, "--database", f"sqlite:///{tmp_path}/asked.db"], tmp_path)
        assert not loaded & {"apprise", "requests", "scrapy", "twisted"}


def test_what_is_not_delivered_is_listed_with_its_state_and_without_a_secret(
    rows: Rows, ask: Ask, webhook: WebhookServer
) -> None:
    """One waits for its digest, one is refused, one was given up."""
    webhook.judge = lambda message: 400
    now = datetime.now(UTC)
    for name, digest in (("Refused", []), ("Given up", []), ("Later", ["--digest", "1 d"])):
        ask("watch", "add", name, "gas", "--to", f"{webhook.target}&-name={name[:2]}", *digest)
    assert "every notification is delivered" in ask("watch", "undelivered").stderr
    rows.article("gas", body="Gas.")
    match_saved_searches(rows.store, now=now)
    deliver_due(rows.store, now=now)
    refused = next(alert for alert in rows.store.alerts.pending() if alert.watch == "Given up")
    rows.store.alerts.give_up([refused.id], now)
    records = json.loads(ask("watch", "undelivered", "--format", "json").stdout)
    assert {record["watch"]: record["state"] for record in records} == {
        "Refused": "refused",
        "Given up": "given up",
        "Later": "waiting",
    }
    table = ask("watch", "undelivered").stdout
    assert f"{refused.id}: 1 attempt; the target answered with HTTP 400" in table
    assert "Given up: 1 notification given up; see presswatch watch undelivered" in ask("watch", "list").stdout
    assert "notifications: 1 given up; presswatch watch undelivered lists them" in ask("status").stdout
    assert len(json.loads(ask("watch", "undelivered", "--limit", "1", "--format", "json").stdout)) == 1
    assert not any(secret in text for secret in (TOKEN, PASSWORD) for text in (table, str(records)))


@pytest.mark.dialect
def test_a_watch_without_a_target_is_a_saved_query_that_notifies_nobody(rows: Rows, ask: Ask) -> None:
    done = ask("watch", "add", "Gas in Baku", "gas")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "watch Gas in Baku: saved; presswatch query --watch 'Gas in Baku' lists what matches\n"
    rows.article("gas", body="Gas.")
    match_saved_searches(rows.store, now=NOON)
    assert rows.store.alerts.counts(NOON).waiting == 0
    [record] = json.loads(ask("watch", "list", "--format", "json").stdout)
    assert (record["target"], record["delivery_mode"]) == (None, "never")
    assert ask("query", "--watch", "Gas in Baku", "--count").stdout == "1\n"
    assert "match; the watch has no target" in ask("watch", "preview", "Gas in Baku").stderr
    ping = ask("watch", "ping", "Gas in Baku")
    assert (ping.exit_code, ping.stderr) == (
        2,
        "presswatch: watch Gas in Baku has no target: it was added without --to\n",
    )
    assert "no" not in ask("status").stdout.partition("notifications")[2]


@pytest.mark.dialect
def test_a_digest_comes_at_hours_of_the_day(rows: Rows, ask: Ask) -> None:
    hours = ("--digest", "18:00, 8:00", "--timezone", "Asia/Baku")
    done = ask("watch", "add", "Gas", "gas", "--to", HOOK, *hours, "--quiet", "22:00-07:00")
    assert done.stdout == (
        "watch Gas: notifies json://127.0.0.1:9/*** daily at 08:00 and 18:00, not 22:00-07:00 Asia/Baku\n"
    )
    assert rows.store.watches.get("Gas").digest_at == "08:00,18:00"
    rows.article("gas", body="Gas.")
    match_saved_searches(rows.store, now=NOON)  # 16:00 in Baku
    [pending] = rows.store.alerts.pending()
    assert pending.next_attempt_at == NOON.replace(hour=14)
