"""A clock that is set under the running daemon: it waits for no time to come round again, and counts none it missed."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.support.daemon_env import free_port
from tests.support.daemon_process import DaemonRunner, end
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.site import Site

# Python imports it at the start of every process: the clock by which the daemon and APScheduler go can be set.
CLOCK = """
import datetime as real
from pathlib import Path

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import scheduler.daemon.daemon


class Clock(real.datetime):
    @classmethod
    def now(cls, tz=None):
        return real.datetime.now(tz) + real.timedelta(hours=float(Path({hours!r}).read_text()))


apscheduler.schedulers.base.datetime = Clock
apscheduler.triggers.interval.datetime = Clock
scheduler.daemon.daemon.now = lambda: Clock.now(real.timezone.utc)
"""


class Clockwork(DaemonRunner):
    """Run daemons with a clock that can be set."""

    def __init__(self, folder: Path, site: Site) -> None:
        super().__init__(folder, site)
        self.set_clock(0)
        (folder / "sitecustomize.py").write_text(CLOCK.format(hours=str(folder / "hours")), encoding="utf-8")

    def set_clock(self, hours: float) -> None:
        (self.folder / "new").write_text(str(hours), encoding="utf-8")
        (self.folder / "new").replace(self.folder / "hours")


@pytest.mark.long
def test_a_clock_that_is_set_back_leaves_no_source_alone(tmp_path: Path, site: Site) -> None:
    with Clockwork(tmp_path, site) as runner:
        site.publish(plain_article("one"))
        daemon = runner.start()
        runner.wait_for("articles", 1)
        runner.set_clock(-3)
        runner.wait(lambda: "the clock was set back by" in runner.log)
        site.publish(plain_article("two"))
        runner.wait_for("articles", 2)
        [lease] = runner.rows("leases")
        runner.wait(lambda: runner.rows("leases")[0].heartbeat_at != lease.heartbeat_at)
        assert end(daemon) == 0
        assert "Traceback" not in runner.log


@pytest.mark.long
@pytest.mark.parametrize("hours", [24 * 366, 24 * 366 * 20], ids=["a year", "twenty years"])
def test_a_clock_that_is_set_far_forward_and_back_leaves_it_working(tmp_path: Path, site: Site, hours: int) -> None:
    port = free_port()
    with Clockwork(tmp_path, site) as runner:
        runner.settle(listen=f"127.0.0.1:{port}")
        site.publish(plain_article("one"))
        daemon = runner.start()
        runner.wait_for("articles", 1)
        before = psutil.Process(daemon.pid).memory_info().rss
        for number, ahead in enumerate((hours, 0)):
            runner.set_clock(ahead)
            [lease] = runner.rows("leases")
            runner.wait(lambda old=lease: runner.rows("leases")[0].heartbeat_at != old.heartbeat_at)  # type: ignore[misc]
            site.publish(plain_article(f"later-{number}"))
            runner.wait_for("articles", 2 + number)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=patient(30)) as answer:
                assert answer.status == 200
        assert psutil.Process(daemon.pid).memory_info().rss < before + 100_000_000
        assert end(daemon) == 0
        assert "Traceback" not in runner.log
