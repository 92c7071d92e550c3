"""`presswatch worker`: run the crawls that a daemon queues, on any machine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from presswatch.cli.cluster.engines import require_cluster
from presswatch.cli.completion import complete_source
from presswatch.cli.group import config_options
from presswatch.cli.options import IntRangeParam
from scheduler.daemon.configuration_check import daemon_problems, schedulable
from scheduler.daemon.file_handles import raise_handle_limit
from scheduler.daemon.stop_request import ignore_hang_up
from scraper.sources import Sources, load_crawl_config, load_sources
from storage.config import logging_setup
from storage.config.logging_setup import DEBUG
from storage.config.settings import Config
from storage.model.errors import refuse
from storage.store import open_store

MAX_CONCURRENCY = 100


@click.command()
@click.option(
    "--concurrency",
    type=IntRangeParam(1, MAX_CONCURRENCY),
    help="Crawls at once (default: scheduler.crawls_per_worker).",
)
@click.option(
    "--sources",
    "names",
    multiple=True,
    metavar="NAME",
    shell_complete=complete_source,
    help="Only this source; can be repeated.",
)
@config_options
def worker(concurrency: int | None, names: Sequence[str], config_path: str | None, database: str | None) -> int:
    """Run the crawls that daemons with scheduler.engine = "procrastinate" queue, until SIGTERM or SIGINT.

    Crawls run in processes of at most scheduler.crawls_per_worker each, with the limits of time and memory of the
    settings. Those that run at a signal have scheduler.shutdown_grace_period to end by themselves; then they finish the
    requests under way. SIGHUP loads the configuration again. While the database is away it waits. Exit codes: 0 stopped
    by a signal, 1 failure, 2 invalid usage or configuration.
    """
    ignore_hang_up()

    def load() -> Config:
        return load_crawl_config(config_path, database=database)

    config = load()
    require_cluster(config)
    watched = _watched(config)
    only = tuple(watched.named(name).name for name in names)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    raise_handle_limit()
    from scheduler.cluster.worker import ClusterWorker  # noqa: PLC0415  (an optional library)

    with open_store(config.storage.database, busy_timeout=config.storage.busy_timeout) as store:
        at_once = concurrency or config.scheduler.crawls_per_worker
        made = ClusterWorker(store, config, _watched, load, concurrency=at_once, only=only)
        asyncio.run(made.run())
    return 0


def _watched(config: Config) -> Sources:
    """Return the sources of a configuration. Raises ConfigError for what a daemon would refuse."""
    sources = schedulable(load_sources(config).watched(config), config)
    refuse(daemon_problems(config, sources))
    return sources
