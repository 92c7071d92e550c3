"""Run a daemon and workers of its queue on one PostgreSQL, each a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, text

from scheduler.cluster.job_queue import JobQueue
from scheduler.daemon.jobs import DaemonTask
from tests.support.daemon_env import DaemonEnv
from tests.support.site import Site

JOBS = "presswatch_queue.procrastinate_jobs"
WORKERS = "presswatch_queue.procrastinate_workers"


class ClusterEnv(DaemonEnv):
    """Watch several sources of one host by a daemon that queues their crawls, each polled once an hour."""

    def use_queue(self, *, delay: str = "0 s", interval: str = "1 h") -> None:
        """Write the settings of a daemon with a queue, and of its workers."""
        file = self.folder / "presswatch.toml"
        settings = file.read_text(encoding="utf-8")
        settings = settings.replace("[scheduler]\n", '[scheduler]\nengine = "procrastinate"\n')
        settings = settings.replace('delay = "0 s"\nretry', f'delay = "{delay}"\nretry')
        file.write_text(settings.replace('interval = "1 s"', f'interval = "{interval}"'), encoding="utf-8")

    def set(self, table: str, line: str) -> None:
        """Write a setting, in place of one of the same name."""
        file = self.folder / "presswatch.toml"
        name = line.partition("=")[0].strip()
        head, found, tail = file.read_text(encoding="utf-8").partition(f"[{table}]\n")
        rest = [old for old in tail.splitlines() if old.partition("=")[0].strip() != name]
        file.write_text("\n".join([head, f"[{table}]", line, *rest, ""]), encoding="utf-8")
        assert found or table not in head

    def defer_task(self, task: DaemonTask) -> None:
        """Put a periodic task into the queue."""

        async def defer() -> None:
            with closing(self.store()) as store:
                async with JobQueue(store, busy_timeout=timedelta(seconds=30)) as queue:
                    assert await queue.defer_task(task)

        asyncio.run(defer())

    def serve_no_metrics(self) -> None:
        """Let several daemons live on this machine: each would take the port of the metrics."""
        file = self.folder / "presswatch.toml"
        settings = file.read_text(encoding="utf-8")
        file.write_text(settings.replace(f'"127.0.0.1:{self.port}"', '""'), encoding="utf-8")

    def start_worker(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a worker; its log goes to `log`."""
        return self.run_beside("worker", *arguments)

    def ask(self, statement: str, **values: Any) -> Sequence[Row[Any]]:
        """Return the rows of a statement."""
        with closing(self.store()) as store, store.write() as connection:
            found = connection.execute(text(statement), values)
            return found.all() if found.returns_rows else []

    def jobs(self) -> Sequence[Row[Any]]:
        """Return the crawls that wait in the queue or run."""
        crawls = "task_name = 'crawl' AND status IN ('todo', 'doing')"
        return self.ask(f"SELECT * FROM {JOBS} WHERE {crawls} ORDER BY id")

    def outdate_busy_workers(self) -> None:
        """Let the time pass after which workers that hold a job and send no heartbeat count as lost."""
        held = f"SELECT worker_id FROM {JOBS} WHERE status = 'doing'"
        self.ask(f"UPDATE {WORKERS} SET last_heartbeat = last_heartbeat - interval '1 h' WHERE id IN ({held})")


@contextmanager
def cluster_env(folder: Path, names: Sequence[str], database: str) -> Iterator[ClusterEnv]:
    """Start these sites, one of them caliber, on one host."""
    with ExitStack() as stack:
        sites = {name: stack.enter_context(Site.start()) for name in names}
        yield stack.enter_context(ClusterEnv(folder, sites, database))
