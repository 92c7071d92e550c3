"""The daemon from its start to its end: what it crawls and when, what people can ask of it, what it survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.request
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from storage.database.daemon_tables import leases, schedules
from storage.model.records import RunStatus
from tests.support.daemon_process import FOREVER, DaemonRunner, end
from tests.support.patience import patient, patient_duration
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad

FAR = 'interval = "6 h"'


def test_it_keeps_a_source_up_to_date_until_it_is_stopped(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    daemon = runner.start()
    runner.wait_for("articles", 1)
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    assert end(daemon) == 0
    runs = runner.rows("crawl_runs")
    assert {run.trigger for run in runs} == {"scheduled"}
    assert all(run.finished_at is not None for run in runs)
    assert runner.rows("leases") == []
    assert "next poll at" in runner.log
    assert "Traceback" not in runner.log
    assert runner.log.rstrip().endswith("stopped")


def test_ctrl_c_stops_it_as_well_and_a_crawl_that_runs_is_ended_in_good_order(runner: DaemonRunner, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    runner.settle(grace="2 s")
    daemon = runner.start()
    runner.wait(lambda: (runner.folder / "news.db").exists() and site.requests_for("/rss.xml"))
    assert end(daemon, signal.SIGINT) == 0
    [run] = runner.rows("crawl_runs")
    assert (run.status, run.finished_at is not None) == (RunStatus.INTERRUPTED, True)
    [schedule] = runner.rows("schedules")
    assert schedule.consecutive_failures == 0  # a stop is no failure of the source
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_the_next_poll_and_its_reason_survive_a_restart(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    daemon = runner.start()
    runner.wait_for("schedules", 1, reason="0 of 1 link was known: every 6 h, as set")
    [before] = runner.rows("schedules")
    end(daemon)
    daemon = runner.start()
    runner.wait(lambda: runner.log.count("watching caliber") == 2)
    [after] = runner.rows("schedules")
    assert (after.next_poll_at, after.reason) == (before.next_poll_at, before.reason)
    end(daemon)
    assert len(runner.rows("crawl_runs")) == 1


@pytest.mark.long
def test_people_ask_from_another_terminal(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    assert runner.command("trigger", "caliber").stdout == "caliber: crawl requested\n"
    runner.wait_for("crawl_runs", 2, status="succeeded")
    assert runner.command("pause", "caliber").returncode == 0
    runner.wait(lambda: "caliber: paused" in runner.log)
    status = runner.command("status")
    assert "caliber: paused" in status.stdout
    assert "when it is resumed" in status.stdout
    assert runner.command("resume", "caliber").stdout == "caliber: resumed\n"
    status = runner.command("status")
    assert (status.returncode, status.stderr) == (0, "")
    assert "caliber: good" in status.stdout


@pytest.mark.long
def test_a_paused_source_is_not_crawled(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule='interval = "2 s"')
    runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    runner.command("pause", "caliber")
    runner.wait(lambda: "caliber: paused" in runner.log)
    runner.wait(lambda: not runner.rows("crawl_runs", status="running"))
    count = len(runner.rows("crawl_runs"))
    site.publish(plain_article("two"))
    assert not runner.command("status", "--format", "json").stderr
    assert len(runner.rows("crawl_runs")) == count
    runner.command("resume", "caliber")
    runner.wait_for("articles", 2)


@pytest.mark.long
def test_a_second_daemon_refuses_and_a_standby_takes_over(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    first = runner.start()
    runner.wait_for("leases")
    refused = runner.command("daemon")
    assert refused.returncode == 3
    assert "a daemon watches this database already: process" in refused.stderr
    assert refused.stderr.count("\n") == 1
    second = runner.start("--standby")
    runner.wait(lambda: "standing by" in runner.log)
    end(first, signal.SIGKILL)
    runner.wait_for("leases", 1, pid=second.pid)
    site.publish(plain_article("two"))
    runner.wait_for("articles", 2)
    assert end(second) == 0


@pytest.mark.long
def test_a_standby_ends_when_it_is_stopped(runner: DaemonRunner) -> None:
    runner.start()
    runner.wait_for("leases")
    waiting = runner.start("--standby")
    runner.wait(lambda: "standing by" in runner.log)
    assert end(waiting) == 0


def test_once_crawls_what_is_due_and_ends(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    assert end_of(runner, "daemon", "--once") == 0
    assert len(runner.rows("crawl_runs")) == 1
    assert end_of(runner, "daemon", "--once") == 0
    assert len(runner.rows("crawl_runs")) == 1  # nothing was due
    assert [lease.name for lease in runner.rows("leases")] == ["daemon --once"]


def test_cron_is_quiet_and_its_status_is_good(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR)
    once = runner.command("daemon", "--once")
    assert (once.returncode, once.stdout, once.stderr) == (0, "", "")
    status = runner.command("status")
    assert status.returncode == 0, status.stdout
    assert "daemon: run by cron (daemon --once), last at 20" in status.stdout
    with closing(runner.store()) as store, store.write() as connection:
        connection.execute(update(schedules).values(next_poll_at=datetime.now(UTC) - timedelta(hours=3)))
    assert "caliber: overdue" in runner.command("status").stdout
    with closing(runner.store()) as store, store.write() as connection:
        connection.execute(update(leases).values(heartbeat_at=datetime.now(UTC) - timedelta(hours=2)))
    forgotten = runner.command("status")
    assert (forgotten.returncode, "daemon: not running" in forgotten.stdout) == (1, True)


def test_once_says_when_a_crawl_failed(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", bad.server_error())
    assert end_of(runner, "daemon", "--once") == 1
    [schedule] = runner.rows("schedules")
    assert schedule.consecutive_failures == 1
    assert "http 5xx, consecutive failure 1" in schedule.reason


def end_of(runner: DaemonRunner, *arguments: str) -> int:
    return runner.command(*arguments).returncode


@pytest.mark.long
def test_a_crawl_that_crashes_takes_nothing_down(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="running")
    os.kill(run.pid, signal.SIGKILL)
    runner.wait_for("crawl_runs", 1, status="crashed")
    [schedule] = runner.wait_for("schedules", 1, run_isolated=True)
    assert schedule.consecutive_failures == 1
    [event] = runner.rows("events", kind="crawl_killed")
    assert "its process was ended by SIGKILL" in event.details["sentence"]
    site.behave()
    runner.command("trigger", "caliber")
    runner.wait_for("articles", 1)
    runner.wait_for("schedules", 1, run_isolated=False, consecutive_failures=0)


@pytest.mark.long
def test_a_crawl_that_hangs_is_ended_and_planned_again(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    deadline = patient_duration(4)
    runner.settle(deadline=f"{deadline.total_seconds():.0f} s")
    runner.start()
    [run] = runner.wait_for("crawl_runs", 1, status="timed out")
    assert run.error == f"it took longer than {deadline} and was ended"
    site.behave()
    runner.command("trigger", "caliber")
    runner.wait_for("articles", 1)


def test_a_killed_daemon_loses_nothing(runner: DaemonRunner, site: Site) -> None:
    site.publish_many([plain_article(f"story-{number}", days=number + 1) for number in range(30)])
    daemon = runner.start()
    runner.wait_for("articles", 3)
    end(daemon, signal.SIGKILL)
    runner.start()
    runner.wait_for("articles", 30)
    runner.wait(lambda: not runner.rows("crawl_runs", status="running"))
    assert len({row.url for row in runner.rows("articles")}) == len(runner.rows("articles")) == 30


@pytest.mark.long
def test_it_answers_whoever_watches_it(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    port = free_port()
    runner.settle(schedule=FAR, listen=f"127.0.0.1:{port}")
    runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    runner.wait(lambda: "next poll at" in runner.log)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert json.load(answer) == {"healthy": True, "running": [], "overdue": []}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        said = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'presswatch_source_articles_stored{source="caliber"} 1.0' in said
    assert 'presswatch_source_state{source="caliber",state="good"} 1.0' in said


def test_a_port_that_is_taken_is_said_in_one_line(runner: DaemonRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        runner.settle(listen=f"127.0.0.1:{taken.getsockname()[1]}")
        refused = runner.command("daemon")
    assert refused.returncode == 2
    assert "name a free port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert runner.rows("leases") == []


def test_it_tells_its_service_manager(runner: DaemonRunner, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(patient(30))
        os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        os.environ["WATCHDOG_USEC"] = "400000"
        try:
            daemon = runner.start()
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        said = [manager.recv(100) for _ in range(3)]
        assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        daemon.send_signal(signal.SIGTERM)
        while (word := manager.recv(100)) == b"WATCHDOG=1":
            pass
        assert word == b"STOPPING=1"


@pytest.mark.long
def test_logs_as_json(runner: DaemonRunner, site: Site) -> None:
    site.publish(plain_article("one"))
    runner.settle(schedule=FAR, more='\n[log]\nformat = "json"\n')
    daemon = runner.start()
    runner.wait_for("crawl_runs", 1, status="succeeded")
    end(daemon)
    entries = [json.loads(line) for line in runner.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= entries[0].keys()
    assert any("new (first fetch)" in entry["message"] for entry in entries)  # the crawl's own words, in the same form


def test_nobody_watches_is_wrong(runner: DaemonRunner) -> None:
    runner.command("db", "upgrade")  # what reads makes no database
    status = runner.command("status")
    assert status.returncode == 1
    assert "daemon: not running; start it with presswatch daemon" in status.stdout
    asked = runner.command("trigger", "caliber")
    assert asked.returncode == 1
    assert asked.stderr == "presswatch: caliber has no schedule yet: start presswatch daemon first\n"
    unknown = runner.command("pause", "nosuch")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kind", "slient"], "--kind: must be one of"),
        (["--source", os.fsdecode(b"\xff")], "is not UTF-8"),
        (["--limit", "9" * 30], "is not an integer from 0 to"),
        (["--limit", "-1"], "is not an integer from 0 to"),
    ],
)
def test_what_cannot_be_asked_of_events_is_refused_in_one_line(
    runner: DaemonRunner, arguments: list[str], said: str
) -> None:
    refused = runner.command("events", *arguments)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert said in refused.stderr
