"""A clock that is set back under the running daemon: it waits for no time to come round again."""

from __future__ import annotations

from pathlib import Path

from tests.support.daemon_process import DaemonRunner, end
from tests.support.paths import ROOT
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

    def _environment(self) -> dict[str, str]:
        return {**super()._environment(), "PYTHONPATH": f"{self.folder}:{ROOT}"}


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
