"""What goes wrong around a daemon that runs: it ends in time, tells nothing twice, and says what is wrong."""

from __future__ import annotations

import json
import signal
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta

from storage.crawling.processes import process_start_time
from storage.database.daemon_tables import alerts
from storage.model.records import RunStatus
from storage.scheduling.schedules import Schedule
from tests.scheduler.daemon.test_daemon import free_port
from tests.support.daemon_process import FOREVER, Post, end
from tests.support.listener import Listener
from tests.support.patience import patient, patient_setting
from tests.support.site import Site, bad
from tests.support.stories import story

FAR = 'interval = "6 h"'


def test_a_stop_waits_for_one_message_and_not_for_all(post: Post, site: Site, listener: Listener) -> None:
    site.publish_many([story(f"story-{number}") for number in range(4)])
    listener.slow = 3
    post.settle(schedule=FAR)
    post.command("watch", "add", "Any", "paragraph", "--to", listener.target)
    daemon = post.start()
    post.wait(lambda: listener.asked)
    assert end(daemon) == 0
    assert len(listener.told) == 1
    assert len([row for row in post.rows(alerts.name) if row.delivered_at is not None]) == 1
    assert "Traceback" not in post.log


def test_a_database_file_that_is_replaced_ends_it_instead_of_being_written_past(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR)
    daemon = post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    (post.folder / "post.db").rename(post.folder / "elsewhere.db")
    assert daemon.wait(patient(20)) == 1
    assert "the file of the database was moved or replaced" in post.log
    assert "Traceback" not in post.log


def test_crawls_that_end_before_they_begin_are_wrong_and_said(post: Post, site: Site) -> None:
    site.publish(story("one"))
    daemon = post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    post.settle(more="\n[log]\nnonsense = 1\n")
    post.wait_for("schedules", 1, consecutive_failures=1)
    post.settle()
    status = post.command("status")
    assert status.returncode == 1
    assert "caliber: failing" in status.stdout
    post.command("trigger", "caliber")
    post.wait_for("schedules", 1, consecutive_failures=0)
    assert post.command("status").returncode == 0
    end(daemon)


def test_a_crawl_that_fails_says_so_in_the_form_of_the_log(post: Post, site: Site) -> None:
    site.misbehave("/rss.xml", bad.server_error())
    post.settle(more='\n[log]\nformat = "json"\n')
    daemon = post.start()
    post.wait_for("schedules", 1, consecutive_failures=1)
    end(daemon)
    entries = [json.loads(line) for line in post.log.splitlines()]
    assert any(entry["level"] == "error" for entry in entries)


def test_a_shorter_interval_does_not_wait_for_the_look_that_the_longer_one_planned(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule='interval = "1 d"')
    daemon = post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    end(daemon)
    post.settle(schedule='interval = "2 s"')
    post.start()
    post.wait_for("crawl_runs", 2, status="succeeded")


def test_its_health_is_that_of_the_sources_it_watches(post: Post, site: Site) -> None:
    site.publish(story("one"))
    port = free_port()
    post.settle(schedule=FAR, listen=f"127.0.0.1:{port}")
    post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    long_ago = datetime.now(UTC) - timedelta(days=9)
    with closing(post.store()) as store:
        store.sources.declare(name="dropped", title="", home="", terms="", timezone="UTC")
        store.schedules.set(Schedule(source="dropped", next_poll_at=long_ago, interval=None, reason=""))
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200


def test_a_crawl_that_hangs_ends_when_nobody_is_left_to_end_it(post: Post, site: Site) -> None:
    site.publish(story("one"))
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    post.settle(deadline=patient_setting(4), grace=patient_setting(1))
    daemon = post.start()
    [run] = post.wait_for("crawl_runs", 1, status="running")
    end(daemon, signal.SIGKILL)
    post.wait(lambda: process_start_time(run.pid) != run.process_start_time)
    site.behave()
    post.start()
    post.wait_for("articles", 1)
    assert post.rows("crawl_runs")[0].status == RunStatus.INTERRUPTED


def test_a_terminal_that_is_closed_ends_it_in_good_order(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR)
    daemon = post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    assert end(daemon, signal.SIGHUP) == 0
    assert post.log.rstrip().endswith("stopped")


def test_an_address_that_nobody_can_be_told_at_is_refused_at_once_without_its_secret(post: Post) -> None:
    post.settle(more='\n[alerts]\ntargets = ["nosuch://desk:hunter2@host/path"]\n')
    refused = post.command("daemon")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "alerts.targets: nosuch://" in refused.stderr
    assert "hunter2" not in refused.stderr
