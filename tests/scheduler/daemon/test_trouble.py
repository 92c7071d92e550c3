"""Faults around a running daemon: it ends in time, notifies nothing twice and logs the cause."""

from __future__ import annotations

import json
import signal
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from storage.crawling.processes import process_start_time
from storage.database.daemon_tables import alerts
from storage.model.records import RunStatus
from storage.scheduling.schedules import Schedule
from tests.scheduler.daemon.test_daemon import free_port
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.patience import patient, patient_setting
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad
from tests.support.webhook_server import WebhookServer

FAR = 'interval = "6 h"'


@pytest.mark.long
def test_a_stop_waits_for_one_message_and_not_for_all(runner: DaemonRunner, site: Site, webhook: WebhookServer) -> None:
    site.publish_many([plain_article(f"story-{number}") for number in range(4)])
    webhook.slow = 3
    runner.settle(schedule=FAR)
    runner.command("watch", "add", "Any", "paragraph", "--to", webhook.target)
    daemon = runner.start()
    runner.wait(lambda: webhook.request_count)
    assert end(daemon) == 0
    assert len(webhook.received) == 1
    assert len([row for row in runner.rows(alerts.name) if row.delivered_at is not None]) == 1
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_a_database_file_that_is_replaced_ends_it_instead_of_being_written_past(
    runner: DaemonRunner, site: Site
) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    daemon = runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    (runner.folder / "news.db").rename(runner.folder / "elsewhere.db")
    assert daemon.wait(patient(20)) == 1
    assert "the file of the database was moved or replaced" in runner.log
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_a_crawl_that_fails_says_so_in_the_form_of_the_log(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.server_error())
    runner.settle(more='\n[log]\nformat = "json"\n')
    daemon = runner.start()
    runner.wait_for("schedules", 1, consecutive_failures=1)
    end(daemon)
    entries = [json.loads(line) for line in runner.log.splitlines()]
    assert any(entry["level"] == "error" for entry in entries)


@pytest.mark.long
def test_a_shorter_interval_does_not_wait_for_the_poll_that_the_longer_one_planned(
    runner: DaemonRunner, site: Site
) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule='interval = "1 d"')
    daemon = runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    end(daemon)
    runner.settle(schedule='interval = "2 s"')
    runner.start()
    runner.wait_for("crawl_runs", 2, status="succeeded")


@pytest.mark.long
def test_its_health_is_that_of_the_sources_it_watches(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    port = free_port()
    runner.settle(schedule=FAR, listen=f"127.0.0.1:{port}")
    runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    long_ago = datetime.now(UTC) - timedelta(days=9)
    with closing(runner.store()) as store:
        store.sources.declare(name="dropped", title="", home="", terms="", timezone="UTC")
        store.schedules.set(Schedule(source="dropped", next_poll_at=long_ago, interval=None, reason=""))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200


@pytest.mark.long
def test_a_crawl_that_hangs_ends_when_nobody_is_left_to_end_it(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    for channel in ("/rss.xml", "/en/category/politics"):
        site.misbehave(channel, bad.slow(FOREVER))
    runner.settle(deadline=patient_setting(4), grace=patient_setting(1))
    daemon = runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="running")
    end(daemon, signal.SIGKILL)
    runner.wait(lambda: process_start_time(run.pid) != run.process_start_time)
    site.behave()
    runner.start()
    runner.wait_for("articles", 1)
    assert runner.rows("crawl_runs")[0].status == RunStatus.INTERRUPTED


@pytest.mark.long
def test_a_terminal_that_is_closed_does_not_end_it(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    daemon = runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    for _ in range(3):
        daemon.send_signal(signal.SIGHUP)
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    assert "configuration loaded again" in runner.log
    assert end(daemon) == 0
    assert "Traceback" not in runner.log


def test_an_unusable_target_is_refused_at_once_without_its_secret(runner: DaemonRunner) -> None:
    runner.settle(more='\n[alerts]\ntargets = ["nosuch://user:hunter2@host/path"]\n')
    refused = runner.command("daemon")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "alerts.targets[1]: nosuch://" in refused.stderr
    assert "hunter2" not in refused.stderr
