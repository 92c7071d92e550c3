"""The daemon from its start to its end: what it crawls and when, what people can ask of it, what it survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import urllib.request
from pathlib import Path

import pytest

from storage.model.records import RunStatus
from tests.support.daemon_process import FOREVER, Post, end
from tests.support.patience import patient, patient_duration
from tests.support.site import Site, bad
from tests.support.stories import story

FAR = 'interval = "6 h"'


def test_it_keeps_a_source_up_to_date_until_it_is_told_to_stop(post: Post, site: Site) -> None:
    site.publish(story("one"))
    daemon = post.start()
    post.wait_for("articles", 1)
    site.publish(story("two"))
    post.wait_for("articles", 2)
    assert end(daemon) == 0
    runs = post.rows("crawl_runs")
    assert {run.trigger for run in runs} == {"scheduled"}
    assert all(run.finished_at is not None for run in runs)
    assert post.rows("leases") == []
    assert "next poll at" in post.log
    assert "Traceback" not in post.log
    assert post.log.rstrip().endswith("stopped")


def test_ctrl_c_stops_it_as_well_and_a_crawl_that_runs_is_ended_in_good_order(post: Post, site: Site) -> None:
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    post.settle(grace="2 s")
    daemon = post.start()
    post.wait(lambda: (post.folder / "post.db").exists() and site.requests_for("/rss.xml"))
    assert end(daemon, signal.SIGINT) == 0
    [run] = post.rows("crawl_runs")
    assert (run.status, run.finished_at is not None) == (RunStatus.INTERRUPTED, True)
    [schedule] = post.rows("schedules")
    assert schedule.consecutive_failures == 0  # a stop is no failure of the source
    assert "Traceback" not in post.log


def test_the_next_look_and_its_reason_survive_a_restart(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR)
    daemon = post.start()
    post.wait_for("schedules", 1, reason="0 of 1 links were known: every 6 h, as set")
    [before] = post.rows("schedules")
    end(daemon)
    daemon = post.start()
    post.wait(lambda: post.log.count("watching caliber") == 2)
    [after] = post.rows("schedules")
    assert (after.next_poll_at, after.reason) == (before.next_poll_at, before.reason)
    end(daemon)
    assert len(post.rows("crawl_runs")) == 1


def test_people_ask_from_another_terminal(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR)
    post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    assert post.command("trigger", "caliber").stdout == "caliber: crawl requested\n"
    post.wait_for("crawl_runs", 2, status="succeeded")
    assert post.command("pause", "caliber").returncode == 0
    post.wait(lambda: "caliber: paused" in post.log)
    status = post.command("status")
    assert "caliber: paused" in status.stdout
    assert "when it is resumed" in status.stdout
    assert post.command("resume", "caliber").stdout == "caliber: resumed\n"
    status = post.command("status")
    assert (status.returncode, status.stderr) == (0, "")
    assert "caliber: good" in status.stdout


def test_a_paused_source_is_not_crawled(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule='interval = "2 s"')
    post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    post.command("pause", "caliber")
    post.wait(lambda: "caliber: paused" in post.log)
    post.wait(lambda: not post.rows("crawl_runs", status="running"))
    count = len(post.rows("crawl_runs"))
    site.publish(story("two"))
    assert not post.command("status", "--format", "json").stderr
    assert len(post.rows("crawl_runs")) == count
    post.command("resume", "caliber")
    post.wait_for("articles", 2)


def test_a_second_daemon_refuses_and_a_standby_takes_over(post: Post, site: Site) -> None:
    site.publish(story("one"))
    first = post.start()
    post.wait_for("leases")
    refused = post.command("daemon")
    assert refused.returncode == 3
    assert "a daemon watches this database already: process" in refused.stderr
    assert refused.stderr.count("\n") == 1
    second = post.start("--standby")
    post.wait(lambda: "standing by" in post.log)
    end(first, signal.SIGKILL)
    post.wait_for("leases", 1, pid=second.pid)
    site.publish(story("two"))
    post.wait_for("articles", 2)
    assert end(second) == 0


def test_a_standby_that_is_told_to_stop_leaves(post: Post) -> None:
    post.start()
    post.wait_for("leases")
    waiting = post.start("--standby")
    post.wait(lambda: "standing by" in post.log)
    assert end(waiting) == 0


def test_once_crawls_what_is_due_and_ends(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR)
    assert end_of(post, "daemon", "--once") == 0
    assert len(post.rows("crawl_runs")) == 1
    assert end_of(post, "daemon", "--once") == 0
    assert len(post.rows("crawl_runs")) == 1  # nothing was due
    assert post.rows("leases") == []


def test_once_says_when_a_crawl_failed(post: Post, site: Site) -> None:
    site.publish(story("one"))
    site.misbehave("/rss.xml", bad.server_error())
    assert end_of(post, "daemon", "--once") == 1
    [schedule] = post.rows("schedules")
    assert schedule.consecutive_failures == 1
    assert "http 5xx, consecutive failure 1" in schedule.reason


def end_of(post: Post, *arguments: str) -> int:
    return post.command(*arguments).returncode


def test_a_crawl_that_crashes_takes_nothing_down(post: Post, site: Site) -> None:
    site.publish(story("one"))
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    post.start()
    [run] = post.wait_for("crawl_runs", 1, status="running")
    os.kill(run.pid, signal.SIGKILL)
    post.wait_for("crawl_runs", 1, status="crashed")
    [schedule] = post.wait_for("schedules", 1, run_isolated=True)
    assert schedule.consecutive_failures == 1
    [event] = post.rows("events", kind="crawl_killed")
    assert "its process was ended by SIGKILL" in event.details["sentence"]
    site.behave()
    post.command("trigger", "caliber")
    post.wait_for("articles", 1)
    post.wait_for("schedules", 1, run_isolated=False, consecutive_failures=0)


def test_a_crawl_that_hangs_is_ended_and_planned_again(post: Post, site: Site) -> None:
    site.publish(story("one"))
    site.misbehave("/rss.xml", bad.slow(FOREVER))
    deadline = patient_duration(4)
    post.settle(deadline=f"{deadline.total_seconds():.0f} s")
    post.start()
    [run] = post.wait_for("crawl_runs", 1, status="timed out")
    assert run.error == f"its process took longer than {deadline} and was ended"
    site.behave()
    post.command("trigger", "caliber")
    post.wait_for("articles", 1)


def test_a_killed_daemon_loses_nothing(post: Post, site: Site) -> None:
    site.publish_many([story(f"story-{number}", days=number + 1) for number in range(30)])
    daemon = post.start()
    post.wait_for("articles", 3)
    end(daemon, signal.SIGKILL)
    post.start()
    post.wait_for("articles", 30)
    post.wait(lambda: not post.rows("crawl_runs", status="running"))
    assert len({row.url for row in post.rows("articles")}) == len(post.rows("articles")) == 30


def test_it_answers_whoever_watches_it(post: Post, site: Site) -> None:
    site.publish(story("one"))
    port = free_port()
    post.settle(schedule=FAR, listen=f"127.0.0.1:{port}")
    post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    post.wait(lambda: "next poll at" in post.log)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert json.load(answer) == {"healthy": True, "running": [], "overdue": []}
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        said = answer.read().decode()
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert 'presswatch_source_articles_stored{source="caliber"} 1.0' in said
    assert 'presswatch_source_state{source="caliber",state="good"} 1.0' in said


def test_a_port_that_is_taken_is_said_in_one_line(post: Post) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        post.settle(listen=f"127.0.0.1:{taken.getsockname()[1]}")
        refused = post.command("daemon")
    assert refused.returncode == 2
    assert "name a free port" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert post.rows("leases") == []


def test_it_tells_its_service_manager(post: Post, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(patient(30))
        os.environ["NOTIFY_SOCKET"] = str(tmp_path / "notify")
        os.environ["WATCHDOG_USEC"] = "400000"
        try:
            daemon = post.start()
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        said = [manager.recv(100) for _ in range(3)]
        assert said == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        daemon.send_signal(signal.SIGTERM)
        while (word := manager.recv(100)) == b"WATCHDOG=1":
            pass
        assert word == b"STOPPING=1"


def test_logs_as_json(post: Post, site: Site) -> None:
    site.publish(story("one"))
    post.settle(schedule=FAR, more='\n[log]\nformat = "json"\n')
    daemon = post.start()
    post.wait_for("crawl_runs", 1, status="succeeded")
    end(daemon)
    entries = [json.loads(line) for line in post.log.splitlines()]
    assert {"time", "level", "logger", "message"} <= entries[0].keys()
    assert any("new (first fetch)" in entry["message"] for entry in entries)  # the crawl's own words, in the same form


def test_nobody_watches_is_wrong(post: Post) -> None:
    status = post.command("status")
    assert status.returncode == 1
    assert "daemon: not running; start it with presswatch daemon" in status.stdout
    asked = post.command("trigger", "caliber")
    assert asked.returncode == 1
    assert asked.stderr == "presswatch: caliber has no schedule yet: start presswatch daemon first\n"
    unknown = post.command("pause", "nosuch")
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
def test_what_cannot_be_asked_of_events_is_refused_in_one_line(post: Post, arguments: list[str], said: str) -> None:
    refused = post.command("events", *arguments)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert said in refused.stderr
