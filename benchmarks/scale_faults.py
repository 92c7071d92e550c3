"""Kill workers again and again while they crawl many loopback hosts, and look whether anything was lost.

Each time a quarter of the workers is killed by SIGKILL and others are started in their place; beside it PostgreSQL can
be away for a while, the leader be killed and a worker be frozen for a minute. In the end everything is stored once, no
host was asked too soon, every run is closed and the queue is empty.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crawl_cluster import Cluster, Pace, Progress, gaps
from benchmarks.goals import Bound, Goal, goal_line
from benchmarks.loopback_hosts import Layout, LoopbackHosts
from tests.support.postgres.server import Server

DELAY = 0.5  # seconds
GAP = Goal("scale-faults-smallest-gap-to-delay-ratio", 0.9, Bound.AT_LEAST)
LOST = Goal("scale-faults-lost-articles", 0)
TWICE = Goal("scale-faults-articles-stored-twice", 0)
OPEN_RUNS = Goal("scale-faults-open-runs", 0)
JOBS = Goal("scale-faults-jobs-left", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Hold what was there when the last crawl had ended, or the time was up."""

    workers: int
    killed: int
    faults: list[str]  # beside the kills
    seconds: float
    pages: int
    gaps: list[float]  # seconds, in ascending order
    lost: int
    twice: int
    progress: Progress


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what happened and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale_faults", description=__doc__)
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--articles", type=int, default=20, help="articles of a host")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--slots", type=int, default=1, help="crawls at once of a worker")
    parser.add_argument("--every", type=float, default=15, help="seconds between two rounds of kills")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of kills at most")
    parser.add_argument("--restart", action="store_true", help="restart PostgreSQL after the first round, too")
    parser.add_argument("--away", type=float, default=0, help="seconds for which it is away then")
    parser.add_argument("--freeze", type=float, default=0, help="seconds for which a worker is frozen after the second")
    parser.add_argument("--leader", action="store_true", help="kill the leader of two daemons after the third")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for the end after the last round")
    chosen = parser.parse_args(arguments)
    server = Server(max_connections="400", shared_buffers="128MB")
    try:
        outcome = endure(server, Layout(hosts=chosen.hosts, articles=chosen.articles), chosen)
    finally:
        server.stop()
    print("\n".join(table(outcome)))
    print("\n".join(goals(outcome)))


class Others:
    """The faults beside the kills, each once, in the rounds of their order."""

    def __init__(self, cluster: Cluster, server: Server, chosen: argparse.Namespace) -> None:
        self.done: list[str] = []
        self._cluster = cluster
        self._server = server
        self._chosen = chosen
        self._frozen: subprocess.Popen[bytes] | None = None
        self._thaw: Callable[[], None] = lambda: None
        self._thaws_at = 0.0

    @property
    def awake(self) -> list[subprocess.Popen[bytes]]:
        """Return the workers that can be killed: not the frozen one, which is to wake."""
        return [worker for worker in self._cluster.workers if worker is not self._frozen]

    def after(self, round_: int) -> None:
        """Do what belongs after a round."""
        if round_ == 0 and self._chosen.restart:
            self._server.restart(away=self._chosen.away)
            self.done.append(f"PostgreSQL away for {self._chosen.away:.0f} s")
        elif round_ == 1 and self._chosen.freeze:
            self._frozen = self._cluster.workers[0]
            self._thaw = self._cluster.freeze(self._frozen)
            self._thaws_at = time.monotonic() + self._chosen.freeze
            self.done.append(f"a worker frozen for {self._chosen.freeze:.0f} s")
        elif round_ == 2 and self._chosen.leader:
            self._cluster.replace_leader()
            self.done.append("the leader killed")

    def thaw_when_due(self) -> None:
        """Let the frozen worker go on if it is time."""
        if self._frozen is not None and time.monotonic() >= self._thaws_at:
            self._thaw()
            self._frozen = None

    def end(self) -> None:
        """Let the frozen worker go on when it is time."""
        if self._frozen is not None:
            time.sleep(max(0.0, self._thaws_at - time.monotonic()))
            self.thaw_when_due()


def endure(server: Server, layout: Layout, chosen: argparse.Namespace) -> Outcome:
    """Crawl all hosts while workers are killed; wait until nothing is under way any more."""
    with (
        LoopbackHosts(layout) as hosts,
        server.database() as database,
        tempfile.TemporaryDirectory() as folder,
        Cluster(Path(folder), database.address, hosts, Pace(delay=DELAY, slots=chosen.slots)) as cluster,
    ):
        cluster.start(chosen.workers)
        if chosen.leader:
            cluster.start_daemon()
        began_at, chance, killed = time.monotonic(), random.Random(1), 0
        others = Others(cluster, server, chosen)
        for round_ in range(chosen.rounds):
            if cluster.wait(cluster.is_done, chosen.every):
                break
            others.thaw_when_due()
            victims = chance.sample(others.awake, max(1, chosen.workers // 4))
            cluster.replace(victims)
            killed += len(victims)
            others.after(round_)
        others.end()
        cluster.wait(cluster.is_done, chosen.patience)
        requests = hosts.requests()
        return Outcome(
            workers=chosen.workers,
            killed=killed,
            faults=others.done,
            seconds=time.monotonic() - began_at,
            pages=len(requests),
            gaps=gaps(requests),
            lost=cluster.lost(),
            twice=cluster.twice(),
            progress=cluster.progress(),
        )


def table(outcome: Outcome) -> Iterator[str]:
    """Write what happened."""
    yield "workers  killed  seconds  pages  stored  runs  gap min  lost  twice  open runs  jobs  and"
    progress = outcome.progress
    yield (
        f"{outcome.workers:>7} {outcome.killed:>7} {outcome.seconds:>8.0f} {outcome.pages:>6} {progress.stored:>7} "
        f"{progress.runs:>5} {outcome.gaps[0]:>8.3f} {outcome.lost:>5} {outcome.twice:>6} {progress.open_runs:>10} "
        f"{progress.jobs:>5}  {', '.join(outcome.faults)}"
    )


def goals(outcome: Outcome) -> Iterator[str]:
    """Compare what is there with what is promised."""
    yield goal_line(GAP, outcome.gaps[0] / DELAY)
    yield goal_line(LOST, outcome.lost)
    yield goal_line(TWICE, outcome.twice)
    yield goal_line(OPEN_RUNS, outcome.progress.open_runs)
    yield goal_line(JOBS, outcome.progress.jobs)


if __name__ == "__main__":
    main()
