"""Choose what runs the crawls of a daemon, as its settings say."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from scheduler.daemon.configuration_check import cluster_problem
from scheduler.daemon.daemon import Claim
from scheduler.daemon.dispatcher import Engine
from storage.config.settings import Config
from storage.model.errors import ConfigError
from storage.store import Store


def require_cluster(config: Config) -> None:
    """Quiet the libraries of the extra. Raises ConfigError, which says what to do, without them or PostgreSQL."""
    if (problem := cluster_problem(config)) is not None:
        raise ConfigError(problem)
    for library in ("procrastinate", "psycopg.pool"):  # they tell of each job
        logging.getLogger(library).setLevel(logging.DEBUG if config.log.level == "debug" else logging.CRITICAL)


def make_engine(store: Store, config: Config, urls: Mapping[str, str]) -> Engine | None:
    """Return the engine of a daemon; None for workers of its own. `urls` are those of its sources, and may change.

    Raises ConfigError without what it needs.
    """
    if config.scheduler.engine == "local":
        return None
    require_cluster(config)
    # An optional library, for this engine alone.
    from scheduler.cluster.engine import ClusterEngine  # noqa: PLC0415
    from scheduler.cluster.job_queue import JobQueue  # noqa: PLC0415

    return ClusterEngine(store, JobQueue(store, busy_timeout=config.storage.busy_timeout), urls.__getitem__)


def make_claim(store: Store, config: Config) -> Claim | None:
    """Return what lets one of several daemons lead; None for one that crawls itself, which has its lease."""
    if config.scheduler.engine == "local":
        return None
    from scheduler.cluster.leader import Leader  # noqa: PLC0415  (for this engine alone)

    return Leader(store)


def create_queue(store: Store, config: Config) -> None:
    """Create the tables of the queue if they are not there. Raises StoreError, or ConfigError without the extra."""
    require_cluster(config)
    from scheduler.cluster.job_queue import JobQueue  # noqa: PLC0415  (an optional library)

    async def create() -> None:
        async with JobQueue(store, busy_timeout=config.storage.busy_timeout):
            pass

    asyncio.run(create())
