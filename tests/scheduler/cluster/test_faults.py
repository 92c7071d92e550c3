"""Test four workers of a queue, each on hosts of its own, while one of them is killed and PostgreSQL restarted."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from benchmarks.crawl_cluster import Cluster, Pace
from benchmarks.loopback_hosts import Layout, LoopbackHosts
from tests.support.patience import patient
from tests.support.postgres.server import Server

LAYOUT = Layout(hosts=8, articles=12)
WORKERS = 4


@pytest.mark.long
def test_a_killed_worker_and_a_restart_of_postgresql_lose_nothing(tmp_path: Path) -> None:
    server = Server()
    try:
        with (
            LoopbackHosts(LAYOUT) as hosts,
            server.database() as database,
            Cluster(tmp_path, database.address, hosts, Pace(delay=0.5, slots=1)) as cluster,
        ):
            cluster.start(WORKERS)
            assert cluster.wait(lambda: cluster.progress().stored >= 2 * WORKERS, patient(60))
            [(pid,), *_] = cluster.rows("SELECT pid FROM crawl_runs WHERE finished_at IS NULL ORDER BY id")
            [killed] = [worker for worker in cluster.workers if worker.pid == psutil.Process(pid).ppid()]
            cluster.replace([killed])
            server.restart(away=3)
            assert cluster.wait(cluster.is_done, patient(150))
            assert (cluster.lost(), cluster.twice()) == (0, 0)
            progress = cluster.progress()
            assert (progress.stored, progress.open_runs, progress.jobs) == (LAYOUT.hosts * LAYOUT.articles, 0, 0)
            runs = defaultdict(list)
            for source, began_at, ended_at in cluster.rows("SELECT source, started_at, finished_at FROM crawl_runs"):
                runs[source].append((began_at, ended_at))
            assert any(len(found) > 1 for found in runs.values()), "the killed worker's source was crawled again"
            for found in runs.values():
                assert all(before[1] <= after[0] for before, after in pairwise(sorted(found)))
    finally:
        server.stop()
