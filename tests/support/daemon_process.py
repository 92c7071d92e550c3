"""Run daemons in a folder of a test as a person does, and stop them in the end."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import Row, select

from scraper.source import first_path
from scraper.sources import load_crawl_config, load_sources
from storage.database import daemon_tables  # noqa: F401  (its tables join METADATA)
from storage.database.tables import METADATA
from storage.model.errors import ConfigError
from storage.model.urls import host_of
from storage.store import Store, open_store
from tests.support.forked_command import run_command
from tests.support.leftovers import kill_processes
from tests.support.paths import ROOT
from tests.support.patience import patient, patient_setting, wait_until
from tests.support.site import Site

PATIENCE = 60.0
"""Seconds on a quiet machine for anything a daemon does within one or two."""
FOREVER = 100_000.0
"""Seconds that outlast every test."""
T = TypeVar("T")
SETTINGS = """
[scraper]
delay = "0 s"
retry_delay = "0 s"
autothrottle = false
concurrency = 8
retries = 0
timeout = "1 d"  # a site that hangs is ended by nothing but the deadline

[scheduler]
sources = {watched}
shutdown_grace_period = "{grace}"
crawl_timeout = "{deadline}"
memory_limit = "{memory}"
metrics_listen = "{listen}"

[sources.caliber]
base_url = "{url}"
{schedule}
"""


class DaemonRunner:
    """Run daemons that watch the bundled site into one database."""

    def __init__(self, folder: Path, site: Site, database: str = "") -> None:
        self.folder = folder
        self.site = site
        self.database = database or f"sqlite:///{folder}/news.db"
        self.handles: int | None = None
        """Limit of the open files of the daemons to come."""
        self._daemons: list[subprocess.Popen[str]] = []
        self.settle()

    def settle(
        self,
        *,
        schedule: str = 'interval = "1 s"',
        grace: str = "",
        deadline: str = "",
        memory: str = "1 GB",
        listen: str = "",
        watched: Sequence[str] = ("caliber",),
        more: str = "",
    ) -> None:
        """Write the settings for the daemons to come, which watch no source but those named: others are on the web."""
        text = SETTINGS.format(
            url=self.site.url,
            schedule=schedule,
            grace=grace or patient_setting(3),
            deadline=deadline or patient_setting(60),
            memory=memory,
            listen=listen,
            watched=json.dumps(list(watched)),
        )
        (self.folder / "presswatch.toml").write_text(text + more, encoding="utf-8")
        refuse_live_sites(self.folder)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a daemon; its log goes to `log`."""
        return self.run_beside("daemon", *arguments)

    def run_beside(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command that runs on; its log goes to `log`."""
        refuse_live_sites(self.folder)
        with (self.folder / "log").open("a", encoding="utf-8") as log:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "presswatch", *arguments],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
                text=True,
                preexec_fn=lambda: _as_from_a_terminal(self.handles),  # noqa: PLW1509  (no thread of ours holds a lock)
            )
        self._daemons.append(daemon)
        return daemon

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `presswatch` with these arguments to its end."""
        if arguments[:1] == ("daemon",):
            refuse_live_sites(self.folder)
        return run_command(arguments, folder=self.folder, environment=self.environment(), timeout=patient(PATIENCE))

    def environment(self) -> dict[str, str]:
        """Return the environment of all; a daemon and its workers run the folder's sitecustomize.py, if any, first."""
        path = f"{self.folder}{os.pathsep}{ROOT}"
        return {**os.environ, "PYTHONPATH": path, "PRESSWATCH_DATABASE": self.database}

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    def store(self) -> Store:
        return open_store(self.database)

    def rows(self, table: str, **where: Any) -> list[Row[Any]]:
        """Return the rows of a table that have these values, in the order of their first column."""
        columns = METADATA.tables[table]
        wanted = [columns.c[name] == value for name, value in where.items()]
        statement = select(columns).where(*wanted).order_by(next(iter(columns.c)))
        with closing(self.store()) as store, store.read() as connection:
            return list(connection.execute(statement))

    def wait(self, what: Callable[[], T], *, patience: float = PATIENCE) -> T:
        """Wait until `what` is true. Raises AssertionError with the log of the daemon if it takes too long."""
        return wait_until(what, seconds=patience, every=0.1, report=lambda: f"the log says:\n{self.log}")

    def wait_for(self, table: str, count: int = 1, **where: Any) -> list[Row[Any]]:
        """Wait until a table has `count` rows with these values, and return them."""
        self.wait(lambda: self._is_there() and len(self.rows(table, **where)) >= count)
        return self.rows(table, **where)

    def _is_there(self) -> bool:
        return not self.database.startswith("sqlite") or (self.folder / "news.db").exists()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self._daemons:
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGTERM)
        for daemon in self._daemons:
            try:
                daemon.wait(patient(15))
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        kill_processes("PRESSWATCH_DATABASE", self.database)  # workers of a daemon that was killed


def refuse_live_sites(folder: Path) -> None:
    """Raise AssertionError if a daemon of a folder would watch a site that is not on this machine."""
    try:
        config = load_crawl_config(str(folder / "presswatch.toml"))
        watched = load_sources(config).watched(config)
    except ConfigError:
        return  # no daemon starts with it, and one that is running keeps what it has
    for name, source in watched.items():
        address = config.source(name).base_url or source.base_url
        elsewhere = [first_path(channel) for channel in source.channels if "://" in first_path(channel)]
        for one in (address, *elsewhere):
            assert host_of(one) in {"127.0.0.1", "localhost"}, f"a daemon of a test would crawl {name} at {one}"


def _as_from_a_terminal(handles: int | None) -> None:
    """Restore SIGHUP: under nohup the test runner ignores it, and a child inherits that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if handles is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (handles // 2, handles))


def end(daemon: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> int:
    """Send a signal, wait for the end and return the exit code."""
    daemon.send_signal(number)
    return daemon.wait(patient(PATIENCE))
