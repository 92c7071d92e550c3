"""`python -m tests.kills [KILLS]`: kill daemons and crawls at random moments, half of KILLS (200) on each database.

Exits with 1 if an article is lost or stored twice, or if fewer than half of the kills hit an open run.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon_env import daemon_env
from tests.support.kills import KillRounds, kill_at_random
from tests.support.postgres.server import Server

NAMES = ("caliber", "courier", "gazette", "herald")
KILLS = 200


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Provide the URL of an empty PostgreSQL database, and none for SQLite: a file of the test's folder."""
    server = Server()
    try:
        with server.database() as made:
            yield {"SQLite": "", "PostgreSQL": made.address}
    finally:
        server.stop()


def rounds(database: str, *, kills: int, seed: int) -> KillRounds:
    """Run the kills on one database, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder, daemon_env(Path(folder), NAMES, database) as runner:
        return kill_at_random(runner, kills=kills, seed=seed)


def main(arguments: Sequence[str]) -> int:
    """Print the kills and hits of each database. Raises AssertionError if anything is lost or doubled."""
    kills = int(arguments[0]) if arguments else KILLS
    hits = 0
    with databases() as urls:
        for seed, (name, url) in enumerate(urls.items(), 20261128):
            done = rounds(url, kills=kills // len(urls), seed=seed)
            hits += done.hits
            print(
                f"{name}: {done.kills} kills, {done.hits} of them in an open run; nothing lost, nothing twice",
                flush=True,
            )
    print(f"{hits} of {kills} kills hit an open run")
    return 0 if hits >= kills // 2 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
